//! Stories of the way back: after two bad releases, after a complete one, through a Deployment.

use serde_json::{Value, json};

use super::cockpit::Cockpit;
use super::grounds::shared;
use super::manifests::{basic_canary, canary, deployment, rollout};
use super::stage::Stage;

fn gate() -> Value {
    json!({
        "scaleDownDelaySeconds": 2,
        "abortScaleDownDelaySeconds": 2,
        "steps": [{ "setWeight": 50 }, { "pause": {} }],
    })
}

/// Version 1 is stable, 2 and 3 were aborted: the second-newest is as bad as the newest.
fn after_two_bad_releases(name: &str) -> (Stage, String) {
    let stage = Stage::new(shared(), name, &canary("web", 2, &gate()));
    let stable = stage.until_healthy("web")["stable"]["hash"].as_str().unwrap().to_owned();
    for tag in ["2", "3"] {
        stage.release("rollout", "web", tag, None);
        stage.until("web", &format!("version {tag} at its gate"), |s| {
            s["step"]["index"] == 1
                && s["phase"] == "Paused"
                && s["current"]["images"][0] == format!("registry.example/web:{tag}")
        });
        stage.works(&["abort"], "web");
    }
    (stage, stable)
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn after_two_bad_releases_undo_goes_to_the_last_stable_one() {
    let (stage, stable) = after_two_bad_releases("undo");
    let plan = stage.fly(&["undo", "web", "--dry-run", "-o", "json"]).expect(0).json;
    assert_eq!(plan["plan"]["target"], stable.as_str());
    let notes = plan["plan"]["notes"].to_string();
    assert!(notes.contains("a plain undo would have picked r2"), "{notes}");

    let sets = stage.replica_sets();
    assert_eq!(sets.len(), 3);
    let cockpit = Cockpit::over(&stage, "web");
    cockpit.key("U");
    cockpit.sees(&stable);
    cockpit.key("\r");
    cockpit.sees("UNDO");
    cockpit.confirm_grave(&stable[..3]);
    cockpit.receipt("undo");
    let done = stage.until_healthy("web");
    assert_eq!(done["current"]["hash"], stable.as_str(), "the very same template");
    assert_eq!(stage.replica_sets(), sets, "the old ReplicaSet is used again, none is made");
    assert_eq!(stage.ingress_weight("web"), 0);
    cockpit.leave();
    assert_eq!(stage.close(), 3);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_plain_undo_goes_to_the_other_bad_one() {
    let (stage, stable) = after_two_bad_releases("plain");
    // What the plugin does in the same place.
    stage.plugin(&["undo", "web"]);
    let after = stage.until("web", "the plugin's choice", |s| {
        s["current"]["images"][0] == "registry.example/web:2"
    });
    assert_ne!(after["current"]["hash"], stable.as_str());
    stage.works(&["undo"], "web");
    assert_eq!(stage.until_healthy("web")["current"]["hash"], stable.as_str());
    assert_eq!(stage.close(), 3);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_bad_release_that_is_complete_goes_back_through_its_steps() {
    let stage = Stage::new(shared(), "back", &canary("web", 2, &gate()));
    let first = stage.until_healthy("web")["stable"]["hash"].clone();
    stage.release("rollout", "web", "2", None);
    stage.until_at("web", 1, "Paused");
    stage.works(&["promote", "--full"], "web");
    stage.until_healthy("web");
    let plan = stage.fly(&["undo", "web", "--dry-run", "-o", "json"]).expect(0).json;
    assert_eq!(plan["plan"]["target"], first);
    let notes = plan["plan"]["notes"].to_string();
    assert!(notes.contains("all 2 steps run again"), "{notes}");
    // It waits at its gate: sent and observed, and honestly not in effect within the time.
    let flown = stage.fly(&["undo", "web", "-y", "--reason", "r", "--timeout", "4s", "-o", "json"]);
    let receipt = flown.expect(5).json;
    assert_eq!(receipt["stage"], "observed", "{receipt}");
    let waiting = stage.until_at("web", 1, "Paused");
    assert_eq!(waiting["current"]["hash"], first);
    stage.works(&["promote"], "web");
    assert_eq!(stage.until_healthy("web")["stable"]["hash"], first);
    assert_eq!(stage.replica_sets().len(), 2);
    assert_eq!(stage.close(), 3);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn the_receipt_of_an_undo_waits_for_the_router() {
    let stage = Stage::new(shared(), "router", &canary("web", 2, &gate()));
    stage.until_healthy("web");
    stage.release("rollout", "web", "2", None);
    stage.until_at("web", 1, "Paused");
    assert_eq!(stage.ingress_weight("web"), 50);
    stage.works(&["undo"], "web");
    assert_eq!(stage.ingress_weight("web"), 0, "said to be in effect");
    assert_eq!(stage.close(), 1);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn injected_metadata_does_not_make_a_new_replica_set() {
    let mut strategy = gate();
    strategy["canaryMetadata"] = json!({ "labels": { "role": "canary" } });
    strategy["stableMetadata"] = json!({ "annotations": { "role": "stable" } });
    let stage = Stage::new(shared(), "injected", &canary("web", 2, &strategy));
    let first = stage.until_healthy("web")["stable"]["hash"].clone();
    stage.release("rollout", "web", "2", None);
    stage.until_at("web", 1, "Paused");
    stage.works(&["promote", "--full"], "web");
    stage.until_healthy("web");
    stage.fly(&["undo", "web", "-y", "--reason", "r", "--timeout", "2s"]).expect(5);
    let back = stage.until_at("web", 1, "Paused");
    assert_eq!(back["current"]["hash"], first);
    assert_eq!(stage.replica_sets().len(), 2, "{:?}", stage.replica_sets());
    stage.close();
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_rollout_whose_template_lives_in_a_deployment_is_undone_there() {
    let mut mailer = rollout(
        "mailer",
        2,
        &json!({ "canary": {
        "steps": [{ "setWeight": 50 }, { "pause": {} }],
    } }),
    );
    mailer["spec"]["workloadRef"] =
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "mailer" });
    mailer["spec"].as_object_mut().unwrap().remove("template");
    mailer["spec"].as_object_mut().unwrap().remove("selector");
    let objects = [deployment("mailer", 0, &json!({})), mailer];
    let stage = Stage::new(shared(), "mailer", &objects);
    let first = stage.until_healthy("mailer");
    assert_eq!(first["kind"], "Rollout", "the Rollout is meant by the name alone");
    let stable = first["stable"]["hash"].clone();
    let list = stage.fly(&["list", "-o", "json"]).expect(0);
    assert_eq!(list.out.matches("\"name\": \"mailer\"").count(), 1, "one row: {}", list.out);

    stage.release("deployment", "mailer", "2", None);
    stage.until_at("mailer", 1, "Paused");
    stage.works(&["undo"], "mailer");
    let back = stage.until_healthy("mailer");
    assert_eq!(back["current"]["hash"], stable);
    assert_eq!(
        stage.get("deployment", "mailer", ".spec.template.spec.containers[0].image"),
        "registry.example/mailer:1"
    );
    assert_eq!(stage.close(), 1);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_canary_without_a_router_is_aborted_and_undone() {
    let steps = json!({ "steps": [{ "setWeight": 50 }, { "pause": {} }] });
    let stage = Stage::new(shared(), "basic", &basic_canary("web", 2, &steps));
    let stable = stage.until_healthy("web")["stable"]["hash"].clone();
    stage.release("rollout", "web", "2", None);
    let status = stage.until_at("web", 1, "Paused");
    assert_eq!(status["traffic"]["router_source"], "pods");
    assert_eq!(status["traffic"]["router"], 50, "{}", status["traffic"]);
    stage.works(&["abort"], "web");
    let sets = stage.replica_sets();
    stage.works(&["undo"], "web");
    assert_eq!(stage.until_healthy("web")["current"]["hash"], stable);
    assert_eq!(stage.replica_sets(), sets);
    assert_eq!(stage.close(), 2);
}
