//! The EndpointSlice controller: which pods serve a Service.
//!
//! Never routes a request. Called by the world.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::selection::Selections;
use super::selector::Selector;
use super::{adoption, pod};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Key, Kind, Object, Part, Store, What};
use crate::sim::time;
use crate::sim::world::{Controller, Turn};

/// Endpoints in one slice at most.
const MOST: usize = 100;

/// When what led to the newest endpoints happened.
const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// The controller.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    selections: Selections,
    /// The slices of each Service, in the order in which they were made.
    slices: HashMap<Key, Vec<Slice>>,
}

/// One slice: its name, and the endpoints of its pods in the order in which they came.
#[derive(Debug)]
struct Slice {
    name: String,
    endpoints: Vec<(Key, Value)>,
}

impl Controller for Endpoints {
    fn name(&self) -> &'static str {
        "endpointslice-controller"
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        let state = |pod: &Object| {
            let labels = pod.at("/metadata/labels").cloned();
            let ended = pod::has_ended(pod);
            let address = pod.text("/status/podIP").to_owned();
            (pod::is_ready(pod), pod.is_leaving(), ended, address, labels)
        };
        let same = |before: &Object| state(before) == state(&change.object);
        let changed = change.what == What::Deleted || !change.before.as_ref().is_some_and(same);
        match change.key.kind {
            Kind::Service => keys.push(change.key.clone()),
            Kind::Pod if changed => keys.push(change.key.clone()),
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
        let Some(service) = service.filter(|_| selector.is_some()) else {
            self.selections.select(key, None, turn.store);
            self.slices.remove(key);
            return;
        };
        self.selections.select(key, selector, turn.store);
        self.build(key, &service, turn);
    }
}

impl Endpoints {
    /// Builds the slices of a Service anew: it is new, or its ports or its selector changed.
    fn build(&mut self, key: &Key, service: &Object, turn: &mut Turn<'_>) {
        let pods: Vec<Object> = self.selections.of(key, turn.store).into_iter().cloned().collect();
        let endpoints = pods.iter().filter_map(|pod| {
            Some((adoption::key_of(Kind::Pod, pod), endpoint(service, pod, turn.store)?))
        });
        let mut parts: Vec<Vec<(Key, Value)>> = vec![Vec::new()];
        for endpoint in endpoints {
            if parts.last().is_none_or(|part| part.len() >= MOST) {
                parts.push(Vec::new());
            }
            if let Some(part) = parts.last_mut() {
                part.push(endpoint);
            }
        }
        let known = self.slices.remove(key).unwrap_or_default();
        let mut names = known.into_iter().map(|slice| slice.name);
        let mut slices = Vec::new();
        for endpoints in parts {
            let mut slice = Slice { name: names.next().unwrap_or_default(), endpoints };
            slice.write(service, pods.first(), true, turn);
            slices.push(slice);
        }
        for name in names {
            // One that somebody took away is just what is wanted.
            drop(turn.store.remove(&key.beside(Kind::EndpointSlice, &name), turn.now));
        }
        self.slices.insert(key.clone(), slices);
    }

    /// Brings the one slice up to date that has this pod, or should have it.
    fn update(&mut self, key: &Key, pod: &Key, turn: &mut Turn<'_>) {
        let Some(service) = turn.store.get(key).cloned() else { return };
        let selected = self.selections.of(key, turn.store);
        let first = selected.first().map(|pod| Object::clone(pod));
        let chosen = selected.iter().find(|one| one.name() == pod.name);
        let next = chosen.and_then(|one| endpoint(&service, one, turn.store));
        let stays = chosen.is_some_and(|one| !one.is_leaving());
        let slices = self.slices.entry(key.clone()).or_default();
        let has = |slice: &&mut Slice| slice.endpoints.iter().any(|(known, _)| known == pod);
        if let Some(slice) = slices.iter_mut().find(has) {
            match next {
                Some(next) => {
                    for (_, endpoint) in slice.endpoints.iter_mut().filter(|(key, _)| key == pod) {
                        endpoint.clone_from(&next);
                    }
                }
                None => slice.endpoints.retain(|(key, _)| key != pod),
            }
            return slice.write(&service, first.as_ref(), stays, turn);
        }
        let Some(next) = next else { return };
        let room = slices.iter().position(|slice| slice.endpoints.len() < MOST);
        let index = room.unwrap_or_else(|| {
            slices.push(Slice { name: String::new(), endpoints: Vec::new() });
            slices.len() - 1
        });
        if let Some(slice) = slices.get_mut(index) {
            slice.endpoints.push((pod.clone(), next));
            slice.write(&service, first.as_ref(), stays, turn);
        }
    }
}

impl Slice {
    /// Writes the slice. When a pod that leaves is the cause, nobody can say when that began.
    fn write(&mut self, service: &Object, pod: Option<&Object>, dated: bool, turn: &mut Turn<'_>) {
        let now = time::seconds(turn.now);
        let endpoints: Vec<Value> =
            self.endpoints.iter().map(|(_, endpoint)| endpoint.clone()).collect();
        let none = endpoints.is_empty();
        let (endpoints, ports) = if none {
            (Value::Null, Value::Null)
        } else {
            (Value::Array(endpoints), ports(service, pod))
        };
        let key = Key::new(Kind::EndpointSlice, service.namespace(), &self.name);
        if turn.store.get(&key).is_some() {
            let written = turn.store.modify(&key, Part::Main, turn.now, |slice| {
                if slice.at("/endpoints") != Some(&endpoints) {
                    slice.remove_annotation(TRIGGER);
                    if dated {
                        slice.set_annotation(TRIGGER, &now);
                    }
                }
                slice.set("/endpoints", endpoints);
                slice.set("/ports", ports);
            });
            debug_assert!(written.is_ok(), "{written:?}");
            return;
        }
        let mut labels = service.at("/metadata/labels").cloned().unwrap_or_else(|| json!({}));
        let managed = "endpointslice-controller.k8s.io";
        labels.set("/endpointslice.kubernetes.io~1managed-by", managed);
        labels.set("/kubernetes.io~1service-name", service.name());
        let slice = json!({
            "metadata": {
                "generateName": format!("{}-", service.name()),
                "namespace": service.namespace(),
                "labels": labels,
                "annotations": {TRIGGER: now},
                "ownerReferences": [pod::reference(service)],
            },
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": ports,
        });
        if let Ok(made) = turn.store.create(Kind::EndpointSlice, slice, turn.now) {
            made.name().clone_into(&mut self.name);
        }
    }
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
