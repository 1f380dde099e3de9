//! A machine that runs pods, for tests: ReplicaSets get their pods at once, and pods are ready after
//! a little more than a second, unless their template says that they never are.
//!
//! Called by the world of a test.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Key, Kind, Part, Store};
use crate::sim::time::{self, Moment, Span};
use crate::sim::world::{Controller, Turn};

/// The machine.
#[derive(Debug)]
pub(crate) struct PodMachine;

impl Controller for PodMachine {
    fn name(&self) -> &'static str {
        "pod-machine"
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        match change.key.kind {
            Kind::ReplicaSet => keys.push(change.key.clone()),
            Kind::Pod => {
                let owner = change.object.controller().map(|owner| owner.text("/name").to_owned());
                keys.extend(owner.map(|name| change.key.beside(Kind::ReplicaSet, &name)));
            }
            _ => {}
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let Some(set) = turn.store.get(key).cloned() else { return };
        let wanted = set.int("/spec/replicas");
        let mut pods = pods(turn.store, &set);
        pods.sort_by_key(|(ready, name)| (!is_ready(*ready, turn.now), name.clone()));
        while pods.len() > usize::try_from(wanted).unwrap() {
            let (_, name) = pods.pop().unwrap();
            turn.store.remove(&key.beside(Kind::Pod, &name), turn.now).unwrap();
        }
        let fault = set.text("/spec/template/metadata/annotations/waveoff.demo~1fault");
        while pods.len() < usize::try_from(wanted).unwrap() {
            let roll = turn.store.version();
            let wait = 1_200 + turn.dice.between(&["ready", &key.name], roll, 0, 150);
            let ready = (fault != "never-ready").then(|| turn.now + Span::milliseconds(wait));
            let pod = pod(&set, ready);
            let pod = turn.store.insert(Kind::Pod, pod, turn.now).unwrap();
            pods.push((ready, pod.name().to_owned()));
        }
        let ready: i64 = pods.iter().filter(|(at, _)| is_ready(*at, turn.now)).count() as i64;
        for (at, name) in &pods {
            match at {
                Some(at) if *at <= turn.now => mark_ready(turn, &key.beside(Kind::Pod, name)),
                Some(at) => turn.again_at(*at),
                None => {}
            }
        }
        let generation = set.generation();
        turn.store
            .modify(key, Part::Status, turn.now, |set| {
                let mut status = json!({"replicas": wanted, "observedGeneration": generation});
                if ready > 0 {
                    status.set("/readyReplicas", ready);
                    status.set("/availableReplicas", ready);
                }
                set.set("/status", status);
            })
            .unwrap();
    }
}

fn is_ready(at: Option<Moment>, now: Moment) -> bool {
    at.is_some_and(|at| at <= now)
}

/// Pods of a ReplicaSet: when they are ready, and their names.
fn pods(store: &Store, set: &Arc<Value>) -> Vec<(Option<Moment>, String)> {
    let pods = store.owned(set.uid(), Kind::Pod).into_iter();
    pods.map(|pod| (pod.annotation("ready-at").and_then(time::parse), pod.name().to_owned()))
        .collect()
}

fn pod(set: &Arc<Value>, ready: Option<Moment>) -> Value {
    let mut pod = set.pointer("/spec/template").cloned().unwrap();
    pod.set("/metadata/generateName", format!("{}-", set.name()));
    pod.set("/metadata/namespace", set.namespace());
    let owner = json!({"kind": "ReplicaSet", "name": set.name(), "uid": set.uid(),
        "controller": true});
    pod.set("/metadata/ownerReferences", vec![owner]);
    if let Some(ready) = ready {
        pod.set_annotation("ready-at", &time::micros(ready));
    }
    pod
}

fn mark_ready(turn: &mut Turn<'_>, key: &Key) {
    let now = turn.now;
    let pod = turn.store.get(key).unwrap();
    if !pod.holds("Ready") {
        turn.store
            .modify(key, Part::Status, now, |pod| {
                let at = time::seconds(now);
                let ready = json!({"type": "Ready", "status": "True", "lastTransitionTime": at});
                pod.set("/status/conditions", vec![ready]);
            })
            .unwrap();
    }
}
