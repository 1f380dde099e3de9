//! The Readiness screen's own state: what the rules found of a workload, and when.
//!
//! Never judges: `runtime` reads the objects and has them judged. Written by `update::readiness`.

use crate::domain::id::WorkloadId;
use crate::domain::readiness::Finding;
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examined {
    /// Findings of the workload and of what belongs to it.
    pub findings: Vec<Finding>,
    /// Rules that were asked.
    pub rules: usize,
    /// What could not be read, and why.
    pub missing: Vec<SafeText>,
}

/// The screen's state.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    /// Under which the newest answer is taken.
    pub epoch: u64,
    /// Of which workload an answer is waited for.
    pub asked: Option<WorkloadId>,
    /// Of which workload what is shown was found, when, and what.
    pub found: Option<(WorkloadId, Timestamp, Result<Box<Examined>, SafeText>)>,
}
