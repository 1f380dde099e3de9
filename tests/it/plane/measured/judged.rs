//! Analyses of a real controller on a real Prometheus: what failed, by how much, and why; and the
//! templates of the rule document.

use serde_json::{Value, json};

use super::super::cockpit::Cockpit;
use super::super::grounds::{shared, tell};
use super::super::manifests::canary;
use super::super::stage::Stage;
use super::{errors_of_a_version, judged, line, new_hash, new_hash_of, panel, until, until_of};
use crate::drills::{Hangar, Served};

#[test]
#[ignore = "needs the control plane: tests/run"]
fn one_request_in_five_fails_and_it_is_told_before_and_after_the_abort() {
    let metric = json!({ "failureLimit": 2 });
    let template = errors_of_a_version("errors-of-it", "6s", "result[0] <= 0.05", &metric);
    let stage = Stage::new(shared(), "fails", &[template]);
    let steps = json!({
        "abortScaleDownDelaySeconds": 300,
        "steps": [{ "setWeight": 50 }, { "pause": {} }, { "analysis": judged(&["errors-of-it"]) }, { "pause": {} }],
    });
    stage.apply(&canary("web", 2, &steps));
    stage.until_healthy("web");
    stage.release("rollout", "web", "2", None);
    stage.until_at("web", 1, "Paused");
    let hash = new_hash(&stage);
    stage.plane.traffic(&format!("errors/{}/{hash}", stage.namespace), "0.2");
    // It is measured before any analysis runs, for both versions and against the limit.
    let status = until(&stage, "a fifth fails", |s| {
        let sure = panel(s, "errors")["comparison"].as_str().unwrap_or_default();
        let value = line(s, "errors-of-it", "canary")["value"].as_f64();
        value.is_some_and(|v| (0.12..0.3).contains(&v)) && sure.ends_with(", sure")
    });
    assert_eq!(line(&status, "errors-of-it", "canary")["beyond_limit"], true);
    assert_eq!(line(&status, "errors-of-it", "stable")["beyond_limit"], false);
    assert_eq!(panel(&status, "errors-of-it")["limit"], "must be <= 0.05");
    let words = panel(&status, "errors")["comparison"].as_str().unwrap_or_default();
    assert!(words.starts_with("canary errors") && words.ends_with(", sure"), "{words}");

    let cockpit = Cockpit::over(&stage, "web");
    stage.act(&["promote"], "web").expect(0);
    let before = stage.until("web", "the first failed measurement", |s| {
        s["analysis"][0]["metrics"][0]["failed"].as_i64().is_some_and(|failed| failed >= 1)
    });
    let failing = &before["analysis"][0]["metrics"][0];
    assert_eq!(
        (&failing["failure_limit"], &failing["success_condition"]),
        (&json!(2), &json!("result[0] <= 0.05"))
    );
    cockpit.sees_line(&["must be <= 0.05"]);
    cockpit.sees_line(&["of 2 allowed"]);
    let after = stage.until("web", "aborted", |s| s["aborted"] == true && s["phase"] == "Degraded");
    let run = &after["analysis"][0];
    let metric = &run["metrics"][0];
    assert_eq!((&run["verdict"], &metric["failed"]), (&json!("Failed"), &json!(3)), "{run}");
    let sentence = metric["sentence"].as_str().unwrap_or_default();
    assert!(sentence.contains("must be <= 0.05; failed 3 times, 2 allowed"), "{sentence}");
    let value: f64 = metric["last"].as_str().unwrap().trim_matches(['[', ']']).parse().unwrap();
    assert!((0.1..0.3).contains(&value), "{metric}");
    // The rollout's status names no run any more.
    assert_eq!(stage.get("rollouts", "web", "{.status.canary.currentStepAnalysisRunStatus}"), "");
    cockpit.sees("aborted by analysis");
    cockpit.key("x");
    // However the sentence is broken into lines.
    cockpit.sees("must be <= 0.05; failed 3");
    cockpit.leave();
    let why = stage.fly(&["why", "web"]).expect(0).out;
    assert!(
        why.contains("aborted by analysis") && why.contains("failed 3 times, 2 allowed"),
        "{why}"
    );
    assert_eq!(stage.close(), 1);
}

