//! Experiments as steps: failing, undecided, and one whose pods do not start.

use serde_json::{Value, json};

use super::{Story, story};
use crate::conformance::record::Kind;
use crate::conformance::scenery::{ROLLOUT, WEB, basic};
use crate::conformance::stage::Stage;

pub(super) const STORIES: &[Story] = &[
    story!("experiment-fails", fails, "The experiment's analysis fails: the update is aborted."),
    story!("experiment-undecided", undecided, "Undecided: paused; a promotion tries a new one."),
    story!("experiment-ended", ended, "An experiment without an end is terminated: accepted."),
    story!(
        "experiment-crashes",
        crashes,
        "Its pods crash until its deadline: the update is aborted."
    ),
];

fn steps(settings: &Value) -> Value {
    let template = |name: &str, of: &str| json!({ "name": name, "specRef": of, "replicas": 1 });
    let mut experiment = json!({
        "templates": [template("baseline", "stable"), template("candidate", "canary")],
        "scaleDownDelaySeconds": 3,
    });
    for (key, value) in settings.as_object().expect("an object") {
        experiment[key] = value.clone();
    }
    json!([{ "experiment": experiment }, { "pause": {} }])
}

fn judged() -> Value {
    json!([{
        "name": "errors",
        "templateName": "errors",
        "requiredForCompletion": true,
        "args": [{ "name": "hash", "value": "{{templates.candidate.podTemplateHash}}" }],
    }])
}

async fn fails(stage: &mut Stage) {
    stage.errors_are("0.9").await;
    stage.judge("errors", json!({ "count": 1 })).await;
    stage.create(basic(2, &steps(&json!({ "analyses": judged() })))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn undecided(stage: &mut Stage) {
    stage.errors_are("0.1").await;
    // The controller begins the next experiment at once, paused or not, and would go on for ever:
    // the delay gives time to change what it measures.
    let metric = json!({ "count": 1, "failureCondition": "result[0] > 0.2", "initialDelay": "4s" });
    stage.judge("errors", metric).await;
    stage.create(basic(2, &steps(&json!({ "analyses": judged() })))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_by(WEB, "InconclusiveExperiment").await;
    stage.errors_are("0.01").await;
    stage.promote(WEB).await;
    stage.paused_at(WEB, 1).await;
    stage.versions_up(1).await;
}

async fn ended(stage: &mut Stage) {
    stage.create(basic(2, &steps(&json!({})))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.experiment_is("Running").await;
    stage.settled().await;
    stage.terminate(Kind::Experiment, "-2-0").await;
    stage.paused_at(WEB, 1).await;
    stage.versions_up(1).await;
}

async fn crashes(stage: &mut Stage) {
    let mut objects = basic(2, &steps(&json!({ "duration": "5s" })));
    objects[0]["spec"]["progressDeadlineSeconds"] = json!(6);
    stage.create(objects).await;
    stage.healthy(WEB).await;
    stage.release(ROLLOUT, "2", Some("crash-loop")).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}
