//! Every verb in every situation of a Deployment, held against the real controller.

use serde_json::json;

use super::grounds::shared;
use super::legal::{PROOF, each_works, flock, names, release, table};
use super::manifests::deployment;

#[test]
#[ignore = "needs the control plane: tests/run"]
fn quiet_progressing_held_and_stuck() {
    let settings = json!({ "progressDeadlineSeconds": 5 });
    let quiet = ["pause", "restart"];
    let stage = flock(shared(), "ldquiet", &quiet, |n| vec![deployment(n, 1, &settings)]);
    each_works(&stage, &quiet);
    assert_eq!(stage.close(), quiet.len());

    let moving = ["pause", "undo", "restart"];
    let patient = json!({ "progressDeadlineSeconds": 600 });
    let stage = flock(shared(), "ldmove", &moving, |n| vec![deployment(n, 1, &patient)]);
    release(&stage, "deployment", &moving, Some("slow"));
    for name in names(&moving) {
        stage.until(name, "progressing", |s| s["phase"] == "Progressing");
    }
    each_works(&stage, &moving);
    assert_eq!(stage.close(), moving.len());

    let stuck = ["pause", "undo", "restart"];
    let stage = flock(shared(), "ldstuck", &stuck, |n| vec![deployment(n, 1, &settings)]);
    release(&stage, "deployment", &stuck, Some("image-pull"));
    for name in names(&stuck) {
        stage.until(name, "stuck", |s| s["phase"] == "Degraded");
    }
    table(&stage, PROOF, &stuck);
    stage.works(&["pause"], "pause");
    stage.works(&["undo"], "undo");
    // Restarting what cannot start is allowed, and honestly never in effect.
    stage.fly(&["restart", "restart", "-y", "--timeout", "2s"]).expect(5);
    assert_eq!(stage.close(), stuck.len());
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn held() {
    let verbs = ["resume"];
    let stage = flock(shared(), "ldheld", &verbs, |n| vec![deployment(n, 1, &json!({}))]);
    for name in names(&verbs) {
        stage.works(&["pause"], name);
    }
    release(&stage, "deployment", &verbs, None);
    table(&stage, PROOF, &verbs);
    // What it refuses: kubectl says it too, or nothing would happen.
    let mut kubectl = stage.plane.tool("kubectl", "operator");
    kubectl.args(["-n", &stage.namespace, "rollout", "restart", "deployment", PROOF]);
    assert!(!kubectl.output().unwrap().status.success());
    let mut kubectl = stage.plane.tool("kubectl", "operator");
    kubectl.args(["-n", &stage.namespace, "rollout", "undo", "deployment", PROOF]);
    assert!(!kubectl.output().unwrap().status.success());
    stage.works(&["resume"], "resume");
    assert_eq!(stage.close(), 3);
}
