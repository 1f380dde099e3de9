//! Before a release: what `new` makes is taken by the real API server and flown by the real
//! controller, and `check` says the same of files and of the cluster that they were applied to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::grounds::{shared, tell};
use super::manifests::canary;
use super::stage::{Flown, Stage};

/// `repository:tag@digest`; nobody pulls it, nodes are only played.
fn image(tag: u8) -> String {
    format!("registry.example.com/web:{tag}@sha256:{}", format!("{tag:02x}").repeat(32))
}

/// Makes the manifests of a service in a directory of the stage.
fn made(stage: &Stage, strategy: &str, name: &str, more: &[&str]) -> PathBuf {
    let out = stage.state().with_file_name(format!("made-{strategy}-{name}"));
    let image = image(1);
    let place = out.display().to_string();
    let order = ["new", strategy, name, "--image", &image, "--out", &place];
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

/// Brings the second image.
fn release(stage: &Stage, name: &str) {
    let patch = json!([{
        "op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image(2),
    }]);
    kubectl(stage, &["patch", "rollout", name, "--type=json", "-p", &patch.to_string()]);
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
    let directory = made(&stage, "canary", "web", &["--host", "web.example.com"]);
    let ready = stage.fly(&["check", &directory.display().to_string(), "--server-minor", "34"]);
    ready.expect(0);
    applied(&stage, &directory);
    stage.until_healthy("web");
    release(&stage, "web");
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

/// Three made canaries with a Prometheus, asked more often than a guard of production would: one
/// answers every fifth request with a 500, nobody uses the second, the third is good. Each is at
/// 5 %, for its rungs take five minutes.
#[test]
#[ignore = "needs the control plane: tests/run"]
fn of_made_canaries_the_failing_one_is_aborted_and_the_idle_one_only_pauses() {
    let stage = Stage::new(shared(), "watched", &[]);
    let settings = stage.state().with_file_name("settings.toml");
    std::fs::write(&settings, "[guard]\nevery = \"5s\"\n").expect("it can be written");
    let settings = settings.display().to_string();
    let prometheus = stage.plane.value("PLANE_PROMETHEUS_URL").to_owned();
    let names = ["bad", "idle", "good"];
    for name in names {
        let host = format!("{name}.example.com");
        let more = ["--host", &host, "--prometheus", &prometheus, "--config", &settings];
        applied(&stage, &made(&stage, "canary", name, &more));
    }
    for name in names {
        stage.until_healthy(name);
        stage.plane.traffic(&format!("rate/{}/{name}", stage.namespace), "2000");
        release(&stage, name);
    }
    let set = |key: &str, name: &str, value: &str| {
        let status = stage.until(name, "a new version is there", |status| {
            status["current"]["hash"] != status["stable"]["hash"]
        });
        let hash = status["current"]["hash"].as_str().expect("a hash").to_owned();
        stage.plane.traffic(&format!("{key}/{}/{hash}", stage.namespace), value);
    };
    set("errors", "bad", "0.2");
    set("quiet", "idle", "1");
    let long = Duration::from_secs(240);
    let field = |name: &str, path: &str| stage.get("rollout", name, path);
    let begun = Instant::now();
    stage.until_read(
        "bad",
        "it was aborted",
        long,
        || stage.status("bad"),
        |status| status["phase"] == "Degraded",
    );
    let aborted = begun.elapsed();
    assert_eq!(field("bad", ".status.abort"), "true");
    assert!(field("bad", ".status.message").contains("error-share"), "by its errors");
    stage.until("bad", "users are on the old version", |status| weight(status) == Some(0));
    assert_eq!(stage.ingress_weight("bad"), 0);
    let reasons = || field("idle", ".status.pauseConditions[*].reason");
    stage.until_read(
        "idle",
        "it pauses for want of a verdict",
        long,
        || stage.status("idle"),
        |_| reasons().contains("InconclusiveAnalysisRun"),
    );
    assert_eq!(field("idle", ".status.abort"), "", "nobody used it: that is no failure");
    assert_eq!(weight(&stage.status("idle")), Some(5));
    let good = stage.status("good");
    assert_eq!((&good["phase"], weight(&good)), (&json!("Paused"), Some(5)), "{good}");
    assert!(!field("good", ".status.pauseConditions[*].reason").contains("Inconclusive"));
    tell(&format!(
        "a made canary with 20 % errors was aborted {:.0} s after",
        aborted.as_secs_f64()
    ));
    stage.close();
}

/// What the catalogue says beside what runs.
#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_plan_is_compared_with_what_runs() {
    let steps = json!({ "steps": [{ "setWeight": 20 }, { "pause": { "duration": "90s" } }] });
    let stage = Stage::new(shared(), "planned", &canary("web", 2, &steps));
    let catalogue = stage.state().with_file_name("waveoff.yaml");
    let text = format!(
        "services:\n  - name: shop\n    type: critical_apis\n    risk: high\n    owner: ana\n    \
         environments:\n      - name: live\n        namespace: {}\n        \
         workload: {{kind: Rollout, name: web}}\n      - name: gone\n        \
         namespace: {}\n        workload: {{kind: Rollout, name: nobody}}\n",
        stage.namespace, stage.namespace
    );
    std::fs::write(&catalogue, text).expect("it can be written");
    let catalogue = catalogue.display().to_string();
    stage.until_healthy("web");
    let plan = |more: &[&str], code: i32| {
        let ask = ["plan", "shop", "-o", "json", "--catalogue", &catalogue];
        let plan = stage.run(&[&ask[..], more].concat()).expect(code).json;
        let lines = plan["lines"].as_array().expect("lines").iter();
        lines.map(|l| format!("{} {}", l["label"], l["text"])).collect::<Vec<_>>().join("\n")
    };
    let live = plan(&["--live", "--env", "live"], 0);
    assert!(live.contains("canary") && live.contains("1m30s"), "{live}");
    let away = plan(&["--env", "live"], 0);
    assert_ne!(live, away);
    assert!(away.contains("not compared"), "{away}");
    let absent = plan(&["--live", "--env", "gone"], 0);
    assert!(absent.contains("no such workload"), "{absent}");
    stage.close();
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn what_is_made_in_every_way_is_taken_and_becomes_healthy() {
    for strategy in ["rolling", "blue-green"] {
        let stage = Stage::new(shared(), &format!("made-{strategy}"), &[]);
        let directory = made(&stage, strategy, "web", &["--host", "web.example.com"]);
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
    let directory = made(&stage, "blue-green", "web", &["--host", "web.example.com"]);
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

/// Two canaries whose analyses ask for what nobody has; the catalogue has a Prometheus for one.
#[test]
#[ignore = "needs the control plane: tests/run"]
fn on_the_cluster_each_workload_is_judged_by_the_prometheus_of_its_catalogue() {
    let stage = Stage::new(shared(), "asked", &[]);
    let address = "http://prometheus.monitoring.svc.cluster.local:9090";
    for name in ["web", "other"] {
        let template = format!("asks-{name}");
        let prometheus = json!({ "address": address, "query": "nobody_has_this" });
        let metric = json!({
            "name": "seen",
            "successCondition": "result[0] > 0",
            "provider": { "prometheus": prometheus },
        });
        let templates = json!([{ "templateName": template }]);
        let steps =
            json!({ "steps": [{ "setWeight": 20 }, { "analysis": { "templates": templates } }] });
        stage.apply(&[json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AnalysisTemplate",
            "metadata": { "name": template },
            "spec": { "metrics": [metric] },
        })]);
        stage.apply(&canary(name, 2, &steps));
    }
    let catalogue = stage.state().with_file_name("waveoff.yaml");
    let text = format!(
        "services:\n  - name: shop\n    type: stateless_web_services\n    risk: low\n    \
         environments:\n      - name: live\n        namespace: {}\n        \
         workload: {{kind: Rollout, name: web}}\n        metrics: {{prometheus: \"{address}\"}}\n",
        stage.namespace
    );
    std::fs::write(&catalogue, text).expect("it can be written");
    let catalogue = catalogue.display().to_string();
    let found = |more: &[&str]| {
        let ask = ["check", "--live", "-n", &stage.namespace, "--only", "W40", "-o", "json"];
        let checked = stage.fly(&[&ask[..], &["--catalogue", &catalogue], more].concat()).expect(1);
        let of = said(&checked.json);
        of.into_iter().map(|(.., name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(found(&[]), ["asks-web"]);
    let named = stage.plane.value("PLANE_PROMETHEUS_URL").to_owned();
    assert_eq!(found(&["--prometheus", &named]), ["asks-other", "asks-web"]);
    stage.close();
}
