//! The Readiness screen's own state: what the rules found of a workload, and when.
//!
//! Never judges: `runtime` reads the objects and has them judged. Written by `update::readiness`.

use std::sync::Arc;

use crate::domain::catalogue::Catalogue;
use crate::domain::guard::rule::Terms;
use crate::domain::id::WorkloadId;
use crate::domain::measure::address::Address;
use crate::domain::readiness::Finding;
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;

/// What a workload is judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct Exam {
    /// The workload.
    pub workload: WorkloadId,
    /// The terms of the guard that would be armed.
    pub terms: Terms,
    /// Who answers for which finding, and by which series a guard goes.
    pub catalogue: Arc<Catalogue>,
    /// The Prometheus that it is measured by; none where none was found.
    pub prometheus: Option<Address>,
}

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
