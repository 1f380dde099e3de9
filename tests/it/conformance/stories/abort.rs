//! Aborts, and what comes after: the scale-down, another try, the way back to healthy.

use serde_json::{Value, json};

use super::nginx::{shrinking, without_delay};
use super::{Story, story};
use crate::conformance::scenery::{ROLLOUT, WEB, basic, nginx};
use crate::conformance::stage::Stage;

pub(super) const STORIES: &[Story] = &[
    story!(
        "abort-pods",
        by_pods,
        "Aborted at a gate without a router; then the stable template again."
    ),
    story!("abort-nginx", by_nginx, "Aborted at a gate; the canary is kept for 6 s, then goes."),
    story!("abort-keeps", keeps, "abortScaleDownDelaySeconds 0: the aborted canary stays."),
    story!("abort-early", early, "Aborted in the middle of setWeight, before any traffic."),
    story!(
        "abort-dynamic",
        dynamic,
        "Aborted while the stable version is small: back by the ladder."
    ),
    story!("abort-held", held, "Aborted while held by spec.paused; then resumed."),
    story!("abort-healthy", healthy, "An abort of what is complete has no effect."),
    story!("retry", retried, "Aborted, tried again from the first step, completed."),
    story!("abort-new", renewed, "Aborted, then a third version instead of another try."),
];

/// Half of the traffic, then a gate.
fn gate() -> Value {
    json!([{ "setWeight": 50 }, { "pause": {} }])
}

async fn by_pods(stage: &mut Stage) {
    stage.create(basic(4, &gate())).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
    stage.quiet().await;
    stage.undo(WEB, 1).await;
    stage.healthy(WEB).await;
}

async fn by_nginx(stage: &mut Stage) {
    stage.create(nginx(2, &gate(), &json!({ "abortScaleDownDelaySeconds": 6 }))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn keeps(stage: &mut Stage) {
    stage.create(nginx(2, &gate(), &json!({ "abortScaleDownDelaySeconds": 0 }))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
}

async fn early(stage: &mut Stage) {
    stage.create(nginx(2, &gate(), &json!({ "abortScaleDownDelaySeconds": 6 }))).await;
    stage.healthy(WEB).await;
    stage.release(ROLLOUT, "2", Some("never-ready")).await;
    stage.at_step(WEB, 0).await;
    stage.quiet().await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn dynamic(stage: &mut Stage) {
    stage.create(shrinking().into_iter().map(without_delay)).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.paused_at(WEB, 3).await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn held(stage: &mut Stage) {
    stage.create(basic(2, &gate())).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.hold(WEB).await;
    stage.paused_by(WEB, "manually paused").await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
    stage.quiet().await;
    stage.resume(WEB).await;
    stage.versions_up(1).await;
}

async fn healthy(stage: &mut Stage) {
    stage.create(basic(1, &gate())).await;
    stage.healthy(WEB).await;
    stage.quiet().await;
    stage.abort(WEB).await;
    stage.quiet().await;
}

async fn retried(stage: &mut Stage) {
    stage.create(nginx(2, &gate(), &json!({ "abortScaleDownDelaySeconds": 6 }))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
    stage.quiet().await;
    stage.retry(WEB).await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn renewed(stage: &mut Stage) {
    stage.create(nginx(2, &gate(), &json!({ "abortScaleDownDelaySeconds": 6 }))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
    stage.quiet().await;
    stage.image(WEB, "3").await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}
