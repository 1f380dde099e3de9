//! Objects as tables: what `kubectl get` shows.
//!
//! The columns are those of the real server, the wide ones too; their long descriptions are left
//! out. Called for every answer that is wanted as a table.

mod age;
mod column;
mod custom;
mod network;
mod pod;
mod workload;

use serde_json::{Map, Value, json};

use super::read::Version;
use crate::sim::object::Document;
use crate::sim::store::{Kind, Refusal};
use crate::sim::time::{self, Moment};

pub(crate) use column::columns;

/// What of an object goes with its row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Include {
    #[default]
    Metadata,
    Object,
    None,
}

impl Include {
    /// Reads `includeObject`.
    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        match text {
            "" | "Metadata" => Ok(Self::Metadata),
            "Object" => Ok(Self::Object),
            "None" => Ok(Self::None),
            other => Err(Refusal::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: \
                 {other:?}: must be 'Metadata', 'Object', 'None', or empty"
            ))),
        }
    }
}

/// A table of these objects. `headed` says whether it names its columns.
pub(crate) fn table<'o>(
    kind: Kind,
    objects: impl Iterator<Item = &'o Value>,
    metadata: &Value,
    style: (Version, Include),
    headed: bool,
    now: Moment,
) -> Value {
    let (version, include) = style;
    let rows: Vec<Value> = objects.map(|object| row(kind, object, version, include, now)).collect();
    let definitions = if headed { columns(kind) } else { Value::Null };
    json!({
        "kind": "Table",
        "apiVersion": version.api_version(),
        "metadata": metadata,
        "columnDefinitions": definitions,
        "rows": rows,
    })
}

/// An object's metadata alone.
pub(crate) fn metadata_alone(object: &Value, version: Version) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": version.api_version(),
        "metadata": object.get("metadata"),
    })
}

fn row(kind: Kind, object: &Value, version: Version, include: Include, now: Moment) -> Value {
    let shown = match include {
        Include::Metadata => metadata_alone(object, version),
        Include::Object => object.clone(),
        Include::None => Value::Null,
    };
    let mut row = json!({"cells": cells(kind, object, now), "object": shown});
    if kind == Kind::Pod
        && let Some(condition) = pod::condition(object)
        && let Some(members) = row.as_object_mut()
    {
        members.insert("conditions".to_owned(), json!([condition]));
    }
    row
}

fn cells(kind: Kind, object: &Value, now: Moment) -> Vec<Value> {
    match kind {
        Kind::Pod => pod::cells(object, now),
        Kind::Deployment => workload::deployment(object, now),
        Kind::ReplicaSet => workload::replica_set(object, now),
        Kind::Job => workload::job(object, now),
        Kind::HorizontalPodAutoscaler => workload::autoscaler(object, now),
        Kind::PodDisruptionBudget => workload::budget(object, now),
        Kind::Service => network::service(object, now),
        Kind::Ingress => network::ingress(object, now),
        Kind::EndpointSlice => network::endpoint_slice(object, now),
        Kind::Node => network::node(object, now),
        Kind::Event => event(object, now),
        Kind::Namespace => named(object, vec![object.text("/status/phase").into()], now),
        Kind::ConfigMap => named(object, vec![count(object, &["/data", "/binaryData"])], now),
        Kind::Secret => {
            let middle = vec![object.text("/type").into(), count(object, &["/data"])];
            named(object, middle, now)
        }
        Kind::Lease => named(object, vec![object.text("/spec/holderIdentity").into()], now),
        _ => custom::cells(kind, object, now),
    }
}

/// Name, something in the middle, age.
fn named(object: &Value, middle: Vec<Value>, now: Moment) -> Vec<Value> {
    let mut cells = vec![Value::from(object.name())];
    cells.extend(middle);
    cells.push(born(object, now));
    cells
}

fn count(object: &Value, parts: &[&str]) -> Value {
    parts.iter().filter_map(|part| object.members(part)).map(Map::len).sum::<usize>().into()
}

/// How long ago an object was created.
fn born(object: &Value, now: Moment) -> Value {
    since(object.text("/metadata/creationTimestamp"), now).into()
}

/// How long ago an instant was, as kubectl shows it.
fn since(instant: &str, now: Moment) -> String {
    match time::parse(instant) {
        Some(at) => age::short(now - at),
        None => "<unknown>".to_owned(),
    }
}

fn event(object: &Value, now: Moment) -> Vec<Value> {
    let first = match object.text("/firstTimestamp") {
        "" => since(object.text("/eventTime"), now),
        at => since(at, now),
    };
    let (last, count) = if object.get("series").is_some_and(Value::is_object) {
        (since(object.text("/series/lastObservedTime"), now), object.int("/series/count"))
    } else {
        let last = match object.text("/lastTimestamp") {
            "" => first.clone(),
            at => since(at, now),
        };
        (last, object.int("/count").max(1))
    };
    let kind = object.text("/involvedObject/kind").to_lowercase();
    let target = match object.text("/involvedObject/name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    let or = |one: &str, other: &str| {
        let one = object.text(one);
        if one.is_empty() { object.text(other).to_owned() } else { one.to_owned() }
    };
    let source = match or("/source/host", "/reportingInstance").as_str() {
        "" => or("/source/component", "/reportingComponent"),
        host => format!("{}, {host}", or("/source/component", "/reportingComponent")),
    };
    vec![
        last.into(),
        object.text("/type").into(),
        object.text("/reason").into(),
        target.into(),
        object.text("/involvedObject/fieldPath").into(),
        source.into(),
        object.text("/message").trim().into(),
        first.into(),
        count.into(),
        object.name().into(),
    ]
}

/// Names and images of a template's containers.
fn containers(object: &Value) -> [Value; 2] {
    let all = object.items("/spec/template/spec/containers");
    let join = |field| all.iter().map(|c| c.text(field)).collect::<Vec<_>>().join(",");
    [join("/name").into(), join("/image").into()]
}

/// A label selector in one line.
fn selector(object: &Value) -> Value {
    let Some(selector) = object.members("/spec/selector") else { return "<none>".into() };
    let selector = Value::Object(selector.clone());
    let mut parts: Vec<String> = selector
        .members("/matchLabels")
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    for expression in selector.items("/matchExpressions") {
        let key = expression.text("/key");
        let values = expression.items("/values").iter().filter_map(Value::as_str);
        let values = values.collect::<Vec<_>>().join(",");
        parts.push(match expression.text("/operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    if parts.is_empty() { "<none>".into() } else { parts.join(",").into() }
}

#[cfg(test)]
mod tests;
