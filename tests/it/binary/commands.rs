//! The command line: answers, refusals and exit codes.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::{Shop, WAVEOFF, canary};
use crate::wire::stub::{Asked, Reply};

/// Runs the program without a terminal and with nothing else in its environment.
fn run(shop: &Shop, args: &[&str]) -> Output {
    Command::new(WAVEOFF)
        .args(args)
        .env_clear()
        .env("HOME", shop.home())
        .env("KUBECONFIG", &shop.kubeconfig)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[test]
fn status_says_everything_that_was_promised() {
    let shop = Shop::open(canary());
    let output = run(&shop, &["status", "checkout", "-o", "json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let status = json(&output);
    assert_eq!(status["schema"], 1);
    assert_eq!(status["kind"], "Rollout");
    assert_eq!(status["namespace"], "shop");
    assert_eq!(status["strategy"], "canary");
    assert_eq!(status["phase"], "Paused");
    assert!(status["why"].as_str().unwrap().contains("waits for a person"));
    assert_eq!(status["traffic"]["wanted"], status["traffic"]["router"]);
    assert_eq!(status["traffic"]["measured"], Value::Null);
    for field in ["step", "pods", "analysis", "legal", "as_of", "message", "name"] {
        assert!(!status[field].is_null(), "{field}");
    }
    assert_eq!(status["legal"]["promote"]["allowed"], true);
    assert_eq!(status["legal"]["retry"]["allowed"], false);
    assert_eq!(status["legal"]["retry"]["reason"], "not aborted");
}

#[test]
fn a_dry_run_shows_the_plan_and_sends_nothing() {
    let shop = Shop::open(canary());
    let output = run(&shop, &["promote", "checkout", "--dry-run"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("only if") && text.contains("step index"), "{text}");
    assert!(shop.patches().is_empty());
}

#[test]
fn what_is_not_confirmed_is_not_sent() {
    let shop = Shop::open(canary());
    let output = run(&shop, &["promote", "checkout"]);
    assert_eq!(code(&output), 4, "{}", stderr(&output));
    assert!(stderr(&output).contains("--yes"));
    let output = run(&shop, &["promote", "checkout", "--full", "--yes"]);
    assert_eq!(code(&output), 4);
    assert!(stderr(&output).contains("--reason"), "{}", stderr(&output));
    let output = run(&shop, &["retry", "checkout", "--yes"]);
    assert_eq!(code(&output), 4);
    assert!(stderr(&output).contains("not aborted"));
    assert!(shop.patches().is_empty());
}

#[test]
fn an_effect_that_does_not_come_is_a_timeout() {
    let shop = Shop::open(canary());
    let args = ["promote", "checkout", "--yes", "--timeout", "1s", "-o", "json"];
    let output = run(&shop, &args);
    assert_eq!(code(&output), 5, "{}", stderr(&output));
    let receipt = json(&output);
    assert_eq!(receipt["stage"], "accepted");
    assert_eq!(receipt["in_effect"], false);
    assert_eq!(shop.patches().len(), 1);
    // By the name the API server knows them by, not by the kubeconfig's.
    for line in super::flying::journal(&shop) {
        assert_eq!(line["user"], "ann", "{line}");
    }
}

#[test]
fn a_state_that_moved_is_refused_with_the_difference() {
    let rollout = canary();
    let shop = Shop::scripted(move |asked: &Asked| {
        // What is read right before the write is one step further than what was listed.
        if asked.method == "GET" && asked.target.ends_with("/rollouts/checkout") {
            let mut moved = rollout.clone();
            moved["status"]["currentStepIndex"] = 3.into();
            return Reply::Json(200, moved.to_string());
        }
        super::ordinary(asked, &rollout)
    });
    let output = run(&shop, &["promote", "checkout", "--yes", "-o", "json"]);
    assert_eq!(code(&output), 6, "{}", stderr(&output));
    let receipt = json(&output);
    let detail = receipt["detail"].as_str().unwrap();
    assert!(detail.contains("nothing was changed") && detail.contains("step"), "{detail}");
    assert!(shop.patches().is_empty());
}

#[test]
fn names_that_are_not_there_are_answered_with_those_that_are() {
    let shop = Shop::open(canary());
    let output = run(&shop, &["status", "chekout"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("did you mean checkout"), "{}", stderr(&output));
    let output = run(&shop, &["--context", "stab", "list"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("stub"), "{}", stderr(&output));
    let output = run(&shop, &["--kubeconfig", "/nowhere/config", "list"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("/nowhere/config"));
    let output = run(&shop, &["lst"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("list"));
    let output = run(&shop, &["list", "--naemspace", "x"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("--namespace"), "{}", stderr(&output));
}

#[test]
fn the_cockpit_needs_a_terminal() {
    let shop = Shop::open(canary());
    let output = run(&shop, &[]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("waveoff list"), "{}", stderr(&output));
}

#[test]
fn refused_credentials_and_a_dead_server_are_undetermined() {
    let shop = Shop::scripted(|_| {
        let body =
            r#"{"kind":"Status","code":401,"reason":"Unauthorized","message":"Unauthorized"}"#;
        Reply::Json(401, body.into())
    });
    let output = run(&shop, &["list"]);
    assert_eq!(code(&output), 3, "{}", stderr(&output));
    assert!(stderr(&output).contains("credentials"), "{}", stderr(&output));

    let shop = Shop::scripted(|_| Reply::Slam);
    let output = run(&shop, &["list"]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("cannot be read"), "{}", stderr(&output));
}

#[test]
fn without_a_home_or_kubeconfig_it_says_where_it_looked() {
    let output =
        Command::new(WAVEOFF).arg("list").env_clear().stdin(Stdio::null()).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("no kubeconfig found"), "{}", stderr(&output));
}

#[test]
fn config_says_who_set_each_value_and_refuses_what_it_does_not_know() {
    let shop = Shop::open(canary());
    let place = shop.home.path().join(".config/waveoff");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("config.toml"), "theme = \"light\"\n").unwrap();
    let output = run(&shop, &["config"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("light") && text.contains("config.toml:1"), "{text}");
    std::fs::write(place.join("config.toml"), "\ntehme = \"light\"\n").unwrap();
    let output = run(&shop, &["list"]);
    assert_eq!(code(&output), 2);
    let said = stderr(&output);
    assert!(said.contains("config.toml:2") && said.contains("theme"), "{said}");
    std::fs::write(place.join("config.toml"), "[keys]\npromote = \"x\"\n").unwrap();
    let output = run(&shop, &["list"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("upper case acts"), "{}", stderr(&output));
}
