//! The verbs: what a person, a command or a guard may ask for.

use super::id::PodHash;

/// A verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// One step forward.
    Promote,
    /// All the way forward, without analysis.
    PromoteFull,
    /// Hold everything where it is (`spec.paused`).
    Pause,
    /// Let go of a hold; skips nothing.
    Resume,
    /// Traffic back to stable.
    Abort,
    /// Back to an older revision's template.
    Undo,
    /// Try an aborted update again.
    Retry,
    /// Replace all pods by new ones of the same version.
    Restart,
    /// Back to the last good version, by whatever that takes from here: see
    /// [`way_back`](super::way_back).
    WaveOff,
}

impl Verb {
    /// Every verb, in the order of keys and documents.
    pub const ALL: [Self; 9] = [
        Self::Promote,
        Self::PromoteFull,
        Self::Pause,
        Self::Resume,
        Self::Abort,
        Self::Undo,
        Self::Retry,
        Self::Restart,
        Self::WaveOff,
    ];

    /// The name in commands, journal and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::PromoteFull => "promote-full",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Abort => "abort",
            Self::Undo => "undo",
            Self::Retry => "retry",
            Self::Restart => "restart",
            Self::WaveOff => "wave-off",
        }
    }

    /// Whether it leads toward safety: such verbs are one key and Enter, and stay possible on old
    /// data.
    pub fn is_toward_safety(self) -> bool {
        matches!(self, Self::Abort | Self::Pause | Self::WaveOff)
    }
}

/// A verb with what it needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Which.
    pub verb: Verb,
    /// Of undo and wave-off: the version to go back to.
    pub target: Option<PodHash>,
}

impl Action {
    /// A verb without a target.
    pub fn plain(verb: Verb) -> Self {
        Self { verb, target: None }
    }
}
