//! The controllers of the world: those of Kubernetes, of Argo Rollouts, and the machines that run
//! pods.
//!
//! Each reads and writes only the store, as the real ones do with the API server. Never knows HTTP.
//! Called by the world.

pub(crate) mod analysis;
pub(crate) mod experiment;
mod gitops;
pub(crate) mod rollout;
pub(crate) mod workload;

use super::traffic;
use super::world::Controller;

/// Every controller of a complete cluster.
pub(crate) fn all() -> Vec<Box<dyn Controller>> {
    let mut all = workload::controllers();
    all.extend(rollout::controllers());
    all.extend(analysis::controllers());
    all.extend(experiment::controllers());
    all.extend(traffic::controllers());
    all.push(Box::new(gitops::GitOps::default()));
    all
}
