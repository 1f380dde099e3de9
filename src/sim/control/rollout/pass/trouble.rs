//! Why a pass ends early.
//!
//! Called by the passes and the controller.

use crate::sim::store::Refusal;

/// How a pass ends.
pub(crate) type Outcome = Result<(), Trouble>;

/// Why it could not go on. Nobody sees the text: the real controller only logs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Something is not there. The real controller waits until something changes.
    Missing(String),
    /// Anything else: tried again, later each time.
    Failed(String),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        match refusal.code {
            404 => Self::Missing(refusal.message),
            _ => Self::Failed(refusal.message),
        }
    }
}

impl From<String> for Trouble {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}
