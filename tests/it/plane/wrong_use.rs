//! Wrong use and poor surroundings: each has a message that helps, and its exit code.

use std::process::{Command, Stdio};

use serde_json::json;

use super::cockpit::Cockpit;
use super::grounds::{Plane, shared};
use super::manifests::{canary, deployment};
use super::stage::{Flown, Stage, WAVEOFF};
use crate::pty_rig::{Rig, Setup};

fn shop(name: &str) -> Stage {
    let steps = json!({ "steps": [{ "setWeight": 50 }, { "pause": {} }] });
    let mut objects = canary("checkout", 1, &steps);
    objects.push(deployment("catalog", 1, &json!({})));
    let stage = Stage::new(shared(), name, &objects);
    stage.until_healthy("checkout");
    stage
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn names_that_do_not_exist_are_answered_with_the_nearest() {
    let stage = shop("names");
    for (arguments, code, words) in [
        (&["status", "chekout"][..], 2, "did you mean checkout?"),
        (&["status", "deploy/checkout"], 2, "no deployment checkout"),
        (&["status", "zzz"], 2, "there are"),
        (&["status", "pod/x"], 2, "is not a kind this works on"),
        (&["status", "checkout", "--contxt", "x"], 2, "--context"),
        (&["stauts", "checkout"], 2, "status"),
        (&["status", "checkout", "--context", "plane-admn"], 2, "plane-admin"),
        (
            &["undo", "checkout", "--to-revision", "7", "-y", "--reason", "r"],
            4,
            "no other revision",
        ),
        (&["promote", "checkout", "--timeout", "0s"], 2, "above zero"),
        (&["status", "checkout", "-o", "yaml"], 2, "json"),
    ] {
        let flown = stage.fly(arguments).expect(code);
        assert!(flown.err.contains(words), "{arguments:?}: {}", flown.err);
        assert!(flown.out.is_empty(), "{arguments:?}: {}", flown.out);
    }
    let other = stage.run(&["status", "checkout", "-n", "no-such-namespace"]).expect(2);
    assert!(other.err.contains("no-such-namespace"), "{}", other.err);
    // A grave verb without a reason, and any verb with nobody to ask.
    stage.release("rollout", "checkout", "2", None);
    stage.until_at("checkout", 1, "Paused");
    let flown = stage.fly(&["undo", "checkout", "--yes"]).expect(4);
    assert!(flown.err.contains("needs --reason"), "{}", flown.err);
    let flown = stage.fly(&["promote", "checkout"]).expect(4);
    assert!(flown.err.contains("--yes was not given"), "{}", flown.err);
    let flown = stage.fly(&["promote", "checkout", "-y", "--read-only"]).expect(4);
    assert!(flown.err.contains("read-only"), "{}", flown.err);
    assert_eq!(stage.close(), 0);
}

/// Runs waveoff with another environment than the stage's.
fn with(stage: &Stage, changes: &[(&str, &str)], arguments: &[&str]) -> Flown {
    let mut command = Command::new(WAVEOFF);
    command.args(arguments).env_clear().envs(stage.environment()).stdin(Stdio::null());
    for (name, value) in changes {
        command.env(name, value);
    }
    let done = command.output().expect("waveoff runs");
    Flown {
        code: done.status.code().unwrap_or(-1),
        json: serde_json::Value::Null,
        out: String::from_utf8_lossy(&done.stdout).into_owned(),
        err: String::from_utf8_lossy(&done.stderr).into_owned(),
    }
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_cluster_that_cannot_be_read_is_undetermined_and_says_why() {
    let stage = Stage::new(shared(), "blind", &[]);
    let flown = with(&stage, &[("KUBECONFIG", "")], &["list"]).expect(2);
    assert!(flown.err.contains(".kube/config"), "no kubeconfig: {}", flown.err);
    let flown = with(&stage, &[("KUBECONFIG", "/nowhere/config")], &["list"]).expect(2);
    assert!(flown.err.contains("/nowhere/config"), "{}", flown.err);

    let flown = stage.flown_by("expired").fly(&["list"]).expect(3);
    assert!(flown.err.contains("401") && flown.err.contains("log in again"), "{}", flown.err);
    let flown = stage.flown_by("blind").fly(&["list"]).expect(3);
    assert!(flown.err.contains("not permitted: list rollouts"), "{}", flown.err);
    let flown = stage.flown_by("blind").act(&["promote"], "web").expect(3);
    assert!(flown.err.contains("not permitted: list rollouts"), "{}", flown.err);

    // Nobody listens there.
    let text = std::fs::read_to_string(stage.plane.kubeconfig("admin")).unwrap();
    let file = stage.state().with_extension("kubeconfig");
    std::fs::write(&file, text.replace(stage.plane.value("PLANE_API_URL"), "https://127.0.0.1:9"))
        .unwrap();
    let path = file.display().to_string();
    let flown = stage.fly(&["list", "--kubeconfig", &path]).expect(3);
    assert!(flown.err.contains("127.0.0.1:9"), "{}", flown.err);

    // Not a terminal: the cockpit says what works without one.
    let flown = stage.fly(&[]).expect(2);
    assert!(flown.err.contains("needs a terminal"), "{}", flown.err);
    assert_eq!(stage.close(), 0);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn the_cockpit_says_it_too_and_a_tiny_terminal_is_told_so() {
    let stage = shop("tiny");
    let cockpit = Cockpit::open(&stage, (100, 30));
    cockpit.sees("checkout");
    cockpit.rig.resize(40, 10);
    cockpit.rig.wait_until("a word about the size", |screen| {
        let text = screen.contents();
        text.contains("40x10") || text.contains("small")
    });
    cockpit.rig.resize(100, 30);
    cockpit.sees("catalog");
    cockpit.leave();

    let expired = stage.flown_by("expired");
    let environment = expired.environment();
    let env: Vec<(&str, &str)> = environment.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let args = ["-n", stage.namespace.as_str()];
    let mut rig = Rig::spawn(&Setup { program: WAVEOFF, args: &args, env: &env, size: (100, 30) });
    rig.wait_for_text("401");
    rig.send("q");
    rig.wait_for_exit();
    rig.assert_restored();
    let blind = stage.flown_by("blind");
    let cockpit = Cockpit::open(&blind, (100, 30));
    cockpit.sees("not permitted");
    cockpit.leave();
    assert_eq!(stage.close(), 0);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn without_the_rollout_kind_deployments_alone_work() {
    let plane: &'static Plane = Box::leak(Box::new(Plane::start("no-crd", &["--no-crd"])));
    let stage = Stage::new(plane, "plain", &[deployment("catalog", 1, &json!({}))]);
    stage.until_healthy("catalog");
    let flown = stage.fly(&["list"]).expect(0);
    assert!(flown.out.contains("catalog"), "{}", flown.out);
    assert!(flown.err.contains("rollouts: "), "what is missing: {}", flown.err);
    stage.works(&["restart"], "catalog");
    let cockpit = Cockpit::over(&stage, "catalog");
    cockpit.sees("HEALTHY");
    cockpit.leave();
    assert_eq!(stage.close(), 1);
    plane.control("down", &[]);
}
