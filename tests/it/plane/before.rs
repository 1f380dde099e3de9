//! Before a release: what `new` makes is taken by the real API server and flown by the real
//! controller, and `check` says the same of files and of the cluster that they were applied to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::grounds::{shared, tell};
use super::manifests::canary;
use super::stage::{Flown, Stage};

/// `repository:tag@digest`; nobody pulls it, nodes are only played.
fn image(tag: u8) -> String {
    format!("registry.example.com/web:{tag}@sha256:{}", format!("{tag:02x}").repeat(32))
}

/// Makes the manifests of `web` in a directory of the stage.
fn made(stage: &Stage, strategy: &str, more: &[&str]) -> PathBuf {
    let out = stage.state().with_file_name(format!("made-{strategy}"));
    let image = image(1);
    let place = out.display().to_string();
    let order = ["new", strategy, "web", "--image", &image, "--out", &place];
    let flown = stage.fly(&[&order[..], more].concat()).expect(0);
    assert!(flown.out.contains("disruption-budget.yaml"), "{}", flown.out);
    out
}

/// Every file of a directory, applied; server-side, as the notes of `new` say.
fn applied(stage: &Stage, directory: &Path) {
    let place = directory.display().to_string();
    kubectl(stage, &["apply", "--server-side", "--dry-run=server", "-f", &place]);
    kubectl(stage, &["apply", "--server-side", "-f", &place]);
}

fn kubectl(stage: &Stage, arguments: &[&str]) -> String {
    stage.plane.kubectl(&[arguments, &["-n", &stage.namespace]].concat())
}

fn promote(stage: &Stage) -> Flown {
    stage.fly(&["promote", "web", "--yes", "--reason", "story", "--timeout", "60s"]).expect(0)
}

fn weight(status: &Value) -> Option<i64> {
    let weight = &status["traffic"]["router"];
    weight.as_i64().or_else(|| weight.to_string().split('.').next()?.parse().ok())
}

/// From an empty directory to a canary that was promoted, without Prometheus: each weight waits
/// for a person.
#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_made_canary_goes_up_its_ladder_waits_for_a_person_and_undoes_without_its_steps() {
    let stage = Stage::new(shared(), "made-canary", &[]);
    let directory = made(&stage, "canary", &["--host", "web.example.com"]);
    let ready = stage.fly(&["check", &directory.display().to_string(), "--server-minor", "34"]);
    ready.expect(0);
    applied(&stage, &directory);
    stage.until_healthy("web");
    let patch = json!([{
        "op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image(2),
    }]);
    kubectl(&stage, &["patch", "rollout", "web", "--type=json", "-p", &patch.to_string()]);
    let mut seen = Vec::new();
    for _ in 0..8 {
        let status = stage.until("web", "it pauses or is done", |status| {
            status["phase"] == "Paused" || status["phase"] == "Healthy"
        });
        if status["phase"] == "Healthy" {
            break;
        }
        let index = status["step"]["index"].as_u64().expect("a step");
        seen.push((weight(&status), stage.ingress_weight("web")));
        promote(&stage);
        stage.until("web", "it goes on", |status| {
            status["step"]["index"].as_u64() != Some(index) || status["phase"] == "Healthy"
        });
    }
    let weights: Vec<Option<i64>> = seen.iter().map(|(weight, _)| *weight).collect();
    tell(&format!("a made canary stopped at {weights:?}"));
    let ladder: BTreeSet<i64> = weights.iter().flatten().copied().collect();
    assert!(ladder.is_superset(&BTreeSet::from([5, 25, 50])), "{seen:?}");
    for (weight, ingress) in &seen {
        assert_eq!(*weight, Some(*ingress), "the Ingress has what the router was given: {seen:?}");
    }
    // The version before is within the rollback window: its steps are not walked again.
    stage.until_healthy("web");
    stage.fly(&["undo", "web", "--yes", "--reason", "story", "--timeout", "60s"]).expect(0);
    let status = stage.until_healthy("web");
    assert!(status["current"].to_string().contains("web:1@"), "{status}");
    stage.close();
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn what_is_made_in_every_way_is_taken_and_becomes_healthy() {
    for strategy in ["rolling", "blue-green"] {
        let stage = Stage::new(shared(), &format!("made-{strategy}"), &[]);
        let directory = made(&stage, strategy, &["--host", "web.example.com"]);
        applied(&stage, &directory);
        stage.until_healthy("web");
        stage.close();
    }
}

/// What a finding is about, apart from where it was read.
fn said(document: &Value) -> BTreeSet<(String, String, String, String, String)> {
    let findings = document["findings"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .map(|finding| {
            let object = &finding["object"];
            (
                text(&finding["rule"]),
                text(&finding["severity"]),
                text(&object["kind"]),
                text(&object["name"]),
                text(&finding["path"]),
            )
        })
        .collect()
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn the_cluster_is_judged_like_the_files_that_were_applied_to_it() {
    let steps = json!({ "steps": [{ "setWeight": 20 }, { "pause": { "duration": "3s" } }] });
    let stage = Stage::new(shared(), "judged", &[]);
    let directory = made(&stage, "blue-green", &["--host", "web.example.com"]);
    // Beside what is good, something with many faults.
    for (at, mut object) in canary("bad", 2, &steps).into_iter().enumerate() {
        object["metadata"]["namespace"] = json!(stage.namespace);
        let file = directory.join(format!("bad-{at}.json"));
        std::fs::write(file, object.to_string()).expect("it can be written");
    }
    applied(&stage, &directory);
    stage.until_healthy("bad");
    let place = directory.display().to_string();
    let minor: Value =
        serde_json::from_str(&kubectl(&stage, &["version", "-o", "json"])).expect("JSON");
    let minor = minor["serverVersion"]["minor"].as_str().expect("a version").to_owned();
    let files = ["check", &place, "-o", "json", "--server-minor", &minor];
    let files = stage.fly(&files).expect(1);
    let live = stage.fly(&["check", "--live", "-n", &stage.namespace, "-o", "json"]).expect(1);
    let (files, live) = (said(&files.json), said(&live.json));
    tell(&format!("judged live and as files: {} findings each", files.len()));
    assert!(files.len() > 10, "{files:?}");
    assert_eq!(files, live);
    stage.close();
}
