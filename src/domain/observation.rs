//! What a source reports: objects that came, went or were listed anew, and how fresh it is.
//!
//! Made by adapters, applied by [`super::fleet::Fleet`]. Carries no transport detail.

use super::analysis::AnalysisRun;
use super::event::Event;
use super::experiment::Experiment;
use super::id::{ResourceKind, Uid};
use super::pod::Pod;
use super::replica_set::ReplicaSet;
use super::routing::{DisruptionBudget, Ingress, Service};
use super::text::SafeText;
use super::time::Timestamp;
use super::workload::Workload;

/// A source: one kind in one namespace (`None`: all namespaces).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId {
    /// Kind watched.
    pub kind: ResourceKind,
    /// Namespace, or all of them.
    pub namespace: Option<SafeText>,
}

/// One object.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A Rollout or a Deployment.
    Workload(Box<Workload>),
    /// A ReplicaSet.
    ReplicaSet(Box<ReplicaSet>),
    /// A Pod.
    Pod(Box<Pod>),
    /// An AnalysisRun.
    AnalysisRun(Box<AnalysisRun>),
    /// An Experiment.
    Experiment(Box<Experiment>),
    /// An Event.
    Event(Box<Event>),
    /// A Service.
    Service(Box<Service>),
    /// An Ingress.
    Ingress(Box<Ingress>),
    /// A PodDisruptionBudget.
    DisruptionBudget(Box<DisruptionBudget>),
}

impl Record {
    /// `metadata.uid`.
    pub fn uid(&self) -> &Uid {
        match self {
            Self::Workload(r) => &r.uid,
            Self::ReplicaSet(r) => &r.uid,
            Self::Pod(r) => &r.uid,
            Self::AnalysisRun(r) => &r.uid,
            Self::Experiment(r) => &r.uid,
            Self::Event(r) => &r.uid,
            Self::Service(r) => &r.uid,
            Self::Ingress(r) => &r.uid,
            Self::DisruptionBudget(r) => &r.uid,
        }
    }
}

/// A change reported by a source.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// An object came or changed.
    Seen(Record),
    /// An object went.
    Gone(ResourceKind, Uid),
    /// The whole of a source: what is not in it is gone. Replaces all at once, nothing flashes.
    Listed(SourceId, Vec<Record>),
    /// The same of a list that came in parts: these are all there are, and each has been seen.
    Complete(SourceId, Vec<Uid>),
}

/// How a source stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceState {
    /// First list under way, since.
    Loading(Timestamp),
    /// Confirmed alive at this instant.
    Live(Timestamp),
    /// Alive, but its history was lost and it is being listed again; old rows stay, and are as old
    /// as this. Not for long: then it is stale.
    Resyncing(Timestamp),
    /// Not heard from since; values are old.
    Stale {
        /// Last proof of life.
        since: Timestamp,
        /// Tries so far.
        attempt: u32,
        /// Next try.
        retry_at: Option<Timestamp>,
        /// What went wrong, cause first.
        error: SafeText,
    },
    /// The user may not list or watch it; the missing rule as text.
    Forbidden(SafeText),
    /// The kind is not installed, or the namespace does not exist.
    Missing(SafeText),
}

impl SourceState {
    /// Why it cannot be read at all: a missing right, kind or namespace. Nothing for what may still
    /// come.
    pub fn obstacle(&self) -> Option<String> {
        match self {
            Self::Forbidden(rule) => Some(format!("not permitted: {rule}")),
            Self::Missing(text) => Some(text.to_string()),
            Self::Loading(_) | Self::Live(_) | Self::Resyncing(_) | Self::Stale { .. } => None,
        }
    }

    /// Whether its rows can be taken as the present.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live(_) | Self::Resyncing(_))
    }
}
