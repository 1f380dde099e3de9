//! Deployments, ReplicaSets, Jobs, autoscalers and disruption budgets.
//!
//! Called for objects of these kinds that a client writes.

use serde_json::{Map, Value};

use super::{pod, quoted};
use crate::sim::object::Document;
use crate::sim::store::{Cause, Object};

pub(super) fn deployment(object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    not_negative(object, "replicas", &mut causes);
    selector(object, &mut causes);
    template(object, "Always", &mut causes);
    strategy(object, &mut causes);
    for field in ["minReadySeconds", "revisionHistoryLimit"] {
        not_negative(object, field, &mut causes);
    }
    let deadline = object.int_maybe("/spec/progressDeadlineSeconds");
    if let Some(deadline) = deadline.filter(|d| *d <= object.int("/spec/minReadySeconds")) {
        let why = "must be greater than minReadySeconds";
        let field = "spec.progressDeadlineSeconds";
        causes.push(Cause::invalid(field, &deadline.to_string(), why));
    }
    causes
}

pub(super) fn replica_set(object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for field in ["replicas", "minReadySeconds"] {
        not_negative(object, field, &mut causes);
    }
    selector(object, &mut causes);
    template(object, "Always", &mut causes);
    causes
}

fn not_negative(object: &Value, field: &str, causes: &mut Vec<Cause>) {
    let value = object.int(&format!("/spec/{field}"));
    if value < 0 {
        let why = "must be greater than or equal to 0";
        causes.push(Cause::invalid(&format!("spec.{field}"), &value.to_string(), why));
    }
}

fn selector(object: &Value, causes: &mut Vec<Cause>) {
    let selector = object.pointer("/spec/selector").filter(|selector| selector.is_object());
    let labels = object.members("/spec/template/metadata/labels");
    let fits = match selector {
        None => {
            causes.push(Cause::required("spec.selector", ""));
            false
        }
        Some(selector) if selector.as_object().is_some_and(Map::is_empty) => {
            let why = "empty selector is invalid for deployment";
            causes.push(Cause::invalid("spec.selector", "{}", why));
            true
        }
        Some(selector) => selects(selector, labels),
    };
    if !fits {
        causes.push(Cause::invalid(
            "spec.template.metadata.labels",
            &labels.map_or_else(|| "null".to_owned(), |l| Value::Object(l.clone()).to_string()),
            "`selector` does not match template `labels`",
        ));
    }
}

