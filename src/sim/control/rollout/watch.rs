//! Which Rollouts have to be looked at when something changes.
//!
//! Never scans: owners are named by what they own, and what a Rollout refers to is remembered when
//! it is looked at. Called by the controller.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::keys;
use super::pass::workload_of;
use super::router::{canary_name, service_key};
use super::spec::Rollout;
use crate::sim::object::Document;
use crate::sim::store::{Change, Key, Kind, Object, Store, What};

/// Fields that name Services.
const SERVICES: &[&str] = &[
    "/spec/strategy/blueGreen/activeService",
    "/spec/strategy/blueGreen/previewService",
    "/spec/strategy/canary/canaryService",
    "/spec/strategy/canary/stableService",
    "/spec/strategy/canary/pingPong/pingService",
    "/spec/strategy/canary/pingPong/pongService",
];

const DESTINATION_RULE: &str = "/spec/strategy/canary/trafficRouting/istio/destinationRule/name";

/// What each Rollout refers to, both ways.
#[derive(Debug, Default)]
pub(super) struct References {
    of: BTreeMap<Key, BTreeSet<Key>>,
    to: BTreeMap<Key, BTreeSet<Key>>,
}

impl References {
    /// Remembers what a Rollout refers to.
    pub(super) fn note(&mut self, rollout: &Rollout) {
        let now = referred(rollout);
        if self.of.get(&rollout.key) == Some(&now) {
            return;
        }
        self.forget(&rollout.key);
        for key in &now {
            self.to.entry(key.clone()).or_default().insert(rollout.key.clone());
        }
        self.of.insert(rollout.key.clone(), now);
    }

    pub(super) fn forget(&mut self, rollout: &Key) {
        for key in self.of.remove(rollout).unwrap_or_default() {
            if let Some(rollouts) = self.to.get_mut(&key) {
                rollouts.remove(rollout);
                if rollouts.is_empty() {
                    self.to.remove(&key);
                }
            }
        }
    }

    fn rollouts(&self, of: &Key) -> impl Iterator<Item = &Key> {
        self.to.get(of).into_iter().flatten()
    }
}

/// Ingresses, VirtualServices and the workload. Services and DestinationRules name their Rollout
/// themselves, once they are used.
fn referred(rollout: &Rollout) -> BTreeSet<Key> {
    let mut referred: BTreeSet<Key> = workload_of(rollout).into_iter().collect();
    for name in SERVICES.iter().map(|pointer| rollout.object.text(pointer)) {
        if !name.is_empty() {
            referred.insert(rollout.key.beside(Kind::Service, name));
        }
    }
    let Some(routing) = rollout.routing() else { return referred };
    for ingress in routing.nginx.iter().flat_map(super::spec::Nginx::ingresses) {
        let canary = canary_name(rollout.name(), ingress);
        referred.insert(rollout.key.beside(Kind::Ingress, ingress));
        referred.insert(rollout.key.beside(Kind::Ingress, &canary));
    }
    for service in routing.istio.iter().flat_map(super::spec::Istio::services) {
        referred.insert(service_key(rollout, service));
    }
    referred
}

/// Adds what has to be looked at because of a change.
pub(super) fn wake(references: &References, change: &Change, store: &Store, keys: &mut Vec<Key>) {
    match change.key.kind {
        Kind::Rollout => {
            keys.push(change.key.clone());
            wake_released(change, keys);
        }
        Kind::ReplicaSet | Kind::Experiment => {
            keys.extend(owner(change));
            keys.extend(references.rollouts(&change.key).cloned());
        }
        Kind::AnalysisRun => {
            let phase = |object: &Object| object.text("/status/phase").to_owned();
            let same = change.what == What::Modified
                && change.before.as_ref().map(phase) == Some(phase(&change.object));
            if !same {
                keys.extend(owner(change));
            }
        }
        Kind::Service => wake_for_service(references, change, store, keys),
        Kind::DestinationRule if change.what != What::Deleted => {
            if let Some(name) = change.object.annotation(keys::MANAGED_BY) {
                let rollout = change.key.beside(Kind::Rollout, name);
                let uses = store
                    .get(&rollout)
                    .is_some_and(|rollout| rollout.text(DESTINATION_RULE) == change.key.name);
                keys.push(if uses { rollout } else { change.key.clone() });
            }
        }
        Kind::Ingress if change.what != What::Deleted && is_of_nginx(&change.object) => {
            keys.extend(references.rollouts(&change.key).cloned());
        }
        Kind::Deployment | Kind::VirtualService => {
            keys.extend(references.rollouts(&change.key).cloned());
        }
        _ => {}
    }
}

/// The Rollout that owns an object.
fn owner(change: &Change) -> Option<Key> {
    let owner = change.object.controller()?;
    let name = owner.text("/name");
    (owner.text("/kind") == "Rollout").then(|| change.key.beside(Kind::Rollout, name))
}

/// A Service matters only once its selector has a hash.
fn wake_for_service(references: &References, change: &Change, store: &Store, keys: &mut Vec<Key>) {
    let service = &change.object;
    let hash = service.text("/spec/selector/rollouts-pod-template-hash");
    if hash.is_empty() || change.what == What::Deleted {
        return;
    }
    let before = keys.len();
    match service.annotation(keys::MANAGED_BY) {
        Some(name) => {
            let rollout = change.key.beside(Kind::Rollout, name);
            if store.get(&rollout).is_some_and(|rollout| uses_service(rollout, service.name())) {
                keys.push(rollout);
            }
        }
        None => keys.extend(references.rollouts(&change.key).cloned()),
    }
    if keys.len() == before {
        keys.push(change.key.clone());
    }
}

/// Whether a Rollout names this Service.
pub(super) fn uses_service(rollout: &Value, service: &str) -> bool {
    SERVICES.iter().any(|pointer| rollout.text(pointer) == service)
}

/// Whether a Rollout names this DestinationRule.
pub(super) fn uses_rule(rollout: &Value, rule: &str) -> bool {
    rollout.text(DESTINATION_RULE) == rule
}

/// What a Rollout does not name any more has to be freed.
fn wake_released(change: &Change, keys: &mut Vec<Key>) {
    let Some(before) = &change.before else { return };
    let gone = change.what == What::Deleted;
    for name in SERVICES.iter().map(|pointer| before.text(pointer)) {
        if !name.is_empty() && (gone || !uses_service(&change.object, name)) {
            keys.push(change.key.beside(Kind::Service, name));
        }
    }
    let rule = before.text(DESTINATION_RULE);
    if !rule.is_empty() && (gone || !uses_rule(&change.object, rule)) {
        keys.push(change.key.beside(Kind::DestinationRule, rule));
    }
}

fn is_of_nginx(ingress: &Object) -> bool {
    let class = ingress.annotation("kubernetes.io/ingress.class");
    class.unwrap_or_else(|| ingress.text("/spec/ingressClassName")) == "nginx"
}
