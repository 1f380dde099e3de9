//! Stories of a rolling Deployment: stuck and undone, held, restarted.

use std::time::Duration;

use serde_json::json;

use super::cockpit::Cockpit;
use super::grounds::shared;
use super::manifests::deployment;
use super::stage::{Stage, stays};

#[test]
#[ignore = "needs the control plane: tests/run"]
fn crash_looping_pods_say_why_it_is_stuck_and_it_is_undone() {
    let settings = json!({ "progressDeadlineSeconds": 6 });
    let stage = Stage::new(shared(), "stuck", &[deployment("api", 3, &settings)]);
    let good = stage.until_healthy("api")["current"]["hash"].as_str().unwrap().to_owned();
    stage.release("deployment", "api", "2", Some("crash-loop"));
    let cockpit = Cockpit::over(&stage, "api");
    let early = stage.until("api", "the pods' trouble", |s| {
        s["why"].as_str().is_some_and(|why| why.contains("not getting ready"))
    });
    assert_eq!(early["phase"], "Progressing");
    stage.until("api", "past its deadline", |s| {
        s["phase"] == "Degraded"
            && s["why"].as_str().is_some_and(|why| why.contains("main crash-loops"))
    });
    // Between two tries the container runs for two seconds: the sentence must not change its mind.
    stays("the pods are named", Duration::from_secs(13), || {
        let why = stage.status("api")["why"].as_str().unwrap().to_owned();
        why.starts_with("stuck: no progress within 6s; 1 of 1 pods of r2: main ")
            && why.contains("exit code 1")
    });
    cockpit.sees("stuck: no progress within 6s");
    cockpit.sees("CrashLoopBackOff");

    let sets = stage.replica_sets();
    cockpit.key("U");
    cockpit.sees(&good);
    cockpit.key("\r");
    cockpit.sees("UNDO");
    cockpit.confirm_grave(&good[..3]);
    cockpit.receipt("undo");
    let back = stage.until_healthy("api");
    assert_eq!(back["current"]["hash"], good.as_str());
    assert_eq!(stage.replica_sets(), sets);
    cockpit.leave();
    assert_eq!(stage.close(), 1);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn is_held_resumed_and_restarted() {
    let stage = Stage::new(shared(), "rolling", &[deployment("api", 2, &json!({}))]);
    let first = stage.until_healthy("api")["current"]["hash"].clone();
    stage.works(&["pause"], "api");
    stage.release("deployment", "api", "2", None);
    let held = stage.until("api", "held with a new template", |s| s["phase"] == "Paused");
    assert_eq!(held["why"], "held by hand (spec.paused)");
    stage.refused(&["restart"], "api", "held: resume it first");
    stage.refused(&["undo"], "api", "held: resume it first");
    stage.works(&["resume"], "api");
    let new = stage.until("api", "the new version complete", |s| {
        s["phase"] == "Healthy" && s["current"]["hash"] != first
    });
    stage.works(&["restart"], "api");
    let restarted = stage.until_healthy("api");
    assert_ne!(restarted["current"]["hash"], new["current"]["hash"]);

    // By its key: the dialog must arm although the time that would be written goes on.
    let cockpit = Cockpit::over(&stage, "api");
    cockpit.confirm("S", "RESTART");
    cockpit.receipt("restart");
    cockpit.leave();
    assert_eq!(stage.close(), 4);
}
