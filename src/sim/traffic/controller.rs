//! Keeps the traffic in step with the objects.
//!
//! Looks only at what the router or a scrape would see; in a quiet fleet it has nothing to do.
//! Called by the world.

use super::{pods, workloads};
use crate::sim::store::{Change, Key, Kind, Store, What};
use crate::sim::world::{Controller, Turn};

/// The controllers that keep the traffic in step with the objects.
pub(crate) fn controllers() -> Vec<Box<dyn Controller>> {
    vec![Box::new(Observer)]
}

#[derive(Debug)]
struct Observer;

impl Controller for Observer {
    fn name(&self) -> &'static str {
        "traffic"
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        let kind = change.key.kind;
        let other = |pointers: &[&str]| {
            let same = |before: &serde_json::Value, pointer: &&str| {
                before.pointer(pointer) == change.object.pointer(pointer)
            };
            let before = change.before.as_deref();
            before.is_none_or(|before| !pointers.iter().all(|pointer| same(before, pointer)))
        };
        let seen = match kind {
            Kind::Pod => {
                let before = change.before.as_deref();
                before.is_none_or(|before| pods::differ(before, &change.object))
            }
            Kind::Service | Kind::VirtualService | Kind::DestinationRule => other(&["/spec"]),
            Kind::Ingress => other(&["/spec", "/metadata/annotations"]),
            Kind::Deployment | Kind::ReplicaSet | Kind::Rollout => {
                let before = change.before.as_deref();
                before.is_none_or(|before| {
                    workloads::shown(kind, before) != workloads::shown(kind, &change.object)
                })
            }
            _ => return,
        };
        if seen || change.what == What::Deleted {
            keys.push(change.key.clone());
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        turn.ground.traffic.observe(turn.store, key, turn.now.timestamp_millis());
    }
}
