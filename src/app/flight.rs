//! Actions on their way: requested, accepted, observed, in effect, each with its time.

use crate::domain::action::Verb;
use crate::domain::plan::Plan;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp, length};

/// Names one action of this session; late answers carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// How long a way back may take: by hand (R105), with everything that has to start, and in all.
const LIMITS: [(Span, &str); 3] =
    [(Span::seconds(30), "30s"), (Span::minutes(2), "2m"), (Span::minutes(5), "5m")];

/// After so many looks without a trace a request whose answer was lost is called not done. Kernels,
/// proxies and the server itself may hold a request back and carry it out when nobody waits for its
/// answer any more; about 12 s at the pace of reading back. Counted, not timed: a clock may jump.
pub const LOOKS: u32 = 18;

/// How long an action is followed at all.
pub const FOLLOWED_FOR: Span = Span::minutes(5);

/// How far an action is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Written to the journal and on its way.
    Sent,
    /// The connection broke before an answer; being read back.
    Unknown(SafeText),
    /// The API server took it.
    Accepted,
    /// The controller acts on it; what is still to come.
    Observed(SafeText),
    /// It is in effect.
    InEffect(SafeText),
    /// Not sent, or refused by the API server; nothing was changed.
    Refused(SafeText),
    /// Something else happened to the workload.
    Superseded(SafeText),
    /// Not in effect within the time it is followed.
    Overdue(SafeText),
}

impl Stage {
    /// Whether nothing more is expected.
    pub fn is_over(&self) -> bool {
        matches!(
            self,
            Self::InEffect(_) | Self::Refused(_) | Self::Superseded(_) | Self::Overdue(_)
        )
    }

    /// The word for receipts and journal.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Unknown(_) => "unknown",
            Self::Accepted => "accepted",
            Self::Observed(_) => "observed",
            Self::InEffect(_) => "in effect",
            Self::Refused(_) => "refused",
            Self::Superseded(_) => "superseded",
            Self::Overdue(_) => "overdue",
        }
    }

    /// The sentence beside the word.
    pub fn detail(&self) -> &str {
        match self {
            Self::Sent | Self::Accepted => "",
            Self::Unknown(t)
            | Self::Observed(t)
            | Self::InEffect(t)
            | Self::Refused(t)
            | Self::Superseded(t)
            | Self::Overdue(t) => t,
        }
    }
}

/// An action on its way, and later its receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// Its name.
    pub ticket: Ticket,
    /// What was confirmed.
    pub plan: Plan,
    /// Why, as the person gave it.
    pub reason: SafeText,
    /// How far.
    pub stage: Stage,
    /// When it was confirmed.
    pub sent_at: Timestamp,
    /// When the API server took it.
    pub accepted_at: Option<Timestamp>,
    /// When the controller was seen to act on it.
    pub observed_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// How often the same key was pressed while it was on its way.
    pub pressed_again: u32,
    /// Moves of a wave-off that are still to be sent, and the one that was sent last.
    pub rest: Vec<Verb>,
    /// The action that carries out the first of them, once it was sent.
    pub carried_by: Option<Ticket>,
    /// How often it was looked for after its answer was lost, and had left no trace.
    pub looked: u32,
}

impl Flight {
    /// The stopwatch of a way back: `12s of 30s`, `over 30s, 48s of 2m`; nothing for other actions
    /// and once it is over.
    pub fn stopwatch(&self, now: Timestamp) -> Option<String> {
        if self.stage.is_over() || self.plan.action.verb != Verb::WaveOff {
            return None;
        }
        let age = now - self.sent_at;
        let (took, missed) = (length(age), LIMITS.iter().rev().find(|(limit, _)| age > *limit));
        let next = LIMITS.iter().find(|(limit, _)| age <= *limit);
        Some(match (missed, next) {
            (None, Some((_, next))) => format!("{took} of {next}"),
            (Some((_, missed)), Some((_, next))) => format!("OVER {missed}: {took} of {next}"),
            (_, None) => format!("OVER 5m: {took}"),
        })
    }

    /// The receipt in one line: `abort: accepted 0.1s, observed 0.6s, in effect 3.9s: weight 0`.
    pub fn receipt(&self) -> String {
        let after = |at: Option<Timestamp>| at.map(|at| length(at - self.sent_at));
        let mut parts = Vec::new();
        if let Some(t) = after(self.accepted_at) {
            parts.push(format!("accepted {t}"));
        }
        if let Some(t) = after(self.observed_at) {
            parts.push(format!("observed {t}"));
        }
        match (&self.stage, after(self.ended_at)) {
            // Said already, with its time.
            (Stage::Accepted | Stage::Observed(_), None) if !parts.is_empty() => {}
            (stage, Some(t)) => parts.push(format!("{} {t}", stage.word())),
            (stage, None) => parts.push(stage.word().to_owned()),
        }
        let mut text = format!("{}: {}", self.plan.action.verb.name(), parts.join(", "));
        if !self.stage.detail().is_empty() {
            text.push_str(&format!(": {}", self.stage.detail()));
        }
        text
    }
}
