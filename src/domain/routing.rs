//! What lies around a workload: Services, Ingresses and disruption budgets.
//!
//! Records made by the `cluster` room, for the selected workload only.

use super::id::{ObjectRef, PodHash, Uid};
use super::text::SafeText;

/// A Service, as far as it decides who gets traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Which.
    pub id: ObjectRef,
    /// `metadata.uid`.
    pub uid: Uid,
    /// `spec.selector[rollouts-pod-template-hash]`: the version it points at.
    pub hash: Option<PodHash>,
    /// `spec.selector`, sorted.
    pub selector: Vec<(SafeText, SafeText)>,
}

/// An Ingress, as far as it splits traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingress {
    /// Which.
    pub id: ObjectRef,
    /// `metadata.uid`.
    pub uid: Uid,
    /// Annotation `<prefix>/canary-weight` as a number; `None` when it is absent or no number.
    pub canary_weight: Option<i32>,
    /// Whether annotation `<prefix>/canary` is `true`.
    pub is_canary: bool,
    /// Names of the Services it leads to.
    pub backends: Vec<SafeText>,
}

/// A PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisruptionBudget {
    /// Which.
    pub id: ObjectRef,
    /// `metadata.uid`.
    pub uid: Uid,
    /// `spec.selector.matchLabels`, sorted.
    pub selector: Vec<(SafeText, SafeText)>,
    /// `status.disruptionsAllowed`.
    pub allowed: i32,
    /// `status.currentHealthy`.
    pub healthy: i32,
    /// `status.desiredHealthy`.
    pub desired: i32,
}
