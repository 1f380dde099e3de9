//! The ReplicaSet controller: keeps as many pods of a template as are wanted. It serves Deployments,
//! Rollouts and ReplicaSets of their own alike.
//!
//! Never starts a pod: that is the machines' part. Called by the world.

mod ranking;
mod status;

use std::collections::HashMap;

use serde_json::Value;

use super::adoption::{self, Orphans};
use super::pod::{self, Denied};
use super::selector::Selector;
use crate::sim::object::Document;
use crate::sim::store::{Change, Key, Kind, Object, Store};
use crate::sim::time::Span;
use crate::sim::world::{Controller, EventType, Turn};

/// Pods that are created or deleted in one turn at most.
const BURST: i64 = 500;

const SOURCE: &str = "replicaset-controller";

/// The controller.
#[derive(Debug, Default)]
pub(super) struct ReplicaSets {
    orphans: Orphans,
    /// Turns in a row that failed.
    failures: HashMap<Key, u32>,
}

impl Controller for ReplicaSets {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        match change.key.kind {
            Kind::ReplicaSet if is_wanted_otherwise(change) => keys.push(change.key.clone()),
            Kind::Pod if counts_otherwise(change) => {
                let states = change.before.iter().chain([&change.object]);
                for owner in states.filter_map(|pod| pod.controller()) {
                    if owner.text("/kind") == "ReplicaSet" {
                        keys.push(change.key.beside(Kind::ReplicaSet, owner.text("/name")));
                    }
                }
                let known = |pod: &Object| pod.controller().is_some();
                if !known(&change.object) || change.before.as_ref().is_some_and(|pod| !known(pod)) {
                    keys.push(change.key.clone());
                }
            }
            _ => (),
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        if key.kind == Kind::Pod {
            return self.find_owner(key, turn);
        }
        let Some(set) = turn.store.get(key).cloned() else {
            self.failures.remove(key);
            return;
        };
        let Some(selector) = Selector::at(&set, "/spec/selector") else { return };
        let mut pods = adoption::claim(turn, &set, Kind::Pod, &selector, &self.orphans);
        pods.retain(|pod| pod::is_active(pod));
        let outcome = if set.is_leaving() { Ok(()) } else { manage(turn, &set, &pods) };
        status::update(turn, key, &set, &pods, outcome.as_ref().err());
        match outcome {
            Ok(()) => {
                self.failures.remove(key);
            }
            Err(_) => {
                let failures = self.failures.entry(key.clone()).or_default();
                turn.again_after(after_failures(*failures));
                *failures += 1;
            }
        }
    }
}

impl ReplicaSets {
    /// A pod that nobody controls is offered to the ReplicaSets that select it.
    fn find_owner(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let Some(pod) = self.orphans.see(key, turn.store) else { return };
        let selects = |set: &&Object| {
            let selector = Selector::at(set, "/spec/selector");
            !set.is_leaving() && selector.is_some_and(|s| !s.is_empty() && s.selects(&pod))
        };
        let found = turn.store.list(Kind::ReplicaSet, Some(&key.namespace)).find(selects).cloned();
        if let Some(set) = found
            && let Some(selector) = Selector::at(&set, "/spec/selector")
        {
            adoption::claim(turn, &set, Kind::Pod, &selector, &self.orphans);
        }
    }
}

/// How long a controller waits after this many failures in a row before it tries again
/// (client-go's work queue).
pub(super) fn after_failures(failures: u32) -> Span {
    let milliseconds = 5_i64.saturating_mul(1 << failures.min(40));
    Span::milliseconds(milliseconds.min(1_000_000))
}

/// Whether a ReplicaSet must be looked at, not only its status.
fn is_wanted_otherwise(change: &Change) -> bool {
    let Some(before) = &change.before else { return true };
    let wish = |set: &Object| (set.generation(), set.is_leaving());
    let owners = |set: &Object| set.items("/metadata/ownerReferences").to_vec();
    let gone = change.what == crate::sim::store::What::Deleted;
    gone || wish(before) != wish(&change.object) || owners(before) != owners(&change.object)
}

/// Whether a pod counts in another way than before.
fn counts_otherwise(change: &Change) -> bool {
    let Some(before) = &change.before else { return true };
    let (before, after) = (before.as_ref(), change.object.as_ref());
    let state = |pod: &Value| (pod::is_active(pod), pod::is_ready(pod));
    let tied = |pod: &Value, place: &str| pod.at(place).cloned();
    change.what == crate::sim::store::What::Deleted
        || state(before) != state(after)
        || pod::ready_since(before) != pod::ready_since(after)
        || ["/metadata/labels", "/metadata/ownerReferences"]
            .iter()
            .any(|place| tied(before, place) != tied(after, place))
}

/// Creates pods that are missing and deletes those that are too many; what went wrong, if anything
/// did.
fn manage(turn: &mut Turn<'_>, set: &Object, pods: &[Object]) -> Result<(), String> {
    let there = i64::try_from(pods.len()).unwrap_or(i64::MAX);
    let missing = wanted(set) - there;
    if missing > 0 {
        return create(turn, set, missing.min(BURST));
    }
    for pod in ranking::superfluous(turn.store, set, pods, (-missing).min(BURST), turn.now) {
        let key = adoption::key_of(Kind::Pod, &pod);
        match turn.store.delete(&key, None, turn.now) {
            Ok(_) => {
                let message = format!("Deleted pod: {}", key.name);
                turn.event(SOURCE, set, EventType::Normal, "SuccessfulDelete", message);
            }
            Err(refusal) => debug_assert!(false, "{refusal:?}"),
        }
    }
    Ok(())
}

/// `spec.replicas`.
fn wanted(set: &Value) -> i64 {
    set.int_maybe("/spec/replicas").unwrap_or(1)
}

/// Creates pods in batches that grow from one, and stops after a batch in which one was refused.
fn create(turn: &mut Turn<'_>, set: &Object, missing: i64) -> Result<(), String> {
    let Some(template) = set.at("/spec/template") else { return Ok(()) };
    let pod = pod::draft(set, template);
    let (mut left, mut batch) = (missing, 1);
    while left > 0 {
        let mut refused = None;
        for _ in 0..batch.min(left) {
            match pod::create(turn, pod.clone()) {
                Ok(made) => {
                    let message = format!("Created pod: {}", made.name());
                    turn.event(SOURCE, set, EventType::Normal, "SuccessfulCreate", message);
                }
                Err(Denied::NamespaceLeaves) => (),
                Err(Denied::Refused(refusal)) => {
                    let message = format!("Error creating: {}", refusal.message);
                    turn.event(SOURCE, set, EventType::Warning, "FailedCreate", message);
                    refused.get_or_insert(refusal.message);
                }
            }
        }
        if let Some(refused) = refused {
            return Err(refused);
        }
        left -= batch;
        batch *= 2;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
