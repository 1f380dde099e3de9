//! A story: a Rollout, what is done to it, and the states that it shows.
//!
//! Called by the tests of this folder.

use serde_json::{Value, json};

use super::machine::PodMachine;
use crate::sim::control::rollout;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Object, Part, What};
use crate::sim::time::{self, Moment, Span};
use crate::sim::world::World;

const NAMESPACE: &str = "shop";

/// How long a client thinks before it does something.
const THOUGHT: Span = Span::milliseconds(300);

/// A world with one Rollout, `shop/web`.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) world: World,
    /// Changes up to this version were shown.
    told: u64,
    last: String,
}

impl Story {
    /// Creates these objects, one after the other.
    pub(super) fn new(objects: &[Value]) -> Self {
        let start = time::parse("2026-11-24T10:00:00Z").unwrap();
        let mut controllers = rollout::controllers();
        controllers.push(Box::new(PodMachine::default()));
        let world = World::new(1, start, controllers);
        let mut story = Self { world, told: 0, last: String::new() };
        for object in objects {
            story.create(object);
        }
        story
    }

    /// The same, and the first version is there.
    pub(super) fn deployed(objects: &[Value]) -> Self {
        let mut story = Self::new(objects);
        story.until(|rollout| {
            let healthy = rollout.condition("Healthy").map(|found| found.text("/status"));
            rollout.text("/status/phase") == "Healthy" && healthy == Some("True")
        });
        story.told();
        story
    }

    pub(super) fn create(&mut self, object: &Value) {
        let kind = Kind::of(object.text("/apiVersion"), object.text("/kind")).unwrap();
        let mut object = object.clone();
        object.set("/metadata/namespace", NAMESPACE);
        let now = self.world.now();
        self.world.store_mut().create(kind, object, now).unwrap();
        self.pass(Span::milliseconds(5));
    }

    pub(super) fn now(&self) -> Moment {
        self.world.now()
    }

    pub(super) fn pass(&mut self, span: Span) {
        let to = self.now() + span;
        self.world.advance(to);
    }

    pub(super) fn wait(&mut self, seconds: i64) {
        self.pass(Span::seconds(seconds));
    }

    pub(super) fn get(&self, kind: Kind, name: &str) -> Option<&Object> {
        self.world.store().get(&Key::new(kind, NAMESPACE, name))
    }

    pub(super) fn rollout(&self) -> &Object {
        self.get(Kind::Rollout, "web").unwrap()
    }

    /// Lets time go until this is so; a minute at most.
    pub(super) fn until(&mut self, holds: impl Fn(&Object) -> bool) {
        let end = self.now() + Span::seconds(60);
        while !holds(self.rollout()) {
            assert!(self.now() < end, "still {:?}", self.rollout().pointer("/status"));
            self.pass(Span::milliseconds(10));
        }
    }

    /// Until the phase is this one.
    pub(super) fn until_phase(&mut self, phase: &str) {
        self.until(|rollout| rollout.text("/status/phase") == phase);
    }

    /// Until it pauses at this step.
    pub(super) fn until_paused_at(&mut self, step: i64) {
        self.until(|rollout| {
            let there = rollout.int("/status/currentStepIndex") == step;
            there && rollout.text("/status/phase") == "Paused"
        });
    }

    pub(super) fn modify(&mut self, kind: Kind, name: &str, part: Part, patch: &Value) {
        self.pass(THOUGHT);
        let (key, now) = (Key::new(kind, NAMESPACE, name), self.now());
        let merged = |object: &mut Value| json_patch::merge(object, patch);
        self.world.store_mut().modify(&key, part, now, merged).unwrap();
    }

    pub(super) fn spec(&mut self, patch: &Value) {
        self.modify(Kind::Rollout, "web", Part::Main, &json!({ "spec": patch }));
    }

    pub(super) fn status(&mut self, patch: &Value) {
        self.modify(Kind::Rollout, "web", Part::Status, &json!({ "status": patch }));
    }

    pub(super) fn image(&mut self, image: &str) {
        self.spec(&json!({"template": template(image)}));
    }

    /// As `kubectl argo rollouts promote` during a pause.
    pub(super) fn promote(&mut self) {
        self.status(&json!({"pauseConditions": null}));
    }

