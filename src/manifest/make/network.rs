//! Services, and the Ingress or `HTTPRoute` that leads to them.
//!
//! Called by `make`.

use crate::manifest::workload::Strategy;

use super::order::{Order, Routing};
use super::pod;
use super::yaml::{List, Map};

/// The Service that users of the old version are on.
pub(super) fn main_service(order: &Order) -> String {
    match order.strategy {
        Strategy::BlueGreen => active(order),
        Strategy::Canary if order.routing != Routing::None => stable(order),
        _ => order.name.clone(),
    }
}

pub(super) fn active(order: &Order) -> String {
    format!("{}-active", order.name)
}

pub(super) fn preview(order: &Order) -> String {
    format!("{}-preview", order.name)
}

pub(super) fn stable(order: &Order) -> String {
    format!("{}-stable", order.name)
}

pub(super) fn canary(order: &Order) -> String {
    format!("{}-canary", order.name)
}

/// All Services of an order, with what is said of them.
pub(super) fn services(order: &Order, namespace: Option<&str>) -> (String, Vec<Map>) {
    let every = |names: &[String]| names.iter().map(|n| service(order, n, namespace)).collect();
    let narrowed = "The controller adds the hash of a version to each selector; here they are \
                    alike";
    match order.strategy {
        Strategy::Rolling | Strategy::Recreate => {
            let head = "The Service that users reach.";
            (head.to_owned(), every(std::slice::from_ref(&order.name)))
        }
        Strategy::BlueGreen => {
            let head = format!(
                "Two Services: users are on `active`, the version that is looked at is on \
                 `preview`. {narrowed}."
            );
            (head, every(&[active(order), preview(order)]))
        }
        Strategy::Canary if order.routing == Routing::None => {
            let head = format!(
                "Users are on the first one, which has the pods of both versions: without a router \
                 a version's share of the traffic is its share of the pods. The others lead to one \
                 version alone. {narrowed}."
            );
            (head, every(&[order.name.clone(), stable(order), canary(order)]))
        }
        Strategy::Canary => {
            let head = format!(
                "Two Services, one for each version; the router divides the traffic between them. \
                 {narrowed}."
            );
            (head, every(&[stable(order), canary(order)]))
        }
    }
}

fn service(order: &Order, name: &str, namespace: Option<&str>) -> Map {
    let port = Map::new()
        .put("name", pod::PORT)
        .put("port", 80_i64)
        .put("targetPort", pod::PORT)
        .put("protocol", "TCP");
    let spec = Map::new().put("selector", pod::labels(order)).put("ports", List::new().put(port));
    Map::new()
        .put("apiVersion", "v1")
        .put("kind", "Service")
        .put("metadata", pod::metadata(order, name, namespace))
        .put("spec", spec)
}

/// The Ingress or `HTTPRoute`, with its file's name and what is said of it.
pub(super) fn route(order: &Order, namespace: Option<&str>) -> Option<(&'static str, String, Map)> {
    let canary = order.strategy == Strategy::Canary;
    match &order.routing {
        Routing::None => None,
        Routing::Nginx { class, host } => {
            let more = if canary {
                " The controller makes a second one of it, for the canary, and writes the weight \
                 there: never write a second one yourself."
            } else {
                ""
            };
            let head = format!("How users come in, by ingress-nginx.{more}");
            Some(("ingress.yaml", head, ingress(order, namespace, class, host)))
        }
        Routing::Gateway { gateway, namespace: of_gateway, host } => {
            let more = if canary {
                " The plugin argoproj-labs/gatewayAPI writes the weights during a release: a \
                 GitOps tool has to leave them alone, or it sends the users back and forth."
            } else {
                ""
            };
            let head = format!("How users come in, by the Gateway API.{more}");
            let parent = Map::new()
                .put("name", gateway.as_str())
                .put_some("namespace", of_gateway.as_deref());
            Some(("httproute.yaml", head, http_route(order, namespace, parent, host)))
        }
    }
}

fn ingress(order: &Order, namespace: Option<&str>, class: &str, host: &str) -> Map {
    let service =
        Map::new().put("name", main_service(order)).put("port", Map::new().put("name", pod::PORT));
    let path = Map::new()
        .put("path", "/")
        .put("pathType", "Prefix")
        .put("backend", Map::new().put("service", service));
    let rule =
        Map::new().put("host", host).put("http", Map::new().put("paths", List::new().put(path)));
    let spec = Map::new()
        .why("named, so that no other controller takes it, and this one always does")
        .put("ingressClassName", class)
        .put("rules", List::new().put(rule));
    Map::new()
        .put("apiVersion", "networking.k8s.io/v1")
        .put("kind", "Ingress")
        .put("metadata", pod::metadata(order, &order.name, namespace))
        .put("spec", spec)
}

fn http_route(order: &Order, namespace: Option<&str>, parent: Map, host: &str) -> Map {
    let backend = |name: &str| Map::new().put("name", name).put("port", 80_i64);
    let backends = if order.strategy == Strategy::Canary {
        List::new()
            .put(backend(&main_service(order)).put("weight", 100_i64))
            .put(backend(&canary(order)).put("weight", 0_i64))
    } else {
        List::new().put(backend(&main_service(order)))
    };
    let path = Map::new().put("type", "PathPrefix").put("value", "/");
    let rule = Map::new()
        .put("matches", List::new().put(Map::new().put("path", path)))
        .put("backendRefs", backends);
    let spec = Map::new()
        .put("parentRefs", List::new().put(parent))
        .put("hostnames", List::new().put(host))
        .put("rules", List::new().put(rule));
    Map::new()
        .put("apiVersion", "gateway.networking.k8s.io/v1")
        .put("kind", "HTTPRoute")
        .put("metadata", pod::metadata(order, &order.name, namespace))
        .put("spec", spec)
}
