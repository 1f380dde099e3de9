//! Time, turns and what wakes them.

use serde_json::{Value, json};

use super::*;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Part};
use crate::sim::time::parse;

/// Counts a ConfigMap up once a second, up to three.
#[derive(Debug)]
struct Counter;

impl Controller for Counter {
    fn name(&self) -> &'static str {
        "counter"
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        let known = matches!(change.key.kind, Kind::ConfigMap | Kind::Node);
        if known && change.before.is_none() {
            keys.push(change.key.clone());
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let Some(object) = turn.store.get(key).cloned() else { return };
        let count = object.int("/data/count") + 1;
        let counted = turn.store.modify(key, Part::Main, turn.now, |o| o.set("/data/count", count));
        assert!(counted.is_ok());
        turn.event("counter", &object, EventType::Normal, "Counted", format!("at {count}"));
        if count < 3 {
            turn.again_after(Span::seconds(1));
        }
    }
}

fn world() -> (World, Moment) {
    let start = parse("2026-11-24T10:00:00Z").unwrap();
    let mut world = World::new(1, start, vec![Box::new(Counter)]);
    let object: Value = json!({"metadata": {"name": "a", "namespace": "shop"}});
    world.store_mut().create(Kind::ConfigMap, object, start).unwrap();
    (world, start)
}

fn count(world: &World) -> i64 {
    world.store().get(&Key::new(Kind::ConfigMap, "shop", "a")).unwrap().int("/data/count")
}

#[test]
fn everything_that_is_due_is_done_in_its_time() {
    let (mut world, start) = world();
    assert!(world.due().is_some_and(|due| due < start + Span::milliseconds(20)));
    world.advance(start + Span::milliseconds(500));
    assert_eq!(count(&world), 1);
    world.advance(start);
    assert_eq!(world.now(), start + Span::milliseconds(500));
    world.advance(start + Span::seconds(60));
    assert_eq!((count(&world), world.due()), (3, None));
    assert_eq!(world.store().count(Kind::Event), 3);
}

#[test]
fn one_leap_is_the_same_as_many_steps() {
    let (mut leap, start) = world();
    let (mut steps, _) = world();
    leap.advance(start + Span::seconds(5));
    for step in 0..=500 {
        steps.advance(start + Span::milliseconds(step * 10));
    }
    let told = |world: &World| -> Vec<String> {
        let changes = world.store().history().since(0).unwrap();
        changes.map(|c| format!("{} {} {}", c.at, c.key, c.object)).collect()
    };
    assert_eq!(told(&leap), told(&steps));
}

#[test]
fn what_breaks_is_told_as_a_change_of_the_nodes() {
    let (mut world, start) = world();
    let node: Value = json!({"metadata": {"name": "n"}});
    world.store_mut().create(Kind::Node, node, start).unwrap();
    world.advance(start + Span::seconds(60));
    assert_eq!(world.due(), None);
    world.ground_mut().faults.drained.push("n".into());
    assert!(world.due().is_some());
    world.advance(start + Span::seconds(120));
    assert_eq!(world.due(), None);
}
