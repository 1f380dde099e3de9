//! Every verb in every situation of a canary: what is offered works, what is refused says why, and
//! would have been wrong or useless.

use std::time::Duration;

use serde_json::{Value, json};

use super::grounds::shared;
use super::legal::{PROOF, each_works, flock, names, release, table};
use super::manifests::{canary, error_rate, judged_by};
use super::stage::{Stage, stays};

const UPDATING: [&str; 6] = ["promote", "promote-full", "pause", "abort", "undo", "restart"];
const BUSY: [&str; 5] = ["promote-full", "pause", "abort", "undo", "restart"];

fn steps(steps: &Value) -> Value {
    json!({ "scaleDownDelaySeconds": 5, "abortScaleDownDelaySeconds": 5, "steps": steps })
}

fn gate() -> Value {
    steps(&json!([{ "setWeight": 50 }, { "pause": {} }, { "pause": {} }]))
}

fn step_of(stage: &Stage, name: &str) -> String {
    stage.get("rollout", name, ".status.currentStepIndex")
}

/// A flock with a new version, each at this step in this phase.
fn flock_at(name: &str, verbs: &[&str], strategy: &Value, index: u64, phase: &str) -> Stage {
    let stage = flock(shared(), name, verbs, |n| canary(n, 2, strategy));
    release(&stage, "rollout", verbs, None);
    for name in names(verbs) {
        stage.until_at(name, index, phase);
    }
    stage
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn quiet() {
    let verbs = ["pause", "restart"];
    let stage = flock(shared(), "lcquiet", &verbs, |n| canary(n, 1, &gate()));
    each_works(&stage, &verbs);
    // Abort on a stable version: the flag is dropped, nothing else happens.
    stage.plugin(&["abort", PROOF]);
    stage.until(PROOF, "the abort is dropped", |s| s["aborted"] == false);
    let after = stage.until_healthy(PROOF);
    assert_eq!(after["phase"], "Healthy");
    // Promote on a stable version: it says promoted, and nothing moves.
    let before = step_of(&stage, PROOF);
    stage.plugin(&["promote", PROOF]);
    stays("the step", Duration::from_secs(1), || step_of(&stage, PROOF) == before);
    assert_eq!(stage.close(), 2);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn at_a_manual_pause() {
    let stage = flock_at("lcgate", &UPDATING, &gate(), 1, "Paused");
    each_works(&stage, &UPDATING);
    assert_eq!(stage.close(), UPDATING.len());
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn at_a_timed_pause() {
    let strategy = steps(&json!([
        { "setWeight": 50 }, { "pause": { "duration": "10m" } }, { "pause": {} },
    ]));
    let stage = flock_at("lctimed", &UPDATING, &strategy, 1, "Paused");
    let status = stage.status(PROOF);
    assert!(status["pause_ends"].is_string(), "{status}");
    assert!(status["why"].as_str().unwrap().starts_with("paused by a timer"), "{status}");
    each_works(&stage, &UPDATING);
    assert_eq!(stage.close(), UPDATING.len());
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn while_a_weight_is_being_set() {
    let stage = flock(shared(), "lcweight", &BUSY, |n| canary(n, 2, &gate()));
    // Ready after 15 s: the step lasts as long.
    for name in BUSY {
        stage.release("rollout", name, "2", Some("slow"));
    }
    stage.release("rollout", PROOF, "2", Some("never-ready"));
    for name in names(&BUSY) {
        stage.until(name, "its new pod", |s| s["current"]["desired"] == 1);
    }
    table(&stage, PROOF, &BUSY);
    let reason = stage.status(PROOF)["legal"]["promote"]["reason"].to_string();
    assert!(reason.contains("still under way, promoting would skip it"), "{reason}");
    // The plugin does it: the weight that the step asks for was never there.
    stage.plugin(&["promote", PROOF]);
    stage.until(PROOF, "skipped", |s| s["step"]["index"] == 1);
    assert_eq!(stage.ingress_weight(PROOF), 0);
    for verb in ["pause", "abort", "undo"] {
        stage.works(&[verb], verb);
    }
    stage.works(&["promote", "--full"], "promote-full");
    stage.works(&["restart"], "restart");
    assert_eq!(stage.close(), BUSY.len());
}

/// A flock in a running analysis, or in an undecided one.
fn judged_flock(name: &str, verbs: &[&str], metric: &Value, rate: &str) -> Stage {
    let plane = shared();
    let stage = Stage::new(plane, name, &[]);
    let service = stage.namespace.clone();
    plane.metric(&format!("error_rate/{service}"), rate);
    let address = plane.value("PLANE_METRICS_URL");
    stage.apply(&[error_rate("errors", address, &service, metric)]);
    let strategy = steps(&json!([
        { "setWeight": 50 }, { "analysis": judged_by("errors") }, { "pause": {} },
    ]));
    let objects: Vec<Value> = names(verbs).flat_map(|n| canary(n, 2, &strategy)).collect();
    stage.apply(&objects);
    for name in names(verbs) {
        stage.until_healthy(name);
    }
    release(&stage, "rollout", verbs, None);
    stage
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn while_an_analysis_runs() {
    let endless = json!({ "count": 1000, "interval": "2s" });
    let stage = judged_flock("lcrun", &BUSY, &endless, "0.001");
    for name in names(&BUSY) {
        stage.until(name, "its analysis runs", |s| {
            s["step"]["index"] == 1 && s["analysis"][0]["verdict"] == "Running"
        });
    }
    each_works(&stage, &BUSY);
    let reason = stage.status(PROOF)["legal"]["promote"]["reason"].to_string();
    assert!(reason.contains("running analysis, promoting would skip it"), "{reason}");
    // The plugin does it: the judgement never comes.
    stage.plugin(&["promote", PROOF]);
    let skipped = stage.until_at(PROOF, 2, "Paused");
    assert_ne!(skipped["analysis"][0]["metrics"][0]["measured"], 1000);
    assert_eq!(stage.close(), BUSY.len());
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn after_an_undecided_analysis() {
    let undecided = json!({ "failureCondition": "result[0] > 0.2" });
    let stage = judged_flock("lcopen", &UPDATING, &undecided, "0.1");
    for name in names(&UPDATING) {
        stage.until(name, "undecided", |s| s["message"] == "InconclusiveAnalysisRun");
    }
    each_works(&stage, &UPDATING);
    assert_eq!(stage.status("promote")["step"]["index"], 2, "accepted, one step");
    assert_eq!(stage.close(), UPDATING.len());
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn aborted() {
    let verbs = ["promote-full", "undo", "retry", "restart"];
    let stage = flock_at("lcabort", &verbs, &gate(), 1, "Paused");
    for name in names(&verbs) {
        stage.plugin(&["abort", name]);
        stage.until(name, "aborted", |s| s["phase"] == "Degraded");
    }
    let plan = stage.fly(&["promote", "--full", PROOF, "--dry-run"]).expect(0).out;
    assert!(plan.contains("SHIPS the version that was aborted"), "{plan}");
    each_works(&stage, &verbs);
    // Promoting an aborted one: it says promoted, and nothing moves.
    stage.plugin(&["promote", PROOF]);
    stays("aborted", Duration::from_secs(1), || {
        stage.get("rollout", PROOF, ".status.abort") == "true"
    });
    assert_eq!(stage.close(), verbs.len());
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn held() {
    let verbs = ["resume", "abort", "undo", "restart"];
    let stage = flock_at("lcheld", &verbs, &gate(), 1, "Paused");
    for name in names(&verbs) {
        stage.plugin(&["pause", name]);
        stage.until(name, "held", |s| s["held"] == true);
    }
    each_works(&stage, &verbs);
    // A full promotion while it is held: nothing happens until somebody resumes it.
    stage.patch("rollout", PROOF, true, &json!({ "status": { "promoteFull": true } }));
    stays("held", Duration::from_secs(2), || {
        let stable = stage.get("rollout", PROOF, ".status.stableRS");
        stable != stage.get("rollout", PROOF, ".status.currentPodHash")
    });
    assert_eq!(stage.close(), verbs.len());
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn promoted_and_still_scaling_down() {
    let verbs = ["pause", "undo", "restart"];
    let mut strategy = gate();
    strategy["scaleDownDelaySeconds"] = json!(300);
    let stage = flock_at("lcdone", &verbs, &strategy, 1, "Paused");
    for name in names(&verbs) {
        stage.plugin(&["promote", name, "--full"]);
    }
    for name in names(&verbs) {
        stage.until(name, "complete, the old version still warm", |s| {
            s["phase"] == "Healthy" && s["revisions"][1]["scale_down_at"].is_string()
        });
    }
    table(&stage, PROOF, &verbs);
    for verb in ["pause", "restart"] {
        stage.works(&[verb], verb);
    }
    // It is no undo of an update: all steps again, as the plan says, up to the gate.
    stage.fly(&["undo", "undo", "-y", "--reason", "r", "--timeout", "2s"]).expect(5);
    stage.until_at("undo", 1, "Paused");
    // Abort after the fact: dropped.
    stage.plugin(&["abort", PROOF]);
    stage.until(PROOF, "the abort is dropped", |s| s["aborted"] == false);
    assert_eq!(stage.until_healthy(PROOF)["stable"]["revision"], 2);
    assert_eq!(stage.close(), verbs.len());
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn while_a_full_promotion_is_under_way() {
    let verbs = ["pause", "abort", "undo", "restart"];
    let stage = flock(shared(), "lcfull", &verbs, |n| canary(n, 2, &gate()));
    release(&stage, "rollout", &verbs, Some("slow"));
    for name in names(&verbs) {
        stage.until(name, "its new pod", |s| s["current"]["desired"] == 1);
        stage.plugin(&["promote", name, "--full"]);
    }
    table(&stage, PROOF, &verbs);
    // Without clearing promoteFull, an abort is not heard.
    stage.plugin(&["abort", PROOF]);
    stage.works(&["abort"], "abort");
    assert_eq!(stage.ingress_weight("abort"), 0);
    stage.works(&["undo"], "undo");
    stage.works(&["pause"], "pause");
    stage.works(&["restart"], "restart");
    let proof = stage.until_healthy(PROOF);
    assert_eq!(proof["stable"]["revision"], 2, "the plugin's abort was ignored");
    assert_eq!(stage.close(), verbs.len());
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn promotes_sent_at_once_move_one_gate_each_and_never_more() {
    let gates = json!([
        { "setWeight": 50 }, { "pause": {} }, { "pause": {} }, { "pause": {} }, { "pause": {} },
    ]);
    let stage = flock_at("lcdouble", &["promote"], &steps(&gates), 1, "Paused");
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let fly = || stage.act(&["promote"], "promote").code;
        let flights: Vec<_> = (0..3).map(|_| scope.spawn(fly)).collect();
        flights.into_iter().map(|flight| flight.join().unwrap()).collect()
    });
    // Whoever was too late saw another gate, or is told so: changed (6) or not possible now (4).
    let done = codes.iter().filter(|code| **code == 0).count();
    assert!(done >= 1 && codes.iter().all(|code| [0, 4, 6].contains(code)), "{codes:?}");
    let index = (1 + done).to_string();
    stage.until("promote", "at its next gate", |s| s["phase"] == "Paused");
    stays("as many gates as promotes", Duration::from_secs(1), || {
        step_of(&stage, "promote") == index
    });
    assert_eq!(stage.close(), done);
}
