//! Rollouts whose steps are judged by analyses. The analyses are judged by the tests.

use serde_json::{Value, json};

use super::story::{Story, blue_green, routed};
use crate::sim::object::Document;
use crate::sim::store::{Kind, Object, Part};

const WHY: &str = "Metric \"good\" assessed Failed due to failed (1) > failureLimit (0)";

fn template() -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": "check"},
        "spec": {
            "args": [{"name": "hash"}],
            "metrics": [{
                "name": "good",
                "provider": {"prometheus": {"address": "http://prometheus", "query": "up"}},
            }],
        },
    })
}

fn analysis() -> Value {
    let argument = json!({"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}});
    json!({"templates": [{"templateName": "check"}], "args": [argument]})
}

fn runs(story: &Story) -> Vec<&Object> {
    story.world.store().list(Kind::AnalysisRun, None).collect()
}

/// Ends the run that is busy, once it is there.
fn judge(story: &mut Story, phase: &str) -> String {
    for _ in 0..100 {
        let busy = runs(story).into_iter().find(|run| run.text("/status/phase").is_empty());
        if let Some(name) = busy.map(|run| run.name().to_owned()) {
            let message = if phase == "Failed" { WHY } else { "" };
            let status = json!({"status": {"phase": phase, "message": message}});
            story.modify(Kind::AnalysisRun, &name, Part::Main, &status);
            return name;
        }
        story.pass(crate::sim::time::Span::milliseconds(100));
    }
    panic!("no run is busy");
}

#[test]
fn a_step_waits_for_its_analysis() {
    let steps = json!([{"setWeight": 25}, {"analysis": analysis()}, {"pause": {}}]);
    let mut objects = routed(4, &json!({ "steps": steps }));
    objects.insert(0, template());
    let mut story = Story::deployed(&objects);
    story.image("web:2");
    let name = judge(&mut story, "Successful");
    let hash = story.rollout().text("/status/currentPodHash").to_owned();
    assert_eq!(name, format!("web-{hash}-2-1"));
    let run = story.get(Kind::AnalysisRun, &name).unwrap().clone();
    assert_eq!(run.items("/spec/args"), [json!({"name": "hash", "value": hash})]);
    assert_eq!(run.label("rollout-type"), "Step");
    assert_eq!(run.label("step-index"), "1");
    story.until_paused_at(2);
    let told = story.rollout().pointer("/status/canary/currentStepAnalysisRunStatus");
    assert_eq!(told, None, "the step is over");
}

#[test]
fn a_failed_analysis_aborts() {
    let steps = json!([{"setWeight": 25}, {"analysis": analysis()}]);
    let mut objects = routed(4, &json!({ "steps": steps }));
    objects.insert(0, template());
    let mut story = Story::deployed(&objects);
    story.image("web:2");
    judge(&mut story, "Failed");
    story.until_phase("Degraded");
    story.wait(1);
    let told = story.told();
    let message = format!(
        "RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase \
        error/failed: {WHY}"
    );
    let last =
        [25, 0].map(|weight| format!("Degraded | {message} | step 0 | {weight}% | RolloutAborted"));
    assert_eq!(told.get(told.len() - 2..), Some(last.as_slice()));
    assert!(story.events().iter().any(|event| event == "AnalysisRunFailed"));
}

#[test]
fn an_inconclusive_analysis_pauses() {
    let steps = json!([{"setWeight": 25}, {"analysis": analysis()}, {"setWeight": 50}]);
    let mut objects = routed(4, &json!({ "steps": steps }));
    objects.insert(0, template());
    let mut story = Story::deployed(&objects);
    story.image("web:2");
    judge(&mut story, "Inconclusive");
    story.until_phase("Paused");
    assert_eq!(story.rollout().text("/status/message"), "InconclusiveAnalysisRun");
    story.promote();
    // The step is tried again by a new run.
    let second = judge(&mut story, "Successful");
    assert!(second.ends_with("-2-1.1"), "{second}");
    story.until_phase("Healthy");
}

#[test]
fn a_background_analysis_ends_with_its_rollout() {
    let strategy = json!({
        "analysis": analysis(), "steps": [{"setWeight": 25}, {"pause": {}}],
    });
    let mut objects = routed(2, &strategy);
    objects.insert(0, template());
    let mut story = Story::deployed(&objects);
    story.image("web:2");
    story.until_paused_at(1);
    let run = runs(&story).first().map(|run| run.name().to_owned()).unwrap();
    let told = story.rollout().text("/status/canary/currentBackgroundAnalysisRunStatus/name");
    assert_eq!(told, run);
    story.status(&json!({"abort": true}));
    story.until_phase("Degraded");
    story.wait(1);
    assert!(story.get(Kind::AnalysisRun, &run).unwrap().flag("/spec/terminate"));
}

#[test]
fn a_template_that_is_missing_makes_a_spec_invalid() {
    let steps = json!([{"analysis": analysis()}]);
    let mut story = Story::new(&routed(2, &json!({ "steps": steps })));
    story.wait(1);
    let message = story.rollout().text("/status/message");
    assert!(message.ends_with("AnalysisTemplate 'check' not found"), "{message}");
}

#[test]
fn before_and_after_the_switch() {
    let strategy = json!({
        "prePromotionAnalysis": analysis(), "postPromotionAnalysis": analysis(),
        "scaleDownDelaySeconds": 3,
    });
    let mut objects = blue_green(2, &strategy);
    objects.insert(0, template());
    let mut story = Story::deployed(&objects);
    let blue = story.selected("active").to_owned();
    story.image("web:2");
    let before = judge(&mut story, "Successful");
    assert!(before.ends_with("-2-pre"), "{before}");
    let after = judge(&mut story, "Failed");
    assert!(after.ends_with("-2-post"), "{after}");
    story.until_phase("Degraded");
    story.wait(1);
    assert_eq!(story.selected("active"), blue);
}
