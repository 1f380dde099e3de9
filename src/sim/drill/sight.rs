//! What there is to see of a service at an instant: the facts that conditions, goals and the
//! transcript speak of.
//!
//! Looks at the world itself, not through its API: this is the referee's view. Called by
//! `condition`, `goal` and `transcript`.

use std::collections::BTreeMap;

use super::scenery::{tag_of, workload_kind};
use super::script::{Service, Strategy};
use crate::sim::object::Document;
use crate::sim::store::{Key, Kind, Object};
use crate::sim::world::World;

/// Label of ReplicaSets and pods of a Rollout.
const HASH: &str = "rollouts-pod-template-hash";

/// A service as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sight {
    /// `status.phase` of a Rollout; what `kubectl rollout status` would say of a Deployment.
    pub(super) phase: String,
    /// `status.message`.
    pub(super) message: String,
    /// Index of the current step.
    pub(super) step: Option<u32>,
    /// Weight that the router was given for the canary.
    pub(super) weight: Option<u32>,
    /// The tag that is stable; of blue-green, the one that is active.
    pub(super) stable: String,
    /// The tag that is wanted.
    pub(super) wanted: String,
    pub(super) aborted: bool,
    pub(super) held: bool,
    /// Share of the service's requests that each tag gets now.
    pub(super) shares: BTreeMap<String, f64>,
}

/// Looks at a service.
pub(super) fn of(world: &World, service: &Service) -> Sight {
    let key = Key::new(workload_kind(service), &service.namespace, &service.name);
    let Some(object) = world.store().get(&key) else { return Sight::default() };
    let mut sight = match service.strategy {
        Strategy::Canary | Strategy::BlueGreen => of_rollout(world, object),
        Strategy::Rolling => of_deployment(world, object),
    };
    tag(object).clone_into(&mut sight.wanted);
    sight.shares = shares(world, service);
    sight
}

fn tag(object: &Object) -> &str {
    tag_of(object.text("/spec/template/spec/containers/0/image"))
}

fn of_rollout(world: &World, rollout: &Object) -> Sight {
    let status = |pointer: &str| rollout.int_maybe(pointer).and_then(|n| u32::try_from(n).ok());
    let active = rollout.text("/status/blueGreen/activeSelector");
    let stable = if active.is_empty() { rollout.text("/status/stableRS") } else { active };
    let sets = world.store().owned(rollout.uid(), Kind::ReplicaSet);
    let stable = sets.into_iter().find(|set| set.label(HASH) == stable && !stable.is_empty());
    Sight {
        phase: rollout.text("/status/phase").to_owned(),
        message: rollout.text("/status/message").to_owned(),
        step: status("/status/currentStepIndex"),
        weight: status("/status/canary/weights/canary/weight"),
        stable: stable.map(tag).unwrap_or_default().to_owned(),
        aborted: rollout.flag("/status/abort"),
        held: rollout.flag("/spec/paused"),
        ..Sight::default()
    }
}

fn of_deployment(world: &World, deployment: &Object) -> Sight {
    let sets = world.store().owned(deployment.uid(), Kind::ReplicaSet);
    let largest = sets.into_iter().max_by_key(|set| {
        (set.int("/status/availableReplicas"), std::cmp::Reverse(set.name().to_owned()))
    });
    let (phase, message) = rollout_status(deployment);
    Sight {
        phase: phase.to_owned(),
        message,
        stable: largest.map(tag).unwrap_or_default().to_owned(),
        held: deployment.flag("/spec/paused"),
        ..Sight::default()
    }
}

/// In the order of `kubectl rollout status`.
fn rollout_status(deployment: &Object) -> (&'static str, String) {
    let status = |name: &str| deployment.int(&format!("/status/{name}"));
    let wanted = deployment.int_maybe("/spec/replicas").unwrap_or(1);
    let progressing = deployment.condition("Progressing");
    if deployment.generation() > status("observedGeneration") {
        return ("Progressing", "waiting to be observed".into());
    }
    if progressing.is_some_and(|c| c.text("/reason") == "ProgressDeadlineExceeded") {
        return ("Degraded", "exceeded its progress deadline".into());
    }
    if deployment.flag("/spec/paused") {
        return ("Paused", "held".into());
    }
    let (updated, all) = (status("updatedReplicas"), status("replicas"));
    if updated < wanted {
        return ("Progressing", format!("{updated} of {wanted} updated"));
    }
    if all > updated {
        return ("Progressing", format!("{} old ones are leaving", all - updated));
    }
    let available = status("availableReplicas");
    if available < updated {
        return ("Progressing", format!("{available} of {updated} available"));
    }
    ("Healthy", String::new())
}

fn shares(world: &World, service: &Service) -> BTreeMap<String, f64> {
    let by_image = world.ground().traffic.shares(&service.namespace, &service.name);
    let mut shares = BTreeMap::new();
    for (image, share) in by_image {
        *shares.entry(tag_of(&image).to_owned()).or_default() += share;
    }
    shares
}
