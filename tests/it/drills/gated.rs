//! `waveoff preflight` and the gate before `promote`, against a served drill and a small server.

use std::process::Output;
use std::thread;

use serde_json::Value;

use super::{Hangar, Served, json, words};
use crate::loopback;

fn run(hangar: &Hangar, keys: &str, args: &[&str]) -> Output {
    let all = [args, &["-n", "shop", "--kubeconfig", keys]].concat();
    hangar.run(&all)
}

/// Waits until storefront pauses before the switch to a version.
fn waits_for(hangar: &Hangar, keys: &str, tag: &str) {
    for _ in 0..300 {
        let status = run(hangar, keys, &["status", "storefront", "-o", "json"]);
        let status: Value = serde_json::from_slice(&status.stdout).unwrap_or_default();
        let said = status["current"].to_string();
        if said.contains(tag) && status["phase"] == "Paused" {
            return;
        }
        thread::sleep(std::time::Duration::from_millis(200));
    }
    let status = run(hangar, keys, &["status", "storefront"]);
    panic!("it never waits for {tag}: {}", words(&status.stdout));
}

/// A good service on loopback, until the test ends.
fn good_service() -> String {
    loopback::serve(|request| {
        let body = match request.path() {
            "/api/v1/version" => "8.13.0",
            "/api/v1/health/db" => r#"{"database":{"status":"connected"}}"#,
            "/api/v1/health/dependencies" => r#"[{"status":"healthy"}]"#,
            _ => r#"{"status":"healthy"}"#,
        };
        ("200 OK", body.to_owned())
    })
}

#[test]
fn a_sick_green_is_locked_and_only_a_passed_gate_lets_it_be_promoted() {
    let hangar = Hangar::open();
    let served = Served::start(&hangar, &["drill", "gate"]);
    let keys = served.kubeconfig("operator").to_owned();
    waits_for(&hangar, &keys, "8.13.0");

    // Through the API server: it says of itself that it is not well.
    let locked = run(&hangar, &keys, &["preflight", "storefront", "-o", "json"]);
    assert_eq!(locked.status.code(), Some(1), "{locked:?}");
    let found = json(&locked);
    assert_eq!(found["outcome"], "locked");
    let route = found["route"].as_str().unwrap();
    assert!(route.contains("through the API server to Service storefront-preview:"), "{route}");
    for check in found["checks"].as_array().unwrap() {
        let wanted = if check["check"] == "smoke" { "failed" } else { "passed" };
        assert_eq!(check["verdict"], wanted, "{check}");
    }

    // No promotion past it, and none without a word.
    let refused = run(&hangar, &keys, &["promote", "storefront", "--yes"]);
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    assert!(words(&refused.stderr).contains("run `waveoff preflight storefront`"), "{refused:?}");
    let silent = run(&hangar, &keys, &["promote", "storefront", "--yes", "--without-gate"]);
    assert_eq!(silent.status.code(), Some(2), "{silent:?}");

    // Another service answers for it: passed, kept, and honoured by the next process.
    let url = good_service();
    let open = run(&hangar, &keys, &["preflight", "storefront", "--url", &url]);
    assert_eq!(open.status.code(), Some(0), "{open:?}");
    let said = words(&open.stdout);
    assert!(
        said.contains("open") && said.contains("directly to") && said.contains("P95"),
        "{said}"
    );
    assert!(said.contains("counts until"), "{said}");
    // Somebody looks on: users are answered all the time, by a version that is not well.
    let config = hangar.file("looks-on.toml", "[gate]\nwatch_for = \"2s\"\n");
    let flags = ["--yes", "--check-after", "-o", "json", "--config", &config];
    let promoted = run(&hangar, &keys, &[&["promote", "storefront"], &flags[..]].concat());
    assert_eq!(promoted.status.code(), Some(1), "{promoted:?}");
    let receipt = json(&promoted);
    assert_eq!(receipt["stage"], "in effect", "{receipt}");
    let after = &receipt["after"];
    assert_eq!((&after["outcome"], &after["stage"]), (&"locked".into(), &"after".into()));
    for check in after["checks"].as_array().unwrap() {
        let wanted = if check["check"] == "smoke" { "failed" } else { "passed" };
        assert_eq!(check["verdict"], wanted, "{check}");
        if check["check"] == "availability" {
            assert!(check["availability"]["sent"].as_u64() >= Some(3), "{check}");
        }
    }
    let told = run(&hangar, &keys, &["journal", "storefront", "-o", "json"]);
    let told = words(&told.stdout);
    assert!(told.contains("after switch locked") && told.contains("gate open"), "{told}");

    // Users are on it now: no load is sent, and nothing can be opened.
    let late = run(&hangar, &keys, &["preflight", "storefront", "--url", &url]);
    assert_eq!(late.status.code(), Some(4), "{late:?}");
}

#[test]
fn what_cannot_be_asked_is_said() {
    let hangar = Hangar::open();
    let served = Served::start(&hangar, &["drill", "error-ramp"]);
    let keys = served.kubeconfig("operator").to_owned();
    let bad = run(&hangar, &keys, &["preflight", "checkout", "--url", "ftp://x"]);
    assert_eq!(bad.status.code(), Some(2), "{bad:?}");
    let nobody = run(&hangar, &keys, &["preflight", "nobody"]);
    assert_eq!(nobody.status.code(), Some(2), "{nobody:?}");
}
