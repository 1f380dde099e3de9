//! A small shop to look at: pods that somebody else runs, a router, and what Prometheus sees of it.

mod laws;
mod real;
mod scale;
mod stories;

use serde_json::{Value, json};

use super::*;
use crate::sim::object::DocumentMut;
use crate::sim::prometheus::{Found, ask};
use crate::sim::store::{Key, Kind, Part};
use crate::sim::time::{Moment, Span, parse, seconds};
use crate::sim::world::World;

const STABLE: &str = "registry/checkout:1.0";
const CANARY: &str = "registry/checkout:2.0";

fn start() -> Moment {
    parse("2026-11-24T10:00:00Z").unwrap()
}

/// A pod of the shop that became ready at an instant.
fn pod(name: &str, image: &str, hash: &str, node: &str, since: Moment) -> Value {
    let running = json!({"running": {"startedAt": seconds(since)}});
    json!({
        "metadata": {
            "name": name,
            "namespace": "shop",
            "creationTimestamp": seconds(since),
            "labels": {"app": "checkout", "rollouts-pod-template-hash": hash},
            "ownerReferences": [
                {"name": format!("checkout-{hash}"), "uid": hash, "controller": true},
            ],
        },
        "spec": {"nodeName": node, "containers": [{"name": "app", "image": image}]},
        "status": {
            "phase": "Running",
            "podIP": format!("10.1.0.{}", name.len()),
            "conditions": [
                {"type": "Ready", "status": "True", "lastTransitionTime": seconds(since)},
            ],
            "containerStatuses": [
                {"name": "app", "restartCount": 0, "state": running},
            ],
        },
    })
}

fn service(name: &str, hash: Option<&str>) -> Value {
    let mut selector = json!({"app": "checkout"});
    if let Some(hash) = hash {
        selector["rollouts-pod-template-hash"] = hash.into();
    }
    json!({"metadata": {"name": name, "namespace": "shop"}, "spec": {"selector": selector}})
}

fn ingress(name: &str, service: &str, annotations: &Value) -> Value {
    let backend = json!({"service": {"name": service, "port": {"number": 80}}});
    let path = json!({"path": "/", "pathType": "Prefix", "backend": backend});
    json!({
        "metadata": {"name": name, "namespace": "shop", "annotations": annotations},
        "spec": {
            "ingressClassName": "nginx",
            "rules": [{"host": "shop.example", "http": {"paths": [path]}}],
        },
    })
}

fn canary_weight(weight: i64) -> Value {
    json!({
        "nginx.ingress.kubernetes.io/canary": "true",
        "nginx.ingress.kubernetes.io/canary-weight": weight.to_string(),
    })
}

struct Shop {
    world: World,
}

impl Shop {
    fn new(seed: u64) -> Self {
        Self { world: World::new(seed, start(), controllers()) }
    }

    /// Three stable pods and one of the canary on two nodes, for five hours, behind nginx.
    fn with_canary(seed: u64, weight: i64) -> Self {
        let mut shop = Self::new(seed);
        let since = start() - Span::hours(5);
        for (name, node) in [("stable-a", "n1"), ("stable-b", "n2"), ("stable-c", "n1")] {
            shop.insert(Kind::Pod, pod(name, STABLE, "aaa", node, since));
        }
        shop.insert(Kind::Pod, pod("canary-a", CANARY, "bbb", "n2", since));
        shop.insert(Kind::Service, service("checkout-stable", Some("aaa")));
        shop.insert(Kind::Service, service("checkout-canary", Some("bbb")));
        shop.insert(Kind::Ingress, ingress("checkout", "checkout-stable", &json!({})));
        let canary = ingress("checkout-canary", "checkout-canary", &canary_weight(weight));
        shop.insert(Kind::Ingress, canary);
        let entry = Entry::Ingress("checkout".into());
        shop.traffic().describe_service("shop", "checkout", entry, Demand::steady(200.0));
        shop
    }

    /// Three pods behind a Service alone.
    fn plain(seed: u64, demand: Demand) -> Self {
        let mut shop = Self::new(seed);
        for (name, node) in [("one", "n1"), ("two", "n2"), ("three", "n3")] {
            shop.insert(Kind::Pod, pod(name, STABLE, "aaa", node, start()));
        }
        shop.insert(Kind::Service, service("checkout", None));
        shop.traffic().describe_service("shop", "checkout", Entry::Service, demand);
        shop
    }

    fn traffic(&mut self) -> &mut Traffic {
        &mut self.world.ground_mut().traffic
    }

    fn insert(&mut self, kind: Kind, object: Value) {
        let now = self.world.now();
        self.world.store_mut().insert(kind, object, now).unwrap();
    }

    fn change(&mut self, kind: Kind, name: &str, pointer: &str, value: impl Into<Value>) {
        let (key, now) = (Key::new(kind, "shop", name), self.world.now());
        let change = |object: &mut Value| object.set(pointer, value);
        self.world.store_mut().modify(&key, Part::Whole, now, change).unwrap();
    }

    fn remove(&mut self, kind: Kind, name: &str) {
        let (key, now) = (Key::new(kind, "shop", name), self.world.now());
        self.world.store_mut().remove(&key, now).unwrap();
    }

    fn weigh(&mut self, weight: i64) {
        let pointer = "/metadata/annotations";
        self.change(Kind::Ingress, "checkout-canary", pointer, canary_weight(weight));
    }

    fn advance(&mut self, span: Span) {
        let to = self.world.now() + span;
        self.world.advance(to);
    }

    fn ask(&self, query: &str) -> Vec<(BTreeMap<String, String>, f64)> {
        match ask(self.world.ground(), query, self.world.now()).unwrap() {
            Found::Vector(samples) => samples,
            other => panic!("{other:?}"),
        }
    }

    fn value(&self, query: &str) -> f64 {
        let found = self.ask(query);
        assert_eq!(found.len(), 1, "{query}: {found:?}");
        found[0].1
    }

    /// Asserts a value with a tolerance in proportion.
    fn near(&self, query: &str, wanted: f64, tolerance: f64) {
        let value = self.value(query);
        let off = (value - wanted).abs();
        assert!(off <= tolerance * wanted.abs(), "{query}: {value} instead of {wanted}");
    }
}
