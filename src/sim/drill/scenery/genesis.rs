//! How a drill's world comes to be: it has lived for a day before the pilot comes in, with the
//! releases that its services have behind them.
//!
//! Nothing is painted: the same controllers make the past, only faster. Called by the director.

use serde_json::{Value, json};

use super::{objects, operator, requests, templates};
use crate::sim::control;
use crate::sim::drill::deed::Verb;
use crate::sim::drill::script::{File, Fleet, Service, Strategy, Version};
use crate::sim::store::Kind;
use crate::sim::time::{Moment, Span};
use crate::sim::world::{Behaviour, Ending, Pull, World};

/// How long the world has lived when the pilot comes in.
const PAST: Span = Span::hours(30);

/// Between two releases of the past.
const BETWEEN: Span = Span::hours(5);

/// From a release of the past to its full promotion.
const PROMOTED_AFTER: Span = Span::seconds(8);

/// Nodes and their zones.
pub(in crate::sim::drill) const NODES: [(&str, &str); 5] = [
    ("node-a1", "zone-a"),
    ("node-a2", "zone-a"),
    ("node-b1", "zone-b"),
    ("node-b2", "zone-b"),
    ("node-c1", "zone-c"),
];

/// Pods that a node takes, when nobody asks for more.
const PODS_OF_A_NODE: u32 = 110;

/// Builds the world up to `until`, with `start` as the pilot's first second.
pub(in crate::sim::drill) fn build(
    file: &File,
    seed: u64,
    start: Moment,
    until: Moment,
) -> Result<World, String> {
    let mut world = World::new(seed, start - PAST, control::all());
    world.live_unseen(until);
    let services = services(file);
    furnish(&mut world, file, &services)?;
    for version in &file.versions {
        describe(&mut world, &services, version);
    }
    for service in &services {
        requests::describe(&mut world, service, file);
        let first = service.history.first().unwrap_or(&service.version);
        for (kind, object) in objects::of_service(service, first)? {
            put(&mut world, kind, object)?;
        }
        operator::commit(&mut world, service);
    }
    live(&mut world, &services, start)?;
    world.advance(until);
    world.be_seen();
    Ok(world)
}

/// The services of the file, and those of its quiet fleet.
pub(in crate::sim::drill) fn services(file: &File) -> Vec<Service> {
    let mut services = file.services.clone();
    if let Some(fleet) = &file.fleet {
        services.extend((0..fleet.rollouts).map(|number| quiet(fleet, number)));
    }
    services
}

/// A service in which nothing happens.
fn quiet(fleet: &Fleet, number: u32) -> Service {
    let steps = ["weight 10", "pause 60s", "weight 50", "pause 60s"];
    Service {
        name: format!("svc-{number:04}"),
        namespace: format!("fleet-{}", number % fleet.namespaces.max(1)),
        replicas: fleet.replicas,
        version: "1.0.0".to_owned(),
        steps: steps.map(str::to_owned).to_vec(),
        requests: 2.0,
        ..Service::of(Strategy::Canary)
    }
}

/// What every cluster has before anybody uses it: namespaces of its own, nodes, a Prometheus.
pub(crate) fn bare(world: &mut World, pods: u32) -> Result<(), String> {
    for name in ["default", "kube-system", "argo-rollouts", "monitoring"] {
        put(world, Kind::Namespace, objects::namespace(name))?;
    }
    for (number, (name, zone)) in (1..).zip(NODES) {
        let (address, room) = (format!("10.0.0.{number}"), pods.max(PODS_OF_A_NODE));
        let node = control::workload::node::draft(name, &address, zone, room, world.now());
        put(world, Kind::Node, node)?;
    }
    put(world, Kind::Service, prometheus())
}

/// The bare cluster, the teams' namespaces, and the templates of their analyses.
fn furnish(world: &mut World, file: &File, services: &[Service]) -> Result<(), String> {
    bare(world, services.iter().map(|service| service.replicas * 3).sum())?;
    let mut teams: Vec<&str> = services.iter().map(|s| s.namespace.as_str()).collect();
    teams.sort_unstable();
    teams.dedup();
    for namespace in teams {
        if namespace != "default" {
            put(world, Kind::Namespace, objects::namespace(namespace))?;
        }
        let own = file.templates.iter().map(|template| templates::object(namespace, template));
        for template in templates::usual(namespace).into_iter().chain(own) {
            put(world, Kind::AnalysisTemplate, template)?;
        }
    }
    Ok(())
}

fn put(world: &mut World, kind: Kind, object: Value) -> Result<(), String> {
    let now = world.now();
    let made = world.store_mut().insert(kind, object, now);
    made.map(drop).map_err(|refusal| refusal.message)
}

fn prometheus() -> Value {
    json!({
        "metadata": {
            "name": "prometheus",
            "namespace": "monitoring",
            "labels": {"app.kubernetes.io/name": "prometheus"},
        },
        "spec": {"ports": [{"name": "web", "port": 9090, "protocol": "TCP", "targetPort": 9090}]},
    })
}

/// What the pods of a version do.
fn describe(world: &mut World, services: &[Service], version: &Version) {
    let Some(service) = services.iter().find(|s| s.name == version.service) else { return };
    let usual = Behaviour::default();
    let exits = version.crashes.map(|after| Ending::Exit { after: after.0, code: 1 });
    let killed = version.out_of_memory.map(|after| Ending::OutOfMemory { after: after.0 });
    let pull = match (version.missing, version.denied) {
        (true, _) => Pull::Missing,
        (_, true) => Pull::Denied,
        _ => usual.pull.clone(),
    };
    let mut behaviour = Behaviour {
        pull,
        ready_after: version.ready.map_or(usual.ready_after, |ready| Some(ready.0)),
        ends: exits.or(killed),
        log: version.log.clone(),
        ..usual
    };
    if version.never_ready {
        behaviour.ready_after = None;
    }
    let image = objects::image(service, &version.tag);
    world.ground_mut().images.describe(&image, behaviour);
}

/// The releases of the past, each promoted without its steps.
fn live(world: &mut World, services: &[Service], start: Moment) -> Result<(), String> {
    let mut past: Vec<(Moment, &Service, Option<&str>)> = Vec::new();
    let mut delay = Span::zero();
    for service in services.iter().filter(|service| !service.history.is_empty()) {
        // Teams do not release at the same minute.
        delay += Span::minutes(7);
        let tags = service.history.iter().skip(1).chain([&service.version]);
        for (age, tag) in tags.rev().enumerate() {
            let age = i32::try_from(age).unwrap_or(i32::MAX).saturating_add(1);
            let at = (start - BETWEEN * age - delay).max(start - PAST + Span::minutes(5));
            past.push((at, service, Some(tag)));
            if service.strategy != Strategy::Rolling {
                past.push((at + PROMOTED_AFTER, service, None));
            }
        }
    }
    past.sort_by_key(|(at, service, _)| (*at, service.name.clone()));
    for (at, service, tag) in past {
        world.advance(at);
        match tag {
            Some(tag) => operator::release(world, service, tag)?,
            None => operator::act(world, service, Verb::PromoteFull, None)?,
        }
    }
    Ok(())
}
