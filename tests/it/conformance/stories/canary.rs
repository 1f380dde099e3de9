//! Canaries without a router: pods are the weight.

use serde_json::json;

use super::{Story, story};
use crate::conformance::scenery::{DEPLOYMENT, ROLLOUT, WEB, basic, deployment, joined, with};
use crate::conformance::stage::Stage;

pub(super) const STORIES: &[Story] = &[
    story!(
        "first-deploy",
        first_deploy,
        "The first version is stable at once; steps do not count."
    ),
    story!("canary-pods", by_pods, "5 pods, weights 20 and 40, a gate behind each, then the rest."),
    story!("canary-no-steps", without_steps, "A canary without steps goes through at once."),
    story!(
        "canary-surge",
        with_surge,
        "Two pods at a time, one may be missing, half of them at once."
    ),
    story!("canary-one-pod", one_pod, "One pod, weight 5: a whole pod is the least there is."),
    story!(
        "canary-scaled",
        scaled,
        "More pods, then fewer, are wanted in the middle of an update."
    ),
    story!("superseded", superseded, "A third version comes while the second is at its gate."),
    story!(
        "workload-ref",
        workload_ref,
        "The template is a Deployment's; an update and an undo of it."
    ),
];

async fn first_deploy(stage: &mut Stage) {
    stage.create(basic(3, &json!([{ "setWeight": 50 }, { "pause": {} }]))).await;
    stage.healthy(WEB).await;
}

async fn by_pods(stage: &mut Stage) {
    let steps = json!([{ "setWeight": 20 }, { "pause": {} }, { "setWeight": 40 }, { "pause": {} }]);
    stage.create(basic(5, &steps)).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.paused_at(WEB, 3).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn without_steps(stage: &mut Stage) {
    stage.create(basic(3, &json!([]))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn with_surge(stage: &mut Stage) {
    let mut objects = basic(4, &json!([{ "setWeight": 50 }, { "pause": {} }]));
    let canary = &mut objects[0]["spec"]["strategy"]["canary"];
    *canary = joined(canary.take(), &json!({ "maxSurge": 2, "maxUnavailable": 1 }));
    stage.create(objects).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn one_pod(stage: &mut Stage) {
    stage.create(basic(1, &json!([{ "setWeight": 5 }, { "pause": {} }]))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn scaled(stage: &mut Stage) {
    stage.create(basic(4, &json!([{ "setWeight": 50 }, { "pause": {} }]))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.scale(ROLLOUT, 6).await;
    stage.status_is(WEB, "/availableReplicas", 6).await;
    stage.quiet().await;
    stage.scale(ROLLOUT, 2).await;
    stage.status_is(WEB, "/replicas", 2).await;
    stage.quiet().await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn superseded(stage: &mut Stage) {
    stage.create(basic(4, &json!([{ "setWeight": 50 }, { "pause": {} }]))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.image(WEB, "3").await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn workload_ref(stage: &mut Stage) {
    let rollout = basic(2, &json!([{ "setWeight": 50 }, { "pause": {} }]));
    let target = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": WEB });
    let mut rollout = with(rollout, &json!({ "workloadRef": target }));
    rollout[0]["spec"].as_object_mut().expect("a spec").remove("template");
    stage.create(deployment(0, &json!({}))).await;
    stage.deployed(WEB).await;
    stage.create(rollout).await;
    stage.healthy(WEB).await;
    stage.set_image(DEPLOYMENT, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
    stage.undo(WEB, 1).await;
    stage.paused_at(WEB, 1).await;
    stage.promote_full(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}
