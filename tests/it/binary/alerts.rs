//! Receivers of alerts, by the built binary: tried, looked at, explained, and their secrets kept.

#![expect(clippy::disallowed_methods, reason = "what an earlier run left has to be young")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use super::{Shop, WAVEOFF, canary};
use crate::loopback;

const SECRET: &str = "Canary-4b7d19c2";

/// A receiver that answers so, and what it heard. Ends with the process.
fn receiver(status: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let record = Arc::clone(&heard);
    let url = loopback::serve(move |request| {
        record.lock().unwrap().push(format!("{}{}", request.head, request.body));
        (status, format!("{SECRET} is not known here"))
    });
    (url, heard)
}

fn run(shop: &Shop, config: &str, url: &str, args: &[&str]) -> Output {
    let file = Path::new(&shop.home()).join("alerts.toml");
    std::fs::write(&file, config).unwrap();
    Command::new(WAVEOFF)
        .args(args)
        .args(["--config", file.to_str().unwrap()])
        .env_clear()
        .env("HOME", shop.home())
        .env("KUBECONFIG", &shop.kubeconfig)
        .env("WAVEOFF_LOG", "trace")
        .env("SLACK_URL", format!("{url}/services/T0/{SECRET}"))
        .env("HOOK_TOKEN", SECRET)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What was written to the terminal and to files.
fn written(shop: &Shop, output: &Output) -> String {
    let mut all = String::from_utf8_lossy(&output.stdout).into_owned();
    all.push_str(&String::from_utf8_lossy(&output.stderr));
    let mut open = vec![shop.home().into()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir::<std::path::PathBuf>(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                all.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
            }
        }
    }
    all
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn two(url: &str) -> String {
    format!(
        "[alerts.hook]\nkind = 'webhook'\nurl = '{url}/x'\ntoken_env = 'HOOK_TOKEN'\n\
         [alerts.ops]\nkind = 'slack'\nurl_env = 'SLACK_URL'\nleast = 'warning'\n"
    )
}

#[test]
fn receivers_are_tried_by_a_message_that_says_it_is_a_test() {
    let shop = Shop::open(canary());
    let (url, heard) = receiver("200 OK");
    let output = run(&shop, &two(&url), &url, &["alerts", "test"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(stdout(&output), "hook (webhook): took the test\nops (slack): took the test\n");
    let heard = heard.lock().unwrap();
    assert_eq!(heard.len(), 4, "each its beginning and its end: {heard:?}");
    assert!(heard.iter().all(|text| text.contains("TEST: ") && text.contains(SECRET)));
    assert!(!written(&shop, &output).contains(SECRET));
}

#[test]
fn a_receiver_that_says_no_is_a_finding_and_its_words_have_no_secret() {
    let shop = Shop::open(canary());
    let (url, _) = receiver("403 Forbidden");
    let output = run(&shop, &two(&url), &url, &["alerts", "test", "ops"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = "ops (slack): 127.0.0.1 refused it (403): [secret] is not known here\n";
    assert_eq!(stdout(&output), said);
    assert!(!written(&shop, &output).contains(SECRET));
    let output = run(&shop, &two(&url), &url, &["alerts", "test", "opps"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said, "waveoff: no receiver opps; did you mean ops?\n");
    let output = run(&shop, "", &url, &["alerts", "test"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn they_are_explained_and_looked_at_without_being_told_anything() {
    let shop = Shop::open(canary());
    let (url, heard) = receiver("404 Not Found");
    let output = run(&shop, &two(&url), &url, &["config"]);
    let text = stdout(&output);
    for line in [
        format!("webhook; {url}; token $HOOK_TOKEN; info and above"),
        "slack; $SLACK_URL; warning and above".into(),
    ] {
        assert!(text.contains(&line), "{text}");
    }
    assert!(text.contains("alerts.toml:2:8") && !text.contains(SECRET), "{text}");
    let output = run(&shop, &two(&url), &url, &["doctor"]);
    let text = stdout(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    let found = "ok alerts ops (slack): 127.0.0.1 answers; no alert was sent";
    assert!(text.contains(found), "{text}");
    assert!(heard.lock().unwrap().iter().all(|text| text.starts_with("HEAD / ")));
    assert!(!written(&shop, &output).contains(SECRET));
}

#[test]
fn what_an_earlier_run_left_is_delivered_by_the_next_command() {
    let shop = Shop::open(canary());
    let (url, heard) = receiver("200 OK");
    let place = Path::new(&shop.home()).join(".local/state/waveoff/alerts");
    std::fs::create_dir_all(&place).unwrap();
    let line = |at: &str, incident: &str| {
        serde_json::json!({ "to": ["hook"], "alert": {
            "at": at, "incident": incident, "occasion": "firing", "environment": "prod",
            "workload": { "kind": "Rollout", "namespace": "shop", "name": "checkout" },
            "summary": "left behind", "facts": [],
        } })
    };
    let now = chrono::Utc::now().to_rfc3339();
    let text = format!("{}\n{}\n{{cut", line("2020-01-01T00:00:00Z", "old"), line(&now, "young"));
    std::fs::write(place.join("1-0.jsonl"), text).unwrap();
    let args = ["pause", "checkout", "--yes", "--reason", "x", "--timeout", "3s"];
    let output = run(&shop, &two(&url), &url, &args);
    let heard = heard.lock().unwrap();
    assert!(heard.len() == 1 && heard[0].contains("young/firing"), "{heard:?} {output:?}");
    assert!(!place.join("1-0.jsonl").exists());
}
