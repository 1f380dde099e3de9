//! Arguments that a Rollout gives to an analysis, resolved.
//!
//! Never knows what a template does with them. Called when runs and experiments are started, and
//! by the validation.

use serde_json::{Value, json};

use crate::sim::control::rollout::spec::{Argument, Rollout};
use crate::sim::object::Document;

/// `[{name, value}]`, or why one of them has no value, in the words of the real controller.
pub(crate) fn arguments(
    args: &[Argument],
    rollout: &Rollout,
    latest: &str,
    stable: &str,
) -> Result<Vec<Value>, String> {
    let resolve = |argument: &Argument| {
        let value = resolved(argument, rollout, latest, stable)?;
        Ok(json!({"name": argument.name, "value": value}))
    };
    args.iter().map(resolve).collect()
}

/// The same for a look ahead: hashes are not known yet, and what has no value is empty.
pub(crate) fn provisional_arguments(args: &[Argument], rollout: &Rollout) -> Vec<Value> {
    let resolve = |argument: &Argument| {
        let value = resolved(argument, rollout, "dummy-new-hash", "dummy-stable-hash");
        json!({"name": argument.name, "value": value.unwrap_or_default()})
    };
    args.iter().map(resolve).collect()
}

fn resolved(
    argument: &Argument,
    rollout: &Rollout,
    latest: &str,
    stable: &str,
) -> Result<String, String> {
    let Some(source) = &argument.value_from else { return Ok(argument.value.clone()) };
    match (source.pod_template_hash_value.as_deref(), &source.field_ref) {
        (Some("Latest"), _) => Ok(latest.to_owned()),
        (Some("Stable"), _) => Ok(stable.to_owned()),
        (None, Some(field)) if field.field_path.starts_with("metadata") => {
            metadata_field(&rollout.object, &field.field_path)
        }
        (None, Some(field)) => any_field(&rollout.object, &field.field_path),
        _ => Ok(argument.value.clone()),
    }
}

/// A field as the downward API names it.
pub(crate) fn metadata_field(object: &Value, path: &str) -> Result<String, String> {
    let subscript = path.strip_suffix("']").and_then(|path| path.split_once("['"));
    if let Some((map, key)) = subscript {
        return match map {
            "metadata.annotations" => Ok(object.annotation(key).unwrap_or_default().to_owned()),
            "metadata.labels" => Ok(object.label(key).to_owned()),
            _ => Err(format!("fieldPath {path:?} does not support subscript")),
        };
    }
    let all = |pointer| {
        let members = object.members(pointer).into_iter().flatten();
        members.map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("\n")
    };
    match path {
        "metadata.annotations" => Ok(all("/metadata/annotations")),
        "metadata.labels" => Ok(all("/metadata/labels")),
        "metadata.name" => Ok(object.name().to_owned()),
        "metadata.namespace" => Ok(object.namespace().to_owned()),
        "metadata.uid" => Ok(object.uid().to_owned()),
        _ => Err(format!("unsupported fieldPath: {path}")),
    }
}

/// Any other field: `spec.template.spec.containers[0].image`.
fn any_field(object: &Value, path: &str) -> Result<String, String> {
    let invalid = || format!("invalid path {path} in rollout");
    let mut place = object;
    for section in path.split(['.', '[', ']']).filter(|section| !section.is_empty()) {
        place = match place {
            Value::Array(items) => {
                let index: usize =
                    section.parse().map_err(|_| format!("invalid index '{section}'"))?;
                items.get(index).ok_or_else(|| format!("index {index} out of range"))?
            }
            Value::Object(members) => members.get(section).unwrap_or(&Value::Null),
            _ => return Err(invalid()),
        };
    }
    match place {
        Value::Null => Err(invalid()),
        Value::Array(_) | Value::Object(_) => {
            Err(format!("path {path} in rollout must terminate in a primitive value"))
        }
        Value::String(text) => Ok(text.clone()),
        other => Ok(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_values_come_from() {
        let object = json!({
            "metadata": {"name": "web", "namespace": "shop", "labels": {"tier": "front"}},
            "spec": {"replicas": 3, "template": {"spec": {"containers": [{"image": "web:2"}]}}},
        });
        let rollout = Rollout::read(&object).unwrap();
        let field = |path: &str| json!({"valueFrom": {"fieldRef": {"fieldPath": path}}});
        let hash = |which: &str| json!({"valueFrom": {"podTemplateHashValue": which}});
        let cases = [
            (json!({"value": "x"}), Ok("x")),
            (hash("Latest"), Ok("new")),
            (hash("Stable"), Ok("old")),
            (field("metadata.labels['tier']"), Ok("front")),
            (field("metadata.name"), Ok("web")),
            (field("metadata.color"), Err("unsupported fieldPath: metadata.color")),
            (field("spec.replicas"), Ok("3")),
            (field("spec.template.spec.containers[0].image"), Ok("web:2")),
            (field("spec.template.spec.containers[1].image"), Err("index 1 out of range")),
            (field("spec.color"), Err("invalid path spec.color in rollout")),
            (
                field("spec.template"),
                Err("path spec.template in rollout must terminate in a primitive value"),
            ),
        ];
        for (argument, wanted) in cases {
            let argument: Argument = serde_json::from_value(argument).unwrap();
            let found = resolved(&argument, &rollout, "new", "old");
            assert_eq!(found, wanted.map(str::to_owned).map_err(str::to_owned));
        }
    }
}
