//! Canaries behind nginx: every kind of step that it allows.

use serde_json::{Value, json};

use super::{Story, story};
use crate::conformance::scenery::{ROLLOUT, WEB, judged_by, nginx};
use crate::conformance::stage::Stage;

pub(super) const STORIES: &[Story] = &[
    story!("nginx-steps", steps, "Weights, a timed pause, scales of three kinds, a gate."),
    story!("nginx-analysis", analysis, "An analysis and an experiment as steps, both good."),
    story!("nginx-scaled", scaled, "More pods are wanted at the gate of a canary behind a router."),
    story!("dynamic-stable", dynamic, "The stable version shrinks as traffic leaves it."),
];

async fn steps(stage: &mut Stage) {
    let steps = json!([
        { "setWeight": 25 },
        { "pause": { "duration": 3 } },
        { "setCanaryScale": { "replicas": 2 } },
        { "setWeight": 40 },
        { "setCanaryScale": { "weight": 75 } },
        { "pause": { "duration": "2s" } },
        { "setCanaryScale": { "matchTrafficWeight": true } },
        { "pause": {} },
        { "setWeight": 100 },
    ]);
    stage.create(nginx(4, &steps, &json!({}))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 7).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn analysis(stage: &mut Stage) {
    stage.judge("errors", json!({ "count": 2 })).await;
    stage.errors_are("0.01").await;
    let template = |name: &str, of: &str| json!({ "name": name, "specRef": of, "replicas": 1 });
    let experiment = json!({
        "duration": "3s",
        "templates": [template("baseline", "stable"), template("candidate", "canary")],
        "analyses": [{
            "name": "errors",
            "templateName": "errors",
            "requiredForCompletion": true,
            "args": [{ "name": "hash", "value": "{{templates.candidate.podTemplateHash}}" }],
        }],
        "scaleDownDelaySeconds": 3,
    });
    let steps = json!([
        { "setWeight": 50 },
        { "analysis": judged_by("errors") },
        { "experiment": experiment },
    ]);
    stage.create(nginx(2, &steps, &json!({}))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn scaled(stage: &mut Stage) {
    stage.create(nginx(2, &json!([{ "setWeight": 50 }, { "pause": {} }]), &json!({}))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.scale(ROLLOUT, 4).await;
    stage.status_is(WEB, "/availableReplicas", 6).await;
    stage.quiet().await;
    stage.scale(ROLLOUT, 2).await;
    stage.status_is(WEB, "/replicas", 3).await;
    stage.quiet().await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

/// A ladder whose stable version shrinks.
pub(super) fn shrinking() -> Vec<Value> {
    let steps = json!([{ "setWeight": 50 }, { "pause": {} }, { "setWeight": 75 }, { "pause": {} }]);
    nginx(4, &steps, &json!({ "dynamicStableScale": true }))
}

async fn dynamic(stage: &mut Stage) {
    stage.create(shrinking().into_iter().map(without_delay)).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.paused_at(WEB, 3).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

/// `scaleDownDelaySeconds` may not be told together with `dynamicStableScale`.
pub(super) fn without_delay(mut object: Value) -> Value {
    if let Some(canary) = object.pointer_mut("/spec/strategy/canary").and_then(Value::as_object_mut)
    {
        canary.remove("scaleDownDelaySeconds");
    }
    object
}
