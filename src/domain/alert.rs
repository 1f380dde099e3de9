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

    /// What it is about.
    pub fn concern(self) -> Concern {
        match self {
            Self::Firing | Self::Acting | Self::Restored | Self::Failed => Concern::Release,
            Self::Blind | Self::Seeing => Concern::Sight,
            Self::Ended => Concern::Watch,
        }
    }

    /// The occasion of this word.
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [
            Self::Firing,
            Self::Acting,
            Self::Restored,
            Self::Failed,
            Self::Blind,
            Self::Seeing,
            Self::Ended,
        ];
        all.into_iter().find(|occasion| occasion.word() == word)
    }
}

/// What an incident is about. Receivers that join several messages into one alert know it by this:
/// its name and severity stay from the first message to the last, or the end would find nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Concern {
    /// A release hurts its users.
    Release,
    /// The guard cannot see.
    Sight,
    /// There is no guard any more.
    Watch,
}

impl Concern {
    /// The word for receivers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Sight => "sight",
            Self::Watch => "watch",
        }
    }

    /// How urgent all of it is, good news included: who is told of the beginning is told of the
    /// end.
    pub fn severity(self) -> Severity {
        match self {
            Self::Release => Severity::Critical,
            Self::Sight | Self::Watch => Severity::Warning,
        }
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

    /// The severity of this word.
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [Self::Info, Self::Warning, Self::Critical];
        all.into_iter().find(|severity| severity.word() == word)
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
