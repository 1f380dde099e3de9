//! ReplicaSets: one version of a workload, with its number and its pods wanted.
//!
//! A record made by the `cluster` room; roles (stable, canary, active, preview) are given by
//! [`super::release`], since they depend on the workload.

use super::id::{ObjectRef, PodHash, Uid};
use super::text::SafeText;
use super::time::Timestamp;
use super::workload::Image;

/// A ReplicaSet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaSet {
    /// Which.
    pub id: ObjectRef,
    /// `metadata.uid`.
    pub uid: Uid,
    /// Rollout, Deployment or Experiment that owns it.
    pub owner: Option<Uid>,
    /// Label `rollouts-pod-template-hash` or `pod-template-hash`.
    pub hash: PodHash,
    /// Annotation `rollout.argoproj.io/revision` or `deployment.kubernetes.io/revision`.
    pub revision: Option<u64>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// Images of the template.
    pub images: Vec<Image>,
    /// `spec.replicas`.
    pub desired: i32,
    /// `status.replicas`.
    pub replicas: i32,
    /// `status.readyReplicas`.
    pub ready: i32,
    /// `status.availableReplicas`.
    pub available: i32,
    /// Annotation `scale-down-deadline`: when the pods go.
    pub scale_down_deadline: Option<Timestamp>,
    /// Message of condition `ReplicaFailure`, when it is true.
    pub failure: Option<SafeText>,
    /// Annotation `kubernetes.io/change-cause`.
    pub change_cause: Option<SafeText>,
}
