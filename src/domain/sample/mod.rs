//! Samples for tests: workloads and what belongs to them, built in the trade's words.
//!
//! `a_canary().at_step(1).paused()` reads as it would be said. Never used outside tests. Called by
//! the tests of `domain` and `app`.

mod analysis;
mod pod;
mod workload;

pub(crate) use analysis::{a_metric, an_analysis};
pub(crate) use pod::{PodSample, a_pod};
pub(crate) use workload::{
    CURRENT, OLD, STABLE, Sample, a_blue_green, a_canary, a_deployment, a_pause,
};

use super::time::{Span, Timestamp};

/// An instant: so many seconds after the hour at which every sample begins.
pub(crate) fn at(seconds: i64) -> Timestamp {
    let hour = super::time::parse_rfc3339("2026-05-04T10:00:00Z").expect("a time");
    hour + Span::seconds(seconds)
}

/// Now, for tests that need no other time: ten minutes after the hour. Pauses began at 09:00.
pub(crate) fn now() -> Timestamp {
    at(600)
}
