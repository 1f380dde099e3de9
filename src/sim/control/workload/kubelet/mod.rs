//! The machines: what the kubelet of each node does with its pods, from pulling their images to
//! their end.
//!
//! No container is ever run: what each would do is described in the ground, or by a mark on the
//! pod. Called by the world.

mod backoff;
mod container;
mod drain;
mod fate;
mod life;
mod status;
mod words;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::pod;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Key, Kind, Object, Part, Store, What};
use crate::sim::time;
use crate::sim::world::{Controller, Turn};
use life::Life;

pub(super) use drain::Drain;
pub(super) use fate::{fate, runs_once};

/// How events give their source; the node is added.
const SOURCE: &str = "kubelet";

/// All kubelets.
#[derive(Debug, Default)]
pub(super) struct Kubelet {
    /// The pods that run or are about to.
    lives: HashMap<Key, Life>,
    nodes: Nodes,
}

/// What the nodes have in common for all their pods.
#[derive(Debug, Default)]
struct Nodes {
    /// Number of each node and of the addresses that it gave away.
    numbers: HashMap<String, (usize, usize)>,
    /// Node and image, where it was pulled already.
    images: HashSet<(String, String)>,
}

impl Nodes {
    /// A new address for a pod on this node.
    fn address(&mut self, node: &str) -> String {
        let next = self.numbers.len();
        let (number, given) = self.numbers.entry(node.to_owned()).or_insert((next, 0));
        *given += 1;
        format!("10.{}.{}.{}", 244 - *number % 240, *given / 250 % 250, *given % 250 + 2)
    }
}

impl Controller for Kubelet {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        if change.key.kind != Kind::Pod {
            return;
        }
        let state = |pod: &Value| {
            let placed = !pod.text("/spec/nodeName").is_empty();
            (placed, pod.is_leaving(), pod::has_ended(pod))
        };
        let same = |before: &Object| state(before) == state(&change.object);
        let gone = change.what == What::Deleted;
        if gone || (state(&change.object).0 && !change.before.as_ref().is_some_and(same)) {
            keys.push(change.key.clone());
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let known = self.lives.remove(key);
        let runs = |pod: &&Object| !pod.text("/spec/nodeName").is_empty() && !pod::has_ended(pod);
        let Some(pod) = turn.store.get(key).filter(runs).cloned() else { return };
        let known = known.filter(|life| life.uid == pod.uid());
        let mut life = known.unwrap_or_else(|| Life::of(&pod, turn, &mut self.nodes));
        let mut scene = life::Scene { turn, pod: &pod, nodes: &mut self.nodes };
        if pod.is_leaving() {
            life.stop(&mut scene);
        }
        let changed = life.act(&mut scene);
        if life.is_over(turn.now) {
            return end(key, turn, &life, &pod);
        }
        if changed {
            let status = status::of(&mut life, &pod, turn);
            let written =
                turn.store.modify(key, Part::Status, turn.now, |pod| pod.set("/status", status));
            debug_assert!(written.is_ok(), "{written:?}");
        }
        if let Some(due) = life.due() {
            turn.again_at(due);
        }
        if !life.has_ended() {
            self.lives.insert(key.clone(), life);
        }
    }
}

/// The last word on a pod that was deleted: its containers have ended, and it is gone, unless a
/// finalizer holds it.
fn end(key: &Key, turn: &mut Turn<'_>, life: &Life, pod: &Object) {
    let mut life = life.clone();
    let status = status::of(&mut life, pod, turn);
    let now = turn.now;
    let gone = turn.store.modify(key, Part::Whole, now, |pod| {
        pod.set("/status", status);
        pod.set("/metadata/deletionGracePeriodSeconds", 0);
        pod.set("/metadata/deletionTimestamp", time::seconds(now));
    });
    debug_assert!(gone.is_ok(), "{gone:?}");
}

#[cfg(test)]
mod tests;
