//! Lengths of time as drill files write them: `90s`, `2m30s`, `-45s`.
//!
//! Called by `file`.

use serde::{Deserialize, Deserializer};

use crate::sim::time::{Span, go_duration};

/// A length of simulated time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sim::drill) struct Length(pub(in crate::sim::drill) Span);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = go_duration(&text).map(Length);
        let problem = || format!("{text:?} is no length of time: write 90s, 2m30s or -45s");
        read.ok_or_else(|| serde::de::Error::custom(problem()))
    }
}
