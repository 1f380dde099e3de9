//! The form in which the real controller writes a Rollout back.
//!
//! It reads objects into its own types and writes those, so that an empty `resources: {}` appears
//! in every container and what is false or empty disappears. That raises `metadata.generation`,
//! which clients see; and hashes are taken of this form. Called by the spec.

use serde_json::{Map, Value, json};

use crate::sim::object::{Document, DocumentMut, drop_nulls};

/// Where nothing and absent are the same, of fields that are written only when they say something.
const OMITTED_WHEN_EMPTY: &[&str] = &[
    "/spec/paused",
    "/spec/minReadySeconds",
    "/spec/progressDeadlineAbort",
    "/spec/strategy/canary/steps",
    "/spec/strategy/canary/canaryService",
    "/spec/strategy/canary/stableService",
    "/spec/strategy/canary/dynamicStableScale",
    "/spec/strategy/blueGreen/previewService",
    "/spec/strategy/blueGreen/autoPromotionSeconds",
];

/// The object in that form. Doing it twice changes nothing more.
pub(crate) fn normalised(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(spec) = object.get_mut("spec") {
        drop_nulls(spec);
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            give_resources(spec.pointer_mut(&format!("/template/spec/{list}")));
        }
        give_experiments(spec.pointer_mut("/strategy/canary/steps"));
    }
    for pointer in OMITTED_WHEN_EMPTY {
        if object.pointer(pointer).is_some_and(is_nothing) {
            object.take_out(pointer);
        }
    }
    object
}

/// A template in that form, as it is taken from a workload.
pub(crate) fn normal_template(template: &Value) -> Value {
    let object = normalised(&json!({"spec": {"template": template}}));
    object.pointer("/spec/template").cloned().unwrap_or_default()
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(_) => false,
    }
}

fn give_resources(containers: Option<&mut Value>) {
    for container in containers.and_then(Value::as_array_mut).into_iter().flatten() {
        give(container, "resources");
    }
}

fn give_experiments(steps: Option<&mut Value>) {
    for step in steps.and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(experiment) = step.get_mut("experiment") else { continue };
        give(experiment, "analysisRunMetadata");
        let templates = experiment.get_mut("templates").and_then(Value::as_array_mut);
        for template in templates.into_iter().flatten() {
            give(template, "metadata");
        }
    }
}

/// Gives an object an empty member, unless it has one of this name.
fn give(value: &mut Value, name: &str) {
    if let Some(members) = value.as_object_mut() {
        members.entry(name).or_insert_with(|| Value::Object(Map::new()));
    }
}

/// Whether a template says nothing: as it has to be beside a workload.
pub(crate) fn is_empty_template(template: &Value) -> bool {
    let has = |pointer| template.members(pointer).is_some_and(|members| !members.is_empty());
    !has("/metadata/labels") && !has("/metadata/annotations")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_controller_writes_it() {
        let object = json!({"spec": {
            "paused": false,
            "template": {"metadata": null, "spec": {"containers": [{"name": "a"}]}},
            "strategy": {"canary": {"steps": [
                {"pause": {}},
                {"experiment": {"templates": [{"name": "x"}]}},
            ]}},
        }});
        let wanted = json!({"spec": {
            "template": {"spec": {"containers": [{"name": "a", "resources": {}}]}},
            "strategy": {"canary": {"steps": [
                {"pause": {}},
                {"experiment": {
                    "templates": [{"name": "x", "metadata": {}}],
                    "analysisRunMetadata": {},
                }},
            ]}},
        }});
        assert_eq!(normalised(&object), wanted);
        assert_eq!(normalised(&wanted), wanted);
    }
}
