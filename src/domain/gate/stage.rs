//! When the new version is looked at: before users are on it, or after.
//!
//! Called by `app` and by the runs of `runtime`.

use super::Check;

/// Before the switch, or during and after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The gate: nobody is on it, and what is found opens the way or does not.
    Before,
    /// Users are on it, or are about to be. What is found opens nothing.
    After,
}

impl Stage {
    /// The word in screens, JSON and the journal.
    pub fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }

    /// What is looked at, in order. No load is sent to where users are.
    pub fn checks(self) -> &'static [Check] {
        match self {
            Self::Before => &[
                Check::Pods,
                Check::Preview,
                Check::Health,
                Check::Smoke,
                Check::Version,
                Check::Load,
                Check::Database,
                Check::Dependencies,
            ],
            Self::After => &[
                Check::Pods,
                Check::Active,
                Check::Availability,
                Check::Health,
                Check::Smoke,
                Check::Version,
                Check::Database,
                Check::Dependencies,
            ],
        }
    }
}
