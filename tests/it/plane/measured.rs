//! What is measured, on a real Prometheus that scrapes a shop whose requests follow the weights.

mod follows;
mod judged;
mod words;

use std::time::Duration;

use serde_json::{Value, json};

use super::grounds::{Plane, shared};
use super::manifests::canary;
use super::stage::Stage;

/// The time between two scrapes of the plane's Prometheus.
pub(super) const SCRAPE: Duration = Duration::from_secs(1);

/// How long numbers may take: the machine has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A canary at 25 % that waits for a person, with revision 2 on its way.
fn at_a_quarter(name: &str) -> Stage {
    at_a_quarter_on(shared(), name)
}

fn at_a_quarter_on(plane: &'static Plane, name: &str) -> Stage {
    let stage = Stage::new(plane, name, &[]);
    let steps = json!({
        "abortScaleDownDelaySeconds": 2,
        "scaleDownDelaySeconds": 2,
        "steps": [{ "setWeight": 25 }, { "pause": {} }, { "setWeight": 50 }, { "pause": {} }],
    });
    stage.apply(&canary("web", 4, &steps));
    stage.until_healthy("web");
    stage.release("rollout", "web", "2", None);
    stage.until_at("web", 1, "Paused");
    stage
}

/// Hash of the new version.
fn new_hash(stage: &Stage) -> String {
    new_hash_of(stage, "web")
}

fn new_hash_of(stage: &Stage, name: &str) -> String {
    let status = stage.status(name);
    status["current"]["hash"].as_str().expect("it has a hash").to_owned()
}

/// Waits until what is measured satisfies a claim, and returns it.
#[track_caller]
fn until(stage: &Stage, what: &str, claim: impl Fn(&Value) -> bool) -> Value {
    until_of(stage, "web", what, claim)
}

#[track_caller]
fn until_of(stage: &Stage, name: &str, what: &str, claim: impl Fn(&Value) -> bool) -> Value {
    stage.until_read(name, what, PATIENCE, || stage.measured(name), claim)
}

/// A panel by its title.
fn panel<'s>(status: &'s Value, title: &str) -> &'s Value {
    let panels = status["metrics"]["panels"].as_array();
    let found = panels.into_iter().flatten().find(|panel| panel["title"] == title);
    found.unwrap_or(&Value::Null)
}

/// A version's line of a panel.
fn line<'s>(status: &'s Value, title: &str, version: &str) -> &'s Value {
    let lines = panel(status, title)["versions"].as_array();
    lines.into_iter().flatten().find(|line| line["version"] == version).unwrap_or(&Value::Null)
}

/// A template that asks the plane's Prometheus for the failed share of a version.
fn errors_of_a_version(name: &str, window: &str, good: &str, metric: &Value) -> Value {
    let of = |more: &str| {
        format!(
            "sum(increase(http_requests_total{{namespace=\"{{{{args.namespace}}}}\",\
             rollouts_pod_template_hash=\"{{{{args.hash}}}}\"{more}}}[{window}]))"
        )
    };
    let query = format!("({} or vector(0)) / {}", of(",code=~\"5..\""), of(""));
    let mut one = json!({
        "name": name,
        "interval": "2s",
        "count": 30,
        "successCondition": good,
        "provider": { "prometheus": {
            "address": "http://prometheus.monitoring.svc.cluster.local:9090",
            "query": query,
        } },
    });
    super::manifests::merge(&mut one, metric);
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": { "name": name },
        "spec": { "args": [{ "name": "hash" }, { "name": "namespace" }], "metrics": [one] },
    })
}

/// References to templates, with the version and its namespace as their arguments.
fn judged(templates: &[&str]) -> Value {
    let refer: Vec<Value> = templates.iter().map(|name| json!({ "templateName": name })).collect();
    json!({
        "templates": refer,
        "args": [
            { "name": "hash", "valueFrom": { "podTemplateHashValue": "Latest" } },
            { "name": "namespace", "valueFrom": { "fieldRef": { "fieldPath": "metadata.namespace" } } },
        ],
    })
}
