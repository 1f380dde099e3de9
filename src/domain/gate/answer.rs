//! An answer of the new version, or why there was none.
//!
//! Made by the rooms that ask, bounded there. Judged by `judge`.

use crate::domain::text::SafeText;

/// Largest body that is read, in bytes.
pub const MOST_BODY: usize = 64 * 1024;

/// A body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    Whole(Vec<u8>),
    /// It is larger than [`MOST_BODY`]; nothing of it is kept.
    TooLarge,
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<SafeText>,
    /// `Content-Encoding`, where the body is still in it.
    pub encoding: Option<SafeText>,
    /// `Location`.
    pub location: Option<SafeText>,
    /// Body.
    pub body: Body,
}

/// Why there is no answer. Nothing is known of the new version then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// No connection, or it broke.
    Unreachable(SafeText),
    /// Head or body did not come in time; after so many milliseconds.
    Silent(u64),
    /// We may not ask: a right is missing. Asking again is of no use.
    Forbidden(SafeText),
}

impl Lost {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Unreachable(why) => why.to_string(),
            Self::Silent(ms) => {
                let length = crate::domain::time::length(chrono::TimeDelta::milliseconds(
                    i64::try_from(*ms).unwrap_or(i64::MAX),
                ));
                format!("no whole answer within {length}")
            }
            Self::Forbidden(right) => format!("not permitted: {right}"),
        }
    }
}
