//! Analyses: as a step and in the background; failing, undecided, without data, practised, ended.

use serde_json::{Value, json};

use super::{Story, story};
use crate::conformance::record::Kind;
use crate::conformance::scenery::{WEB, joined, judged_by, nginx};
use crate::conformance::stage::Stage;

pub(super) const STORIES: &[Story] = &[
    story!("analysis-fails", fails, "A step's analysis fails at once; the update is aborted."),
    story!("analysis-limit", fails_late, "Two failures are allowed, the third aborts."),
    story!("analysis-undecided", undecided, "Neither good nor bad: a person accepts it."),
    story!("analysis-errors", errors, "Prometheus answers with errors; the second aborts."),
    story!("analysis-five-errors", five_errors, "By default the fifth error in a row aborts."),
    story!("analysis-empty", empty, "No data at all is an error."),
    story!("analysis-nan", nan, "NaN satisfies no condition: it fails."),
    story!("analysis-dry", dry, "A metric that only practises fails, and the update goes on."),
    story!("analysis-ended", ended, "A run of a thousand measurements is terminated: accepted."),
    story!("background-fails", background, "A background analysis from step 2 on fails at a gate."),
    story!("background-good", background_good, "A background analysis is ended by the completion."),
    story!("background-undecided", background_undecided, "Undecided; a promotion measures again."),
];

/// A canary with an analysis as its second step.
async fn judged(stage: &mut Stage, metric: Value) {
    stage.judge("errors", metric).await;
    let steps = json!([{ "setWeight": 50 }, { "analysis": judged_by("errors") }, { "pause": {} }]);
    stage.create(nginx(2, &steps, &json!({ "abortScaleDownDelaySeconds": 6 }))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
}

async fn fails(stage: &mut Stage) {
    stage.errors_are("0.8").await;
    judged(stage, json!({})).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn fails_late(stage: &mut Stage) {
    stage.errors_are("0.2").await;
    judged(stage, json!({ "count": 5, "failureLimit": 2 })).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn undecided(stage: &mut Stage) {
    stage.errors_are("0.1").await;
    judged(stage, json!({ "failureCondition": "result[0] > 0.2" })).await;
    stage.paused_by(WEB, "InconclusiveAnalysisRun").await;
    stage.promote(WEB).await;
    stage.paused_at(WEB, 2).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn errors(stage: &mut Stage) {
    stage.errors_are("error").await;
    judged(stage, json!({ "consecutiveErrorLimit": 1 })).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn five_errors(stage: &mut Stage) {
    stage.errors_are("empty").await;
    judged(stage, json!({})).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn empty(stage: &mut Stage) {
    stage.errors_are("empty").await;
    judged(stage, json!({ "consecutiveErrorLimit": 0 })).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn nan(stage: &mut Stage) {
    stage.errors_are("nan").await;
    judged(stage, json!({})).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn dry(stage: &mut Stage) {
    stage.errors_are("0.8").await;
    stage.judge("errors", json!({ "count": 2 })).await;
    let mut analysis = judged_by("errors");
    analysis["dryRun"] = json!([{ "metricName": "error-.*" }]);
    let steps = json!([{ "setWeight": 50 }, { "analysis": analysis }, { "pause": {} }]);
    stage.create(nginx(2, &steps, &json!({}))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 2).await;
}

async fn ended(stage: &mut Stage) {
    stage.errors_are("0.01").await;
    judged(stage, json!({ "count": 1000 })).await;
    stage.run_is("-1", "Running").await;
    stage.terminate(Kind::AnalysisRun, "-2-1").await;
    stage.paused_at(WEB, 2).await;
}

/// A canary that is judged in the background from its third step on.
async fn watched(stage: &mut Stage, metric: Value) {
    stage.judge("errors", joined(json!({ "count": null }), &metric)).await;
    let mut analysis = judged_by("errors");
    analysis["startingStep"] = json!(2);
    let steps = json!([{ "setWeight": 25 }, { "pause": {} }, { "setWeight": 50 }, { "pause": {} }]);
    let settings = json!({ "analysis": analysis, "abortScaleDownDelaySeconds": 6 });
    stage.create(nginx(4, &steps, &settings)).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.paused_at(WEB, 3).await;
}

async fn background(stage: &mut Stage) {
    stage.errors_are("0.01").await;
    watched(stage, json!({})).await;
    stage.run_is("-2", "Running").await;
    stage.errors_are("0.9").await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn background_good(stage: &mut Stage) {
    stage.errors_are("0.01").await;
    watched(stage, json!({})).await;
    stage.run_is("-2", "Running").await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn background_undecided(stage: &mut Stage) {
    stage.errors_are("0.01").await;
    watched(stage, json!({ "failureCondition": "result[0] > 0.2" })).await;
    stage.run_is("-2", "Running").await;
    stage.errors_are("0.1").await;
    stage.run_is("-2", "Inconclusive").await;
    stage.quiet().await;
    stage.errors_are("0.01").await;
    stage.promote(WEB).await;
    stage.run_is("-2.1", "Running").await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}
