//! The pod template: what people get wrong in it.
//!
//! A part of what the API server checks of pods; the rest shows when pods are created. Called by
//! the validation.

use serde_json::Value;

use super::{Check, invalid, required};
use crate::sim::object::Document;

const LABEL_RULE: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric \
    characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or \
    '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

pub(super) fn check(selector: Option<&Value>, template: &Value) -> Check {
    let members = selector.and_then(Value::as_object);
    let selects_nothing = members.is_none_or(serde_json::Map::is_empty);
    if !selects_nothing && !selector.is_some_and(|selector| selects(selector, template)) {
        let labels = template.pointer("/metadata/labels").cloned().unwrap_or_default();
        let why = "`selector` does not match template `labels`";
        return Err(invalid("spec.template.metadata.labels", labels, why));
    }
    check_containers("spec.template.spec.initContainers", template.items("/spec/initContainers"))?;
    let containers = template.items("/spec/containers");
    if containers.is_empty() {
        return Err(required("spec.template.spec.containers", ""));
    }
    check_containers("spec.template.spec.containers", containers)?;
    let policy = template.text("/spec/restartPolicy");
    if !matches!(policy, "" | "Always") {
        return Err(format!(
            "spec.template.spec.restartPolicy: Unsupported value: {policy:?}: supported values: \
             \"Always\""
        ));
    }
    if template.pointer("/spec/activeDeadlineSeconds").is_some() {
        return Err(
            "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in \
                    ReplicaSet is not Supported"
                .into(),
        );
    }
    Ok(())
}

fn check_containers(field: &str, containers: &[Value]) -> Check {
    let mut names = Vec::new();
    for (index, container) in containers.iter().enumerate() {
        let name = container.text("/name");
        let field = format!("{field}[{index}]");
        if name.is_empty() {
            return Err(required(&format!("{field}.name"), ""));
        }
        if !is_label(name) {
            return Err(invalid(&format!("{field}.name"), name, LABEL_RULE));
        }
        if names.contains(&name) {
            return Err(format!("{field}.name: Duplicate value: {name:?}"));
        }
        names.push(name);
        let image = container.text("/image");
        if image.is_empty() {
            return Err(required(&format!("{field}.image"), ""));
        }
        if image.trim() != image {
            let why = "must not have leading or trailing whitespace";
            return Err(invalid(&format!("{field}.image"), image, why));
        }
    }
    Ok(())
}

/// Whether this is a label as RFC 1123 has it.
fn is_label(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= 63 && name.chars().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// Whether a label selector takes the pods of a template.
fn selects(selector: &Value, template: &Value) -> bool {
    let labels = selector.members("/matchLabels").into_iter().flatten();
    let mut labels = labels.map(|(key, value)| template.label(key) == value.as_str().unwrap_or(""));
    let has = |key: &str| {
        template.members("/metadata/labels").is_some_and(|labels| labels.contains_key(key))
    };
    let mut expressions = selector.items("/matchExpressions").iter().map(|expression| {
        let key = expression.text("/key");
        let listed = expression.items("/values").iter().any(|value| value == template.label(key));
        match expression.text("/operator") {
            "In" => has(key) && listed,
            "NotIn" => !has(key) || !listed,
            "Exists" => has(key),
            _ => !has(key),
        }
    });
    labels.all(|fits| fits) && expressions.all(|fits| fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_fault_is_told() {
        let with = |labels: Value, containers: Value| {
            let template =
                json!({"metadata": {"labels": labels}, "spec": {"containers": containers}});
            check(Some(&json!({"matchLabels": {"app": "a"}})), &template)
        };
        let good = json!([{"name": "a", "image": "a:1"}]);
        assert_eq!(with(json!({"app": "a"}), good.clone()), Ok(()));
        let cases = [
            (
                with(json!({"app": "b"}), good.clone()),
                "spec.template.metadata.labels: Invalid value: {\"app\":\"b\"}: `selector` does \
                 not match template `labels`",
            ),
            (with(json!({"app": "a"}), json!([])), "spec.template.spec.containers: Required value"),
            (
                with(json!({"app": "a"}), json!([{"name": "a"}])),
                "spec.template.spec.containers[0].image: Required value",
            ),
        ];
        for (found, wanted) in cases {
            assert_eq!(found.unwrap_err(), wanted);
        }
    }
}