    /// The states that the Rollout showed since the last call, each once: phase, message, step,
    /// weight of the canary, reason of the condition Progressing.
    pub(super) fn told(&mut self) -> Vec<String> {
        self.pass(Span::milliseconds(100));
        let mut states = Vec::new();
        for change in self.world.store().history().since(self.told).unwrap() {
            if change.key.kind == Kind::Rollout && !change.object.text("/status/phase").is_empty() {
                states.push(state(&change.object));
            }
        }
        self.told = self.world.store().version();
        states.insert(0, std::mem::take(&mut self.last));
        states.dedup();
        self.last.clone_from(states.last().unwrap());
        states.remove(0);
        states
    }

    /// The reasons of all events so far, in the order in which they first came.
    pub(super) fn events(&self) -> Vec<String> {
        let changes = self.world.store().history().since(0).unwrap();
        let new =
            changes.filter(|change| change.key.kind == Kind::Event && change.what == What::Added);
        new.map(|change| change.object.text("/reason").to_owned()).collect()
    }

    /// Revisions, pods wanted and pods available of all ReplicaSets, the newest first.
    pub(super) fn sets(&self) -> Vec<(i64, i64, i64)> {
        let sets = self.world.store().list(Kind::ReplicaSet, Some(NAMESPACE));
        let mut sets: Vec<_> = sets
            .map(|set| {
                let revision = set.annotation("rollout.argoproj.io/revision").unwrap_or("0");
                let available = set.int("/status/availableReplicas");
                (revision.parse().unwrap(), set.int("/spec/replicas"), available)
            })
            .collect();
        sets.sort_unstable();
        sets.reverse();
        sets
    }

    /// The hash that a Service selects.
    pub(super) fn selected(&self, service: &str) -> &str {
        let service = self.get(Kind::Service, service).unwrap();
        service.text("/spec/selector/rollouts-pod-template-hash")
    }
}

fn state(rollout: &Value) -> String {
    let mut words = vec![rollout.text("/status/phase").to_owned()];
    let message = rollout.text("/status/message");
    if !message.is_empty() {
        words.push(message.to_owned());
    }
    if let Some(step) = rollout.int_maybe("/status/currentStepIndex") {
        words.push(format!("step {step}"));
    }
    if let Some(weight) = rollout.int_maybe("/status/canary/weights/canary/weight") {
        words.push(format!("{weight}%"));
    }
    let progress = rollout.condition("Progressing");
    words.push(progress.map_or("-", |found| found.text("/reason")).to_owned());
    words.join(" | ")
}

fn template(image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": image}]},
    })
}

/// A Rollout of `web:1`.
pub(super) fn rollout(replicas: i64, strategy: &Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template("web:1"),
            "strategy": strategy,
        },
    })
}

/// A canary behind nginx, with all that it names.
pub(super) fn routed(replicas: i64, extra: &Value) -> Vec<Value> {
    let mut canary = json!({
        "canaryService": "canary",
        "stableService": "stable",
        "trafficRouting": {"nginx": {"stableIngress": "web"}},
    });
    json_patch::merge(&mut canary, extra);
    let rollout = rollout(replicas, &json!({ "canary": canary }));
    vec![service("canary"), service("stable"), ingress("stable"), rollout]
}

/// A blue-green Rollout with its Services.
pub(super) fn blue_green(replicas: i64, extra: &Value) -> Vec<Value> {
    let mut strategy = json!({"activeService": "active", "previewService": "preview"});
    json_patch::merge(&mut strategy, extra);
    let rollout = rollout(replicas, &json!({ "blueGreen": strategy }));
    vec![service("active"), service("preview"), rollout]
}

pub(super) fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
    })
}

pub(super) fn ingress(service: &str) -> Value {
    let backend = json!({"service": {"name": service, "port": {"number": 80}}});
    let path = json!({"path": "/", "pathType": "Prefix", "backend": backend});
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web", "annotations": {"a": "b"}},
        "spec": {
            "ingressClassName": "nginx",
            "rules": [{"host": "web.test", "http": {"paths": [path]}}],
        },
    })
}
