//! W04 to W07: probes that are missing, that are the same, and that ask a port nobody declared.
//!
//! Source: the probes of the Kubernetes API with their defaults (every 10 s, three failures), and
//! the kubelet, which looks for a named port among those of the same container. Called by `judge`.

use crate::domain::readiness::Severity;
use crate::manifest::bundle::Object;
use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::{Node, Spot};
use crate::manifest::workload::Container;

use super::{may_serve, staying};

const READINESS: &str = "readinessProbe";
const LIVENESS: &str = "livenessProbe";
const HANDLERS: &[&str] = &["httpGet", "tcpSocket", "grpc", "exec"];

pub(super) fn readiness(case: &mut Case<'_>) {
    let why = "a pod without it counts as ready as soon as it runs: users are sent to a program \
               that is still starting, and a release that never works looks finished";
    missing(case, READINESS, "/health/ready", why);
}

pub(super) fn liveness(case: &mut Case<'_>) {
    let why = "a program that hangs is never started again";
    missing(case, LIVENESS, "/health/live", why);
}

fn missing(case: &mut Case<'_>, name: &str, path: &str, why: &str) {
    let Some((object, containers)) = staying(case) else { return };
    for container in &containers {
        let spot = container.spot.key(name);
        if handler(&spot).is_some() {
            continue;
        }
        let measured = if spot.is_absent() {
            "none".to_owned()
        } else {
            "a probe that asks nothing".to_owned()
        };
        let port = first_port(container);
        let fix = format!("{name}: {{httpGet: {{path: {path}, port: {port}}}}}");
        let wanted = format!("a {name} of container {}", container.name());
        let said = Said::of(measured, wanted, why, fix);
        if may_serve(container, &containers) {
            case.broken(object, &spot, said);
        } else {
            case.broken_as(Severity::Note, object, &spot, said);
        }
    }
}

/// The port that a container names first, as it would be written; `PORT` where it names none.
fn first_port(container: &Container<'_>) -> String {
    let ports = container.spot.key("ports").elements();
    let port = ports.first().map(|port| port.key("containerPort"));
    port.filter(|port| !port.is_absent()).map_or_else(|| "PORT".to_owned(), |port| port.said())
}

fn handler<'t>(probe: &Spot<'t>) -> Option<(&'static str, Spot<'t>)> {
    let named = |name: &&'static str| Some((*name, probe.key(name)));
    HANDLERS.iter().filter_map(named).find(|(_, spot)| !spot.is_absent())
}

pub(super) fn alike(case: &mut Case<'_>) {
    let Some((object, containers)) = staying(case) else { return };
    for container in &containers {
        let (ready, live) = (container.spot.key(READINESS), container.spot.key(LIVENESS));
        let (Some(ready_asks), Some(live_asks)) = (handler(&ready), handler(&live)) else {
            continue;
        };
        if asked(container, &ready_asks) != asked(container, &live_asks) {
            continue;
        }
        let (unready, killed) = (patience(&ready), patience(&live));
        if killed > unready {
            continue;
        }
        let measured = format!("the same question; killed after {killed}s, unready {unready}s");
        let wanted = "another question, or a longer patience than the readiness probe has";
        let why = "when it is too busy to answer, pods are killed instead of getting less to do, \
                   and the others get more";
        let failures = unready / setting(&live, "periodSeconds", 10).max(1) + 1;
        let fix = format!(
            "ask livenessProbe for something that depends on nothing else, or \
             failureThreshold: {failures}"
        );
        case.broken(object, &live, Said::of(measured, wanted, why, fix));
    }
}

/// What a probe asks, with the defaults of the API server, so that two that mean the same are
/// equal.
fn asked(container: &Container<'_>, (kind, spot): &(&'static str, Spot<'_>)) -> Vec<String> {
    let or = |key: &str, default: &str| {
        let value = spot.key(key);
        if value.is_absent() { default.to_owned() } else { value.said() }
    };
    let port = || port_number(container, &spot.key("port"));
    let mut asked = vec![(*kind).to_owned()];
    match *kind {
        "httpGet" => {
            asked.extend([or("path", "/"), port(), or("scheme", "HTTP"), or("host", "")]);
            for header in spot.key("httpHeaders").elements() {
                asked.push(format!(
                    "{}: {}",
                    header.key("name").said(),
                    header.key("value").said()
                ));
            }
        }
        "tcpSocket" => asked.extend([port(), or("host", "")]),
        "grpc" => asked.extend([port(), or("service", "")]),
        _ => asked.extend(spot.key("command").elements().iter().map(Spot::said)),
    }
    asked
}

/// A port by its number, also where it is written by its name.
fn port_number(container: &Container<'_>, port: &Spot<'_>) -> String {
    let named = port.text().and_then(|name| declared(container).find(|port| port.name == name));
    named.map_or_else(|| port.said(), |port| port.number.to_string())
}

/// Seconds until a probe that fails has an effect.
fn patience(probe: &Spot<'_>) -> i64 {
    let times = setting(probe, "failureThreshold", 3);
    setting(probe, "periodSeconds", 10).saturating_mul(times)
}

/// A number of a probe; zero stands for the default, as the API server has it.
fn setting(probe: &Spot<'_>, key: &str, default: i64) -> i64 {
    probe.key(key).int().filter(|number| *number > 0).unwrap_or(default)
}

struct Port<'t> {
    name: &'t str,
    number: i64,
}

fn declared<'t>(container: &Container<'t>) -> impl Iterator<Item = Port<'t>> + use<'t> {
    let ports = container.spot.key("ports").node().map(Node::elements).unwrap_or_default();
    ports.iter().filter_map(|port| {
        let name = port.get("name").and_then(Node::text).unwrap_or_default();
        Some(Port { name, number: port.get("containerPort")?.int()? })
    })
}

pub(super) fn ports(case: &mut Case<'_>) {
    let Some((object, containers)) = staying(case) else { return };
    let numbers: Vec<i64> = containers.iter().flat_map(declared).map(|port| port.number).collect();
    for container in &containers {
        for name in [READINESS, LIVENESS, "startupProbe"] {
            let Some((_, asks)) = handler(&container.spot.key(name)) else { continue };
            // Another host than the pod has ports of its own.
            if asks.key("host").is_absent() {
                port(case, object, container, &asks.key("port"), &numbers);
            }
        }
    }
}

fn port(
    case: &mut Case<'_>,
    object: &Object,
    container: &Container<'_>,
    port: &Spot<'_>,
    numbers: &[i64],
) {
    let known: Vec<String> = declared(container)
        .map(|port| match port.name {
            "" => port.number.to_string(),
            name => format!("{} ({name})", port.number),
        })
        .collect();
    let known = if known.is_empty() { "no port".to_owned() } else { known.join(", ") };
    let wanted = format!("a port that container {} declares: {known}", container.name());
    if let Some(number) = port.int().filter(|number| !numbers.contains(number)) {
        let why = "a wrong number is seen only when no pod becomes ready";
        let fix = format!("ports: [{{containerPort: {number}}}], or the port that is meant");
        case.broken(object, port, Said::of(number.to_string(), &wanted, why, fix));
    }
    if let Some(name) = port.text().filter(|name| declared(container).all(|p| p.name != *name)) {
        let why = "the kubelet finds no port of this name: the probe fails for ever";
        let fix =
            format!("ports: [{{name: {name}, containerPort: NUMBER}}], or a name that exists");
        case.broken_as(Severity::Error, object, port, Said::of(name, &wanted, why, fix));
    }
}
