//! The gate before a blue-green switch: what is asked of the new version, and what that opens.
//!
//! A pass is for one object, one version and a quarter of an hour, and what was found last counts.
//! What is not known never opens anything. Never asks anybody: `runtime` does, over a route of
//! `probe` or of `cluster`. Called by `app`, which keeps the runs.

mod answer;
mod availability;
mod facts;
mod json;
mod judge;
mod load;
mod profile;
mod stage;

pub use answer::{Answer, Body, Lost, MOST_BODY};
pub use availability::Availability;
pub use facts::{Refusal, Subject, facts_of, is_on_wanted, pods, preview, skipped_by_profile};
pub use judge::{Judged, is_semantic_version, judge};
pub use load::{Load, Shot};
pub use profile::{Profile, Route};
pub use stage::Stage;

use super::id::{PodHash, ResourceKind, Uid};
use super::text::SafeText;
use super::time::{Span, Timestamp, length};

/// How long a pass counts.
pub const VALID_FOR: Span = Span::minutes(15);

/// A pass may come from a clock that is this much ahead of ours.
const CLOCKS_APART: Span = Span::seconds(60);

/// What is looked at, in the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Check {
    /// Every pod of the new version is ready.
    Pods,
    /// The preview Service selects the new version.
    Preview,
    /// The Service that users are on selects it.
    Active,
    /// Users' Service answered all the time, during the switch above all.
    Availability,
    /// It says that it is up.
    Health,
    /// It says that it is healthy.
    Smoke,
    /// It says which version it is.
    Version,
    /// It answers a light load, and in time.
    Load,
    /// It is connected to its database.
    Database,
    /// What it depends on is healthy.
    Dependencies,
}

impl Check {
    /// All of them, in order. Which of them are made is said by [`Stage::checks`].
    pub const ALL: [Self; 10] = [
        Self::Pods,
        Self::Preview,
        Self::Active,
        Self::Availability,
        Self::Health,
        Self::Smoke,
        Self::Version,
        Self::Load,
        Self::Database,
        Self::Dependencies,
    ];

    /// The name in screens, JSON and the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pods => "pods",
            Self::Preview => "preview",
            Self::Active => "active",
            Self::Availability => "availability",
            Self::Health => "health",
            Self::Smoke => "smoke",
            Self::Version => "version",
            Self::Load => "load",
            Self::Database => "database",
            Self::Dependencies => "dependencies",
        }
    }

    /// Whether the new version itself is asked.
    pub fn asks(self) -> bool {
        !matches!(self, Self::Pods | Self::Preview | Self::Active)
    }

    /// The objects that it is read from beside the workload, where the version is not asked.
    pub fn read_from(self) -> &'static [ResourceKind] {
        match self {
            Self::Pods => &[ResourceKind::ReplicaSets, ResourceKind::Pods],
            Self::Preview | Self::Active => &[ResourceKind::Services],
            _ => &[],
        }
    }
}

/// What became of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Exactly as wanted.
    Passed,
    /// Not as wanted; why.
    Failed(SafeText),
    /// It cannot be told; why. Never counts as passed.
    Unknown(SafeText),
    /// Not looked at; why.
    Skipped(SafeText),
}

impl Verdict {
    /// The word for screens and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::Unknown(_) => "unknown",
            Self::Skipped(_) => "skipped",
        }
    }

    /// Why, where there is something to say.
    pub fn why(&self) -> Option<&SafeText> {
        match self {
            Self::Passed => None,
            Self::Failed(why) | Self::Unknown(why) | Self::Skipped(why) => Some(why),
        }
    }
}

/// A value of an answer beside the wanted one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// JSON pointer (RFC 6901) into the answer; empty for all of it.
    pub path: SafeText,
    /// What stands there, as JSON.
    pub found: SafeText,
    /// What should.
    pub wanted: SafeText,
}

/// What a verdict rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Requests that were sent.
    pub tries: u32,
    /// HTTP status of the last answer.
    pub status: Option<u16>,
    /// How long the last answer took, its body included, in milliseconds.
    pub latency_ms: Option<u64>,
    /// Beginning of its body, or of what was counted.
    pub excerpt: Option<SafeText>,
    /// The value that was looked at.
    pub pointer: Option<Pointer>,
    /// What the load was answered.
    pub load: Option<Load>,
    /// How users' Service answered while it was watched.
    pub availability: Option<Availability>,
}

/// A check with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub check: Check,
    /// What became of it.
    pub verdict: Verdict,
    /// What that rests on.
    pub evidence: Evidence,
}

impl Finding {
    /// A verdict that rests on nothing but its words.
    pub fn plain(check: Check, verdict: Verdict) -> Self {
        Self { check, verdict, evidence: Evidence::default() }
    }
}

/// What all findings together mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything that was to be looked at passed.
    Open,
    /// Something failed.
    Locked,
    /// Nothing failed, but something is not known.
    Undetermined,
}

impl Outcome {
    /// The word for screens and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Locked => "locked",
            Self::Undetermined => "undetermined",
        }
    }
}

/// Adds up the findings of a stage. A check without one is not known, and what only skips opens
/// nothing.
pub fn outcome(stage: Stage, findings: &[Finding]) -> Outcome {
    let is = |wanted: fn(&Verdict) -> bool| findings.iter().any(|f| wanted(&f.verdict));
    if is(|v| matches!(v, Verdict::Failed(_))) {
        return Outcome::Locked;
    }
    let whole = stage.checks().iter().all(|check| findings.iter().any(|f| f.check == *check));
    let asked = findings.iter().any(|f| f.check.asks() && f.verdict == Verdict::Passed);
    if !whole || !asked || is(|v| matches!(v, Verdict::Unknown(_))) {
        return Outcome::Undetermined;
    }
    Outcome::Open
}

/// What a gate was left as; only one that is open lets anything pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// `metadata.uid` of the workload.
    pub uid: Uid,
    /// The version that was looked at.
    pub hash: PodHash,
    /// The number of its revision: a version that was left and is taken up again has another one.
    pub revision: Option<u64>,
    /// What all checks together meant.
    pub outcome: Outcome,
    /// When the last check ended.
    pub at: Timestamp,
    /// How it was asked.
    pub route: SafeText,
    /// Checks that were skipped.
    pub skipped: Vec<Check>,
}

impl Pass {
    /// When it ends.
    pub fn until(&self) -> Timestamp {
        self.at + VALID_FOR
    }

    /// How long it still opens the way for this version of this object.
    ///
    /// # Errors
    /// Why it does not, in words.
    pub fn left(
        &self,
        uid: &Uid,
        hash: Option<&PodHash>,
        revision: Option<u64>,
        now: Timestamp,
    ) -> Result<Span, SafeText> {
        if self.uid != *uid {
            return Err("it was passed by a namesake that is gone".into());
        }
        if hash != Some(&self.hash) {
            let now_wanted = hash.map_or("another version", |hash| hash.as_str());
            return Err(format!("it was passed by {}, not by {now_wanted}", self.hash).into());
        }
        if self.outcome != Outcome::Open {
            return Err(format!("its last checks left it {}", self.outcome.word()).into());
        }
        if self.revision != revision {
            let text = format!("{} was left since it passed, and taken up again", self.hash);
            return Err(text.into());
        }
        if self.at > now + CLOCKS_APART {
            return Err("it was passed at a time that is still to come: check the clock".into());
        }
        let left = self.until() - now;
        if left <= Span::zero() {
            let ago = length(now - self.at);
            return Err(format!("it was passed {ago} ago, and counts for 15m").into());
        }
        Ok(left.min(VALID_FOR))
    }
}

#[cfg(test)]
mod tests;
