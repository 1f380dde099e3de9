//! What a Rollout refers to is among what was read (W31).
//!
//! Source: Argo Rollouts `validation_references.go`; X57. What is missing counts as broken: the
//! controller stops with `InvalidSpec` until it is there. Called through the table of rules.

use crate::manifest::bundle::Object;
use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::Spot;

use super::reading::steps::canary;

/// A name in a Rollout, and the kind of object that it has to be.
struct Link<'b> {
    spot: Spot<'b>,
    kind: &'static str,
    name: &'b str,
    namespace: &'b str,
}

/// W31: templates, and for a canary its Services and the objects that route its traffic. The
/// Services of a blue-green are W25's.
pub(super) fn found(case: &mut Case<'_>) {
    let rollout = case.workload.object;
    let mut known = Vec::new();
    for lost in case.analyses.iter().flat_map(|used| &used.lost) {
        let (kind, name) = (lost.reference.kind(), lost.reference.name);
        let (holder, spot) = (lost.holder.unwrap_or(rollout), &lost.reference.spot);
        missing(case, holder, &spot.key("templateName"), kind, name);
    }
    let Some(canary) = canary(case.workload) else { return };
    services(case, &canary, &mut known);
    routes(&canary.key("trafficRouting"), &rollout.namespace, &mut known);
    for link in known {
        if case.bundle.find(link.kind, link.namespace, link.name).is_none() {
            missing(case, rollout, &link.spot, link.kind, link.name);
        }
    }
}

fn missing(case: &mut Case<'_>, object: &Object, spot: &Spot<'_>, kind: &str, name: &str) {
    let said = Said::of(
        format!("{kind} {name} is not among what was read"),
        format!("the {kind}"),
        "the controller refuses the Rollout until it is there, and releases nothing",
        format!("add {kind} {name}, or correct the name"),
    );
    case.broken(object, spot, said);
}

/// `stableService`, `canaryService`, and `pingPong`. With most routers the first two are needed.
fn services<'b>(case: &mut Case<'b>, canary: &Spot<'b>, known: &mut Vec<Link<'b>>) {
    let namespace = case.workload.object.namespace.as_str();
    let routing = canary.key("trafficRouting");
    let has = |keys: &[&str]| !routing.keys(keys).is_absent();
    let needed = ["smi", "apisix", "ambassador", "nginx", "appMesh", "traefik"];
    let needed = needed.iter().any(|router| has(&[router]))
        || (has(&["alb"]) && canary.key("pingPong").is_absent())
        || (has(&["istio"]) && !has(&["istio", "destinationRule"]));
    for key in ["stableService", "canaryService"] {
        let spot = canary.key(key);
        match spot.text() {
            Some(name) => known.push(Link { spot, kind: "Service", name, namespace }),
            None if needed => {
                let why = "the controller refuses a router without two Services to route to";
                let fix = format!("{key}: the name of a Service");
                let said = Said::of("none", "the name of a Service", why, fix);
                case.broken(case.workload.object, &spot, said);
            }
            None => {}
        }
    }
    for key in ["pingService", "pongService"] {
        let spot = canary.keys(&["pingPong", key]);
        if let Some(name) = spot.text() {
            known.push(Link { spot, kind: "Service", name, namespace });
        }
    }
}

/// The objects that the routers change.
fn routes<'b>(routing: &Spot<'b>, namespace: &'b str, known: &mut Vec<Link<'b>>) {
    const NAMED: [(&[&str], &str); 8] = [
        (&["nginx", "stableIngress"], "Ingress"),
        (&["alb", "ingress"], "Ingress"),
        (&["alb", "rootService"], "Service"),
        (&["smi", "rootService"], "Service"),
        (&["istio", "destinationRule", "name"], "DestinationRule"),
        (&["appMesh", "virtualService", "name"], "VirtualService"),
        (&["apisix", "route", "name"], "ApisixRoute"),
        (&["traefik", "weightedTraefikServiceName"], "TraefikService"),
    ];
    const LISTED: [(&[&str], &str); 3] = [
        (&["nginx", "stableIngresses"], "Ingress"),
        (&["alb", "ingresses"], "Ingress"),
        (&["ambassador", "mappings"], "Mapping"),
    ];
    let mut link = |spot: Spot<'b>, kind, namespace| {
        if let Some(name) = spot.text() {
            known.push(Link { spot, kind, name, namespace });
        }
    };
    for (keys, kind) in NAMED {
        link(routing.keys(keys), kind, namespace);
    }
    for (keys, kind) in LISTED {
        routing.keys(keys).elements().into_iter().for_each(|spot| link(spot, kind, namespace));
    }
    istio(&routing.key("istio"), namespace, known);
    gateway(&routing.keys(&["plugins", "argoproj-labs/gatewayAPI"]), namespace, known);
}

/// A `VirtualService` may be named with its namespace, `name.namespace`.
fn istio<'b>(istio: &Spot<'b>, namespace: &'b str, known: &mut Vec<Link<'b>>) {
    let listed = istio.key("virtualServices").elements();
    for service in std::iter::once(istio.key("virtualService")).chain(listed) {
        let spot = service.key("name");
        let Some(text) = spot.text() else { continue };
        let (name, namespace) = text.split_once('.').unwrap_or((text, namespace));
        known.push(Link { spot, kind: "VirtualService", name, namespace });
    }
}

/// The routes of the Gateway API plugin.
fn gateway<'b>(plugin: &Spot<'b>, namespace: &'b str, known: &mut Vec<Link<'b>>) {
    const KINDS: [(&str, &str, &str); 3] = [
        ("httpRoute", "httpRoutes", "HTTPRoute"),
        ("grpcRoute", "grpcRoutes", "GRPCRoute"),
        ("tcpRoute", "tcpRoutes", "TCPRoute"),
    ];
    let namespace = plugin.key("namespace").text().unwrap_or(namespace);
    for (one, many, kind) in KINDS {
        let listed = plugin.key(many).elements().into_iter().map(|route| route.key("name"));
        for spot in std::iter::once(plugin.key(one)).chain(listed) {
            if let Some(name) = spot.text() {
                known.push(Link { spot, kind, name, namespace });
            }
        }
    }
}
