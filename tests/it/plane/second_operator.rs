//! Stories of two operators: somebody else acts between key and confirmation.

use serde_json::json;

use super::audit;
use super::cockpit::Cockpit;
use super::grounds::shared;
use super::manifests::canary;
use super::stage::{Stage, WAVEOFF};
use crate::pty_rig::{Rig, Setup};

fn at_the_first_gate(name: &str) -> Stage {
    let steps = json!({ "steps": [
        { "setWeight": 5 }, { "pause": {} }, { "setWeight": 50 }, { "pause": {} },
    ] });
    let stage = Stage::new(shared(), name, &canary("web", 2, &steps));
    stage.until_healthy("web");
    stage.release("rollout", "web", "2", None);
    stage.until_at("web", 1, "Paused");
    stage
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn the_open_dialog_says_what_changed_and_arms_again() {
    let stage = at_the_first_gate("second");
    let cockpit = Cockpit::over(&stage, "web");
    cockpit.ask("P", "PROMOTE");
    stage.plugin(&["promote", "web"]);
    stage.until_at("web", 3, "Paused");
    // The same dialog, about another gate now: it says so before it can be confirmed.
    cockpit.sees_line(&["step index 1", "3"]);
    assert!(audit::writes(stage.plane, "admin", &stage.namespace).is_empty());
    cockpit.key("\x1b");
    cockpit.misses("Esc leave it");
    cockpit.leave();
    assert_eq!(stage.status("web")["step"]["index"], 3);
    assert_eq!(stage.close(), 0);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_dialog_whose_verb_is_over_cannot_be_confirmed() {
    let stage = at_the_first_gate("secondabort");
    let cockpit = Cockpit::over(&stage, "web");
    cockpit.ask("P", "PROMOTE");
    stage.plugin(&["abort", "web"]);
    cockpit.sees("aborted: retry it or undo it first");
    cockpit.key("\r");
    cockpit.key("\r");
    cockpit.key("\x1b");
    cockpit.misses("Esc leave it");
    cockpit.leave();
    assert_eq!(stage.status("web")["aborted"], true);
    assert!(audit::writes(stage.plane, "admin", &stage.namespace).is_empty());
    assert_eq!(stage.close(), 0);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn the_server_itself_checks_what_is_there_and_what_is_not() {
    let stage = at_the_first_gate("witness");
    let start = stage.get("rollout", "web", ".status.pauseConditions[0].startTime");
    // Each is a patch that would change nothing: the witness alone decides.
    let holds = |path: &str, value: serde_json::Value| {
        let patch = json!([{ "op": "test", "path": path, "value": value }]).to_string();
        let mut kubectl = stage.plane.tool("kubectl", "operator");
        kubectl.args(["-n", &stage.namespace, "patch", "rollout", "web", "--type", "json"]);
        kubectl.args(["--subresource", "status", "-p", &patch]);
        kubectl.output().unwrap().status.success()
    };
    let pause = "/status/pauseConditions/0/startTime";
    assert!(holds(pause, json!(start)));
    assert!(!holds(pause, json!("2001-01-01T00:00:00Z")));
    assert!(!holds("/status/pauseConditions", json!(null)), "it is paused");
    assert!(holds("/status/promoteFull", json!(null)), "absent is false");
    assert!(holds("/status/abort", json!(null)), "absent is false");
    assert!(!holds("/status/currentStepIndex", json!(0)));
    stage.plugin(&["promote", "web"]);
    stage.until_at("web", 3, "Paused");
    assert!(!holds(pause, json!(start)), "another pause");
    stage.plugin(&["abort", "web"]);
    stage.until("web", "aborted", |s| s["phase"] == "Degraded");
    assert!(holds("/status/pauseConditions", json!(null)), "it is not paused");
    assert!(!holds("/status/abort", json!(null)), "it is aborted");
    assert_eq!(stage.close(), 0);
}

/// A command that has shown its plan and waits for `yes` in a terminal.
fn asked(stage: &Stage, verb: &[&str]) -> Rig {
    let environment = stage.environment();
    let env: Vec<(&str, &str)> = environment.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let mut args = verb.to_vec();
    args.extend(["web", "-n", &stage.namespace, "--reason", "two people"]);
    let rig = Rig::spawn(&Setup { program: WAVEOFF, args: &args, env: &env, size: (120, 30) });
    rig.wait_for_text("type ");
    rig
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_command_confirmed_too_late_is_refused_with_the_difference() {
    let stage = at_the_first_gate("late");
    let mut rig = asked(&stage, &["promote"]);
    stage.plugin(&["promote", "web"]);
    stage.until_at("web", 3, "Paused");
    let before = stage.get("rollout", "web", ".metadata.resourceVersion");
    rig.send("yes\r");
    assert_eq!(rig.wait_for_exit().exit_code(), 6, "{}", rig.contents());
    let said = rig.contents();
    assert!(said.contains("nothing was changed"), "{said}");
    assert!(said.contains("step was step 2, is step 4"), "{said}");
    assert_eq!(stage.get("rollout", "web", ".metadata.resourceVersion"), before);
    let journal = audit::journal(&stage.state());
    assert!(journal.iter().any(|l| l["report"] == "answer" && l["word"] == "changed"));
    assert_eq!(stage.close(), 0);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn an_abort_is_not_refused_because_the_update_moved_on() {
    let stage = at_the_first_gate("lateabort");
    let mut rig = asked(&stage, &["abort"]);
    stage.plugin(&["promote", "web"]);
    stage.until_at("web", 3, "Paused");
    rig.send("yes\r");
    assert_eq!(rig.wait_for_exit().exit_code(), 0, "{}", rig.contents());
    assert_eq!(stage.ingress_weight("web"), 0);
    assert_eq!(stage.close(), 1);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn an_undo_of_another_release_is_refused() {
    let stage = at_the_first_gate("lateundo");
    let stable = stage.status("web")["stable"]["hash"].as_str().unwrap().to_owned();
    let mut rig = asked(&stage, &["undo"]);
    stage.release("rollout", "web", "3", None);
    stage.until("web", "the third version", |s| {
        s["current"]["images"][0] == "registry.example/web:3"
    });
    rig.send(&format!("{}\r", &stable[..3]));
    assert_eq!(rig.wait_for_exit().exit_code(), 6, "{}", rig.contents());
    assert!(rig.contents().contains("wanted version was"), "{}", rig.contents());
    let image = stage.get("rollout", "web", ".spec.template.spec.containers[0].image");
    assert_eq!(image, "registry.example/web:3");
    assert_eq!(stage.close(), 0);
}
