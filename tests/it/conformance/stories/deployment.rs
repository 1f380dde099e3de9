//! Deployments.

use serde_json::json;

use super::{Story, story};
use crate::conformance::record::Kind;
use crate::conformance::scenery::{DEPLOYMENT, WEB, deployment};
use crate::conformance::stage::Stage;

pub(super) const STORIES: &[Story] = &[
    story!("deploy-rolls", rolls, "A rolling update, one pod at a time, and an undo."),
    story!("deploy-stuck", stuck, "A crash-looping version runs into its deadline; undone."),
    story!("deploy-held", held, "Held before and during an update, then resumed."),
    story!("deploy-scaled", scaled, "Scaled up, in the middle of an update, and down."),
    story!("deploy-recreate", recreate, "Strategy Recreate: all old pods go first."),
    story!("deploy-superseded", superseded, "A third version comes before the second is up."),
];

async fn rolls(stage: &mut Stage) {
    stage.create(deployment(3, &json!({}))).await;
    stage.deployed(WEB).await;
    stage.set_image(DEPLOYMENT, "2").await;
    stage.deployed(WEB).await;
    stage.quiet().await;
    stage.undo_deployment(WEB, 0).await;
    stage.deployed(WEB).await;
}

async fn stuck(stage: &mut Stage) {
    stage.create(deployment(2, &json!({ "progressDeadlineSeconds": 5 }))).await;
    stage.deployed(WEB).await;
    stage.release(DEPLOYMENT, "2", Some("crash-loop")).await;
    stage.deployment_says(WEB, "ProgressDeadlineExceeded").await;
    stage.undo_deployment(WEB, 1).await;
    stage.deployed(WEB).await;
}

async fn held(stage: &mut Stage) {
    stage.create(deployment(2, &json!({}))).await;
    stage.deployed(WEB).await;
    stage.quiet().await;
    stage.merge("pause", (Kind::Deployment, WEB), json!({ "spec": { "paused": true } })).await;
    stage.deployment_says(WEB, "DeploymentPaused").await;
    stage.set_image(DEPLOYMENT, "2").await;
    stage.quiet().await;
    stage.scale(DEPLOYMENT, 3).await;
    stage.quiet().await;
    stage.merge("resume", (Kind::Deployment, WEB), json!({ "spec": { "paused": false } })).await;
    stage.deployed(WEB).await;
}

async fn scaled(stage: &mut Stage) {
    stage.create(deployment(2, &json!({}))).await;
    stage.deployed(WEB).await;
    stage.scale(DEPLOYMENT, 4).await;
    stage.deployed(WEB).await;
    stage.release(DEPLOYMENT, "2", Some("never-ready")).await;
    stage.quiet().await;
    stage.scale(DEPLOYMENT, 6).await;
    stage.quiet().await;
    stage.undo_deployment(WEB, 1).await;
    stage.deployed(WEB).await;
    stage.scale(DEPLOYMENT, 1).await;
    stage.deployed(WEB).await;
}

async fn recreate(stage: &mut Stage) {
    let mut objects = deployment(2, &json!({}));
    objects[0]["spec"]["strategy"] = json!({ "type": "Recreate" });
    stage.create(objects).await;
    stage.deployed(WEB).await;
    stage.set_image(DEPLOYMENT, "2").await;
    stage.deployed(WEB).await;
}

async fn superseded(stage: &mut Stage) {
    stage.create(deployment(2, &json!({}))).await;
    stage.deployed(WEB).await;
    stage.release(DEPLOYMENT, "2", Some("never-ready")).await;
    stage.quiet().await;
    stage.release(DEPLOYMENT, "3", None).await;
    stage.deployed(WEB).await;
}
