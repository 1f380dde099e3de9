//! One intention, from each state that a release can be in: users end on the good version, each
//! move is on record, and nobody has to know which verb it takes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::cockpit::Cockpit;
use super::grounds::{shared, tell};
use super::manifests::{basic_canary, blue_green, canary, deployment, error_rate, judged_by};
use super::stage::{Stage, ends};

/// A gate at a quarter; what is left behind stays for a moment only.
fn gated() -> Value {
    json!({
        "scaleDownDelaySeconds": 2,
        "abortScaleDownDelaySeconds": 2,
        "steps": [{ "setWeight": 25 }, { "pause": {} }, { "setWeight": 50 }, { "pause": {} }],
    })
}

fn hash(stage: &Stage, name: &str, role: &str) -> String {
    stage.status(name)[role]["hash"].as_str().unwrap_or_default().to_owned()
}

/// A canary with its first version, and the hash of that.
fn fleet_of(name: &str, workloads: &[&str], strategy: &Value) -> Stage {
    let objects: Vec<Value> = workloads.iter().flat_map(|w| canary(w, 2, strategy)).collect();
    let stage = Stage::new(shared(), name, &objects);
    for workload in workloads {
        stage.until_healthy(workload);
    }
    stage
}

/// The verbs of the journal's ends, in their order.
fn verbs(stage: &Stage) -> Vec<String> {
    ends(&stage.state()).into_iter().map(|(verb, word)| format!("{verb} {word}")).collect()
}

