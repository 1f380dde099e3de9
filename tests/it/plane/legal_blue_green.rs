//! Every verb in every situation of a blue-green pair, held against the real controller.

use std::time::Duration;

use serde_json::{Value, json};

use super::grounds::shared;
use super::legal::{PROOF, each_works, flock, names, release, table};
use super::manifests::{blue_green, error_rate, judged_by};
use super::stage::{Stage, stays};

const WAITING: [&str; 6] = ["promote", "promote-full", "pause", "abort", "undo", "restart"];
const BUSY: [&str; 5] = ["promote-full", "pause", "abort", "undo", "restart"];

fn settings(more: &Value) -> Value {
    let mut settings = json!({
        "autoPromotionEnabled": false,
        "scaleDownDelaySeconds": 60,
        "abortScaleDownDelaySeconds": 5,
    });
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

fn waiting(name: &str, verbs: &[&str], more: &Value) -> Stage {
    let stage = flock(shared(), name, verbs, |n| blue_green(n, 1, &settings(more)));
    release(&stage, "rollout", verbs, None);
    for name in names(verbs) {
        stage.until(name, "waiting before the switch", |s| s["phase"] == "Paused");
    }
    stage
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn waiting_for_a_person() {
    let stage = waiting("lbwait", &WAITING, &json!({}));
    each_works(&stage, &WAITING);
    assert_eq!(stage.close(), WAITING.len());
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn waiting_for_its_timer() {
    let more = json!({ "autoPromotionEnabled": true, "autoPromotionSeconds": 600 });
    let stage = waiting("lbtimer", &BUSY, &more);
    let why = stage.status(PROOF)["legal"]["promote"]["reason"].to_string();
    assert!(why.contains("promoting would only restart that timer"), "{why}");
    each_works(&stage, &BUSY);
    // The plugin's promote: a new timer, and users stay where they are.
    let start = || stage.get("rollout", PROOF, ".status.pauseConditions[0].startTime");
    let active = || stage.get("rollout", PROOF, ".status.blueGreen.activeSelector");
    let before = (start(), active());
    stage.plugin(&["promote", PROOF]);
    stage.until(PROOF, "the timer starts again", |_| {
        let now = start();
        !now.is_empty() && now != before.0
    });
    assert_eq!(active(), before.1);
    assert_eq!(stage.close(), BUSY.len());
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn while_the_preview_comes_up() {
    let stage = flock(shared(), "lbup", &BUSY, |n| blue_green(n, 1, &settings(&json!({}))));
    for name in BUSY {
        stage.release("rollout", name, "2", Some("slow"));
    }
    stage.release("rollout", PROOF, "2", Some("never-ready"));
    for name in names(&BUSY) {
        stage.until(name, "its new pod", |s| s["current"]["desired"] == 1);
    }
    table(&stage, PROOF, &BUSY);
    // The plugin says promoted, and nothing was sent.
    let version = || stage.get("rollout", PROOF, ".metadata.resourceVersion");
    let before = version();
    stage.plugin(&["promote", PROOF]);
    assert_eq!(version(), before);
    for verb in ["pause", "abort", "undo"] {
        stage.works(&[verb], verb);
    }
    stage.works(&["promote", "--full"], "promote-full");
    stage.works(&["restart"], "restart");
    assert_eq!(stage.close(), BUSY.len());
}

/// A flock with an endless analysis before or after the switch.
fn judged_flock(name: &str, verbs: &[&str], field: &str, automatic: bool) -> Stage {
    let plane = shared();
    let stage = Stage::new(plane, name, &[]);
    let service = stage.namespace.clone();
    plane.metric(&format!("error_rate/{service}"), "0.001");
    let address = plane.value("PLANE_METRICS_URL");
    let endless = json!({ "count": 1000, "interval": "2s" });
    stage.apply(&[error_rate("errors", address, &service, &endless)]);
    let more = json!({ "autoPromotionEnabled": automatic, field: judged_by("errors") });
    let objects: Vec<Value> =
        names(verbs).flat_map(|n| blue_green(n, 1, &settings(&more))).collect();
    stage.apply(&objects);
    for name in names(verbs) {
        stage.until_healthy(name);
    }
    release(&stage, "rollout", verbs, None);
    for name in names(verbs) {
        stage.until(name, "its analysis runs", |s| s["analysis"][0]["verdict"] == "Running");
    }
    stage
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn during_the_analysis_before_the_switch() {
    let stage = judged_flock("lbpre", &BUSY, "prePromotionAnalysis", false);
    let why = stage.status(PROOF)["legal"]["promote"]["reason"].to_string();
    assert!(why.contains("pre-promotion analysis is still running"), "{why}");
    each_works(&stage, &BUSY);
    assert_eq!(stage.close(), BUSY.len());
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn during_the_analysis_after_the_switch() {
    let stage = judged_flock("lbpost", &BUSY, "postPromotionAnalysis", true);
    let why = stage.status(PROOF)["legal"]["promote"]["reason"].to_string();
    assert!(why.contains("already switched"), "{why}");
    each_works(&stage, &BUSY);
    for name in ["abort", "undo"] {
        let stable = stage.get("rollout", name, ".status.stableRS");
        let active = stage.get("service", name, r".spec.selector.rollouts-pod-template-hash");
        assert_eq!(active, stable, "{name}: users are back");
    }
    assert_eq!(stage.close(), BUSY.len());
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn aborted_held_and_quiet() {
    let aborted = ["promote-full", "undo", "retry", "restart"];
    let stage = waiting("lbabort", &aborted, &json!({}));
    for name in names(&aborted) {
        stage.plugin(&["abort", name]);
        stage.until(name, "aborted", |s| s["phase"] == "Degraded");
    }
    each_works(&stage, &aborted);
    assert_eq!(stage.close(), aborted.len());

    let held = ["resume", "abort", "undo", "restart"];
    let stage = waiting("lbheld", &held, &json!({}));
    for name in names(&held) {
        stage.plugin(&["pause", name]);
        stage.until(name, "held", |s| s["held"] == true);
    }
    each_works(&stage, &held);
    stage.patch("rollout", PROOF, true, &json!({ "status": { "promoteFull": true } }));
    let active = || stage.get("rollout", PROOF, ".status.blueGreen.activeSelector");
    let before = active();
    stays("held", Duration::from_secs(2), || active() == before);
    assert_eq!(stage.close(), held.len());

    let quiet = ["pause", "restart"];
    let stage = flock(shared(), "lbquiet", &quiet, |n| blue_green(n, 1, &settings(&json!({}))));
    each_works(&stage, &quiet);
    assert_eq!(stage.close(), quiet.len());
}
