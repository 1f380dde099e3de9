//! Blue-green: the switch by itself, by hand, by time; gates before and after it; ways back.

use serde_json::{Value, json};

use super::{Story, story};
use crate::conformance::scenery::{ROLLOUT, WEB, blue_green, joined, judged_by};
use crate::conformance::stage::Stage;

pub(super) const STORIES: &[Story] = &[
    story!("bg-auto", auto, "The switch comes as soon as the new version is up."),
    story!("bg-manual", manual, "autoPromotionEnabled false: a person switches."),
    story!("bg-seconds", seconds, "autoPromotionSeconds: the switch comes by time."),
    story!("bg-seconds-promoted", seconds_promoted, "Promoted while autoPromotionSeconds runs."),
    story!("bg-preview-count", preview_count, "One preview pod until the promotion, then all."),
    story!("bg-pre-good", pre_good, "A good analysis before the switch."),
    story!("bg-pre-fails", pre_fails, "The analysis before the switch fails: no switch."),
    story!("bg-post-fails", post_fails, "The analysis after the switch fails: back at once."),
    story!("bg-abort-before", abort_before, "Aborted before the switch."),
    story!("bg-abort-after", abort_after, "Aborted while the analysis after the switch runs."),
    story!("bg-abort-sick", abort_sick, "Aborted before the switch, with a version that crashes."),
    story!(
        "bg-abort-sick-after",
        abort_sick_after,
        "Aborted after the switch, when its pods crash."
    ),
    story!("bg-undo-warm", undo_warm, "Undone while the old version is still up."),
    story!("bg-undo-cold", undo_cold, "Undone after the old version has gone."),
    story!("bg-full", full, "Fully promoted before its gate."),
    story!("bg-scaled", scaled, "More pods are wanted while it waits for the switch."),
];

fn by_hand() -> Value {
    json!({ "autoPromotionEnabled": false, "abortScaleDownDelaySeconds": 6 })
}

/// Two pods of a first version, and a second on its way.
async fn on_its_way(stage: &mut Stage, settings: Value) {
    stage.create(blue_green(2, &settings)).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
}

async fn auto(stage: &mut Stage) {
    on_its_way(stage, json!({})).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn manual(stage: &mut Stage) {
    on_its_way(stage, by_hand()).await;
    stage.paused_by(WEB, "BlueGreenPause").await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn seconds(stage: &mut Stage) {
    on_its_way(stage, json!({ "autoPromotionSeconds": 4 })).await;
    stage.paused_by(WEB, "BlueGreenPause").await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn seconds_promoted(stage: &mut Stage) {
    on_its_way(stage, json!({ "autoPromotionSeconds": 8 })).await;
    stage.paused_by(WEB, "BlueGreenPause").await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn preview_count(stage: &mut Stage) {
    stage.create(blue_green(3, &joined(by_hand(), &json!({ "previewReplicaCount": 1 })))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_by(WEB, "BlueGreenPause").await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn pre_good(stage: &mut Stage) {
    stage.errors_are("0.01").await;
    stage.judge("errors", json!({ "count": 2 })).await;
    on_its_way(stage, joined(by_hand(), &json!({ "prePromotionAnalysis": judged_by("errors") })))
        .await;
    stage.paused_by(WEB, "BlueGreenPause").await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn pre_fails(stage: &mut Stage) {
    stage.errors_are("0.9").await;
    stage.judge("errors", json!({ "count": 2 })).await;
    on_its_way(stage, joined(by_hand(), &json!({ "prePromotionAnalysis": judged_by("errors") })))
        .await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn post_fails(stage: &mut Stage) {
    stage.errors_are("0.9").await;
    stage.judge("errors", json!({ "count": 2 })).await;
    let settings = json!({
        "postPromotionAnalysis": judged_by("errors"),
        "abortScaleDownDelaySeconds": 6,
    });
    on_its_way(stage, settings).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn abort_before(stage: &mut Stage) {
    on_its_way(stage, by_hand()).await;
    stage.paused_by(WEB, "BlueGreenPause").await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn abort_after(stage: &mut Stage) {
    stage.errors_are("0.01").await;
    stage.judge("errors", json!({ "count": 1000 })).await;
    let settings = json!({
        "postPromotionAnalysis": judged_by("errors"),
        "abortScaleDownDelaySeconds": 6,
    });
    on_its_way(stage, settings).await;
    stage.run_is("-post", "Running").await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn abort_sick(stage: &mut Stage) {
    stage.create(blue_green(2, &by_hand())).await;
    stage.healthy(WEB).await;
    stage.release(ROLLOUT, "2", Some("crash-loop")).await;
    stage.versions_up(2).await;
    stage.quiet_for(1.0).await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn abort_sick_after(stage: &mut Stage) {
    stage.errors_are("0.01").await;
    stage.judge("errors", json!({ "count": 1000 })).await;
    let settings = json!({
        "postPromotionAnalysis": judged_by("errors"),
        "abortScaleDownDelaySeconds": 6,
        "scaleDownDelaySeconds": 300,
    });
    stage.create(blue_green(2, &settings)).await;
    stage.healthy(WEB).await;
    stage.release(ROLLOUT, "2", Some("late-crash")).await;
    stage.run_is("-post", "Running").await;
    stage.status_is(WEB, "/availableReplicas", Value::Null).await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn undo_warm(stage: &mut Stage) {
    on_its_way(stage, json!({ "scaleDownDelaySeconds": 12 })).await;
    stage.healthy(WEB).await;
    stage.quiet().await;
    stage.undo(WEB, 1).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn undo_cold(stage: &mut Stage) {
    on_its_way(stage, json!({})).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
    stage.quiet().await;
    stage.undo(WEB, 1).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn full(stage: &mut Stage) {
    on_its_way(stage, by_hand()).await;
    stage.paused_by(WEB, "BlueGreenPause").await;
    stage.promote_full(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn scaled(stage: &mut Stage) {
    on_its_way(stage, by_hand()).await;
    stage.paused_by(WEB, "BlueGreenPause").await;
    stage.scale(ROLLOUT, 3).await;
    stage.quiet().await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}
