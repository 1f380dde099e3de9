//! The scheduler: gives each pod a node, so that the pods of one owner are spread over zones and
//! nodes.
//!
//! Looks at node selectors, closed nodes and the number of pods; never at other resources, taints
//! or affinities. Called by the world.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::ledger::Ledger;
use super::{ZONE, fit};
use crate::sim::control::workload::selector::Selector;
use crate::sim::control::workload::{condition, pod};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Key, Kind, Object, Part, Store, What};
use crate::sim::time;
use crate::sim::world::{Controller, EventType, Turn};

const SOURCE: (&str, &str) = ("default-scheduler", "default-scheduler-control-plane");

/// The scheduler.
#[derive(Debug, Default)]
pub(in crate::sim::control::workload) struct Scheduler {
    ledger: Ledger,
    /// Pods for which there was no node.
    waiting: BTreeSet<Key>,
}

impl Controller for Scheduler {
    fn name(&self) -> &'static str {
        SOURCE.0
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        let place = |pod: &Value| (pod.text("/spec/nodeName").is_empty(), pod::has_ended(pod));
        let moved = || match &change.before {
            Some(before) if change.what == What::Modified => place(before) != place(&change.object),
            _ => true,
        };
        match change.key.kind {
            Kind::Node => keys.push(change.key.clone()),
            Kind::Pod if moved() => keys.push(change.key.clone()),
            _ => (),
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        if key.kind == Kind::Node {
            return self.place_waiting(turn);
        }
        let pod = turn.store.get(key).filter(|pod| !pod::has_ended(pod)).cloned();
        let Some(pod) = pod else {
            self.waiting.remove(key);
            if self.ledger.release(key) {
                self.place_waiting(turn);
            }
            return;
        };
        match pod.text("/spec/nodeName") {
            "" if pod.is_leaving() => (),
            "" => self.place(key, &pod, turn),
            node => self.ledger.take(key, node, owner(&pod)),
        }
    }
}

impl Scheduler {
    fn place_waiting(&mut self, turn: &mut Turn<'_>) {
        for key in self.waiting.clone() {
            match turn.store.get(&key).cloned() {
                Some(pod) => self.place(&key, &pod, turn),
                None => drop(self.waiting.remove(&key)),
            }
        }
    }

    fn place(&mut self, key: &Key, pod: &Object, turn: &mut Turn<'_>) {
        let nodes: Vec<Object> = turn.store.list(Kind::Node, None).cloned().collect();
        let wanted = Selector::of_map(pod, "/spec/nodeSelector").unwrap_or_default();
        let mut misfits = Vec::new();
        let mut fitting = Vec::new();
        for node in &nodes {
            let there = self.ledger.on(node.name());
            match fit::misfit(&wanted, node, there, &turn.ground.faults) {
                Some(misfit) => misfits.push(misfit),
                None => fitting.push(node),
            }
        }
        let Some(node) = self.best(pod, &nodes, &fitting, turn) else {
            self.waiting.insert(key.clone());
            return refuse(key, pod, turn, &fit::message(&misfits));
        };
        self.waiting.remove(key);
        self.ledger.take(key, &node, owner(pod));
        bind(key, pod, turn, &node);
    }

    /// The node with the fewest siblings in its zone, then on itself, then the fewest pods.
    fn best(
        &self,
        pod: &Value,
        nodes: &[Object],
        fitting: &[&Object],
        turn: &Turn<'_>,
    ) -> Option<String> {
        let owner = owner(pod);
        let mut zones: BTreeMap<&str, usize> = BTreeMap::new();
        for node in nodes {
            *zones.entry(node.label(ZONE)).or_default() += self.ledger.of(owner, node.name());
        }
        let rank = |node: &&&Object| {
            let name = node.name();
            let zone = zones.get(node.label(ZONE)).copied().unwrap_or(0);
            let chance = turn.dice.roll(&["place", pod.name(), name]);
            (zone, self.ledger.of(owner, name), self.ledger.on(name), chance)
        };
        fitting.iter().min_by_key(rank).map(|node| node.name().to_owned())
    }
}

/// What the pods of one owner have in common; empty for pods of their own.
fn owner(pod: &Value) -> &str {
    pod.controller().map(|owner| owner.text("/uid")).unwrap_or_default()
}

fn bind(key: &Key, pod: &Object, turn: &mut Turn<'_>, node: &str) {
    let scheduled = json!({
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": null,
        "lastTransitionTime": time::seconds(turn.now),
    });
    let bound = turn.store.modify(key, Part::Whole, turn.now, |pod| {
        pod.set("/spec/nodeName", node);
        with_status(pod, |status| condition::push(status, scheduled));
    });
    debug_assert!(bound.is_ok(), "{bound:?}");
    let message = format!("Successfully assigned {}/{} to {node}", key.namespace, key.name);
    turn.action_event(SOURCE, pod, EventType::Normal, ("Scheduled", "Binding"), message);
}

/// Says why there is no node for a pod, once for each reason.
fn refuse(key: &Key, pod: &Object, turn: &mut Turn<'_>, message: &str) {
    let known = pod.condition("PodScheduled");
    if known.is_some_and(|condition| condition.text("/message") == message) {
        return;
    }
    let since = known.map(|condition| condition.text("/lastTransitionTime").to_owned());
    let refused = json!({
        "type": "PodScheduled",
        "observedGeneration": pod.generation(),
        "status": "False",
        "lastProbeTime": null,
        "lastTransitionTime": since.unwrap_or_else(|| time::seconds(turn.now)),
        "reason": "Unschedulable",
        "message": message,
    });
    let written = turn.store.modify(key, Part::Status, turn.now, |pod| {
        with_status(pod, |status| condition::push(status, refused));
    });
    debug_assert!(written.is_ok(), "{written:?}");
    let what = ("FailedScheduling", "Scheduling");
    turn.action_event(SOURCE, pod, EventType::Warning, what, message);
}

/// Changes the status of a pod, which may have none yet.
fn with_status(pod: &mut Value, change: impl FnOnce(&mut Value)) {
    let mut status = pod.take_out("/status").unwrap_or_else(|| json!({"phase": "Pending"}));
    change(&mut status);
    pod.set("/status", status);
}
