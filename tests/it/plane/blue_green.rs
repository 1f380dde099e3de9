//! Stories of a blue-green pair: it waits, shows its preview, is switched, aborted, switched back.

use serde_json::{Value, json};

use super::cockpit::Cockpit;
use super::grounds::shared;
use super::manifests::blue_green;
use super::stage::Stage;

/// Waits for a person before the switch; the old version stays warm for some seconds.
fn by_hand() -> Value {
    json!({
        "autoPromotionEnabled": false,
        "scaleDownDelaySeconds": 20,
        "abortScaleDownDelaySeconds": 3,
    })
}

fn in_preview(name: &str) -> Stage {
    let stage = Stage::new(shared(), name, &blue_green("front", 2, &by_hand()));
    stage.until_healthy("front");
    stage.release("rollout", "front", "2", None);
    stage.until("front", "waiting before the switch", |s| {
        s["phase"] == "Paused" && s["current"]["available"] == 2
    });
    stage
}

fn selector(stage: &Stage, service: &str) -> String {
    stage.get("service", service, r".spec.selector.rollouts-pod-template-hash")
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn waits_shows_its_preview_is_promoted_and_goes_back_while_warm() {
    let stage = in_preview("blue");
    let status = stage.status("front");
    let hash = |role: &str| status[role]["hash"].as_str().unwrap().to_owned();
    let (old, new) = (hash("stable"), hash("current"));
    assert_eq!(selector(&stage, "front"), old);
    assert_eq!(selector(&stage, "front-preview"), new);
    let why = status["why"].as_str().unwrap();
    assert!(why.starts_with("waits for a person before the switch"), "{why}");
    let roles = status["revisions"].to_string();
    assert!(roles.contains("preview") && roles.contains("active"), "{roles}");

    let cockpit = Cockpit::over(&stage, "front");
    cockpit.sees("preview");
    cockpit.sees_line(&[&new]);
    cockpit.key("P");
    cockpit.sees("PROMOTE");
    cockpit.sees(&format!("switches to {new}"));
    cockpit.sees("not open: it was not passed");
    cockpit.text("nobody answers behind fake nodes");
    cockpit.ready();
    cockpit.key("\r");
    cockpit.receipt("promote");
    assert_eq!(selector(&stage, "front"), new, "said to be in effect");
    let done = stage.until_healthy("front");
    let warm = done["revisions"].as_array().unwrap().iter().find(|r| r["hash"] == old.as_str());
    assert!(warm.unwrap()["scale_down_at"].is_string(), "the countdown: {warm:?}");

    // Back while the old version is warm: no pause on the way.
    let sets = stage.replica_sets();
    stage.works(&["undo"], "front");
    assert_eq!(selector(&stage, "front"), old);
    assert_eq!(stage.replica_sets(), sets);
    cockpit.leave();
    assert_eq!(stage.close(), 2);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn is_aborted_before_the_switch_and_tried_again() {
    let stage = in_preview("bluestop");
    let stable = stage.status("front")["stable"]["hash"].as_str().unwrap().to_owned();
    stage.works(&["abort"], "front");
    assert_eq!(selector(&stage, "front"), stable, "users never left");
    let status = stage.status("front");
    assert_eq!(status["phase"], "Degraded");
    assert_eq!(status["why"], "aborted by hand, users are on r1");
    stage.works(&["retry"], "front");
    stage.until("front", "waiting again", |s| s["phase"] == "Paused");
    stage.works(&["undo"], "front");
    let back = stage.until_healthy("front");
    assert_eq!(back["current"]["hash"], stable.as_str());
    assert_eq!(stage.close(), 3);
}
