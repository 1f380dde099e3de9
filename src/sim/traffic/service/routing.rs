//! Who gets the requests: weights, backends and selectors, as the objects of the router say.
//!
//! Reads objects and decides nothing about pods. Called by the services.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::sim::object::Document;
use crate::sim::store::{Key, Kind, Store};

/// How users come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// By an Ingress of nginx, with its canary beside it.
    Ingress(String),
    /// By a VirtualService of Istio.
    VirtualService(String),
    /// Straight to the Service, without a router.
    Service,
}

/// Labels that pods must have.
pub(in crate::sim::traffic) type Selector = BTreeMap<String, String>;

/// One way that requests can take.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sim::traffic) struct Way {
    /// The Service behind it, and its port as the router names it.
    pub(in crate::sim::traffic) service: String,
    pub(in crate::sim::traffic) port: String,
    /// Its share, as the router says.
    pub(in crate::sim::traffic) share: f64,
    /// Whether the router takes it for the canary.
    pub(in crate::sim::traffic) canary: bool,
    /// None: the Service is not there, or selects nothing.
    pub(in crate::sim::traffic) selector: Option<Selector>,
}

impl Way {
    pub(in crate::sim::traffic) fn selects(&self, labels: &Selector) -> bool {
        let has = |(key, value): (&String, &String)| labels.get(key) == Some(value);
        self.selector.as_ref().is_some_and(|selector| selector.iter().all(has))
    }
}

/// What the router does with a service's requests.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::sim::traffic) struct Plan {
    pub(in crate::sim::traffic) ways: Vec<Way>,
    /// The host and the path that the router knows it by.
    pub(in crate::sim::traffic) host: String,
    pub(in crate::sim::traffic) path: String,
    /// The objects that say so.
    pub(in crate::sim::traffic) says: BTreeSet<Key>,
}

/// What the objects say at the moment.
pub(in crate::sim::traffic) fn plan(store: &Store, service: &Key, entry: &Entry) -> Plan {
    let mut plan = Plan::default();
    match entry {
        Entry::Service => {
            let way = way(store, &mut plan, service, 1.0, false);
            plan.ways.push(way);
        }
        Entry::Ingress(name) => by_ingress(store, &service.beside(Kind::Ingress, name), &mut plan),
        Entry::VirtualService(name) => {
            by_mesh(store, &service.beside(Kind::VirtualService, name), &mut plan);
        }
    }
    plan
}

/// Whether a change of an object may change what the router does with this service's requests.
pub(in crate::sim::traffic) fn concerns(
    store: &Store,
    service: &Key,
    entry: &Entry,
    plan: &Plan,
    key: &Key,
) -> bool {
    if plan.says.contains(key) {
        return true;
    }
    match (entry, key.kind) {
        (Entry::Ingress(name), Kind::Ingress) if key.namespace == service.namespace => {
            let main = store.get(&service.beside(Kind::Ingress, name));
            let both = main.zip(store.get(key));
            both.is_some_and(|(main, canary)| is_canary_of(main, canary))
        }
        (Entry::VirtualService(_), Kind::DestinationRule) => key.namespace == service.namespace,
        _ => false,
    }
}

fn way(store: &Store, plan: &mut Plan, service: &Key, share: f64, canary: bool) -> Way {
    plan.says.insert(service.clone());
    let selector = store.get(service).map(|object| object.part::<Selector>("/spec/selector"));
    let selector = selector.filter(|selector| !selector.is_empty());
    Way { service: service.name.clone(), port: "80".to_owned(), share, canary, selector }
}

/// The prefix of nginx' annotations.
const NGINX: &str = "nginx.ingress.kubernetes.io";

/// The Service and the port of an Ingress' first path.
fn backend(ingress: &Value) -> (&str, String) {
    let paths = ["/spec/rules/0/http/paths/0/backend/service", "/spec/defaultBackend/service"];
    let found = paths.iter().find_map(|pointer| ingress.pointer(pointer));
    let Some(service) = found else { return ("", "80".to_owned()) };
    let port = match service.int_maybe("/port/number") {
        Some(number) => number.to_string(),
        None => service.text("/port/name").to_owned(),
    };
    (service.text("/name"), port)
}

