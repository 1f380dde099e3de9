//! Orders: promote at right and wrong moments, full promotion, hold and resume, restart, and
//! patches that assert what must hold.

use serde_json::{Value, json};

use super::{Story, story};
use crate::conformance::record::Kind;
use crate::conformance::scenery::{ROLLOUT, WEB, basic, nginx};
use crate::conformance::stage::Stage;

pub(super) const STORIES: &[Story] = &[
    story!("promote-skips", skips, "Promoted in the middle of setWeight: that step is skipped."),
    story!("promote-healthy", on_healthy, "Promoted when complete: nothing happens."),
    story!("promote-twice", twice, "The same guarded promotion twice: the second is refused."),
    story!("full-at-gate", full_at_gate, "Fully promoted from a gate behind a router."),
    story!(
        "full-at-weight",
        full_at_weight,
        "Fully promoted in the middle of setWeight, no router."
    ),
    story!(
        "full-held",
        full_held,
        "Fully promoted while held, then resumed: the plugin does both."
    ),
    story!("full-aborted", full_aborted, "Fully promoted when aborted: the failed version ships."),
    story!("hold", hold, "Held at a gate and resumed; then promoted."),
    story!(
        "hold-promoted",
        hold_promoted,
        "Promoted while held, then resumed: the promotion is lost."
    ),
    story!("hold-timed", hold_timed, "Held in a timed pause: its clock goes on."),
    story!("restart", restart, "All pods are replaced, the version stays."),
    story!("patch-tests", patch_tests, "Patches with tests that hold and that do not."),
];

fn gate() -> Value {
    json!([{ "setWeight": 50 }, { "pause": {} }])
}

async fn skips(stage: &mut Stage) {
    let steps = json!([{ "setWeight": 50 }, { "pause": {} }, { "setWeight": 75 }, { "pause": {} }]);
    stage.create(nginx(2, &steps, &json!({}))).await;
    stage.healthy(WEB).await;
    stage.release(ROLLOUT, "2", Some("never-ready")).await;
    stage.at_step(WEB, 0).await;
    stage.quiet().await;
    stage.promote(WEB).await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.at_step(WEB, 2).await;
    stage.quiet().await;
    stage.promote(WEB).await;
    stage.paused_at(WEB, 3).await;
}

async fn on_healthy(stage: &mut Stage) {
    stage.create(basic(1, &gate())).await;
    stage.healthy(WEB).await;
    stage.quiet().await;
    stage.promote(WEB).await;
    stage.quiet().await;
    stage.promote_full(WEB).await;
    stage.quiet().await;
}

/// What must hold for a promotion, and the promotion, as ours are.
async fn guarded_promotion(stage: &Stage) -> Value {
    let now = stage.fetch(Kind::Rollout, WEB).await;
    let test = |path: &str| json!({ "op": "test", "path": path, "value": now.pointer(path) });
    json!([
        test("/metadata/uid"),
        test("/metadata/generation"),
        test("/status/currentPodHash"),
        test("/status/stableRS"),
        test("/status/currentStepIndex"),
        test("/status/pauseConditions/0/startTime"),
        test("/status/abort"),
        { "op": "remove", "path": "/status/pauseConditions" },
    ])
}

