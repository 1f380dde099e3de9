//! Cells of Deployments, ReplicaSets, Jobs, autoscalers and disruption budgets.
//!
//! Called by tables.

use serde_json::Value;

use super::{age, born, containers, selector};
use crate::sim::object::Document;
use crate::sim::time::{self, Moment};

pub(super) fn deployment(object: &Value, now: Moment) -> Vec<Value> {
    let ready = format!("{}/{}", object.int("/status/readyReplicas"), object.int("/spec/replicas"));
    let mut cells = vec![
        object.name().into(),
        ready.into(),
        object.int("/status/updatedReplicas").into(),
        object.int("/status/availableReplicas").into(),
        born(object, now),
    ];
    cells.extend(containers(object));
    cells.push(selector(object));
    cells
}

pub(super) fn replica_set(object: &Value, now: Moment) -> Vec<Value> {
    let mut cells = vec![
        object.name().into(),
        object.int("/spec/replicas").into(),
        object.int("/status/replicas").into(),
        object.int("/status/readyReplicas").into(),
        born(object, now),
    ];
    cells.extend(containers(object));
    cells.push(selector(object));
    cells
}

pub(super) fn job(object: &Value, now: Moment) -> Vec<Value> {
    let succeeded = object.int("/status/succeeded");
    let completions = match object.int_maybe("/spec/completions") {
        Some(wanted) => format!("{succeeded}/{wanted}"),
        None => match object.int("/spec/parallelism") {
            parallel @ 2.. => format!("{succeeded}/1 of {parallel}"),
            _ => format!("{succeeded}/1"),
        },
    };
    let started = time::parse(object.text("/status/startTime"));
    let ended = time::parse(object.text("/status/completionTime")).unwrap_or(now);
    let duration = started.map(|at| age::short(ended - at)).unwrap_or_default();
    let states = [
        ("Complete", object.holds("Complete")),
        ("Failed", object.holds("Failed")),
        ("Terminating", object.is_leaving()),
        ("Suspended", object.holds("Suspended")),
        ("FailureTarget", object.holds("FailureTarget")),
        ("SuccessCriteriaMet", object.holds("SuccessCriteriaMet")),
    ];
    let status = states.into_iter().find(|(_, is)| *is).map_or("Running", |(word, _)| word);
    let mut cells = vec![
        object.name().into(),
        status.into(),
        completions.into(),
        duration.into(),
        born(object, now),
    ];
    cells.extend(containers(object));
    cells.push(selector(object));
    cells
}

pub(super) fn autoscaler(object: &Value, now: Moment) -> Vec<Value> {
    let reference = format!(
        "{}/{}",
        object.text("/spec/scaleTargetRef/kind"),
        object.text("/spec/scaleTargetRef/name")
    );
    let statuses = object.items("/status/currentMetrics");
    let metrics = object.items("/spec/metrics").iter().enumerate();
    let metrics: Vec<String> =
        metrics.filter_map(|(at, spec)| metric(spec, statuses.get(at))).collect();
    let count = metrics.len();
    let mut shown = metrics.into_iter().take(2).collect::<Vec<_>>().join(", ");
    if count > 2 {
        shown = format!("{shown} + {} more...", count - 2);
    }
    let least = object.int_maybe("/spec/minReplicas").map(|n| n.to_string());
    vec![
        object.name().into(),
        reference.into(),
        if shown.is_empty() { "<none>".into() } else { shown.into() },
        least.unwrap_or_else(|| "<unset>".to_owned()).into(),
        object.int("/spec/maxReplicas").into(),
        object.int("/status/currentReplicas").into(),
        born(object, now),
    ]
}

/// One metric of an autoscaler: what it is, over what it should be.
fn metric(spec: &Value, status: Option<&Value>) -> Option<String> {
    let kind = spec.text("/type");
    let part = match kind {
        "Resource" => "resource",
        "Pods" => "pods",
        "Object" => "object",
        "External" => "external",
        _ => return None,
    };
    let percent = |value: i64| format!("{value}%");
    let target = |field: &str| spec.pointer(&format!("/{part}/target/{field}"));
    let current = |field: &str| status.and_then(|s| s.pointer(&format!("/{part}/current/{field}")));
    let text = |value: Option<&Value>| {
        let value = value.map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
        value.unwrap_or_else(|| "<unknown>".to_owned())
    };
    let name = spec.text("/resource/name");
    let average = target("averageValue");
    Some(match (kind, average) {
        ("Resource", Some(wanted)) => {
            format!("{name}: {}/{}", text(current("averageValue")), text(Some(wanted)))
        }
        ("Resource", None) => {
            let number = |value: Option<&Value>| value.and_then(Value::as_i64).map(percent);
            let is = number(current("averageUtilization"));
            let wanted = number(target("averageUtilization"));
            format!(
                "{name}: {}/{}",
                is.unwrap_or_else(|| "<unknown>".to_owned()),
                wanted.unwrap_or_else(|| "<auto>".to_owned())
            )
        }
        ("Pods", wanted) => format!("{}/{}", text(current("averageValue")), text(wanted)),
        (_, Some(wanted)) => {
            format!("{}/{} (avg)", text(current("averageValue")), text(Some(wanted)))
        }
        (_, None) => format!("{}/{}", text(current("value")), text(target("value"))),
    })
}

pub(super) fn budget(object: &Value, now: Moment) -> Vec<Value> {
    let bound = |field: &str| match object.pointer(&format!("/spec/{field}")) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => "N/A".to_owned(),
    };
    vec![
        object.name().into(),
        bound("minAvailable").into(),
        bound("maxUnavailable").into(),
        object.int("/status/disruptionsAllowed").into(),
        born(object, now),
    ]
}