/// What the teams of a drill judge by: errors, latency, business.
fn templates_of_a_drill(stage: &Stage) -> Vec<Value> {
    let hangar = Hangar::open();
    let served = Served::start(&hangar, &["drill", "error-ramp"]);
    let got = stage
        .plane
        .tool("kubectl", "operator")
        .env("KUBECONFIG", served.kubeconfig("operator"))
        .args(["get", "analysistemplates", "-n", "shop", "-o", "json"])
        .output()
        .expect("kubectl");
    let list: Value = serde_json::from_slice(&got.stdout).expect("JSON");
    let items = list["items"].as_array().expect("a list").iter();
    let judges = items.filter(|item| {
        item["metadata"]["name"].as_str().is_some_and(|name| name.starts_with("judge-"))
    });
    judges
        .map(|item| {
            json!({
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "AnalysisTemplate",
                "metadata": { "name": item["metadata"]["name"] },
                "spec": item["spec"],
            })
        })
        .collect()
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn the_templates_of_a_drill_work_in_a_cluster() {
    let stage = Stage::new(shared(), "ours", &[]);
    let templates = templates_of_a_drill(&stage);
    assert_eq!(templates.len(), 3, "errors, latency, business");
    stage.apply(&templates);
    let names = ["judge-errors", "judge-latency", "judge-business"];
    let refer: Vec<Value> = names.iter().map(|name| json!({ "templateName": name })).collect();
    let args = json!([
        { "name": "service", "value": "ours-canary" },
        { "name": "hash", "valueFrom": { "podTemplateHashValue": "Latest" } },
    ]);
    let steps = json!({
        "steps": [
            { "setWeight": 50 },
            { "pause": {} },
            { "analysis": { "templates": refer, "args": args } },
            { "pause": {} },
        ],
    });
    stage.apply(&canary("ours", 2, &steps));
    stage.until_healthy("ours");
    stage.release("rollout", "ours", "2", None);
    stage.until_at("ours", 1, "Paused");
    until_of(&stage, "ours", "all three are measured", |s| {
        names.iter().all(|name| line(s, name, "canary")["value"].is_number())
    });
    stage.act(&["promote"], "ours").expect(0);
    let judged = stage.until("ours", "each was measured by the controller", |s| {
        let metrics = s["analysis"][0]["metrics"].as_array();
        metrics.is_some_and(|all| {
            all.len() == 3 && all.iter().all(|metric| metric["measured"].as_i64() > Some(0))
        })
    });
    for metric in judged["analysis"][0]["metrics"].as_array().unwrap() {
        assert_eq!((&metric["failed"], &metric["errors"]), (&json!(0), &json!(0)), "{metric}");
    }
    stage.act(&["abort"], "ours").expect(0);
    stage.close();
}

/// The templates of section 3 of the rule document, where it lies beside the checkout.
fn templates_of_the_rule_document() -> Option<String> {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/deployment-strategies.md");
    let text = std::fs::read_to_string(path).ok()?;
    let from = text.find("apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate")?;
    let rest = &text[from..];
    Some(rest[..rest.find("```")?].to_owned())
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn the_templates_of_the_rule_document_work_unchanged() {
    let Some(templates) = templates_of_the_rule_document() else {
        tell("the rule document is not beside this checkout: its templates were not tried");
        return;
    };
    let stage = Stage::in_namespace(shared(), "production");
    stage.apply_text(&templates);
    let names = ["success-rate", "latency", "error-rate", "business-metrics"];
    let args = json!([{ "name": "service-name", "value": "user-service-canary" }]);
    let refer: Vec<Value> = names.iter().map(|name| json!({ "templateName": name })).collect();
    let steps = json!({
        "steps": [{ "setWeight": 50 }, { "pause": {} }, { "analysis": { "templates": refer, "args": args } }, { "pause": {} }],
    });
    stage.apply(&canary("user-service", 2, &steps));
    stage.until_healthy("user-service");
    stage.release("rollout", "user-service", "2", None);
    stage.until_at("user-service", 1, "Paused");
    let hash = new_hash_of(&stage, "user-service");
    // An error rate is only counted where there was an error.
    stage.plane.traffic(&format!("errors/production/{hash}"), "0.005");
    let titles = ["success-rate", "p99-latency", "error-rate", "transaction-success-rate"];
    let status = until_of(&stage, "user-service", "all four are measured", |s| {
        titles.iter().all(|title| line(s, title, "canary")["value"].is_number())
    });
    let limits = ["must be >= 0.95", "must be <= 500", "must be <= 0.01", "must be >= 0.98"];
    for (title, limit) in titles.iter().zip(limits) {
        assert_eq!(panel(&status, title)["limit"], limit);
        assert_eq!(line(&status, title, "canary")["beyond_limit"], false, "{title}");
    }
    assert_eq!(
        status["metrics"]["prometheus"]["named_by"].as_str().map(|by| by.starts_with("template ")),
        Some(true)
    );

    stage.act(&["promote"], "user-service").expect(0);
    let judged = stage.until("user-service", "each of them was measured by the controller", |s| {
        let metrics = s["analysis"][0]["metrics"].as_array();
        metrics.is_some_and(|all| {
            all.len() == 4 && all.iter().all(|m| m["measured"].as_i64() > Some(0))
        })
    });
    for metric in judged["analysis"][0]["metrics"].as_array().unwrap() {
        assert_eq!(metric["failed"], 0, "{metric}");
        let title = metric["name"].as_str().unwrap();
        let theirs: f64 =
            metric["last"].as_str().unwrap().trim_matches(['[', ']']).parse().unwrap();
        let ours = line(&status, title, "canary")["value"].as_f64().unwrap();
        tell(&format!("{title}: {ours} here, {theirs} by the controller, some seconds apart"));
        // A P99 between coarse buckets moves with a single request.
        let near = if title.contains("latency") { 0.6 } else { 0.02 };
        assert!((ours - theirs).abs() <= ours.abs() * near + 0.01, "{title}: {ours}, {theirs}");
    }
    stage.act(&["abort"], "user-service").expect(0);
    stage.close();
}
