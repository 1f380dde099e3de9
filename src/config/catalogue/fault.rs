//! What can be wrong with a catalogue: each fault with its file, line and column.
//!
//! The sentences are those of `ConfigError`. A value that may be a secret is never repeated. Called
//! by the readers of the catalogue.

use std::fmt;

use crate::config::Place;
use crate::domain::text::SafeText;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// It is no YAML.
    Syntax,
    /// A key that means nothing.
    UnknownKey,
    /// A value of the wrong type.
    WrongType,
    /// A value that means nothing.
    BadValue,
    /// A key that is needed and absent.
    Missing,
    /// The same thing twice: a service, an environment, a block.
    Twice,
    /// Two services on one workload.
    Claimed,
    /// A secret that is written down. Exit code 4; all others are 2 (B1).
    Secret,
}

impl FaultKind {
    /// The word for JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::UnknownKey => "unknown-key",
            Self::WrongType => "wrong-type",
            Self::BadValue => "bad-value",
            Self::Missing => "missing",
            Self::Twice => "twice",
            Self::Claimed => "claimed",
            Self::Secret => "secret",
        }
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueFault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Where.
    pub place: Place,
    /// The service that it disables; none where it is about the whole file.
    pub service: Option<SafeText>,
    /// What is wrong and what to do, in one line.
    pub message: String,
}

/// `waveoff.yaml:12:5: unknown key ...`.
impl fmt::Display for CatalogueFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for CatalogueFault {}

pub(super) fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"))
}
