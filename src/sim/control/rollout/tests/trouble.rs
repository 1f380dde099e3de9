//! Rollouts that cannot go on.

use serde_json::{Value, json};

use super::story::{Story, ingress, routed, service};
use crate::sim::object::Document;
use crate::sim::store::{Kind, Part};

/// What is said of an invalid spec.
fn invalid(field: &str, why: &str) -> String {
    format!("InvalidSpec: The Rollout \"web\" is invalid: {field}: Invalid value: {why}")
}

fn message(story: &Story) -> &str {
    story.rollout().text("/status/message")
}

fn sick() -> Value {
    json!({"template": {
        "metadata": {"annotations": {"waveoff.demo/fault": "never-ready"}},
        "spec": {"containers": [{"name": "web", "image": "web:2"}]},
    }})
}

#[test]
fn what_is_missing_is_named_until_it_is_there() {
    let steps = json!([{"setWeight": 25}, {"pause": {}}]);
    let mut objects = routed(4, &json!({ "steps": steps }));
    let web = objects.pop().unwrap();
    let mut story = Story::new(&[web]);
    story.wait(1);
    assert_eq!(story.rollout().text("/status/phase"), "Degraded");
    let field = "spec.strategy.canary.stableService";
    assert_eq!(message(&story), invalid(field, "\"stable\": service \"stable\" not found"));
    story.create(&service("stable"));
    // It is tried again at most ten seconds later.
    story.wait(11);
    let field = "spec.strategy.canary.canaryService";
    assert_eq!(message(&story), invalid(field, "\"canary\": service \"canary\" not found"));
    story.create(&service("canary"));
    story.wait(11);
    let field = "spec.strategy.canary.trafficRouting.nginx.stableIngress";
    let why = "\"web\": ingress.networking.k8s.io \"web\" not found";
    assert_eq!(message(&story), invalid(field, why));
    story.create(&ingress("other"));
    story.wait(11);
    let why = "\"web\": ingress `web` has no rules using service stable backend";
    assert_eq!(message(&story), invalid(field, why));
    assert_eq!(story.sets(), []);
    story.modify(Kind::Ingress, "web", Part::Main, &ingress("stable"));
    story.until_phase("Healthy");
    assert_eq!(story.rollout().condition("InvalidSpec"), None);
}

#[test]
fn steps_that_cannot_be() {
    let mut story = Story::deployed(&routed(4, &json!({"steps": [{"setWeight": 25}]})));
    let cases = [
        (
            json!([{"setWeight": 200}]),
            "spec.strategy.steps[0].setWeight: Invalid value: 200: \
            SetWeight needs to be between 0 and 100",
        ),
        (
            json!([{"setWeight": 1}, {"pause": {"duration": -1}}]),
            "spec.strategy.steps[1].pause.duration: Invalid value: -1: \
            Duration needs to be greater than 0",
        ),
    ];
    for (steps, why) in cases {
        story.spec(&json!({"strategy": {"canary": {"steps": steps}}}));
        story.wait(1);
        let expected = format!("InvalidSpec: The Rollout \"web\" is invalid: {why}");
        assert_eq!(message(&story), expected);
        assert_eq!(story.rollout().text("/status/phase"), "Degraded");
    }
    story.spec(&json!({"strategy": {"canary": {"steps": [{"setWeight": 10}]}}}));
    story.until_phase("Healthy");
}

#[test]
fn a_version_that_does_not_come_up() {
    let steps = json!([{"setWeight": 25}, {"pause": {}}]);
    let mut story = Story::deployed(&routed(4, &json!({ "steps": steps })));
    story.spec(&json!({"progressDeadlineSeconds": 6}));
    story.wait(1);
    story.spec(&sick());
    story.until_phase("Degraded");
    let name = format!("web-{}", story.rollout().text("/status/currentPodHash"));
    let expected =
        format!("ProgressDeadlineExceeded: ReplicaSet \"{name}\" has timed out progressing.");
    assert_eq!(message(&story), expected);
    assert_eq!(story.sets(), [(2, 1, 0), (1, 4, 4)]);
    let progress = story.rollout().condition("Progressing").cloned().unwrap();
    assert_eq!(progress.text("/status"), "False");
    assert_eq!(progress.text("/reason"), "ProgressDeadlineExceeded");
}

#[test]
fn a_deadline_may_abort() {
    let steps = json!([{"setWeight": 25}, {"pause": {}}]);
    let mut story = Story::deployed(&routed(4, &json!({ "steps": steps })));
    story.spec(&json!({"progressDeadlineSeconds": 6, "progressDeadlineAbort": true}));
    story.wait(1);
    story.spec(&sick());
    story.until_phase("Degraded");
    let name = format!("web-{}", story.rollout().text("/status/currentPodHash"));
    let expected = format!(
        "RolloutAborted: Rollout aborted update to revision 2: ReplicaSet \"{name}\" has timed out \
        progressing."
    );
    assert_eq!(message(&story), expected);
    assert!(story.rollout().flag("/status/abort"));
}

#[test]
fn paused_by_hand() {
    let steps = json!([{"setWeight": 25}]);
    let mut story = Story::deployed(&routed(4, &json!({ "steps": steps })));
    story.spec(&json!({"paused": true}));
    story.until_phase("Paused");
    assert_eq!(message(&story), "manually paused");
    story.image("web:2");
    story.wait(2);
    // The ReplicaSet is made and stays empty.
    assert_eq!(story.sets(), [(2, 0, 0), (1, 4, 4)]);
    story.spec(&json!({"paused": false}));
    story.until(|rollout| rollout.text("/status/phase") == "Healthy");
    story.wait(1);
    assert_eq!(story.sets().first(), Some(&(2, 4, 4)));
}
