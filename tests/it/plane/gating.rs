//! The gate before a switch, over a real controller: nothing is promoted past a green that is not
//! proven, and a pass is for one version. Behind the fake nodes nobody answers: the version is
//! asked at an address of the test.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::grounds::{shared, tell};
use super::manifests::blue_green;
use super::stage::{Flown, Stage, WAVEOFF};
use crate::loopback;

const GOOD: u8 = 0;
const SICK: u8 = 1;
const STARTING: u8 = 2;

/// A service that is well, says that it is not, or has not started yet.
fn service() -> (String, Arc<AtomicU8>) {
    let mood = Arc::new(AtomicU8::new(SICK));
    let shared = Arc::clone(&mood);
    let url = loopback::serve(move |request| {
        let mood = shared.load(Ordering::Relaxed);
        let status = if mood == STARTING { "503 Service Unavailable" } else { "200 OK" };
        let body = match request.path() {
            "/api/v1/version" => json!({ "version": "2.0.0" }),
            "/api/v1/health/db" => json!({ "database": { "status": "connected" } }),
            "/api/v1/health/dependencies" => json!([{ "status": "healthy" }]),
            _ if mood == SICK => json!({ "status": "unhealthy" }),
            _ => json!({ "status": "healthy" }),
        };
        (status, body.to_string())
    });
    (url, mood)
}

fn preflight(stage: &Stage, url: &str) -> Flown {
    stage.fly(&["preflight", "web", "--url", url, "-o", "json"])
}

/// Without a word about the gate.
fn promote(stage: &Stage) -> Flown {
    stage.fly(&["promote", "web", "--yes", "--reason", "story", "--timeout", "60s", "-o", "json"])
}

fn waits(stage: &Stage, tag: &str) {
    stage.release("rollout", "web", tag, None);
    stage.until("web", "it waits before the switch", |status| {
        let current: &Value = &status["current"];
        status["phase"] == "Paused" && current.to_string().contains(&format!("web:{tag}"))
    });
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn only_a_proven_green_is_switched_to_and_a_pass_is_for_one_version() {
    let settings = json!({ "autoPromotionEnabled": false, "scaleDownDelaySeconds": 2 });
    let stage = Stage::new(shared(), "gate", &blue_green("web", 2, &settings));
    stage.until_healthy("web");
    let (url, mood) = service();
    waits(&stage, "2");
    let refused = promote(&stage).expect(4);
    assert!(refused.err.contains("gate"), "{}", refused.err);
    let locked = preflight(&stage, &url).expect(1);
    assert!(locked.out.contains("unhealthy"), "{}", locked.out);
    promote(&stage).expect(4);

    mood.store(GOOD, Ordering::Relaxed);
    let begun = Instant::now();
    preflight(&stage, &url).expect(0);
    tell(&format!("a good version passes its gate in {:.1?}", begun.elapsed()));

    // Another version: what the one before passed says nothing about it, and a run ends.
    mood.store(STARTING, Ordering::Relaxed);
    let mut command = Command::new(WAVEOFF);
    command.args(["preflight", "web", "--url", &url, "-n", &stage.namespace]);
    command.env_clear().envs(stage.environment()).stdin(Stdio::null()).stdout(Stdio::null());
    let mut run = command.stderr(Stdio::null()).spawn().expect("waveoff runs");
    std::thread::sleep(Duration::from_secs(4));
    let changed = Instant::now();
    waits(&stage, "3");
    while run.try_wait().expect("it is a child").is_none() {
        assert!(changed.elapsed() < Duration::from_secs(60), "a run that is void does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
    let code = run.wait().expect("it is a child").code();
    assert_eq!(code, Some(6), "changed underneath");
    promote(&stage).expect(4);

    mood.store(GOOD, Ordering::Relaxed);
    preflight(&stage, &url).expect(0);
    looked_on(&stage, &url);
    stage.until("web", "switched", |s| s["phase"] == "Healthy");
    assert_eq!(stage.close(), 1);
}

/// Promotes, and watches through the real switch whether users are answered.
fn looked_on(stage: &Stage, url: &str) {
    let config = stage.state().with_file_name("looks-on.toml");
    let text =
        format!("[gate]\nafter_url = \"{url}\"\nwatch_every = \"100ms\"\nwatch_for = \"3s\"\n");
    std::fs::write(&config, text).expect("the configuration");
    let flags = ["--check-after", "--timeout", "60s", "-o", "json", "--config"];
    let config = config.to_string_lossy();
    let promote = ["promote", "web", "--yes", "--reason", "story"];
    let switched = stage.fly(&[&promote[..], &flags[..], &[&*config]].concat()).expect(0);
    let receipt: Value = serde_json::from_str(&switched.out).expect("JSON");
    let after = &receipt["after"];
    assert_eq!(after["outcome"], "open", "{after}");
    assert!(after["switched"].is_string(), "{after}");
    let checks = after["checks"].as_array().expect("a list");
    let found = checks.iter().find(|c| c["check"] == "availability").expect("it is watched");
    let seen = &found["availability"];
    assert!(seen["sent"].as_u64() >= Some(25) && seen["gap_ms"] == 0, "{seen}");
    tell(&format!("watched through the switch: {seen}"));
}
