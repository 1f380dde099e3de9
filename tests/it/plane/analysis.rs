//! Stories of analysis: it fails, cannot decide, measures; what is said about it.

use serde_json::{Value, json};

use super::cockpit::Cockpit;
use super::grounds::shared;
use super::manifests::{canary, error_rate, judged_by};
use super::stage::Stage;

/// A canary with an analysis as its second step. Each stage has metrics of its own, by its
/// namespace.
pub(super) fn judged(name: &str, metric: &Value) -> Stage {
    let plane = shared();
    let stage = Stage::new(plane, name, &[]);
    plane.metric(&format!("error_rate/{}", stage.namespace), "0.004");
    let address = plane.value("PLANE_METRICS_URL");
    let steps = json!({
        "abortScaleDownDelaySeconds": 2,
        "scaleDownDelaySeconds": 2,
        "steps": [{ "setWeight": 25 }, { "analysis": judged_by("errors") }, { "pause": {} }],
    });
    stage.apply(&[error_rate("errors", address, &stage.namespace, metric)]);
    stage.apply(&canary("web", 2, &steps));
    stage.until_healthy("web");
    stage
}

/// What the metrics say about every version of this stage.
pub(super) fn errors_are(stage: &Stage, rate: &str) {
    stage.plane.metric(&format!("error_rate/{}", stage.namespace), rate);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_failing_analysis_shows_value_limit_count_and_sentence() {
    let stage = judged("fails", &json!({ "failureLimit": 1 }));
    let cockpit = Cockpit::over(&stage, "web");
    errors_are(&stage, "0.31");
    stage.release("rollout", "web", "2", None);
    let status = stage.until("web", "aborted by its analysis", |s| s["phase"] == "Degraded");
    assert_eq!(status["aborted"], true);

    let run = &status["analysis"][0];
    assert_eq!(run["verdict"], "Failed", "{run}");
    let metric = &run["metrics"][0];
    assert_eq!(metric["last"], "[0.31]", "the value");
    assert_eq!(metric["success_condition"], "result[0] <= 0.05", "the condition");
    assert_eq!((&metric["failed"], &metric["failure_limit"]), (&json!(2), &json!(1)), "the count");
    let sentence = "error-rate measured [0.31], must be <= 0.05; failed 2 times, 1 allowed";
    assert_eq!(metric["sentence"], sentence);
    let why = stage.fly(&["why", "web"]).expect(0).out;
    assert!(why.contains("aborted by analysis, users are on r1"), "{why}");
    assert!(why.contains(sentence), "{why}");
    assert_eq!(stage.ingress_weight("web"), 0);

    cockpit.sees("aborted by analysis");
    cockpit.sees("0.31");
    cockpit.key("x");
    cockpit.sees(sentence);
    cockpit.leave();
    assert_eq!(stage.close(), 0);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn an_undecided_analysis_waits_for_a_person_who_accepts_it() {
    let stage = judged("undecided", &json!({ "failureCondition": "result[0] > 0.2" }));
    errors_are(&stage, "0.1");
    stage.release("rollout", "web", "2", None);
    let status = stage.until("web", "undecided", |s| {
        s["phase"] == "Paused" && s["message"] == "InconclusiveAnalysisRun"
    });
    assert_eq!(status["step"]["index"], 1);
    let why = status["why"].as_str().unwrap();
    assert!(why.contains("could not decide: error-rate measured [0.1]"), "{why}");
    let plan = stage.fly(&["promote", "web", "--dry-run", "-o", "json"]).expect(0).json;
    assert!(plan.to_string().contains("the undecided analysis is accepted"), "{plan}");
    stage.works(&["promote"], "web");
    let next = stage.until_at("web", 2, "Paused");
    assert_eq!(next["aborted"], false);
    assert_eq!(stage.close(), 1);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_metric_without_data_is_an_error_not_a_zero() {
    let stage = judged("nodata", &json!({ "consecutiveErrorLimit": 0 }));
    errors_are(&stage, "empty");
    stage.release("rollout", "web", "2", None);
    let status = stage.until("web", "aborted without data", |s| s["phase"] == "Degraded");
    let run = &status["analysis"][0];
    assert_eq!(run["verdict"], "Error", "{run}");
    let sentence = run["sentence"].as_str().unwrap();
    assert!(sentence.contains("could not be measured"), "{sentence}");
    assert!(!sentence.contains("measured 0"), "{sentence}");
    stage.works(&["undo"], "web");
    stage.until_healthy("web");
    assert_eq!(stage.close(), 1);
}
