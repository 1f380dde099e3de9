//! A machine that runs pods, for tests: pods are ready a little more than a second after they are
//! made, unless their template says that they never are, and are gone half a second after they
//! were told to go.
//!
//! As the real controller, it tells of its pods one look after it changed them. Called by the world
//! of a test.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Key, Kind, Object, Part, Store};
use crate::sim::time::{self, Moment, Span};
use crate::sim::world::{Controller, Turn};

/// The machine.
#[derive(Debug, Default)]
pub(crate) struct PodMachine {
    /// When a pod that leaves is gone.
    leaving: BTreeMap<Key, Moment>,
}

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
        let all: Vec<Object> =
            turn.store.owned(set.uid(), Kind::Pod).into_iter().cloned().collect();
        let (gone, mut pods): (Vec<Object>, Vec<Object>) =
            all.into_iter().partition(|pod| pod.is_leaving());
        for pod in &gone {
            self.bury(turn, key, pod);
        }
        let (count, ready) = (pods.len(), pods.iter().filter(|pod| pod.holds("Ready")).count());
        for pod in &pods {
            start(turn, key, pod);
        }
        let wanted = usize::try_from(set.int("/spec/replicas")).unwrap();
        pods.sort_by_key(|pod| (!pod.holds("Ready"), pod.name().to_owned()));
        for pod in pods.iter().skip(wanted) {
            turn.store.delete(&key.beside(Kind::Pod, pod.name()), None, turn.now).unwrap();
        }
        for _ in count..wanted {
            make(turn, &set);
        }
        turn.store
            .modify(key, Part::Status, turn.now, |set| {
                let generation = set.generation();
                let mut status = json!({"replicas": count, "observedGeneration": generation});
                if ready > 0 {
                    status.set("/readyReplicas", ready);
                    status.set("/availableReplicas", ready);
                }
                set.set("/status", status);
            })
            .unwrap();
    }
}

impl PodMachine {
    fn bury(&mut self, turn: &mut Turn<'_>, key: &Key, pod: &Object) {
        let pod = key.beside(Kind::Pod, pod.name());
        let until = *self.leaving.entry(pod.clone()).or_insert(turn.now + Span::milliseconds(500));
        if until <= turn.now {
            turn.store.remove(&pod, turn.now).unwrap();
            self.leaving.remove(&pod);
        } else {
            turn.again_at(until);
        }
    }
}

/// Lets a pod be ready when its time has come.
fn start(turn: &mut Turn<'_>, key: &Key, pod: &Object) {
    let Some(at) = pod.annotation("ready-at").and_then(time::parse) else { return };
    if at > turn.now {
        turn.again_at(at);
    } else if !pod.holds("Ready") {
        let since = time::seconds(turn.now);
        let ready = json!({"type": "Ready", "status": "True", "lastTransitionTime": since});
        let pod = key.beside(Kind::Pod, pod.name());
        let written = turn.store.modify(&pod, Part::Status, turn.now, |pod| {
            pod.set("/status/conditions", vec![ready]);
        });
        written.unwrap();
    }
}

fn make(turn: &mut Turn<'_>, set: &Object) {
    let mut pod: Value = set.pointer("/spec/template").cloned().unwrap();
    pod.set("/metadata/generateName", format!("{}-", set.name()));
    pod.set("/metadata/namespace", set.namespace());
    pod.set("/spec/nodeName", "node");
    let owner =
        json!({"kind": "ReplicaSet", "name": set.name(), "uid": set.uid(), "controller": true});
    pod.set("/metadata/ownerReferences", vec![owner]);
    if pod.annotation("waveoff.demo/fault") != Some("never-ready") {
        let roll = turn.store.version();
        let wait = 1_200 + turn.dice.between(&["ready", set.name()], roll, 0, 150);
        pod.set_annotation("ready-at", &time::micros(turn.now + Span::milliseconds(wait)));
    }
    turn.store.create(Kind::Pod, pod, turn.now).unwrap();
}
