//! What a Rollout refers to is among what was read (W31).
//!
//! Source: Argo Rollouts `validation_references.go`; X57. What is missing counts as broken: the
//! controller stops with `InvalidSpec` until it is there. Called through the table of rules, and by
//! whoever reads a cluster for what it has to read.

use std::collections::BTreeSet;

use crate::manifest::bundle::{Bundle, Kind, Object};
use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::Spot;
use crate::manifest::workload::Workload;

use super::nginx;
use super::reading::steps::canary;

const SERVICE: Kind = Kind::of("Service", &[""], "services");
const INGRESS: Kind = Kind::of("Ingress", &["networking.k8s.io"], "ingresses");
const INGRESS_CLASS: Kind = Kind {
    namespaced: false,
    ..Kind::of("IngressClass", &["networking.k8s.io"], "ingressclasses")
};
const GATEWAY: &[&str] = &["gateway.networking.k8s.io"];
const HTTP_ROUTE: Kind = Kind::of("HTTPRoute", GATEWAY, "httproutes");
const GRPC_ROUTE: Kind = Kind::of("GRPCRoute", GATEWAY, "grpcroutes");
const TCP_ROUTE: Kind = Kind::of("TCPRoute", GATEWAY, "tcproutes");
const VIRTUAL_SERVICE: Kind =
    Kind::of("VirtualService", &["networking.istio.io"], "virtualservices");
const DESTINATION_RULE: Kind =
    Kind::of("DestinationRule", &["networking.istio.io"], "destinationrules");
const MESH_SERVICE: Kind = Kind::of("VirtualService", &["appmesh.k8s.aws"], "virtualservices");
const APISIX_ROUTE: Kind = Kind::of("ApisixRoute", &["apisix.apache.org"], "apisixroutes");
const TRAEFIK_SERVICE: Kind =
    Kind::of("TraefikService", &["traefik.io", "traefik.containo.us"], "traefikservices");
const MAPPING: Kind = Kind::of("Mapping", &["getambassador.io"], "mappings");

/// A name in a Rollout, and the kind of object that it has to be.
struct Link<'b> {
    spot: Spot<'b>,
    kind: Kind,
    name: &'b str,
    namespace: &'b str,
}

/// Kinds of objects that are referred to and are not among what was read, each with its namespace;
/// that is empty where it is the cluster's.
pub fn wanted(bundle: &Bundle, of: impl Fn(&Workload<'_>) -> bool) -> BTreeSet<(Kind, String)> {
    let mut wanted = BTreeSet::new();
    let workloads = bundle.objects().iter().filter_map(|object| Workload::of(object, bundle));
    for workload in workloads.filter(of) {
        let Some(canary) = canary(&workload) else { continue };
        let mut known = Vec::new();
        routes(&canary.key("trafficRouting"), &workload.object.namespace, &mut known);
        let lost = known
            .into_iter()
            .filter(|link| bundle.find(link.kind.name, link.namespace, link.name).is_none());
        wanted.extend(lost.map(|link| (link.kind, link.namespace.to_owned())));
        if nginx::classes(bundle, &workload).next().is_some() {
            wanted.insert((INGRESS_CLASS, String::new()));
        }
    }
    wanted
}

/// W31: templates, and for a canary its Services and the objects that route its traffic. The
/// Services of a blue-green are W25's.
pub(super) fn found(case: &mut Case<'_>) {
    let rollout = case.workload.object;
    let mut known = Vec::new();
    for lost in case.analyses.iter().flat_map(|used| &used.lost) {
        let (kind, name) = (lost.reference.kind(), lost.reference.name);
        let (holder, spot) = (lost.holder.unwrap_or(rollout), &lost.reference.spot);
        missing(case, (holder, &spot.key("templateName")), kind, (&rollout.namespace, name));
    }
    let Some(canary) = canary(case.workload) else { return };
    services(case, &canary, &mut known);
    routes(&canary.key("trafficRouting"), &rollout.namespace, &mut known);
    for link in known {
        let kind = link.kind.name;
        if case.bundle.find(kind, link.namespace, link.name).is_none() {
            missing(case, (rollout, &link.spot), kind, (link.namespace, link.name));
        }
    }
}

fn missing(
    case: &mut Case<'_>,
    (object, spot): (&Object, &Spot<'_>),
    kind: &str,
    (namespace, name): (&str, &str),
) {
    let said = Said::of(
        format!("{kind} {name} is not among what was read"),
        format!("the {kind}"),
        "the controller refuses the Rollout until it is there, and releases nothing",
        format!("add {kind} {name}, or correct the name"),
    );
    case.lacks_in(namespace, kind, object, spot, said);
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
            Some(name) => known.push(Link { spot, kind: SERVICE, name, namespace }),
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
            known.push(Link { spot, kind: SERVICE, name, namespace });
        }
    }
}

/// The objects that the routers change.
fn routes<'b>(routing: &Spot<'b>, namespace: &'b str, known: &mut Vec<Link<'b>>) {
    const NAMED: [(&[&str], Kind); 8] = [
        (&["nginx", "stableIngress"], INGRESS),
        (&["alb", "ingress"], INGRESS),
        (&["alb", "rootService"], SERVICE),
        (&["smi", "rootService"], SERVICE),
        (&["istio", "destinationRule", "name"], DESTINATION_RULE),
        (&["appMesh", "virtualService", "name"], MESH_SERVICE),
        (&["apisix", "route", "name"], APISIX_ROUTE),
        (&["traefik", "weightedTraefikServiceName"], TRAEFIK_SERVICE),
    ];
    const LISTED: [(&[&str], Kind); 3] = [
        (&["nginx", "stableIngresses"], INGRESS),
        (&["alb", "ingresses"], INGRESS),
        (&["ambassador", "mappings"], MAPPING),
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
        known.push(Link { spot, kind: VIRTUAL_SERVICE, name, namespace });
    }
}

/// The routes of the Gateway API plugin.
fn gateway<'b>(plugin: &Spot<'b>, namespace: &'b str, known: &mut Vec<Link<'b>>) {
    const KINDS: [(&str, &str, Kind); 3] = [
        ("httpRoute", "httpRoutes", HTTP_ROUTE),
        ("grpcRoute", "grpcRoutes", GRPC_ROUTE),
        ("tcpRoute", "tcpRoutes", TCP_ROUTE),
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
