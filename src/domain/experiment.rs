//! Experiments: short-lived copies that run beside a rollout.
//!
//! Source: `argoproj.io/v1alpha1` Experiment. A record made by the `cluster` room.

use super::analysis::Verdict;
use super::id::{ObjectRef, Uid};
use super::text::SafeText;
use super::time::Timestamp;

/// One template of an experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExperimentTemplate {
    /// Name.
    pub name: SafeText,
    /// `status` word of the controller.
    pub status: SafeText,
    /// Pods.
    pub replicas: i32,
    /// Available pods.
    pub available: i32,
}

/// An Experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Experiment {
    /// Which.
    pub id: ObjectRef,
    /// `metadata.uid`.
    pub uid: Uid,
    /// Rollout that owns it.
    pub owner: Option<Uid>,
    /// Annotation `rollout.argoproj.io/revision`.
    pub revision: Option<u64>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `status.phase`.
    pub verdict: Verdict,
    /// `status.message`.
    pub message: SafeText,
    /// `status.availableAt`.
    pub available_at: Option<Timestamp>,
    /// `status.templateStatuses`.
    pub templates: Vec<ExperimentTemplate>,
}