async fn twice(stage: &mut Stage) {
    let steps = json!([{ "setWeight": 25 }, { "pause": {} }, { "setWeight": 75 }, { "pause": {} }]);
    stage.create(nginx(4, &steps, &json!({}))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    let patch = guarded_promotion(stage).await;
    stage.patch("promote, guarded", WEB, true, patch.clone()).await;
    stage.at_step(WEB, 2).await;
    stage.patch("promote, guarded", WEB, true, patch).await;
    stage.paused_at(WEB, 3).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn full_at_gate(stage: &mut Stage) {
    stage.create(nginx(2, &gate(), &json!({}))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.promote_full(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn full_at_weight(stage: &mut Stage) {
    stage.create(basic(3, &gate())).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.at_step(WEB, 0).await;
    stage.promote_full(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn full_held(stage: &mut Stage) {
    stage.create(nginx(2, &gate(), &json!({}))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.hold(WEB).await;
    stage.paused_by(WEB, "manually paused").await;
    stage.promote_full_status(WEB).await;
    stage.quiet().await;
    stage.resume(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn full_aborted(stage: &mut Stage) {
    stage.create(nginx(2, &gate(), &json!({ "abortScaleDownDelaySeconds": 6 }))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
    stage.quiet().await;
    stage.promote_full(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn hold(stage: &mut Stage) {
    stage.create(nginx(4, &json!([{ "setWeight": 25 }, { "pause": {} }]), &json!({}))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.hold(WEB).await;
    stage.paused_by(WEB, "manually paused").await;
    stage.resume(WEB).await;
    stage.paused_by(WEB, "CanaryPauseStep").await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

/// The plugin's promotion of what is held is two writes; whether the controller makes a pass
/// between them is chance. Here it does.
async fn hold_promoted(stage: &mut Stage) {
    stage.create(nginx(2, &json!([{ "setWeight": 50 }, { "pause": {} }]), &json!({}))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.hold(WEB).await;
    stage.paused_by(WEB, "manually paused").await;
    stage.promote_status(WEB).await;
    stage.quiet().await;
    stage.resume(WEB).await;
    stage.paused_by(WEB, "CanaryPauseStep").await;
}

async fn hold_timed(stage: &mut Stage) {
    let steps = json!([{ "setWeight": 50 }, { "pause": { "duration": 4 } }, { "pause": {} }]);
    stage.create(nginx(2, &steps, &json!({}))).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.hold(WEB).await;
    stage.paused_by(WEB, "manually paused").await;
    stage.quiet_for(9.0).await;
    stage.resume(WEB).await;
    stage.paused_at(WEB, 2).await;
}

async fn restart(stage: &mut Stage) {
    stage.create(basic(2, &gate())).await;
    stage.healthy(WEB).await;
    stage.quiet().await;
    stage.restart(WEB).await;
    stage
        .until("restarted", |view| {
            let found = view.get(&(Kind::Rollout, WEB.to_owned()));
            found.is_some_and(|rollout| {
                let done = &rollout["status"]["restartedAt"];
                done.is_string() && done == &rollout["spec"]["restartAt"]
            })
        })
        .await;
    stage.healthy(WEB).await;
}

async fn patch_tests(stage: &mut Stage) {
    stage.create(basic(2, &gate())).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    let test = |path: &str, value: Value| json!({ "op": "test", "path": path, "value": value });
    let add = json!({ "op": "add", "path": "/status/promoteFull", "value": true });
    let refused = [
        ("another step", test("/status/currentStepIndex", json!(0))),
        ("another version", test("/status/stableRS", json!("xxxxxxxxxx"))),
        ("a value where nothing is", test("/status/abort", json!(true))),
        ("a value below nothing", test("/status/canary/weights/canary/weight", json!(1))),
        ("nothing where something is", test("/status/pauseConditions", Value::Null)),
    ];
    for (what, test) in refused {
        stage.patch(what, WEB, true, json!([test, add])).await;
    }
    let old = json!({ "metadata": { "resourceVersion": "1" }, "spec": { "paused": true } });
    stage.merge("of an old version", ROLLOUT, old).await;
    let other = json!({ "metadata": { "uid": "somebody-else" }, "spec": { "paused": true } });
    stage.merge("of another object", ROLLOUT, other).await;
    let body = json!({ "spec": { "paused": true } });
    stage.merge("of nothing", (Kind::Rollout, "nobody"), body).await;
    let remove = json!({ "op": "remove", "path": "/status/promoteFull" });
    stage.patch("remove what is not there", WEB, true, json!([remove])).await;
    stage.quiet().await;
    // What is absent passes as null; and what is written into the status by the wrong path is
    // dropped without a word.
    let absent = test("/status/abort", Value::Null);
    let lost = json!({ "op": "add", "path": "/status/abort", "value": true });
    stage.patch("by the wrong path", WEB, false, json!([absent, lost])).await;
    stage.quiet().await;
    stage.patch("null where nothing is", WEB, true, json!([absent, add])).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}
