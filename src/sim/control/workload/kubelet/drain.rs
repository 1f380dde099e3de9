//! Nodes that are drained by script: they are closed, and their pods are evicted as `kubectl drain`
//! does it, as far as disruption budgets allow.
//!
//! Called by the world, which tells what is broken as a change of the nodes.

use std::collections::HashSet;

use super::SOURCE;
use crate::sim::control::workload::adoption::key_of;
use crate::sim::control::workload::eviction;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Key, Kind, Part, Store};
use crate::sim::time::Span;
use crate::sim::world::{Controller, EventType, Turn};

/// After this while a drain tries again to evict what it could not.
const AGAIN: Span = Span::seconds(5);

/// Whoever drains nodes.
#[derive(Debug, Default)]
pub(in crate::sim::control::workload) struct Drain {
    /// Nodes that were closed here.
    closed: HashSet<Key>,
}

impl Controller for Drain {
    fn name(&self) -> &'static str {
        "drain"
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        if change.key.kind == Kind::Node {
            keys.push(change.key.clone());
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        if !turn.ground.faults.drained.contains(&key.name) {
            if self.closed.remove(key) {
                close(key, false, turn);
            }
            return;
        }
        if self.closed.insert(key.clone()) {
            close(key, true, turn);
        }
        let here = turn
            .store
            .list(Kind::Pod, None)
            .filter(|pod| pod.text("/spec/nodeName") == key.name && !pod.is_leaving());
        let pods: Vec<Key> = here.map(|pod| key_of(Kind::Pod, pod)).collect();
        let mut left = false;
        for pod in pods {
            left |= eviction::evict(turn, &pod).is_err();
        }
        if left {
            turn.again_after(AGAIN);
        }
    }
}

/// Closes a node for new pods, or opens it again.
fn close(key: &Key, closed: bool, turn: &mut Turn<'_>) {
    let written = turn.store.modify(key, Part::Main, turn.now, |node| {
        if closed {
            node.set("/spec/unschedulable", true);
        } else {
            node.take_out("/spec/unschedulable");
        }
    });
    let Ok(node) = written else { return };
    let reason = if closed { "NodeNotSchedulable" } else { "NodeSchedulable" };
    let message = format!("Node {} status is now: {reason}", key.name);
    turn.machine_event((SOURCE, &key.name), (&node, ""), EventType::Normal, reason, message);
}
