//! Undo: in the middle of an update, of a finished one, within the rollback window.

use serde_json::{Value, json};

use super::{Story, story};
use crate::conformance::scenery::{WEB, basic, nginx, with};
use crate::conformance::stage::Stage;

pub(super) const STORIES: &[Story] = &[
    story!("undo-mid-nginx", mid_nginx, "Back to stable in mid-update behind a router: at once."),
    story!("undo-mid-pods", mid_pods, "Back to stable in mid-update without a router."),
    story!("undo-finished", finished, "Undo of a finished update walks all steps again."),
    story!("undo-window", window, "Undo within the rollback window skips the steps."),
    story!("undo-equal", equal, "The template that is there, sent once more: nothing happens."),
];

fn gate() -> Value {
    json!([{ "setWeight": 50 }, { "pause": {} }])
}

async fn mid_nginx(stage: &mut Stage) {
    stage.create(nginx(2, &gate(), &json!({}))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.undo(WEB, 1).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn mid_pods(stage: &mut Stage) {
    stage.create(basic(4, &gate())).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.undo(WEB, 0).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

/// Two versions, the second complete.
async fn two_versions(stage: &mut Stage, objects: Vec<Value>) {
    stage.create(objects).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.promote_full(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
    stage.quiet().await;
}

async fn finished(stage: &mut Stage) {
    two_versions(stage, nginx(2, &gate(), &json!({}))).await;
    stage.undo(WEB, 0).await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn window(stage: &mut Stage) {
    let window = json!({ "rollbackWindow": { "revisions": 2 } });
    two_versions(stage, with(nginx(2, &gate(), &json!({})), &window)).await;
    stage.undo(WEB, 1).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn equal(stage: &mut Stage) {
    stage.create(basic(1, &gate())).await;
    stage.healthy(WEB).await;
    stage.quiet().await;
    stage.undo(WEB, 1).await;
    stage.quiet().await;
}
