//! A small cluster on which stories are played in tests: three nodes in three zones, all controllers
//! of this folder, and time that goes on when it is told to.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{controllers, node};
use crate::sim::object::Document;
use crate::sim::store::{Change, Key, Kind, Object, Part};
use crate::sim::time::{Moment, Span, parse};
use crate::sim::world::World;

/// The namespace of all stories.
pub(super) const PLACE: &str = "shop";

pub(super) struct Stage {
    pub(super) world: World,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self::with_nodes(3)
    }

    pub(super) fn with_nodes(nodes: u8) -> Self {
        let now = parse("2026-11-24T10:00:00.25Z").unwrap();
        let mut world = World::new(7, now, controllers());
        let namespace = json!({"metadata": {"name": PLACE}});
        world.store_mut().create(Kind::Namespace, namespace, now).unwrap();
        for number in 0..nodes {
            let letter = char::from(b'a' + number);
            let (name, zone) = (format!("node-{letter}"), format!("zone-{letter}"));
            let node = node::draft(&name, &format!("192.168.0.{number}"), &zone, 10_000, now);
            world.store_mut().insert(Kind::Node, node, now).unwrap();
        }
        Self { world }
    }

    pub(super) fn now(&self) -> Moment {
        self.world.now()
    }

    /// Lets time go on.
    pub(super) fn wait(&mut self, seconds: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "a story is short")]
        let span = Span::milliseconds((seconds * 1_000.0) as i64);
        self.world.advance(self.world.now() + span);
    }

    pub(super) fn apply(&mut self, kind: Kind, mut object: Value) -> Object {
        object["metadata"]["namespace"] = PLACE.into();
        let now = self.world.now();
        self.world.store_mut().create(kind, object, now).unwrap()
    }

    /// Changes an object by a merge patch.
    pub(super) fn patch(&mut self, kind: Kind, name: &str, patch: &Value) -> Object {
        let (key, now) = (Key::new(kind, PLACE, name), self.world.now());
        let change = |object: &mut Value| json_patch::merge(object, patch);
        self.world.store_mut().modify(&key, Part::Main, now, change).unwrap()
    }

    pub(super) fn delete(&mut self, kind: Kind, name: &str) {
        let (key, now) = (Key::new(kind, PLACE, name), self.world.now());
        self.world.store_mut().delete(&key, None, now).unwrap();
    }

    pub(super) fn find(&self, kind: Kind, name: &str) -> Option<Object> {
        self.world.store().get(&Key::new(kind, PLACE, name)).cloned()
    }

    pub(super) fn get(&self, kind: Kind, name: &str) -> Object {
        self.find(kind, name).unwrap_or_else(|| panic!("no {kind:?} {name}"))
    }

    pub(super) fn all(&self, kind: Kind) -> Vec<Object> {
        self.world.store().list(kind, Some(PLACE)).cloned().collect()
    }

    /// The only object of a kind.
    pub(super) fn only(&self, kind: Kind) -> Object {
        let all = self.all(kind);
        assert_eq!(all.len(), 1, "{kind:?}");
        Object::clone(&all[0])
    }

    /// Everything that happened, oldest first.
    pub(super) fn changes(&self) -> Vec<Change> {
        let history = self.world.store().history();
        history.since(history.oldest()).unwrap().cloned().collect()
    }

    /// Every state that an object had: what the path of each says, without repetitions.
    pub(super) fn states(
        &self,
        kind: Kind,
        name: &str,
        read: impl Fn(&Value) -> String,
    ) -> Vec<String> {
        let key = Key::new(kind, PLACE, name);
        let mut states: Vec<String> = Vec::new();
        for change in self.changes().iter().filter(|change| change.key == key) {
            let state = read(&change.object);
            if states.last() != Some(&state) {
                states.push(state);
            }
        }
        states
    }

    /// The events about objects of this kind whose names begin so, in the order of their first time:
    /// reason, message with the hashes of templates as letters, and how often.
    pub(super) fn events(&self, kind: &str, name: &str) -> Vec<String> {
        let letters = self.letters();
        let mut order = Vec::new();
        let mut told: BTreeMap<Key, String> = BTreeMap::new();
        for change in self.changes().iter().filter(|change| change.key.kind == Kind::Event) {
            let event = &change.object;
            let about = event.text("/involvedObject/kind") == kind;
            if !about || !event.text("/involvedObject/name").starts_with(name) {
                continue;
            }
            let mut text = format!("{} {}", event.text("/reason"), event.text("/message"));
            for (hash, letter) in &letters {
                text = text.replace(hash, letter);
            }
            if event.int("/count") > 1 {
                text += &format!(" x{}", event.int("/count"));
            }
            if !told.contains_key(&change.key) {
                order.push(change.key.clone());
            }
            told.insert(change.key.clone(), text);
        }
        order.into_iter().filter_map(|key| told.remove(&key)).collect()
    }

    /// A letter for each template, in the order in which their ReplicaSets were made.
    fn letters(&self) -> Vec<(String, String)> {
        let mut letters: Vec<(String, String)> = Vec::new();
        for change in self.changes().iter().filter(|change| change.key.kind == Kind::ReplicaSet) {
            let hash = change.object.label("pod-template-hash").to_owned();
            if !hash.is_empty() && !letters.iter().any(|(known, _)| *known == hash) {
                let number = u8::try_from(letters.len()).unwrap();
                letters.push((hash, char::from(b'A' + number).to_string()));
            }
        }
        letters
    }
}

/// A Deployment of an image.
pub(super) fn deployment(replicas: i64, image: &str, more: &Value) -> Value {
    let labels = json!({"app": "shop"});
    let container = json!({"name": "shop", "image": image});
    let mut deployment = json!({
        "metadata": {"name": "shop"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    });
    json_patch::merge(&mut deployment["spec"], more);
    deployment
}

/// Another image, and how its pods fail.
pub(super) fn image(image: &str, fault: Option<&str>) -> Value {
    json!({"spec": {"template": {
        "metadata": {"labels": {"waveoff.demo/fault": fault}},
        "spec": {"containers": [{"name": "shop", "image": image}]},
    }}})
}
