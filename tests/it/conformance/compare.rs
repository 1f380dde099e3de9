//! Compares what two theatres showed, within what the recordings tolerate, and counts.
//!
//! Decides nothing about excuses: see `excuse`.

use super::pattern::Tracks;
use super::recording::{Difference, Recording};

/// How far two runs of a story agree.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// States of the first run.
    pub(crate) states: usize,
    /// Of these, in fields that are equal word for word.
    pub(crate) equal: usize,
    /// Fields in which the second run is not one that the first, or the recording, allows.
    pub(crate) differences: Vec<Difference>,
}

/// Holds a run against a real run of the same minute; `recording` tells where real runs differ.
pub(crate) fn live(recording: &Recording, real: &Tracks, run: &Tracks) -> Comparison {
    let allowed = recording.clone().with(real, &recording.of);
    let states = real.values().map(Vec::len).sum();
    let same = real.iter().filter(|(field, track)| run.get(*field) == Some(track));
    let equal = same.map(|(_, track)| track.len()).sum();
    Comparison { states, equal, differences: allowed.differences(run) }
}

/// Holds a run against a recording.
pub(crate) fn recorded(recording: &Recording, run: &Tracks) -> Comparison {
    let states = run.values().map(Vec::len).sum();
    let differences = recording.differences(run);
    let apart = differences.iter().filter_map(|d| run.get(&d.field)).map(Vec::len);
    Comparison { states, equal: states - apart.sum::<usize>(), differences }
}
