//! The Deployment controller: replaces pods of one template by pods of another, ReplicaSet by
//! ReplicaSet.
//!
//! Each turn works on the Deployment as it was read: what it writes is refused when it wrote before,
//! and the turn is taken again, as with the real controller. Called by the world.

mod condition;
mod revision;
mod rolling;
mod scaling;
mod status;
mod template;
mod wish;

use std::collections::HashMap;

use serde_json::Value;

use super::adoption::{self, Orphans};
use super::replica_set::after_failures;
use super::selector::Selector;
use crate::sim::object::Document;
use crate::sim::store::{Change, Key, Kind, Object, Part, Refusal, Store, What};
use crate::sim::world::{Controller, EventType, Turn};
use wish::Wish;

const SOURCE: &str = "deployment-controller";

/// Failures in a row after which the controller waits for the next change.
const MOST_FAILURES: u32 = 15;

/// The controller.
#[derive(Debug, Default)]
pub(super) struct Deployments {
    orphans: Orphans,
    /// Turns in a row that failed.
    failures: HashMap<Key, u32>,
}

impl Controller for Deployments {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn wake(&self, change: &Change, store: &Store, keys: &mut Vec<Key>) {
        match change.key.kind {
            Kind::Deployment => keys.push(change.key.clone()),
            Kind::ReplicaSet => {
                let states = change.before.iter().chain([&change.object]);
                let known = states.clone().all(|set| set.controller().is_some());
                for owner in states.filter_map(|set| set.controller()) {
                    if owner.text("/kind") == "Deployment" {
                        keys.push(change.key.beside(Kind::Deployment, owner.text("/name")));
                    }
                }
                if !known {
                    keys.push(change.key.clone());
                }
            }
            Kind::Pod if change.what == What::Deleted => {
                keys.extend(without_pods(change, store));
            }
            _ => (),
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        if key.kind == Kind::ReplicaSet {
            return self.find_owner(key, turn);
        }
        let Some(deployment) = turn.store.get(key).cloned() else {
            self.failures.remove(key);
            return;
        };
        let Some(selector) = Selector::at(&deployment, "/spec/selector") else { return };
        let sets = adoption::claim(turn, &deployment, Kind::ReplicaSet, &selector, &self.orphans);
        match Sync::new(turn, key, &deployment, sets).run() {
            Ok(()) => {
                self.failures.remove(key);
            }
            Err(_) => {
                let failures = self.failures.entry(key.clone()).or_default();
                if *failures < MOST_FAILURES {
                    turn.again_after(after_failures(*failures));
                    *failures += 1;
                }
            }
        }
    }
}

impl Deployments {
    /// A ReplicaSet that nobody controls is offered to the Deployments that select it.
    fn find_owner(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let Some(set) = self.orphans.see(key, turn.store) else { return };
        let selector = |deployment: &Object| Selector::at(deployment, "/spec/selector");
        let selects = |deployment: &&Object| {
            let wanted = selector(deployment).is_some_and(|s| !s.is_empty() && s.selects(&set));
            wanted && !deployment.is_leaving()
        };
        let all = turn.store.list(Kind::Deployment, Some(&key.namespace));
        let found = all.cloned().find(|deployment| selects(&deployment));
        if let Some(deployment) = found
            && let Some(selector) = selector(&deployment)
        {
            adoption::claim(turn, &deployment, Kind::ReplicaSet, &selector, &self.orphans);
        }
    }
}

/// The Deployment that waited for its last pod to be gone before it makes new ones.
fn without_pods(change: &Change, store: &Store) -> Option<Key> {
    let by = |object: &Value, kind: &str| -> Option<String> {
        let owner = object.controller().filter(|owner| owner.text("/kind") == kind)?;
        Some(owner.text("/name").to_owned())
    };
    let set = change.key.beside(Kind::ReplicaSet, &by(&change.object, "ReplicaSet")?);
    let key = change.key.beside(Kind::Deployment, &by(store.get(&set)?, "Deployment")?);
    let deployment = store.get(&key)?;
    let sets = store.owned(deployment.uid(), Kind::ReplicaSet);
    let recreates = deployment.text("/spec/strategy/type") == "Recreate";
    let none = recreates && sets.iter().all(|set| store.owned(set.uid(), Kind::Pod).is_empty());
    none.then_some(key)
}

/// The ReplicaSets of a Deployment: the one of its present template, and the others.
#[derive(Debug, Clone, Default)]
struct Sets {
    new: Option<Object>,
    old: Vec<Object>,
}

impl Sets {
    fn all(&self) -> impl Iterator<Item = &Object> {
        self.old.iter().chain(&self.new)
    }
}

/// One turn at a Deployment.
#[derive(Debug)]
struct Sync<'t, 'w> {
    turn: &'t mut Turn<'w>,
    key: &'t Key,
    /// As it was read, with what this turn means to change of it.
    deployment: Value,
    /// As they were read, oldest first.
    sets: Vec<Object>,
    wish: Wish,
}

impl<'t, 'w> Sync<'t, 'w> {
    fn new(
        turn: &'t mut Turn<'w>,
        key: &'t Key,
        deployment: &Value,
        mut sets: Vec<Object>,
    ) -> Self {
        let wish = Wish::of(deployment);
        sets.sort_by(|one, other| age(one).cmp(&age(other)));
        Self { turn, key, deployment: deployment.clone(), sets, wish }
    }

    fn run(mut self) -> Result<(), Refusal> {
        if self.deployment.is_leaving() {
            let sets = self.sync_revision(false)?;
            return self.sync_status(&sets);
        }
        self.check_paused()?;
        if self.wish.paused || self.is_scaled()? {
            let sets = self.sync_revision(false)?;
            self.scale(&sets)?;
            if self.wish.paused {
                self.clean_up(&sets.old)?;
            }
            return self.sync_status(&sets);
        }
        if self.wish.rolls { self.roll() } else { self.recreate() }
    }

    /// Whether somebody wants another number of pods than the ReplicaSets were last told of.
    fn is_scaled(&mut self) -> Result<bool, Refusal> {
        let sets = self.sync_revision(false)?;
        let told = |set: &Object| {
            let desired = set.annotation(revision::DESIRED)?.parse::<i64>().ok()?;
            (desired != self.wish.replicas).then_some(())
        };
        Ok(sets.all().filter(|set| size(set) > 0).any(|set| told(set).is_some()))
    }

    /// Writes the status, and the annotations with it, as that path of the API does.
    fn write(&mut self) -> Result<(), Refusal> {
        let next = self.deployment.clone();
        self.turn.store.replace(self.key, next, Part::Whole, self.turn.now).map(|_| ())
    }

    fn tell(&mut self, kind: EventType, reason: &str, message: String) {
        self.turn.event(SOURCE, &self.deployment, kind, reason, message);
    }
}

/// `spec.replicas` of a ReplicaSet.
fn size(set: &Value) -> i64 {
    set.int_maybe("/spec/replicas").unwrap_or(1)
}

/// What orders ReplicaSets by age.
fn age(set: &Value) -> (&str, &str) {
    (set.text("/metadata/creationTimestamp"), set.name())
}

fn key_of(set: &Value) -> Key {
    adoption::key_of(Kind::ReplicaSet, set)
}

#[cfg(test)]
mod tests;
