//! What is there before the storm: a canary, a blue-green and a Deployment, each in the middle of a
//! release.

use serde_json::{Value, json};

use super::Chance;
use crate::sim::control;
use crate::sim::drill::bare;
use crate::sim::object::DocumentMut;
use crate::sim::store::{Key, Kind};
use crate::sim::time::{Moment, Span};
use crate::sim::world::World;

/// The namespace of everything.
pub(super) const NAMESPACE: &str = "shop";

/// How long the first versions have run before the releases begin.
const PAST: Span = Span::seconds(32);

/// How long before the storm the releases begin, at least and at most.
const RELEASED: (u64, u64) = (2_000, 14_000);

/// Kind and name of each workload.
pub(super) const WORKLOADS: [(Kind, &str); 3] =
    [(Kind::Rollout, "checkout"), (Kind::Rollout, "cart"), (Kind::Deployment, "web")];

pub(super) fn key(place: usize) -> Key {
    let (kind, name) = WORKLOADS[place];
    Key::new(kind, NAMESPACE, name)
}

/// A world that has lived until `start`.
pub(super) fn build(seed: u64, chance: &mut Chance, start: Moment, gitops: bool) -> World {
    let mut world = World::new(seed, start - PAST, control::all());
    let released =
        start - Span::milliseconds(i64::try_from(chance.between(RELEASED.0, RELEASED.1)).unwrap());
    world.live_unseen(start);
    bare(&mut world, 200).unwrap();
    put(
        &mut world,
        Kind::Namespace,
        json!({
            "metadata": {"name": NAMESPACE}, "status": {"phase": "Active"},
        }),
    );
    let routed = chance.percent(50);
    for name in ["checkout-stable", "checkout-canary", "cart", "cart-preview", "web"] {
        let app = name.split('-').next().unwrap();
        put(
            &mut world,
            Kind::Service,
            json!({
                "metadata": {"name": name, "namespace": NAMESPACE},
                "spec": {"selector": {"app": app}, "ports": [{"name": "http", "port": 80}]},
            }),
        );
    }
    put(
        &mut world,
        Kind::Ingress,
        json!({
            "metadata": {"name": "checkout", "namespace": NAMESPACE},
            "spec": {"ingressClassName": "nginx", "rules": [{"host": "shop.example", "http": {
                "paths": [{"path": "/", "pathType": "Prefix", "backend": {
                    "service": {"name": "checkout-stable", "port": {"name": "http"}},
                }}],
            }}]},
        }),
    );
    put(
        &mut world,
        Kind::PodDisruptionBudget,
        json!({
            "metadata": {"name": "checkout", "namespace": NAMESPACE},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "checkout"}}},
        }),
    );
    for place in 0..WORKLOADS.len() {
        let (kind, object) = workload(place, routed, gitops);
        put(&mut world, kind, object.clone());
        if gitops {
            commit(&mut world, place, 1);
        }
    }
    world.advance(released);
    for place in 0..WORKLOADS.len() {
        if chance.percent(85) {
            release(&mut world, place, 2, gitops);
        }
    }
    world.advance(start);
    world.be_seen();
    world
}

/// Another version is wanted, and committed where a repository says what is wanted.
pub(super) fn release(world: &mut World, place: usize, version: u64, committed: bool) {
    let now = world.now();
    if committed {
        commit(world, place, version);
    }
    let template = template(WORKLOADS[place].1, version);
    let part = crate::sim::store::Part::Main;
    // It may be gone for the moment.
    let _ = world.store_mut().modify(&key(place), part, now, |object| {
        object.set("/spec/template", template);
    });
}

fn commit(world: &mut World, place: usize, version: u64) {
    let template = template(WORKLOADS[place].1, version);
    // As storage completes it: else every look would find a difference.
    let now = world.now();
    let mut copy = world.store().clone();
    let written = copy.modify(&key(place), crate::sim::store::Part::Main, now, |object| {
        object.set("/spec/template", template);
    });
    if let Some(completed) = written.ok().and_then(|o| o.pointer("/spec/template").cloned()) {
        world.ground_mut().git.commit(key(place), completed);
    }
}

fn put(world: &mut World, kind: Kind, object: Value) {
    let now = world.now();
    world.store_mut().insert(kind, object, now).unwrap();
}

fn template(app: &str, version: u64) -> Value {
    json!({
        "metadata": {"labels": {"app": app}},
        "spec": {"terminationGracePeriodSeconds": 5, "containers": [{
            "name": app,
            "image": format!("registry.example/{app}:{version}"),
            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        }]},
    })
}

/// A workload as its team applies it.
pub(super) fn workload(place: usize, routed: bool, gitops: bool) -> (Kind, Value) {
    let (kind, name) = WORKLOADS[place];
    let strategy = match name {
        "checkout" => {
            let mut canary = json!({
                "stableService": "checkout-stable",
                "canaryService": "checkout-canary",
                "steps": [
                    {"setWeight": 25}, {"pause": {}}, {"setWeight": 50},
                    {"pause": {"duration": "20s"}}, {"setWeight": 75}, {"pause": {}},
                ],
            });
            if routed {
                canary.set("/trafficRouting/nginx/stableIngress", "checkout");
            }
            json!({"canary": canary})
        }
        "cart" => json!({"blueGreen": {
            "activeService": "cart", "previewService": "cart-preview",
            "autoPromotionEnabled": false,
        }}),
        _ => json!({"type": "RollingUpdate", "rollingUpdate": {
            "maxSurge": 1, "maxUnavailable": 0,
        }}),
    };
    let mut object = json!({
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"app": name}},
        "spec": {
            "replicas": if name == "checkout" { 4 } else { 2 },
            "selector": {"matchLabels": {"app": name}},
            "template": template(name, 1),
            "strategy": strategy,
        },
    });
    if gitops {
        object.set("/metadata/labels/argocd.argoproj.io~1instance", name);
    }
    (kind, object)
}
