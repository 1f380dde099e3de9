//! A value and who said it.
//!
//! Never decides which of two values wins. Called by the readers that make a catalogue, and by
//! whoever shows where a value comes from.

use std::fmt;

use crate::domain::readiness::Place;
use crate::domain::text::SafeText;

/// Who said a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody: it is built in.
    BuiltIn,
    /// A line of a file.
    File {
        /// The file, as it was named.
        source: SafeText,
        /// Where in it.
        at: Place,
    },
    /// A flag of the command line.
    Flag(&'static str),
}

/// `default`, `waveoff.yaml:12:5`, `--env`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("default"),
            Self::File { source, at } => write!(f, "{source}:{}:{}", at.line, at.column),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value and who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated<T> {
    /// The value.
    pub value: T,
    /// Who said it.
    pub origin: Origin,
}

impl<T> Stated<T> {
    /// A value that nobody said.
    pub fn built_in(value: T) -> Self {
        Self { value, origin: Origin::BuiltIn }
    }

    /// Another value of the same origin.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Stated<U> {
        Stated { value: change(self.value), origin: self.origin }
    }
}
