//! What is told to people who are not at the screen: that a guard fires, acts, is blind.
//!
//! Never sends anything and knows no receiver. Called by `app`, which decides when something is
//! told; a receiver's own words are `notify`'s.

use super::id::WorkloadId;
use super::text::SafeText;
use super::time::Timestamp;

/// What happened. Those of one incident are told in this order, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Occasion {
    /// A rule is broken for good; nothing was sent yet.
    Firing,
    /// The way back was sent to the API server.
    Acting,
    /// Users are on the good version again, and the signals are good.
    Restored,
    /// The way back could not be gone, or did not help: a person has to act.
    Failed,
    /// The guard cannot see: it protects nobody until it sees again.
    Blind,
    /// It sees again after it was blind.
    Seeing,
    /// The guard ended without having acted, while it was still wanted: hang-up, lost lease.
    Ended,
}

impl Occasion {
    /// The word for receivers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Acting => "acting",
            Self::Restored => "restored",
            Self::Failed => "failed",
            Self::Blind => "blind",
            Self::Seeing => "seeing",
            Self::Ended => "ended",
        }
    }

    /// How urgent it is.
    pub fn severity(self) -> Severity {
        match self {
            Self::Firing | Self::Acting | Self::Failed => Severity::Critical,
            Self::Blind | Self::Ended => Severity::Warning,
            Self::Restored | Self::Seeing => Severity::Info,
        }
    }

    /// Whether with it the incident is over.
    pub fn resolves(self) -> bool {
        matches!(self, Self::Restored | Self::Seeing)
    }
}

/// How urgent something is, in the words that Alertmanager rules and `PagerDuty` use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Good news.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody has to act, or something acts for them.
    Critical,
}

impl Severity {
    /// The word for receivers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// When it happened.
    pub at: Timestamp,
    /// Joins everything of one incident: the same for firing, acting and its end.
    pub incident: SafeText,
    /// What happened.
    pub occasion: Occasion,
    /// Of which workload.
    pub workload: WorkloadId,
    /// Where: the context, and the environment when it has a name.
    pub environment: SafeText,
    /// A sentence that says what happened and why.
    pub summary: SafeText,
    /// Facts: name and value, such as `error share` and `2.1% (limit 1%) for 5m`.
    pub facts: Vec<(SafeText, SafeText)>,
}

impl Alert {
    /// Names this alert and no other: the same one is delivered once.
    pub fn key(&self) -> String {
        format!("{}/{}", self.incident, self.occasion.word())
    }
}
