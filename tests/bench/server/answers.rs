//! What the server answers: discovery, rights, lists, objects, patches.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use super::kinds::{KINDS, Kind, Kinds, Object, event};
use super::request::Asked;
use crate::objects::NAMESPACE;

/// Where a path leads.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) resource: String,
    pub(crate) name: Option<String>,
}

impl Place {
    /// The place of a collection or an object.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        match parts.next()? {
            "api" => parts.nth(0)?,
            "apis" => parts.nth(1)?,
            _ => return None,
        };
        let mut rest: Vec<&str> = parts.collect();
        if rest.len() > 2 && rest.first() == Some(&"namespaces") {
            rest.drain(..2);
        }
        let name = rest.get(1).map(|name| (*name).to_owned());
        Some(Self { resource: (*rest.first()?).to_owned(), name })
    }
}

/// Status and body.
pub(crate) fn to(kinds: &Kinds, asked: &Asked) -> (u16, Vec<u8>) {
    let path = asked.path.trim_end_matches('/');
    if matches!(path, "/readyz" | "/livez" | "/healthz") {
        return (200, b"ok".to_vec());
    }
    if asked.method == "POST" {
        return (201, review(path).to_string().into_bytes());
    }
    if let Some(found) = discovery(path) {
        return (200, found.to_string().into_bytes());
    }
    let found = Place::of(path).and_then(|place| match (&place.name, asked.method.as_str()) {
        (None, _) => list(kinds, &place.resource, asked),
        (Some(name), "PATCH") => patch(kinds, &place.resource, name, asked),
        (Some(name), _) => Some(kinds.of(&place.resource)?.object(name)?.text.clone().into_bytes()),
    });
    found.map_or_else(|| (404, refusal(404, "NotFound")), |body| (200, body))
}

fn refusal(code: u16, reason: &str) -> Vec<u8> {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!("{reason} (bench)"), "reason": reason, "code": code});
    status.to_string().into_bytes()
}

/// Everybody may do everything.
fn review(path: &str) -> Value {
    let everything = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
    if path.ends_with("selfsubjectrulesreviews") {
        json!({"kind": "SelfSubjectRulesReview", "apiVersion": "authorization.k8s.io/v1", "spec": {},
            "status": {"incomplete": false, "nonResourceRules": [], "resourceRules": everything}})
    } else if path.ends_with("selfsubjectreviews") {
        json!({"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1",
            "status": {"userInfo": {"username": "bench"}}})
    } else {
        json!({"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "spec": {},
            "status": {"allowed": true}})
    }
}

fn discovery(path: &str) -> Option<Value> {
    let mut groups: Vec<&str> =
        KINDS.iter().map(|kind| kind.2).filter(|v| v.contains('/')).collect();
    groups.dedup();
    groups.sort_unstable();
    groups.dedup();
    match path {
        "/version" => Some(
            json!({"major": "1", "minor": "34", "gitVersion": "v1.34.4", "platform": "linux/amd64"}),
        ),
        "/api" => Some(json!({"kind": "APIVersions", "versions": ["v1"]})),
        "/apis" => {
            let groups: Vec<Value> = groups.iter().map(|version| group(version)).collect();
            Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
        }
        _ => {
            let version = path.strip_prefix("/apis/").or_else(|| path.strip_prefix("/api/"))?;
            let known = KINDS.iter().any(|kind| kind.2 == version);
            known.then(|| resources(version))
        }
    }
}

fn group(version: &str) -> Value {
    let (name, number) = version.split_once('/').unwrap_or(("", version));
    let version = json!({"groupVersion": version, "version": number});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

fn resources(version: &str) -> Value {
    let verbs = json!(["get", "list", "watch", "patch", "update", "create", "delete"]);
    let of_version = KINDS.iter().filter(|kind| kind.2 == version);
    let resources: Vec<Value> = of_version
        .map(|(resource, kind, _)| {
            let everywhere = matches!(*resource, "namespaces" | "nodes" | "customresourcedefinitions");
            json!({"name": resource, "singularName": kind.to_lowercase(), "kind": kind, "namespaced": !everywhere, "verbs": verbs})
        })
        .collect();
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources})
}

