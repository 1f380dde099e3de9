//! The controller of AnalysisRuns: it measures, judges each metric, and the run by its metrics.
//!
//! Called by the world; [`draft`] by the rollout and experiment controllers.

mod condition;
pub(crate) mod draft;
mod reading;

use crate::sim::world::Controller;

/// The controllers of this folder.
pub(crate) fn controllers() -> Vec<Box<dyn Controller>> {
    Vec::new()
}

/// Whether a phase of a run, a metric or a measurement is its last.
pub(crate) fn is_over(phase: &str) -> bool {
    matches!(phase, "Successful" | "Failed" | "Error" | "Inconclusive")
}