/// Waves it off without a screen and sees that users are on this version.
#[track_caller]
fn off(stage: &Stage, name: &str, good: &str) -> Duration {
    let way = stage.status(name)["way_back"].clone();
    assert_eq!((&way["state"], &way["target"]), (&json!("open"), &json!(good)), "{way}");
    let begun = Instant::now();
    let receipt = stage.works(&["off"], name);
    let took = begun.elapsed();
    assert_eq!(receipt["in_effect"], true);
    let moves: Vec<&str> =
        way["moves"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    tell(&format!(
        "waved off {name}: {} took {took:.1?}, predicted {} s",
        moves.join(" + "),
        way["takes_seconds"]
    ));
    took
}

/// A bad version that is promoted to its end.
fn ship(stage: &Stage, tag: &str, good: &str) {
    stage.release("rollout", "web", tag, None);
    stage.until_at("web", 1, "Paused");
    stage.plugin(&["promote", "web", "--full"]);
    stage.until("web", "the bad version is stable", |s| {
        s["phase"] == "Healthy" && s["stable"]["hash"] != good
    });
}

fn selector(stage: &Stage, service: &str) -> String {
    stage.get("service", service, r".spec.selector.rollouts-pod-template-hash")
}

/// From the beginning of an act until the router has no weight left for the new version.
fn until_zero(stage: &Stage, name: &str, act: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    act();
    while stage.ingress_weight(name) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the weight of {name} stays");
    }
    begun.elapsed()
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_canary_under_way_beside_the_plugin() {
    let stage = fleet_of("wavecanary", &["ours", "theirs"], &gated());
    for name in ["ours", "theirs"] {
        stage.release("rollout", name, "2", None);
        stage.until_at(name, 1, "Paused");
        assert_eq!(stage.ingress_weight(name), 25);
    }
    let good = hash(&stage, "ours", "stable");
    let cockpit = Cockpit::over(&stage, "ours");
    cockpit.sees_line(&["back", &good, "warm 2/2", "by abort"]);
    cockpit.ask("W", "WAVE-OFF");
    let ours = until_zero(&stage, "ours", || cockpit.key("\r"));
    let receipt = cockpit.receipt("wave-off");
    let theirs = until_zero(&stage, "theirs", || {
        stage.plugin(&["abort", "theirs"]);
    });
    tell(&format!(
        "from Enter to weight 0: {ours:.2?}; from the start of kubectl argo rollouts abort: {theirs:.2?}; {receipt}"
    ));
    cockpit.leave();
    assert_eq!(verbs(&stage), ["wave-off in effect"]);
    assert_eq!(stage.close(), 1);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_promoted_canary_does_not_walk_its_steps_again() {
    let stage = fleet_of("wavedone", &["web"], &gated());
    let good = hash(&stage, "web", "stable");
    ship(&stage, "2", &good);
    stage.until("web", "the old one is gone", |s| s["way_back"]["warmth"] == "cold");
    assert_eq!(stage.status("web")["way_back"]["moves"], json!(["undo", "promote-full"]));
    off(&stage, "web", &good);
    let done = stage.until_healthy("web");
    assert_eq!(done["stable"]["hash"], good.as_str());
    assert_eq!(stage.ingress_weight("web"), 0);
    let mut ends = verbs(&stage);
    ends.sort();
    assert_eq!(ends, ["promote-full in effect", "wave-off in effect"]);
    assert_eq!(stage.close(), 2);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn after_two_bad_releases_the_target_is_the_good_one() {
    let stage = fleet_of("wavetwice", &["web"], &gated());
    let good = hash(&stage, "web", "stable");
    // The first is aborted, the second is found out too late.
    stage.release("rollout", "web", "2", None);
    stage.until_at("web", 1, "Paused");
    stage.plugin(&["abort", "web"]);
    stage.until("web", "aborted", |s| s["aborted"] == true);
    ship(&stage, "3", &good);
    off(&stage, "web", &good);
    assert_eq!(stage.until_healthy("web")["stable"]["hash"], good.as_str());
    assert_eq!(stage.close(), 2);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn what_was_waved_off_before_is_never_the_target() {
    let stage = fleet_of("waveagain", &["web"], &gated());
    let good = hash(&stage, "web", "stable");
    for tag in ["2", "3", "4"] {
        ship(&stage, tag, &good);
        off(&stage, "web", &good);
        assert_eq!(stage.until_healthy("web")["stable"]["hash"], good.as_str());
        // All others are bad: from here there is nowhere to go.
        assert_eq!(stage.status("web")["way_back"]["state"], "lost");
        stage.refused(&["off"], "web", "no way back");
    }
    assert_eq!(stage.close(), 6);
}

/// A switched pair whose old pods are gone after so many seconds.
fn switched(name: &str, delay: u32) -> (Stage, String) {
    let settings = json!({ "autoPromotionEnabled": false, "scaleDownDelaySeconds": delay });
    let stage = Stage::new(shared(), name, &blue_green("front", 2, &settings));
    stage.until_healthy("front");
    let good = hash(&stage, "front", "stable");
    stage.release("rollout", "front", "2", None);
    stage.until("front", "waiting before the switch", |s| {
        s["phase"] == "Paused" && s["current"]["available"] == 2
    });
    stage.plugin(&["promote", "front"]);
    stage.until("front", "switched", |s| {
        s["phase"] == "Healthy" && s["stable"]["hash"] != good.as_str()
    });
    (stage, good)
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_pair_whose_old_set_is_warm_or_gone() {
    let (warm, good) = switched("wavewarm", 60);
    let way = warm.status("front")["way_back"].clone();
    assert_eq!((&way["moves"], &way["warmth"]), (&json!(["undo"]), &json!("warm")), "{way}");
    assert!(way["cold_in_seconds"].as_i64().is_some_and(|s| (1..=60).contains(&s)), "{way}");
    off(&warm, "front", &good);
    assert_eq!(selector(&warm, "front"), good);
    assert_eq!(warm.close(), 1);

    let (gone, good) = switched("wavegone", 1);
    gone.until("front", "the old set is gone", |s| s["way_back"]["warmth"] == "cold");
    assert_eq!(gone.status("front")["way_back"]["moves"], json!(["undo", "promote-full"]));
    let took = off(&gone, "front", &good);
    assert!(took < Duration::from_secs(300), "without a person within five minutes: {took:?}");
    assert_eq!(selector(&gone, "front"), good);
    assert_eq!(gone.close(), 2);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_pair_that_was_switched_and_is_still_judged() {
    let plane = shared();
    let stage = Stage::new(plane, "wavejudged", &[]);
    let service = stage.namespace.clone();
    plane.metric(&format!("error_rate/{service}"), "0.001");
    let address = plane.value("PLANE_METRICS_URL");
    let endless = json!({ "count": 1000, "interval": "2s" });
    stage.apply(&[error_rate("errors", address, &service, &endless)]);
    let settings = json!({
        "autoPromotionEnabled": true,
        "scaleDownDelaySeconds": 30,
        "postPromotionAnalysis": judged_by("errors"),
    });
    stage.apply(&blue_green("front", 2, &settings));
    stage.until_healthy("front");
    let good = hash(&stage, "front", "stable");
    stage.release("rollout", "front", "2", None);
    stage.until("front", "switched and judged", |s| {
        s["analysis"][0]["verdict"] == "Running" && s["way_back"]["state"] == "open"
    });
    off(&stage, "front", &good);
    assert_eq!(selector(&stage, "front"), good, "users are back");
    assert_eq!(stage.close(), 1);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_deployment_that_is_stuck_or_held() {
    let settings = json!({ "progressDeadlineSeconds": 6 });
    let objects = ["stuck", "held"].map(|name| deployment(name, 2, &settings));
    let stage = Stage::new(shared(), "waverolling", &objects);
    let good: Vec<String> = ["stuck", "held"]
        .into_iter()
        .map(|name| stage.until_healthy(name)["current"]["hash"].as_str().unwrap().to_owned())
        .collect();
    for name in ["stuck", "held"] {
        stage.release("deployment", name, "2", Some("crash-loop"));
        stage.until(name, "the new pods fail", |s| {
            s["why"].as_str().is_some_and(|why| why.contains("crash-loops"))
        });
    }
    stage.patch("deployment", "held", false, &json!({ "spec": { "paused": true } }));
    stage.until("held", "held", |s| s["held"] == true);
    off(&stage, "stuck", &good[0]);
    off(&stage, "held", &good[1]);
    for (name, good) in ["stuck", "held"].into_iter().zip(&good) {
        assert_eq!(stage.until_healthy(name)["current"]["hash"], good.as_str());
    }
    assert_eq!(stage.close(), 3, "one undo; a resume and an undo");
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_held_canary_without_a_router() {
    let steps = json!({ "steps": [{ "setWeight": 50 }, { "pause": {} }] });
    let stage = Stage::new(shared(), "waveheld", &basic_canary("web", 2, &steps));
    stage.until_healthy("web");
    let good = hash(&stage, "web", "stable");
    stage.release("rollout", "web", "2", None);
    stage.until_at("web", 1, "Paused");
    stage.patch("rollout", "web", false, &json!({ "spec": { "paused": true } }));
    stage.until("web", "held", |s| s["held"] == true);
    assert_eq!(stage.status("web")["way_back"]["moves"], json!(["abort", "resume"]));
    off(&stage, "web", &good);
    let pods = stage.status("web")["current"]["desired"].clone();
    assert_eq!(pods, 0, "the pods of the bad version are gone");
    assert_eq!(stage.close(), 2);
}