/// A page, or everything where no limit or the server's cache is asked for, as a real one does.
fn list(kinds: &Kinds, resource: &str, asked: &Asked) -> Option<Vec<u8>> {
    let (_, kind_name, group_version) = KINDS.iter().find(|kind| kind.0 == resource)?;
    let kind = kinds.of(resource)?;
    let version = kinds.version();
    let from: usize = asked.query("continue").and_then(|c| c.parse().ok()).unwrap_or(0);
    let limit: usize = asked.query("limit").and_then(|l| l.parse().ok()).unwrap_or(usize::MAX);
    let cached = asked.query("resourceVersion") == Some("0");
    let limit = if cached { usize::MAX } else { limit };
    let selector = asked.query("labelSelector");
    let name = asked.query("fieldSelector").and_then(|f| f.strip_prefix("metadata.name="));
    let picked = |object: &&Object| {
        object.is_picked(selector) && name.is_none_or(|name| object.name == name)
    };
    let mut rest = kind.objects.iter().enumerate().skip(from).filter(|(_, o)| picked(o)).peekable();
    let mut items = String::new();
    for (_, object) in rest.by_ref().take(limit) {
        if !items.is_empty() {
            items.push(',');
        }
        items.push_str(&object.text);
    }
    let next = rest.peek().map(|(at, _)| at.to_string()).unwrap_or_default();
    let mut body = String::with_capacity(items.len() + 256);
    let _ = write!(
        body,
        "{{\"kind\":\"{kind_name}List\",\"apiVersion\":\"{group_version}\",\"metadata\":\
         {{\"resourceVersion\":\"{version}\",\"continue\":\"{next}\"}},\"items\":[{items}]}}"
    );
    Some(body.into_bytes())
}

/// What a watch begins with: what came since, or everything when it is asked for as a stream.
pub(crate) fn opening(kind: &Kind, resource: &str, version: u64, asked: &Asked) -> Vec<Arc<[u8]>> {
    let names = KINDS.iter().find(|kind| kind.0 == resource);
    let (_, kind_name, group_version) = names.copied().unwrap_or_default();
    let selector = asked.query("labelSelector");
    let since = asked.query("resourceVersion").and_then(|v| v.parse::<u64>().ok()).unwrap_or(0);
    if asked.query("sendInitialEvents") == Some("true") || since == 0 {
        let picked = kind.objects.iter().filter(|object| object.is_picked(selector));
        let mut pieces: Vec<Arc<[u8]>> =
            picked.map(|object| event("ADDED", &object.text).into()).collect();
        if since == 0 && asked.query("sendInitialEvents").is_none() {
            return pieces;
        }
        let end = json!({"kind": kind_name, "apiVersion": group_version, "metadata": {
            "resourceVersion": version.to_string(), "annotations": {"k8s.io/initial-events-end": "true"}}});
        pieces.push(event("BOOKMARK", &end.to_string()).into());
        return pieces;
    }
    kind.since(since).unwrap_or_else(|| {
        let gone = String::from_utf8_lossy(&refusal(410, "Expired")).into_owned();
        vec![event("ERROR", &gone).into()]
    })
}

/// Changes an object as asked. A JSON Patch whose tests do not hold changes nothing.
fn patch(kinds: &Kinds, resource: &str, name: &str, asked: &Asked) -> Option<Vec<u8>> {
    let text = kinds.of(resource)?.object(name)?.text.clone();
    let mut value: Value = serde_json::from_str(&text).ok()?;
    let before = value.get("spec").cloned();
    if asked.content_type.contains("json-patch") {
        let wanted: json_patch::Patch = serde_json::from_slice(&asked.body).ok()?;
        json_patch::patch(&mut value, &wanted).ok()?;
    } else {
        json_patch::merge(&mut value, &serde_json::from_slice(&asked.body).ok()?);
    }
    let meta = value.get_mut("metadata")?.as_object_mut()?;
    meta.insert("namespace".into(), NAMESPACE.into());
    if before != value.get("spec").cloned() {
        let generation = value.pointer("/metadata/generation").and_then(Value::as_u64).unwrap_or(1);
        *value.pointer_mut("/metadata/generation")? = (generation + 1).into();
        // The controller has seen it: nobody has to wait for one that is not there.
        if let Some(observed) = value.pointer_mut("/status/observedGeneration") {
            *observed = (generation + 1).to_string().into();
        }
    }
    kinds.publish(resource, value.clone())?;
    Some(kinds.of(resource)?.object(name)?.text.clone().into_bytes())
}
