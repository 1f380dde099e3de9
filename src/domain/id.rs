//! Identity: what exactly is meant.
//!
//! A name alone never identifies anything here; actions carry the `uid` as well, so that an object
//! deleted and made anew is never mistaken for its predecessor.

use std::fmt;

use super::text::SafeText;

/// `metadata.uid`.
pub type Uid = SafeText;

/// The kinds of workload that can be flown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkloadKind {
    /// `argoproj.io/v1alpha1` Rollout.
    Rollout,
    /// `apps/v1` Deployment.
    Deployment,
}

impl WorkloadKind {
    /// The kind as Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rollout => "Rollout",
            Self::Deployment => "Deployment",
        }
    }

    /// The resource as a rule or a command line writes it.
    pub fn resource(self) -> &'static str {
        match self {
            Self::Rollout => "rollouts",
            Self::Deployment => "deployments",
        }
    }
}

/// One workload in the context that the session is pinned to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkloadId {
    /// Its namespace.
    pub namespace: SafeText,
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its name.
    pub name: SafeText,
}

impl WorkloadId {
    /// An identity out of its parts.
    pub fn new(
        namespace: impl Into<SafeText>,
        kind: WorkloadKind,
        name: impl Into<SafeText>,
    ) -> Self {
        Self { namespace: namespace.into(), kind, name: name.into() }
    }
}

impl fmt::Display for WorkloadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind.as_str().to_lowercase(), self.namespace, self.name)
    }
}

/// A namespaced name of any other object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef {
    /// Its namespace.
    pub namespace: SafeText,
    /// Its name.
    pub name: SafeText,
}

/// A pod template hash, the identity of a version: `rollouts-pod-template-hash` for Rollouts,
/// `pod-template-hash` for Deployments.
pub type PodHash = SafeText;

/// The kinds that are watched. The order is the order in which screens list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceKind {
    /// `argoproj.io/v1alpha1` Rollouts.
    Rollouts,
    /// `apps/v1` Deployments.
    Deployments,
    /// `apps/v1` ReplicaSets.
    ReplicaSets,
    /// Pods.
    Pods,
    /// `argoproj.io/v1alpha1` AnalysisRuns.
    AnalysisRuns,
    /// `argoproj.io/v1alpha1` Experiments.
    Experiments,
    /// Events.
    Events,
    /// Services of the selected workload.
    Services,
    /// `networking.k8s.io/v1` Ingresses of the selected workload.
    Ingresses,
    /// `policy/v1` PodDisruptionBudgets of the selected workload.
    DisruptionBudgets,
}

impl ResourceKind {
    /// Whether its objects are workloads.
    pub fn is_workload(self) -> bool {
        matches!(self, Self::Rollouts | Self::Deployments)
    }

    /// Every kind, in order.
    pub const ALL: [Self; 10] = [
        Self::Rollouts,
        Self::Deployments,
        Self::ReplicaSets,
        Self::Pods,
        Self::AnalysisRuns,
        Self::Experiments,
        Self::Events,
        Self::Services,
        Self::Ingresses,
        Self::DisruptionBudgets,
    ];

    /// Those that make the state of a fleet, and the words of its rows.
    pub const STATE: [Self; 6] = [
        Self::Rollouts,
        Self::Deployments,
        Self::ReplicaSets,
        Self::Pods,
        Self::AnalysisRuns,
        Self::Experiments,
    ];

    /// The plural resource name as the API and RBAC rules write it.
    pub fn resource(self) -> &'static str {
        match self {
            Self::Rollouts => "rollouts",
            Self::Deployments => "deployments",
            Self::ReplicaSets => "replicasets",
            Self::Pods => "pods",
            Self::AnalysisRuns => "analysisruns",
            Self::Experiments => "experiments",
            Self::Events => "events",
            Self::Services => "services",
            Self::Ingresses => "ingresses",
            Self::DisruptionBudgets => "poddisruptionbudgets",
        }
    }
}