fn is_canary_of(main: &Value, other: &Value) -> bool {
    let same = |pointer: &str| main.text(pointer) == other.text(pointer);
    other.annotation(&format!("{NGINX}/canary")) == Some("true")
        && same("/spec/rules/0/host")
        && same("/spec/rules/0/http/paths/0/path")
        && same("/spec/ingressClassName")
}

fn by_ingress(store: &Store, main: &Key, plan: &mut Plan) {
    plan.says.insert(main.clone());
    let Some(object) = store.get(main) else { return };
    object.text("/spec/rules/0/host").clone_into(&mut plan.host);
    object.text("/spec/rules/0/http/paths/0/path").clone_into(&mut plan.path);
    let beside = store.list(Kind::Ingress, Some(&main.namespace));
    let canary = beside.into_iter().find(|other| is_canary_of(object, other));
    let mut weight = 0.0;
    if let Some(canary) = canary {
        plan.says.insert(main.beside(Kind::Ingress, canary.name()));
        let number = |name: &str| {
            let text = canary.annotation(&format!("{NGINX}/{name}"));
            text.and_then(|text| text.parse::<f64>().ok()).filter(|number| *number >= 0.0)
        };
        let total = number("canary-weight-total").filter(|total| *total > 0.0).unwrap_or(100.0);
        weight = (number("canary-weight").unwrap_or(0.0) / total).min(1.0);
    }
    let mut add = |ingress: &Value, share: f64, canary: bool| {
        let (service, port) = backend(ingress);
        let service = main.beside(Kind::Service, service);
        let way = Way { port, ..way(store, plan, &service, share, canary) };
        plan.ways.push(way);
    };
    add(object, 1.0 - weight, false);
    if let Some(canary) = canary {
        add(canary, weight, true);
    }
}

fn by_mesh(store: &Store, key: &Key, plan: &mut Plan) {
    plan.says.insert(key.clone());
    let Some(object) = store.get(key) else { return };
    object.text("/spec/hosts/0").clone_into(&mut plan.host);
    // A route without a match is for everybody.
    let routes = object.items("/spec/http");
    let open = routes.iter().find(|route| route.items("/match").is_empty());
    let Some(route) = open.or(routes.first()) else { return };
    let targets = route.items("/route");
    let weight = |target: &Value| match (target.int_maybe("/weight"), targets.len()) {
        (None, 1) => 100,
        (weight, _) => weight.unwrap_or(0).max(0),
    };
    let all: i64 = targets.iter().map(weight).sum();
    for (number, target) in targets.iter().enumerate() {
        let host = target.text("/destination/host");
        let mut parts = host.split('.');
        let name = parts.next().unwrap_or_default();
        let namespace = parts.next().unwrap_or(&key.namespace);
        let service = Key::new(Kind::Service, namespace, name);
        #[expect(clippy::cast_precision_loss, reason = "weights are small")]
        let share = if all > 0 { weight(target) as f64 / all as f64 } else { 0.0 };
        // Argo lists the stable one first and the canary after it.
        let mut way = way(store, plan, &service, share, number > 0);
        let subset = target.text("/destination/subset");
        if !subset.is_empty() {
            let labels = subset_labels(store, plan, &service, host, subset);
            way.selector = way.selector.zip(labels).map(|(mut selector, labels)| {
                selector.extend(labels);
                selector
            });
        }
        plan.ways.push(way);
    }
}

/// The labels of a subset, if a DestinationRule knows it.
fn subset_labels(
    store: &Store,
    plan: &mut Plan,
    service: &Key,
    host: &str,
    subset: &str,
) -> Option<Selector> {
    let rules = store.list(Kind::DestinationRule, Some(&service.namespace));
    let about = |rule: &&crate::sim::store::Object| {
        let about = rule.text("/spec/host");
        about == host || about.split('.').next() == Some(&service.name)
    };
    let rule = rules.into_iter().find(about)?;
    plan.says.insert(service.beside(Kind::DestinationRule, rule.name()));
    let subsets = rule.items("/spec/subsets").iter();
    let found = subsets.into_iter().find(|one| one.text("/name") == subset)?;
    Some(found.part("/labels"))
}
