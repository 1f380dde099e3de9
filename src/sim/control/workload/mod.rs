//! Kubernetes' own controllers and the machines of the embedded cluster.
//!
//! Each follows the store as the real one follows the API server. Called by the world.

mod adoption;
mod condition;
mod deployment;
mod disruption;
mod endpoints;
pub(crate) mod eviction;
mod garbage;
mod job;
mod kubelet;
#[cfg(test)]
mod load;
pub(crate) mod logs;
mod namespace;
pub(crate) mod node;
#[cfg(test)]
mod plays;
mod pod;
mod portion;
mod replica_set;
mod selection;
mod selector;
#[cfg(test)]
mod stage;

use crate::sim::world::Controller;

pub(crate) use eviction::{evict, evict_at};
pub(crate) use logs::{LogRequest, log};

/// The controllers of this folder.
pub(crate) fn controllers() -> Vec<Box<dyn Controller>> {
    vec![
        Box::new(deployment::Deployments::default()),
        Box::new(replica_set::ReplicaSets::default()),
        Box::new(job::Jobs::default()),
        Box::new(node::Scheduler::default()),
        Box::new(kubelet::Kubelet::default()),
        Box::new(kubelet::Drain::default()),
        Box::new(endpoints::Endpoints::default()),
        Box::new(disruption::Budgets::default()),
        Box::new(garbage::Garbage),
        Box::new(namespace::Namespaces),
    ]
}
