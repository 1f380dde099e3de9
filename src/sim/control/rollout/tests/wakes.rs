//! What makes the controller look, and what does not.

use serde_json::json;

use super::story::{Story, rollout, routed};
use crate::sim::control::rollout::{RolloutController, controllers};
use crate::sim::object::DocumentMut;
use crate::sim::store::{Change, Key, Kind, Store};
use crate::sim::time::{self, Span};
use crate::sim::world::{Controller, World};

fn keys(controller: &RolloutController, change: &Change, store: &Store) -> Vec<Key> {
    let mut keys = Vec::new();
    controller.wake(change, store, &mut keys);
    keys
}

#[test]
fn pods_and_events_are_not_looked_at() {
    let story = Story::deployed(&routed(2, &json!({})));
    let (store, controller) = (story.world.store(), RolloutController::default());
    let mut counted = 0;
    for change in store.history().since(0).unwrap() {
        let woken = keys(&controller, change, store);
        match change.key.kind {
            Kind::Pod | Kind::Event => {
                assert_eq!(woken, []);
                counted += 1;
            }
            Kind::ReplicaSet | Kind::Rollout => {
                assert!(woken.contains(&Key::new(Kind::Rollout, "shop", "web")));
            }
            _ => {}
        }
    }
    assert!(counted > 4);
}

/// Nothing is due and nothing is written where nothing happens, however many there are.
#[test]
fn an_idle_fleet_costs_nothing() {
    let now = time::parse("2026-11-24T10:00:00Z").unwrap();
    let mut world = World::new(1, now, controllers());
    for number in 0..200 {
        let mut web = rollout(0, &json!({"canary": {}}));
        web.set("/metadata/name", format!("web-{number}"));
        web.set("/metadata/namespace", "shop");
        world.store_mut().create(Kind::Rollout, web, now).unwrap();
    }
    world.advance(now + Span::seconds(5));
    let version = world.store().version();
    assert_eq!(world.store().count(Kind::ReplicaSet), 200);
    world.advance(now + Span::seconds(3_600));
    assert_eq!(world.store().version(), version);
}
