//! Ingresses.
//!
//! Called for ingresses that a client writes.

use serde_json::Value;

use crate::sim::object::Document;
use crate::sim::store::Cause;

pub(super) fn ingress(object: &Value) -> Vec<Cause> {
    let rules = object.items("/spec/rules");
    let default = object.pointer("/spec/defaultBackend").is_some_and(Value::is_object);
    if rules.is_empty() && !default {
        let why = "either `defaultBackend` or `rules` must be specified";
        return vec![Cause::invalid("spec", "null", why)];
    }
    let mut causes = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        for (place, path) in rule.items("/http/paths").iter().enumerate() {
            let field = format!("spec.rules[{at}].http.paths[{place}]");
            check_path(path, &field, &mut causes);
        }
    }
    causes
}

fn check_path(path: &Value, field: &str, causes: &mut Vec<Cause>) {
    let kinds = ["Exact", "ImplementationSpecific", "Prefix"];
    match path.text("/pathType") {
        // Without its type nothing else of a path is looked at.
        "" => {
            let why = "pathType must be specified";
            causes.push(Cause::required(&format!("{field}.pathType"), why));
            return;
        }
        kind if !kinds.contains(&kind) => {
            let field = format!("{field}.pathType");
            causes.push(Cause::unsupported(&field, &format!("{kind:?}"), &kinds));
            return;
        }
        _ => {}
    }
    let text = path.text("/path");
    let free = path.text("/pathType") == "ImplementationSpecific" && text.is_empty();
    if !free && !text.starts_with('/') {
        let why = "must be an absolute path";
        causes.push(Cause::invalid(&format!("{field}.path"), &format!("{text:?}"), why));
    }
    let service = path.pointer("/backend/service").is_some_and(Value::is_object);
    if service && path.text("/backend/service/name").is_empty() {
        causes.push(Cause::required(&format!("{field}.backend.service.name"), ""));
    }
}
