//! Structural schemas of custom kinds: what is not named is dropped, defaults are filled in, types
//! are checked, in the words of the API server.
//!
//! Called by whatever reads a body of a custom kind.

use serde_json::{Map, Value};

use super::{Struct, Type, customs};
use crate::sim::store::Cause;
use crate::sim::time;

/// Drops what the definition does not name, and nulls; each dropped path is added to `unknown`.
pub(crate) fn prune(name: &str, body: &mut Value, unknown: &mut Vec<String>) {
    let (Some(of), Value::Object(members)) = (customs().get(name), body) else { return };
    members.retain(|key, value| {
        let known = matches!(key.as_str(), "apiVersion" | "kind") || of.field(key).is_some();
        if !known {
            unknown.push(key.clone());
        }
        known && !value.is_null()
    });
    for (key, value) in members.iter_mut() {
        // The metadata are not the definition's.
        if key != "metadata"
            && let Some(field) = of.field(key)
        {
            prune_one(&field.of, value, key, unknown);
        }
    }
}

fn prune_one(of: &Type, value: &mut Value, path: &str, unknown: &mut Vec<String>) {
    match (of, value) {
        (Type::Of(name), Value::Object(members)) => {
            if let Some(of) = customs().get(name) {
                prune_struct(of, members, path, unknown);
            }
        }
        (Type::Empty, Value::Object(members)) => {
            unknown.extend(members.keys().map(|key| format!("{path}.{key}")));
            members.clear();
        }
        (Type::List(of), Value::Array(items)) => {
            for (at, item) in items.iter_mut().enumerate() {
                prune_one(of, item, &format!("{path}[{at}]"), unknown);
            }
        }
        (Type::Map(of), Value::Object(members)) => {
            members.retain(|_, value| !value.is_null());
            for (key, item) in members.iter_mut() {
                prune_one(of, item, &format!("{path}.{key}"), unknown);
            }
        }
        _ => {}
    }
}

fn prune_struct(
    of: &Struct,
    members: &mut Map<String, Value>,
    path: &str,
    unknown: &mut Vec<String>,
) {
    members.retain(|key, value| {
        let known = of.field(key).is_some();
        if !known {
            unknown.push(format!("{path}.{key}"));
        }
        known && !value.is_null()
    });
    for (key, value) in members.iter_mut() {
        if let Some(field) = of.field(key) {
            prune_one(&field.of, value, &format!("{path}.{key}"), unknown);
        }
    }
}

/// Fills in the definition's defaults.
pub(crate) fn complete(name: &str, body: &mut Value) {
    complete_one(&Type::Of(known(name)), body);
}

fn complete_one(of: &Type, value: &mut Value) {
    match (of, value) {
        (Type::Of(name), Value::Object(members)) => {
            let Some(of) = customs().get(name) else { return };
            for field in &of.fields {
                if let Some(default) = &field.default
                    && !members.contains_key(field.name)
                {
                    members.insert(field.name.to_owned(), default.clone());
                }
                if let Some(inner) = members.get_mut(field.name) {
                    complete_one(&field.of, inner);
                }
            }
        }
        (Type::List(of), Value::Array(items)) => {
            for item in items {
                complete_one(of, item);
            }
        }
        (Type::Map(of), Value::Object(members)) => {
            for item in members.values_mut() {
                complete_one(of, item);
            }
        }
        _ => {}
    }
}

/// Checks an object, or its status alone, against the definition.
pub(crate) fn validate(name: &str, body: &Value, status_alone: bool) -> Vec<Cause> {
    let mut causes = Vec::new();
    let (Some(of), Value::Object(members)) = (customs().get(name), body) else { return causes };
    for field in &of.fields {
        if field.name == "metadata" || (status_alone && field.name != "status") {
            continue;
        }
        match members.get(field.name) {
            Some(value) => validate_one(&field.of, value, field.name, &mut causes),
            None if field.required => causes.push(Cause::required(field.name, "")),
            None => {}
        }
    }
    // What is missing comes first, as the real server's walk has it.
    causes.sort_by_key(|cause| cause.reason != "FieldValueRequired");
    if !causes.is_empty() {
        replicas_of_scale(body, &mut causes);
    } else if let Some(cause) = replicas_out_of_bounds(body).filter(|_| name == "Rollout") {
        causes.push(cause);
    }
    causes
}

