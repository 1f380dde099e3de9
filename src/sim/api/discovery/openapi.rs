//! `OpenAPI` v3 in its least form: what kubectl needs to validate, to apply and to explain.
//!
//! Without descriptions. Version 2 exists only as protobuf for kubectl, and is refused. Called for
//! paths below `/openapi`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::sim::api::refusals;
use crate::sim::api::reply::Reply;
use crate::sim::api::schema::{self, Field, Merge, Table, Type};
use crate::sim::object::DocumentMut;
use crate::sim::store::{Facts, KINDS, Refusal};

/// Answers a path below `/openapi/v3`.
pub(super) fn answer(parts: &[&str]) -> Reply {
    match parts {
        [] => Reply::ok(json!({"paths": places()})),
        ["api", "v1"] => Reply::ok(document("", "v1")),
        ["apis", group, version]
            if KINDS.iter().any(|f| f.group == *group && f.version == *version) =>
        {
            Reply::ok(document(group, version))
        }
        _ => Reply::nothing_here(),
    }
}

pub(super) fn no_second_version() -> Refusal {
    refusals::not_acceptable()
}

fn places() -> Value {
    let mut places = Map::new();
    for facts in KINDS {
        let place = match facts.group {
            "" => "api/v1".to_owned(),
            group => format!("apis/{group}/{}", facts.version),
        };
        let url = format!("/openapi/v3/{place}?hash=1");
        places.insert(place, json!({"serverRelativeURL": url}));
    }
    Value::Object(places)
}

fn document(group: &str, version: &str) -> Value {
    let kinds: Vec<&Facts> =
        KINDS.iter().filter(|f| f.group == group && f.version == version).collect();
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for facts in &kinds {
        let root = if group.is_empty() {
            "/api/v1".to_owned()
        } else {
            format!("/apis/{group}/{version}")
        };
        let place = if facts.namespaced { "/namespaces/{namespace}" } else { "" };
        let kind = json!({"group": group, "version": version, "kind": facts.name});
        let parameters: Vec<Value> = ["dryRun", "fieldManager", "fieldValidation", "force"]
            .map(|name| json!({"name": name, "in": "query", "schema": {"type": "string"}}))
            .into();
        let responses = json!({"200": {"description": "OK"}});
        let read = json!({"x-kubernetes-group-version-kind": kind, "responses": responses});
        let mut write = read.clone();
        write.set("/parameters", parameters);
        let path = format!("{root}{place}/{}/{{name}}", facts.plural);
        paths.insert(
            path,
            json!({"get": read.clone(), "patch": write.clone(), "put": write.clone()}),
        );
        let path = format!("{root}{place}/{}", facts.plural);
        paths.insert(path, json!({"get": read, "post": write}));
        collect(facts, &mut schemas);
    }
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.34.4"},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

/// The types that a kind is made of.
fn collect(facts: &Facts, schemas: &mut Map<String, Value>) {
    let table = schema::of(facts.custom);
    let prefix = prefix(facts.custom, facts.group);
    let mut waiting = vec![facts.name];
    let mut seen = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if !seen.insert(name) {
            continue;
        }
        let found = find(table, name);
        let mut properties = Map::new();
        for field in found.map(|of| of.fields.as_slice()).unwrap_or_default() {
            properties.insert(field.name.to_owned(), property(field, &prefix));
            waiting.extend(inner(&field.of));
        }
        let mut schema = json!({"type": "object"});
        if name == facts.name {
            for field in ["apiVersion", "kind"] {
                properties.insert(field.to_owned(), json!({"type": "string"}));
            }
            let kind = json!({"group": facts.group, "version": facts.version, "kind": name});
            schema.set("/x-kubernetes-group-version-kind", json!([kind]));
        }
        schema.set("/properties", properties);
        schemas.insert(format!("{prefix}{name}"), schema);
    }
}

fn prefix(custom: bool, group: &str) -> String {
    if custom { format!("custom.{group}.") } else { "native.".to_owned() }
}

/// A type by its name. The metadata are the same everywhere.
fn find<'t>(table: &'t Table, name: &str) -> Option<&'t schema::Struct> {
    table.get(name).or_else(|| schema::natives().get(name))
}

fn inner(of: &Type) -> Option<&'static str> {
    match of {
        Type::Of(name) => Some(name),
        Type::List(of) | Type::Map(of) => inner(of),
        _ => None,
    }
}

fn property(field: &Field, prefix: &str) -> Value {
    let mut property = shape(&field.of, prefix);
    let retain = if field.retain { "retainKeys" } else { "" };
    let strategy = match field.merge {
        Merge::By(_) | Merge::Set if field.retain => "merge,retainKeys",
        Merge::By(_) | Merge::Set => "merge",
        Merge::Replace => "replace",
        Merge::Usual => retain,
    };
    if !strategy.is_empty() {
        property.set("/x-kubernetes-patch-strategy", strategy);
    }
    if let Merge::By(key) = field.merge {
        property.set("/x-kubernetes-patch-merge-key", key);
    }
    property
}

fn shape(of: &Type, prefix: &str) -> Value {
    let text = |format: &str| json!({"type": "string", "format": format});
    match of {
        Type::Text | Type::Quantity => json!({"type": "string"}),
        Type::Choice(words) => json!({"type": "string", "enum": words}),
        Type::Flag => json!({"type": "boolean"}),
        Type::Whole("int64") => json!({"type": "integer", "format": "int64"}),
        Type::Whole(_) => json!({"type": "integer", "format": "int32"}),
        Type::Number => json!({"type": "number", "format": "double"}),
        Type::Time => text("date-time"),
        Type::Bytes => text("byte"),
        Type::WholeOrText => text("int-or-string"),
        Type::Any => json!({}),
        Type::Object | Type::Empty => json!({"type": "object"}),
        Type::List(of) => json!({"type": "array", "items": shape(of, prefix)}),
        Type::Map(of) => json!({"type": "object", "additionalProperties": shape(of, prefix)}),
        // A reference alone: what stands beside it would be overlooked.
        Type::Of(name) => {
            json!({"allOf": [{"$ref": format!("#/components/schemas/{prefix}{name}")}]})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::object::Document;

    #[test]
    fn a_document_names_what_kubectl_looks_for() {
        let reply = answer(&["apis", "apps", "v1"]);
        let all = reply.json();
        let path = "/paths/~1apis~1apps~1v1~1namespaces~1{namespace}~1deployments~1{name}/patch";
        assert_eq!(all.text(&format!("{path}/x-kubernetes-group-version-kind/kind")), "Deployment");
        let spec = "/components/schemas/native.PodSpec/properties/containers";
        assert_eq!(all.text(&format!("{spec}/x-kubernetes-patch-merge-key")), "name");
        let listed = answer(&[]);
        for place in listed.json().members("/paths").unwrap().keys() {
            let parts: Vec<&str> = place.split('/').collect();
            let text = answer(&parts).json().to_string();
            for reference in text.split("#/components/schemas/").skip(1) {
                let name = reference.split('"').next().unwrap();
                assert!(text.contains(&format!("\"{name}\":{{")), "{place}: {name}");
            }
        }
    }
}
