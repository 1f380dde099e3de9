//! Stories of a canary behind a router: it walks, is promoted, aborted, tried again, held.

use std::time::Duration;

use serde_json::{Value, json};

use super::audit;
use super::cockpit::Cockpit;
use super::grounds::shared;
use super::manifests::canary;
use super::stage::{Stage, ends, stays};

/// 5, 25, 50, 100, a gate behind each.
fn gates() -> Value {
    json!({
        "scaleDownDelaySeconds": 3,
        "abortScaleDownDelaySeconds": 3,
        "steps": [
            { "setWeight": 5 }, { "pause": {} },
            { "setWeight": 25 }, { "pause": {} },
            { "setWeight": 50 }, { "pause": {} },
            { "setWeight": 100 }, { "pause": {} },
        ],
    })
}

/// A canary with a new version on its way.
fn on_its_way(name: &str, replicas: u32, strategy: &Value) -> Stage {
    let stage = Stage::new(shared(), name, &canary("web", replicas, strategy));
    stage.until_healthy("web");
    stage.release("rollout", "web", "2", None);
    stage
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn walks_5_25_50_100_with_the_router_weight_on_screen() {
    let stage = on_its_way("walk", 4, &gates());
    let cockpit = Cockpit::over(&stage, "web");
    for (gate, weight) in [5_i64, 25, 50, 100].into_iter().enumerate() {
        let index = 2 * gate as u64 + 1;
        let status = stage.until_at("web", index, "Paused");
        assert_eq!(stage.ingress_weight("web"), weight, "the router itself");
        assert_eq!(status["traffic"]["router"], weight, "{}", status["traffic"]);
        assert_eq!(status["traffic"]["wanted"], weight, "{}", status["traffic"]);
        assert_eq!(status["traffic"]["ingress"], weight, "{}", status["traffic"]);
        assert_eq!(status["traffic"]["measured"], Value::Null);
        assert_eq!(status["step"]["count"], 8);
        let percent = format!(" {weight}%");
        cockpit.sees_line(&["router", &percent, "agrees"]);
        cockpit.sees(&format!("step {}/8", index + 1));
        if gate % 2 == 0 {
            cockpit.confirm("P", "PROMOTE");
            cockpit.receipt("promote");
        } else {
            stage.works(&["promote"], "web");
        }
    }
    let done = stage.until_healthy("web");
    assert_eq!(stage.ingress_weight("web"), 0);
    assert_eq!(done["stable"]["images"][0], "registry.example/web:2");
    cockpit.sees("HEALTHY");
    cockpit.leave();
    assert_eq!(stage.close(), 4);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_key_pressed_twenty_times_moves_one_step() {
    // Two new pods are needed at 25%: the next gate comes more than a second later.
    let stage = on_its_way("mash", 8, &gates());
    stage.until_at("web", 1, "Paused");
    let cockpit = Cockpit::over(&stage, "web");
    cockpit.sees("PAUSED");
    // First the key alone, then the key and Enter by turns: whoever is nervous does both.
    for _ in 0..20 {
        cockpit.rig.send("P");
        std::thread::sleep(Duration::from_millis(15));
    }
    for _ in 0..20 {
        cockpit.rig.send("\r");
        std::thread::sleep(Duration::from_millis(15));
        cockpit.rig.send("P");
        std::thread::sleep(Duration::from_millis(15));
    }
    stage.until_at("web", 3, "Paused");
    stays("one step", Duration::from_secs(2), || {
        stage.get("rollout", "web", ".status.currentStepIndex") == "3"
    });
    let writes = audit::writes(stage.plane, "admin", &stage.namespace);
    assert_eq!(writes.len(), 1, "{writes:?}");
    drop(cockpit);
    assert_eq!(stage.close(), 1);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn abort_brings_the_weight_to_zero_and_retry_and_full_go_on() {
    let stage = on_its_way("abort", 4, &gates());
    stage.until_at("web", 1, "Paused");
    stage.works(&["promote"], "web");
    stage.until_at("web", 3, "Paused");
    assert_eq!(stage.ingress_weight("web"), 25);

    let cockpit = Cockpit::over(&stage, "web");
    cockpit.confirm("A", "ABORT");
    let receipt = cockpit.receipt("abort");
    assert!(receipt.contains("weight 0"), "{receipt}");
    assert_eq!(stage.ingress_weight("web"), 0, "said to be in effect");
    let aborted = stage.status("web");
    assert_eq!(aborted["phase"], "Degraded");
    assert_eq!(aborted["why"], "aborted by hand, users are on r1");
    cockpit.sees("aborted by hand");
    assert_eq!(ends(&stage.state()).last(), Some(&("abort".into(), "in effect".into())));

    stage.works(&["retry"], "web");
    stage.until_at("web", 1, "Paused");
    assert_eq!(stage.ingress_weight("web"), 5);

    cockpit.key("F");
    cockpit.sees("PROMOTE");
    let hash = aborted["current"]["hash"].as_str().unwrap().to_owned();
    cockpit.confirm_grave(&hash[..3]);
    cockpit.receipt("promote-full");
    let done = stage.until_healthy("web");
    assert_eq!(done["stable"]["hash"], hash.as_str());
    cockpit.leave();
    let journal = audit::journal(&stage.state());
    let full = journal.iter().find(|l| l["verb"] == "promote-full").unwrap();
    assert_eq!(full["reason"], "bad release");
    assert_eq!(stage.close(), 4);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn hold_and_resume_skip_nothing() {
    let stage = on_its_way("hold", 2, &gates());
    stage.until_at("web", 1, "Paused");
    let place = || {
        let start = stage.get("rollout", "web", ".status.pauseConditions[0].startTime");
        (stage.get("rollout", "web", ".status.currentStepIndex"), start)
    };
    let before = place();
    assert_eq!(before.0, "1");
    assert!(!before.1.is_empty());

    let cockpit = Cockpit::over(&stage, "web");
    cockpit.confirm("H", "PAUSE");
    cockpit.receipt("pause");
    assert_eq!(stage.get("rollout", "web", ".spec.paused"), "true");
    let held = stage.status("web");
    assert_eq!(held["held"], true);
    assert_eq!(held["why"], "held by hand (spec.paused)");
    cockpit.sees("held by hand");
    cockpit.confirm("H", "RESUME");
    cockpit.receipt("resume");
    assert_eq!(place(), before);

    stage.works(&["pause"], "web");
    stage.refused(&["promote"], "web", "held: resume it first");
    stage.works(&["resume"], "web");
    stays("the same pause", Duration::from_secs(2), || place() == before);
    assert_eq!(stage.ingress_weight("web"), 5);
    cockpit.leave();
    assert_eq!(stage.close(), 4);
}