/// Whether a label selector chooses these labels.
fn selects(selector: &Value, labels: Option<&Map<String, Value>>) -> bool {
    let label = |key: &str| labels.and_then(|labels| labels.get(key));
    let equal = selector.members("/matchLabels").into_iter().flatten();
    let equal = equal.into_iter().all(|(key, value)| label(key) == Some(value));
    let others = selector.items("/matchExpressions").iter().all(|expression| {
        let value = label(expression.text("/key"));
        let listed = value.is_some_and(|value| expression.items("/values").contains(value));
        match expression.text("/operator") {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    });
    equal && others
}

fn template(object: &Value, policy: &str, causes: &mut Vec<Cause>) {
    causes.extend(pod::check(object, "spec.template.spec"));
    let said = object.text("/spec/template/spec/restartPolicy");
    if !said.is_empty() && said != policy {
        let known = [policy];
        let field = "spec.template.spec.restartPolicy";
        causes.retain(|cause| cause.field != field);
        causes.push(Cause::unsupported(field, &format!("{said:?}"), &known));
    }
}

fn strategy(object: &Value, causes: &mut Vec<Cause>) {
    let kind = object.text("/spec/strategy/type");
    let rolling = object.pointer("/spec/strategy/rollingUpdate").filter(|part| part.is_object());
    match (kind, rolling) {
        ("Recreate", Some(_)) => causes.push(Cause::forbidden(
            "spec.strategy.rollingUpdate",
            "may not be specified when strategy `type` is 'Recreate'",
        )),
        ("Recreate", None) => {}
        ("RollingUpdate", Some(rolling)) => {
            for field in ["maxUnavailable", "maxSurge"] {
                if let Some(cause) = share(rolling, field) {
                    causes.push(cause);
                }
            }
            let nothing = |field: &str| {
                let value = rolling.get(field);
                value.is_some_and(|v| *v == 0 || *v == "0%")
            };
            if nothing("maxUnavailable") && nothing("maxSurge") {
                causes.push(Cause::invalid(
                    "spec.strategy.rollingUpdate.maxUnavailable",
                    &quoted(rolling.get("maxUnavailable")),
                    "may not be 0 when `maxSurge` is 0",
                ));
            }
        }
        _ => causes.push(Cause::unsupported(
            "spec.strategy",
            &format!("{{\"Type\":{kind:?},\"RollingUpdate\":null}}"),
            &["Recreate", "RollingUpdate"],
        )),
    }
}

/// A number or a percentage.
fn share(rolling: &Value, field: &str) -> Option<Cause> {
    let path = format!("spec.strategy.rollingUpdate.{field}");
    match rolling.get(field)? {
        Value::String(text) => {
            let digits = text.strip_suffix('%').unwrap_or_default();
            let fits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            let why = "a valid percent string must be a numeric string followed by an ending '%' \
                       (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
            (!fits).then(|| Cause::invalid(&path, &format!("{text:?}"), why))
        }
        Value::Number(number) if number.as_i64().is_some_and(|n| n < 0) => {
            let why = "must be greater than or equal to 0";
            Some(Cause::invalid(&path, &number.to_string(), why))
        }
        _ => None,
    }
}

pub(super) fn job(object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for field in ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit"] {
        not_negative(object, field, &mut causes);
    }
    causes.extend(pod::check(object, "spec.template.spec"));
    let field = "spec.template.spec.restartPolicy";
    match object.text("/spec/template/spec/restartPolicy") {
        "OnFailure" | "Never" => {}
        // The default of templates cannot be told from what was said.
        "" | "Always" => {
            causes.push(Cause::required(field, "valid values: \"OnFailure\", \"Never\""));
        }
        other => {
            causes.retain(|cause| cause.field != field);
            let known = ["OnFailure", "Never"];
            causes.push(Cause::unsupported(field, &format!("{other:?}"), &known));
        }
    }
    causes
}

pub(super) fn autoscaler(object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let (least, most) = (object.int("/spec/minReplicas"), object.int("/spec/maxReplicas"));
    if most < 1 {
        causes.push(Cause::invalid(
            "spec.maxReplicas",
            &most.to_string(),
            "must be greater than 0",
        ));
    }
    if most < least {
        let why = "must be greater than or equal to `minReplicas`";
        causes.push(Cause::invalid("spec.maxReplicas", &most.to_string(), why));
    }
    for field in ["kind", "name"] {
        if object.text(&format!("/spec/scaleTargetRef/{field}")).is_empty() {
            causes.push(Cause::required(&format!("spec.scaleTargetRef.{field}"), ""));
        }
    }
    causes
}

pub(super) fn budget(object: &Value) -> Vec<Cause> {
    let bound = |field: &str| object.pointer(&format!("/spec/{field}")).filter(|v| !v.is_null());
    let (Some(least), Some(most)) = (bound("minAvailable"), bound("maxUnavailable")) else {
        return Vec::new();
    };
    let selector = quoted(object.pointer("/spec/selector"));
    let value = format!(
        "{{\"MinAvailable\":{least},\"Selector\":{selector},\"MaxUnavailable\":{most},\
         \"UnhealthyPodEvictionPolicy\":null}}"
    );
    vec![Cause::invalid("spec", &value, "minAvailable and maxUnavailable cannot be both set")]
}

pub(super) fn same_selector(object: &Value, current: &Object) -> Vec<Cause> {
    let selector = object.pointer("/spec/selector");
    if selector == current.pointer("/spec/selector") {
        return Vec::new();
    }
    vec![Cause::invalid("spec.selector", &quoted(selector), "field is immutable")]
}

pub(super) fn same_job(object: &Value, current: &Object) -> Vec<Cause> {
    let mut causes = Vec::new();
    for field in ["completions", "selector", "template"] {
        let pointer = format!("/spec/{field}");
        let (next, before) = (object.pointer(&pointer), current.pointer(&pointer));
        if next != before && before.is_some() {
            let field = format!("spec.{field}");
            causes.push(Cause::invalid(&field, &quoted(next), "field is immutable"));
        }
    }
    causes
}