fn validate_one(of: &Type, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    let (fits, wanted) = match (of, value) {
        (Type::Any | Type::Quantity, _) => return,
        (Type::Of(name), Value::Object(members)) => {
            if let Some(of) = customs().get(name) {
                validate_struct(of, members, path, causes);
            }
            return;
        }
        (Type::List(of), Value::Array(items)) => {
            for (at, item) in items.iter().enumerate() {
                validate_one(of, item, &format!("{path}[{at}]"), causes);
            }
            return;
        }
        (Type::Map(of), Value::Object(members)) => {
            for (key, item) in members {
                validate_one(of, item, &format!("{path}.{key}"), causes);
            }
            return;
        }
        (Type::Choice(words), Value::String(text)) => {
            if !words.contains(&text.as_str()) {
                causes.push(Cause::unsupported(path, &format!("{text:?}"), words));
            }
            return;
        }
        (Type::Time, Value::String(text)) => (time::parse(text).is_some(), "date-time"),
        (Type::Of(_) | Type::Map(_) | Type::Object | Type::Empty, _) => {
            (value.is_object(), "object")
        }
        (Type::List(_), _) => (false, "array"),
        (Type::Flag, _) => (value.is_boolean(), "boolean"),
        (Type::Whole(_), _) => (value.is_i64() || value.is_u64(), "integer"),
        (Type::Number, _) => (value.is_number(), "number"),
        (Type::WholeOrText, _) => (value.is_string() || value.is_i64(), "integer,string"),
        (Type::Text | Type::Choice(_) | Type::Time | Type::Bytes, _) => {
            (value.is_string(), "string")
        }
    };
    if !fits {
        let seen = match value {
            Value::String(text) if wanted == "date-time" => format!("{text:?}"),
            other => format!("{:?}", word(other)),
        };
        // The server checks the status by itself, and then names it from there.
        let inner = path.strip_prefix("status.").unwrap_or(path);
        let what = format!("{inner} in body must be of type {wanted}: {seen}");
        causes.push(mistyped(path, &seen, &what));
        if *of == Type::WholeOrText {
            let what = format!("{path:?} must validate at least one schema (anyOf)");
            causes.push(Cause::invalid("<nil>", "\"\"", &what));
            let what = format!("{inner} in body must be of type integer: {seen}");
            causes.push(mistyped(path, &seen, &what));
        }
    }
}

fn mistyped(path: &str, seen: &str, what: &str) -> Cause {
    Cause { reason: "FieldValueTypeInvalid", ..Cause::invalid(path, seen, what) }
}

fn validate_struct(of: &Struct, members: &Map<String, Value>, path: &str, causes: &mut Vec<Cause>) {
    for field in &of.fields {
        let path = format!("{path}.{}", field.name);
        match members.get(field.name) {
            Some(value) => validate_one(&field.of, value, &path, causes),
            None if field.required => causes.push(Cause::required(&path, "")),
            None => {}
        }
    }
}

/// The scale subresource reads the replicas by itself, and complains by itself.
fn replicas_of_scale(body: &Value, causes: &mut Vec<Cause>) {
    let Some(spec) = body.get("spec") else { return };
    let complaint = match (spec, spec.get("replicas")) {
        (Value::Object(_), None) => return,
        (Value::Object(_), Some(replicas)) if replicas.is_i64() => return,
        (Value::Object(_), Some(replicas)) => {
            format!("{} is of the type {}, expected int64", bare(replicas), go_word(replicas))
        }
        (other, _) => format!(
            "{} is of the type {}, expected map[string]interface{{}}",
            bare(other),
            go_word(other)
        ),
    };
    let what = format!(".spec.replicas accessor error: {complaint}");
    causes.push(Cause::invalid(".spec.replicas", "0", &what));
}

fn replicas_out_of_bounds(body: &Value) -> Option<Cause> {
    let replicas = body.pointer("/spec/replicas")?.as_i64()?;
    let what = match replicas {
        ..0 => "should be a non-negative integer",
        n if n > i64::from(i32::MAX) => "should be less than or equal to 2147483647",
        _ => return None,
    };
    Some(Cause::invalid(".spec.replicas", &replicas.to_string(), what))
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn go_word(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface{}",
        Value::Object(_) => "map[string]interface{}",
    }
}

fn word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The table's own copy of a name.
fn known(name: &str) -> &'static str {
    customs().get_key_value(name).map_or("", |(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_named_goes_and_defaults_come() {
        let mut body = json!({
            "metadata": {"name": "a", "odd": 1},
            "spec": {
                "replicas": null,
                "foo": 1,
                "strategy": {"canary": {"steps": [{"setWeigth": 5, "pause": {}}]}},
                "template": {"spec": {
                    "containers": [{"name": "a", "ports": [{"containerPort": 80}]}],
                    "volumes": [{"name": "v", "whatever": {"a": 1}}],
                }},
            },
            "odd": 1,
        });
        let mut unknown = Vec::new();
        prune("Rollout", &mut body, &mut unknown);
        complete("Rollout", &mut body);
        unknown.sort();
        assert_eq!(unknown, ["odd", "spec.foo", "spec.strategy.canary.steps[0].setWeigth"]);
        assert_eq!(body.pointer("/spec/replicas"), None);
        let container = body.pointer("/spec/template/spec/containers/0").unwrap();
        assert_eq!(container["ports"], json!([{"containerPort": 80, "protocol": "TCP"}]));
        assert_eq!(body.pointer("/spec/template/spec/volumes/0/whatever/a"), Some(&json!(1)));
    }

    #[test]
    fn what_does_not_fit_is_told_as_the_server_tells_it() {
        let body = json!({"spec": {"replicas": "x", "strategy": {"blueGreen": {}}}});
        let told: Vec<String> =
            validate("Rollout", &body, false).iter().map(ToString::to_string).collect();
        let wanted = [
            "spec.strategy.blueGreen.activeService: Required value",
            "spec.replicas: Invalid value: \"string\": spec.replicas in body must be of type \
             integer: \"string\"",
            ".spec.replicas: Invalid value: 0: .spec.replicas accessor error: x is of the type \
             string, expected int64",
        ];
        assert_eq!(told, wanted);
        let negative = validate("Rollout", &json!({"spec": {"replicas": -3}}), false);
        assert_eq!(
            negative.first().map(ToString::to_string).unwrap(),
            ".spec.replicas: Invalid value: -3: should be a non-negative integer"
        );
    }
}
