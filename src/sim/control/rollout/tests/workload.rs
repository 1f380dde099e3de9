//! Rollouts that take their template from a Deployment.

use serde_json::{Value, json};

use super::story::{Story, rollout};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Kind, Part};

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web:1"}]},
            },
        },
    })
}

fn referring(scale_down: &str) -> Value {
    let mut web = rollout(2, &json!({"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}));
    web.take_out("/spec/template");
    web.take_out("/spec/selector");
    let reference = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "scaleDown": scale_down,
    });
    web.set("/spec/workloadRef", reference);
    web
}

#[test]
fn a_change_of_the_deployment_is_a_new_version() {
    let mut story = Story::deployed(&[deployment(), referring("onsuccess")]);
    story.wait(1);
    story.told();
    let key = "rollout.argoproj.io/workload-generation";
    // It was scaled down once the Rollout was healthy.
    assert_eq!(story.rollout().annotation(key), Some("2"));
    assert_eq!(story.get(Kind::Deployment, "web").unwrap().int("/spec/replicas"), 0);
    let containers = json!([{"name": "web", "image": "web:2"}]);
    let patch = json!({"spec": {"template": {"spec": {"containers": containers}}}});
    story.modify(Kind::Deployment, "web", Part::Main, &patch);
    story.until_phase("Paused");
    let expected = [
        "Healthy | step 2 | NewReplicaSetCreated",
        "Progressing | more replicas need to be updated | step 0 | ReplicaSetUpdated",
        "Progressing | more replicas need to be updated | step 1 | ReplicaSetUpdated",
        "Paused | CanaryPauseStep | step 1 | ReplicaSetUpdated",
        "Paused | CanaryPauseStep | step 1 | RolloutPaused",
    ];
    assert_eq!(story.told(), expected);
    let generation = story.get(Kind::Deployment, "web").unwrap().generation().to_string();
    let rollout = story.rollout();
    assert_eq!(rollout.text("/status/workloadObservedGeneration"), generation);
    assert_eq!(rollout.annotation(key), Some(&*generation));
    // The template stays with the Deployment.
    assert_eq!(rollout.pointer("/spec/template/spec"), None);
}

#[test]
fn a_deployment_that_is_not_there() {
    let mut story = Story::new(&[referring("never")]);
    story.wait(1);
    let message = story.rollout().text("/status/message").to_owned();
    assert!(message.contains("deployments.apps \"shop/web\" not found"), "{message}");
    story.create(&deployment());
    story.wait(21);
    assert_eq!(story.rollout().text("/status/phase"), "Healthy");
    assert_eq!(story.get(Kind::Deployment, "web").unwrap().int("/spec/replicas"), 2);
}
