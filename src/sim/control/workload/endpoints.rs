//! The EndpointSlice controller: which pods serve a Service.
//!
//! Never routes a request. Called by the world.

use serde_json::{Value, json};

use super::selection::Selections;
use super::selector::Selector;
use super::{adoption, pod};
use crate::sim::object::{Document, DocumentMut, escaped};
use crate::sim::store::{Change, Key, Kind, Object, Part, Store, What};
use crate::sim::time;
use crate::sim::world::{Controller, Turn};

/// Endpoints in one slice at most.
const MOST: usize = 100;

/// When what led to the newest endpoints happened.
const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// Who writes the slices, as one of their labels says.
const MANAGER: &str = "endpointslice-controller.k8s.io";
const MANAGED: &str = "endpointslice.kubernetes.io/managed-by";

/// The controller.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    selections: Selections,
}

impl Controller for Endpoints {
    fn name(&self) -> &'static str {
        "endpointslice-controller"
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        let state = |pod: &Object| (pod::is_ready(pod), pod.is_leaving(), pod::has_ended(pod));
        let same = |before: &Object| {
            let places = ["/metadata/labels", "/status/podIP"];
            state(before) == state(&change.object)
                && places.iter().all(|place| before.at(place) == change.object.at(place))
        };
        let stays = || change.what == What::Modified && change.before.as_ref().is_some_and(same);
        match change.key.kind {
            Kind::Service => keys.push(change.key.clone()),
            Kind::Pod if !stays() => keys.push(change.key.clone()),
            _ => (),
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        if key.kind == Kind::Pod {
            for service in self.selections.see(key, turn.store) {
                self.update(&service, key, turn);
            }
            return;
        }
        let service = turn.store.get(key).cloned();
        let selector =
            service.as_ref().and_then(|service| Selector::of_map(service, "/spec/selector"));
        let selector = selector.filter(|selector| !selector.is_empty());
        let chosen = service.filter(|_| selector.is_some());
        self.selections.select(key, selector, turn.store);
        if let Some(service) = chosen {
            self.build(key, &service, turn);
        }
    }
}

impl Endpoints {
    /// Builds the slices of a Service anew: it is new, or its ports or its selector changed.
    fn build(&self, key: &Key, service: &Object, turn: &mut Turn<'_>) {
        let pods: Vec<Object> = self.selections.of(key, turn.store).into_iter().cloned().collect();
        let store = &turn.store;
        let endpoints: Vec<Value> =
            pods.iter().filter_map(|pod| endpoint(service, pod, store)).collect();
        let ports = ports(service, pods.first());
        let mut known = slices(service, turn.store).into_iter();
        let mut parts = endpoints.chunks(MOST).map(<[Value]>::to_vec);
        let first = parts.next().unwrap_or_default();
        for part in std::iter::once(first).chain(parts) {
            match known.next() {
                Some(slice) => {
                    write(&slice, turn, true, |slice| fill(slice, part, ports.clone()));
                }
                None => create(service, part, ports.clone(), turn),
            }
        }
        for slice in known {
            let gone = turn.store.remove(&key.beside(Kind::EndpointSlice, slice.name()), turn.now);
            debug_assert!(gone.is_ok(), "{gone:?}");
        }
    }

    /// Brings the one slice up to date that has this pod, or should have it.
    fn update(&self, key: &Key, pod: &Key, turn: &mut Turn<'_>) {
        let Some(service) = turn.store.get(key).cloned() else { return };
        let there = turn.store.get(pod).filter(|_| self.selections.selects(key, pod)).cloned();
        let next = there.as_ref().and_then(|pod| endpoint(&service, pod, turn.store));
        let dated = there.as_ref().is_some_and(|pod| !pod.is_leaving());
        let slices = slices(&service, turn.store);
        let place = |slice: &Object| {
            let endpoints = slice.items("/endpoints").iter();
            endpoints.map(|endpoint| endpoint.text("/targetRef/name")).position(|n| n == pod.name)
        };
        let found = slices.iter().find_map(|slice| Some((slice, place(slice)?)));
        if let Some((slice, index)) = found {
            return write(slice, turn, dated, |slice| {
                let mut endpoints = emptied(slice);
                match (next, endpoints.get_mut(index)) {
                    (Some(next), Some(endpoint)) => *endpoint = next,
                    _ => drop(endpoints.remove(index)),
                }
                let ports = slice.at("/ports").cloned().unwrap_or_default();
                fill(slice, endpoints, ports);
            });
        }
        let Some(next) = next else { return };
        let ports = ports(&service, there.as_ref());
        match slices.iter().find(|slice| slice.items("/endpoints").len() < MOST) {
            Some(slice) => write(slice, turn, dated, |slice| {
                let mut endpoints = emptied(slice);
                endpoints.push(next);
                fill(slice, endpoints, ports);
            }),
            None => create(&service, vec![next], ports, turn),
        }
    }
}

