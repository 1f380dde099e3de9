//! The labels and annotations that Argo Rollouts writes: facts of its API.
//!
//! Never decides when. Called by everything in this folder.

/// Label of a ReplicaSet and its pods, and part of the selectors of Services.
pub(crate) const HASH: &str = "rollouts-pod-template-hash";
/// The number of a revision.
pub(crate) const REVISION: &str = "rollout.argoproj.io/revision";
/// Numbers that a ReplicaSet had before it was used again.
pub(crate) const REVISION_HISTORY: &str = "rollout.argoproj.io/revision-history";
/// `spec.replicas` of the Rollout when the ReplicaSet was scaled last.
pub(crate) const DESIRED: &str = "rollout.argoproj.io/desired-replicas";
/// `metadata.generation` of the workload that a Rollout takes its template from.
pub(crate) const WORKLOAD_GENERATION: &str = "rollout.argoproj.io/workload-generation";
/// The metadata that was given to the pods of a ReplicaSet for a time.
pub(crate) const EPHEMERAL: &str = "rollout.argoproj.io/ephemeral-metadata";
/// When a ReplicaSet that is not needed any more may be scaled down.
pub(crate) const DEADLINE: &str = "scale-down-deadline";
/// The Rollout that switches a Service or a DestinationRule.
pub(crate) const MANAGED_BY: &str = "argo-rollouts.argoproj.io/managed-by-rollouts";
/// The Experiment that a ReplicaSet belongs to.
pub(crate) const EXPERIMENT: &str = "experiment.argoproj.io/name";
/// Which controller tends an object, where there are several.
pub(crate) const INSTANCE: &str = "argo-rollouts.argoproj.io/controller-instance-id";
/// What an AnalysisRun is for.
pub(crate) const RUN_TYPE: &str = "rollout-type";
/// The step that an AnalysisRun belongs to.
pub(crate) const STEP_INDEX: &str = "step-index";
/// What `kubectl apply` was given last.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// What notifications were sent.
pub(crate) const NOTIFIED: &str = "notified.notifications.argoproj.io";
