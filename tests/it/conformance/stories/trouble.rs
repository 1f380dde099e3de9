//! What goes wrong by itself: a spec that refers to nothing, pods that do not start in time.

use serde_json::{Value, json};

use super::{Story, story};
use crate::conformance::scenery::{ROLLOUT, WEB, basic, blue_green, nginx, with};
use crate::conformance::stage::Stage;
use crate::conformance::verbs::image;

pub(super) const STORIES: &[Story] = &[
    story!("invalid-service", missing_service, "A Service is missing, then made: it recovers."),
    story!("invalid-spec", wrong_spec, "A spec that contradicts itself, then a good one."),
    story!(
        "deadline",
        deadline,
        "Pods that do not start run into the deadline: Degraded, nothing is undone."
    ),
    story!("deadline-abort", deadline_abort, "The same with progressDeadlineAbort: aborted."),
    story!("sick-then-good", sick_then_good, "Pods are never ready; the next version is good."),
    story!(
        "first-sick",
        first_sick,
        "The very first version does not start; it is stable all the same."
    ),
    story!(
        "bg-invalid",
        blue_green_invalid,
        "The active Service of a blue-green is missing, then made."
    ),
];

fn gate() -> Value {
    json!([{ "setWeight": 50 }, { "pause": {} }])
}

/// Everything but the first object, then that one.
async fn first_comes_last(stage: &mut Stage, mut objects: Vec<Value>) {
    let missing = objects.remove(0);
    stage.create(objects).await;
    stage.degraded(WEB).await;
    stage.create([missing]).await;
    stage.healthy(WEB).await;
}

async fn missing_service(stage: &mut Stage) {
    first_comes_last(stage, nginx(1, &gate(), &json!({}))).await;
}

async fn blue_green_invalid(stage: &mut Stage) {
    first_comes_last(stage, blue_green(1, &json!({}))).await;
}

async fn wrong_spec(stage: &mut Stage) {
    stage.create(basic(1, &json!([{ "setWeight": 50, "pause": {} }]))).await;
    stage.degraded(WEB).await;
    let steps = json!({ "spec": { "strategy": { "canary": { "steps": gate() } } } });
    stage.merge("mend", ROLLOUT, steps).await;
    stage.healthy(WEB).await;
}

fn with_deadline(abort: bool) -> Vec<Value> {
    let settings = json!({ "progressDeadlineSeconds": 5, "progressDeadlineAbort": abort });
    with(nginx(2, &gate(), &json!({ "abortScaleDownDelaySeconds": 6 })), &settings)
}

async fn deadline(stage: &mut Stage) {
    stage.create(with_deadline(false)).await;
    stage.healthy(WEB).await;
    stage.release(ROLLOUT, "2", Some("image-pull")).await;
    stage.degraded(WEB).await;
    stage.quiet().await;
    stage.undo(WEB, 1).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn deadline_abort(stage: &mut Stage) {
    stage.create(with_deadline(true)).await;
    stage.healthy(WEB).await;
    stage.release(ROLLOUT, "2", Some("image-pull")).await;
    stage.status_is(WEB, "/abort", true).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}

async fn sick_then_good(stage: &mut Stage) {
    stage.create(basic(2, &gate())).await;
    stage.healthy(WEB).await;
    stage.release(ROLLOUT, "2", Some("never-ready")).await;
    stage.at_step(WEB, 0).await;
    stage.quiet().await;
    stage.release(ROLLOUT, "3", None).await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn first_sick(stage: &mut Stage) {
    let mut objects = with(basic(2, &gate()), &json!({ "progressDeadlineSeconds": 5 }));
    let template = &mut objects[0]["spec"]["template"];
    template["metadata"]["annotations"] = json!({ "waveoff.demo/fault": "image-pull" });
    template["spec"]["containers"][0]["image"] = json!(image("1-image-pull"));
    stage.create(objects).await;
    stage.degraded(WEB).await;
    stage.quiet().await;
    stage.release(ROLLOUT, "2", None).await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}