/// The slices of a Service that this controller keeps.
fn slices(service: &Object, store: &Store) -> Vec<Object> {
    let all = store.owned(service.uid(), Kind::EndpointSlice).into_iter();
    all.filter(|slice| slice.label(MANAGED) == MANAGER).cloned().collect()
}

/// Takes the endpoints out of a slice.
fn emptied(slice: &mut Value) -> Vec<Value> {
    match slice.take_out("/endpoints") {
        Some(Value::Array(endpoints)) => endpoints,
        _ => Vec::new(),
    }
}

/// Puts endpoints into a slice. Without any, nothing is said of ports either.
fn fill(slice: &mut Value, endpoints: Vec<Value>, ports: Value) {
    let none = endpoints.is_empty();
    slice.set("/endpoints", if none { Value::Null } else { Value::Array(endpoints) });
    slice.set("/ports", if none { Value::Null } else { ports });
}

/// Changes a slice. When a pod that leaves is the cause, nobody can say when that began.
fn write(slice: &Object, turn: &mut Turn<'_>, dated: bool, change: impl FnOnce(&mut Value)) {
    let mut next = slice.as_ref().clone();
    change(&mut next);
    if next == **slice {
        return;
    }
    next.remove_annotation(TRIGGER);
    if dated {
        next.set_annotation(TRIGGER, &time::seconds(turn.now));
    }
    let key = adoption::key_of(Kind::EndpointSlice, slice);
    let written = turn.store.replace(&key, next, Part::Main, turn.now);
    debug_assert!(written.is_ok(), "{written:?}");
}

fn create(service: &Object, endpoints: Vec<Value>, ports: Value, turn: &mut Turn<'_>) {
    let mut labels = service.at("/metadata/labels").cloned().unwrap_or_else(|| json!({}));
    labels.set(&format!("/{}", escaped(MANAGED)), MANAGER);
    labels.set("/kubernetes.io~1service-name", service.name());
    let mut slice = json!({
        "metadata": {
            "generateName": format!("{}-", service.name()),
            "namespace": service.namespace(),
            "labels": labels,
            "annotations": {TRIGGER: time::seconds(turn.now)},
            "ownerReferences": [pod::reference(service)],
        },
        "addressType": "IPv4",
    });
    fill(&mut slice, endpoints, ports);
    let made = turn.store.create(Kind::EndpointSlice, slice, turn.now);
    debug_assert!(made.is_ok(), "{made:?}");
}

/// A pod as an endpoint; nothing while it has no address and when it has ended.
fn endpoint(service: &Value, pod: &Value, store: &Store) -> Option<Value> {
    let address = pod.text("/status/podIP");
    if address.is_empty() || pod::has_ended(pod) {
        return None;
    }
    let serving = pod::is_ready(pod);
    let ready = service.flag("/spec/publishNotReadyAddresses") || (serving && !pod.is_leaving());
    let node = pod.text("/spec/nodeName");
    let mut endpoint = json!({
        "addresses": [address],
        "conditions": {"ready": ready, "serving": serving, "terminating": pod.is_leaving()},
        "nodeName": node,
        "targetRef": {
            "kind": "Pod",
            "namespace": pod.namespace(),
            "name": pod.name(),
            "uid": pod.uid(),
        },
    });
    let zone = store.get(&Key::new(Kind::Node, "", node));
    let zone = zone.map(|node| node.label("topology.kubernetes.io/zone")).unwrap_or_default();
    if !zone.is_empty() {
        endpoint.set("/zone", zone);
    }
    Some(endpoint)
}

/// The ports of a Service as its pods listen on them.
fn ports(service: &Value, pod: Option<&Object>) -> Value {
    let port = |port: &Value| {
        let target = match port.get("targetPort") {
            Some(Value::String(name)) => named(pod, name)?,
            Some(number) if number.as_i64().is_some_and(|number| number != 0) => number.as_i64()?,
            _ => port.int("/port"),
        };
        let protocol = match port.text("/protocol") {
            "" => "TCP",
            protocol => protocol,
        };
        let mut listed = json!({"name": port.text("/name"), "port": target, "protocol": protocol});
        if let Some(app) = port.get("appProtocol") {
            listed.set("/appProtocol", app.clone());
        }
        Some(listed)
    };
    Value::Array(service.items("/spec/ports").iter().filter_map(port).collect())
}

/// The container port of this name.
fn named(pod: Option<&Object>, name: &str) -> Option<i64> {
    let containers = pod?.items("/spec/containers").iter();
    let mut ports = containers.flat_map(|container| container.items("/ports"));
    Some(ports.find(|port| port.text("/name") == name)?.int("/containerPort"))
}

#[cfg(test)]
mod tests;
