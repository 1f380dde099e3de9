//! Stories as they were recorded from the real controller: the same conditions, events, sizes and
//! annotations in the same order.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{condition, revision};
use crate::sim::control::workload::condition as list;
use crate::sim::control::workload::stage::{PLACE, Stage, deployment, image};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::Kind;
use crate::sim::world::Quota;

fn play(replicas: i64, more: &Value) -> Stage {
    let mut stage = Stage::new();
    stage.apply(Kind::Deployment, deployment(replicas, "shop:1", more));
    stage.wait(5.0);
    stage
}

fn patch(stage: &mut Stage, patch: &Value, seconds: f64) {
    stage.patch(Kind::Deployment, "shop", patch);
    stage.wait(seconds);
}

/// Each state of a condition: its status and its reason.
fn states(stage: &Stage, kind: &str) -> Vec<String> {
    let read = |deployment: &Value| {
        let status = deployment.get("status").cloned().unwrap_or_default();
        let condition = list::find(&status, kind).cloned().unwrap_or_default();
        format!("{} {}", condition.text("/status"), condition.text("/reason"))
    };
    let states = stage.states(Kind::Deployment, "shop", read);
    states.into_iter().filter(|state| state != " ").collect()
}

/// Each size of the ReplicaSets, newest first.
fn sizes(stage: &Stage) -> Vec<i64> {
    let mut sets = stage.all(Kind::ReplicaSet);
    let revision =
        |set: &Value| set.annotation(revision::REVISION).and_then(|text| text.parse::<i64>().ok());
    sets.sort_by_key(|set| std::cmp::Reverse(revision(set)));
    sets.iter().map(|set| super::size(set)).collect()
}

#[test]
fn a_new_template_takes_over_step_by_step() {
    let mut stage = play(4, &json!({}));
    patch(&mut stage, &image("shop:2", None), 10.0);
    let events = stage.events("Deployment", "shop");
    assert_eq!(
        events[..4],
        [
            "ScalingReplicaSet Scaled up replica set shop-A from 0 to 4",
            "ScalingReplicaSet Scaled up replica set shop-B from 0 to 1",
            "ScalingReplicaSet Scaled down replica set shop-A from 4 to 3",
            "ScalingReplicaSet Scaled up replica set shop-B from 1 to 2",
        ]
    );
    assert!(events.last().unwrap().ends_with("Scaled down replica set shop-A from 1 to 0"));
    assert_eq!(
        states(&stage, condition::PROGRESSING),
        [
            "True NewReplicaSetCreated",
            "True ReplicaSetUpdated",
            "True NewReplicaSetAvailable",
            "True NewReplicaSetCreated",
            "True ReplicaSetUpdated",
            "True NewReplicaSetAvailable",
        ]
    );
    let available = ["False MinimumReplicasUnavailable", "True MinimumReplicasAvailable"];
    assert_eq!(states(&stage, condition::AVAILABLE), available);
    let mut wanted = BTreeMap::new();
    for change in stage.changes().iter().filter(|change| change.key.kind == Kind::ReplicaSet) {
        wanted.insert(change.key.clone(), change.object.int("/spec/replicas"));
        assert!(wanted.values().sum::<i64>() <= 5, "{wanted:?}");
    }
    let message = stage.get(Kind::Deployment, "shop");
    let message = message.condition("Progressing").unwrap().text("/message");
    assert!(message.ends_with("\" has successfully progressed."), "{message}");
}

#[test]
fn counts_that_are_zero_are_absent() {
    let mut stage = play(4, &json!({}));
    let status = |stage: &Stage| {
        let mut status = stage.get(Kind::Deployment, "shop")["status"].clone();
        status.take_out("/conditions");
        status
    };
    let full = json!({
        "observedGeneration": 1,
        "replicas": 4,
        "updatedReplicas": 4,
        "readyReplicas": 4,
        "availableReplicas": 4,
    });
    assert_eq!(status(&stage), full);
    patch(&mut stage, &json!({"spec": {"replicas": 0}}), 3.0);
    assert_eq!(status(&stage), json!({"observedGeneration": 2}));
    let set = stage.only(Kind::ReplicaSet);
    assert_eq!(set["status"], json!({"replicas": 0, "observedGeneration": 2}));
}

#[test]
fn a_stuck_update_is_called_so_a_second_after_its_deadline_and_undone() {
    let mut stage = play(4, &json!({"progressDeadlineSeconds": 10}));
    let begun = stage.now();
    patch(&mut stage, &image("shop:2", Some("crash-loop")), 18.0);
    let deployment = stage.get(Kind::Deployment, "shop");
    let progress = deployment.condition(condition::PROGRESSING).unwrap();
    assert_eq!(progress.text("/reason"), condition::TIMED_OUT);
    assert!(progress.text("/message").ends_with("has timed out progressing."), "{progress}");
    let late = |change: &crate::sim::store::Change| {
        let progress = change.object.condition(condition::PROGRESSING);
        progress.is_some_and(|progress| progress.text("/reason") == condition::TIMED_OUT)
    };
    let changes = stage.changes();
    let at = changes.iter().find(|change| late(change)).unwrap().at;
    let took = (at - begun).num_milliseconds();
    assert!((10_000..12_000).contains(&took), "{took}");
    assert_eq!(sizes(&stage), [2, 3]);

    patch(&mut stage, &image("shop:1", None), 6.0);
    assert_eq!(sizes(&stage), [4, 0]);
    let deployment = stage.get(Kind::Deployment, "shop");
    assert_eq!(deployment.annotation(revision::REVISION), Some("3"));
    let sets = stage.all(Kind::ReplicaSet);
    let back = sets.iter().find(|set| super::size(set) == 4).unwrap();
    let annotations = &back["metadata"]["annotations"];
    let wanted = json!({
        "deployment.kubernetes.io/desired-replicas": "4",
        "deployment.kubernetes.io/max-replicas": "5",
        "deployment.kubernetes.io/revision": "3",
        "deployment.kubernetes.io/revision-history": "1",
    });
    assert_eq!(*annotations, wanted);
    let progress = deployment.condition(condition::PROGRESSING).unwrap();
    assert_eq!(progress.text("/reason"), condition::COMPLETE);
}

#[test]
fn a_paused_deployment_scales_but_does_not_roll() {
    let mut stage = play(4, &json!({"progressDeadlineSeconds": 10}));
    patch(&mut stage, &json!({"spec": {"paused": true}}), 1.0);
    patch(&mut stage, &image("shop:2", None), 2.0);
    patch(&mut stage, &json!({"spec": {"replicas": 6}}), 3.0);
    assert_eq!(sizes(&stage), [6]);
    assert_eq!(stage.get(Kind::Deployment, "shop").int("/status/updatedReplicas"), 0);
    patch(&mut stage, &json!({"spec": {"paused": false}}), 8.0);
    assert_eq!(sizes(&stage), [6, 0]);
    assert_eq!(
        states(&stage, condition::PROGRESSING)[3..],
        [
            "Unknown DeploymentPaused",
            // Its own write before makes the one of the new ReplicaSet fail, so that nobody hears
            // that it was created.
            "Unknown DeploymentResumed",
            "True ReplicaSetUpdated",
            "True NewReplicaSetAvailable",
        ]
    );
}

#[test]
fn recreate_ends_all_old_pods_first() {
    let mut stage = play(3, &json!({"strategy": {"type": "Recreate"}}));
    patch(&mut stage, &image("shop:2", None), 8.0);
    assert_eq!(
        stage.events("Deployment", "shop"),
        [
            "ScalingReplicaSet Scaled up replica set shop-A from 0 to 3",
            "ScalingReplicaSet Scaled down replica set shop-A from 3 to 0",
            "ScalingReplicaSet Scaled up replica set shop-B from 0 to 3",
        ]
    );
    let image = |pod: &Value| pod.text("/spec/containers/0/image").to_owned();
    let mut old = 3;
    for change in stage.changes().iter().filter(|change| change.key.kind == Kind::Pod) {
        let gone = change.what == crate::sim::store::What::Deleted;
        old -= i32::from(gone && image(&change.object) == "shop:1");
        assert!(image(&change.object) == "shop:1" || old == 0, "new beside old: {}", change.key);
    }
    assert_eq!(
        states(&stage, condition::AVAILABLE).last().unwrap(),
        "True MinimumReplicasAvailable"
    );
}

#[test]
fn in_the_middle_of_an_update_all_are_scaled_in_proportion() {
    let strategy = json!({"rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}});
    let mut stage = play(10, &json!({"strategy": strategy}));
    patch(&mut stage, &image("shop:2", Some("never-ready")), 5.0);
    assert_eq!(sizes(&stage), [5, 8]);
    patch(&mut stage, &json!({"spec": {"replicas": 15}}), 6.0);
    assert_eq!(sizes(&stage), [7, 11]);
    patch(&mut stage, &json!({"spec": {"replicas": 5}}), 6.0);
    assert_eq!(sizes(&stage), [5, 3]);
    let told = stage.events("Deployment", "shop");
    let wanted = [
        "ScalingReplicaSet Scaled up replica set shop-A from 8 to 11",
        "ScalingReplicaSet Scaled up replica set shop-B from 5 to 7",
        "ScalingReplicaSet Scaled down replica set shop-A from 11 to 5",
        "ScalingReplicaSet Scaled down replica set shop-B from 7 to 3",
        "ScalingReplicaSet Scaled down replica set shop-A from 5 to 3",
    ];
    let from = told.iter().position(|event| event == wanted[0]).unwrap();
    assert_eq!(told[from..from + 5], wanted);
    patch(&mut stage, &json!({"spec": {"replicas": 0}}), 5.0);
    assert_eq!(sizes(&stage), [0, 0]);
    patch(&mut stage, &json!({"spec": {"replicas": 4}}), 5.0);
    assert_eq!(sizes(&stage), [4, 0]);
}

#[test]
fn the_history_is_as_long_as_it_may_be() {
    let mut stage = play(2, &json!({"revisionHistoryLimit": 1}));
    for number in 2..5 {
        patch(&mut stage, &image(&format!("shop:{number}"), None), 7.0);
    }
    let images: Vec<String> = stage
        .all(Kind::ReplicaSet)
        .iter()
        .map(|set| set.text("/spec/template/spec/containers/0/image").to_owned())
        .collect();
    assert_eq!(images.len(), 2, "{images:?}");
    assert!(images.contains(&"shop:4".into()) && images.contains(&"shop:3".into()));
    let change = json!({"metadata": {"annotations": {"kubernetes.io/change-cause": "four"}}});
    patch(&mut stage, &change, 1.0);
    let sets = stage.all(Kind::ReplicaSet);
    let new = sets.iter().find(|set| super::size(set) == 2).unwrap();
    assert_eq!(new.annotation("kubernetes.io/change-cause"), Some("four"));
    assert_eq!(new.generation(), 2, "annotations are no wish");
}

#[test]
fn ready_is_not_available_yet() {
    let mut stage = play(2, &json!({"minReadySeconds": 5}));
    let status = |stage: &Stage| {
        let deployment = stage.get(Kind::Deployment, "shop");
        let count = |name: &str| deployment.int(&format!("/status/{name}Replicas"));
        (count("ready"), count("available"), count("unavailable"))
    };
    assert_eq!(status(&stage), (2, 0, 2));
    stage.wait(3.0);
    assert_eq!(status(&stage), (2, 2, 0));
    let changes = stage.changes();
    let first = |test: &dyn Fn(&Value) -> bool| {
        changes.iter().find(|change| test(&change.object)).unwrap().at
    };
    let ready = first(&|o| o.text("/kind") == "Pod" && o.holds("Ready"));
    let available = first(&|o| o.int("/status/availableReplicas") > 0);
    // The time of the condition is cut to whole seconds, so that less than five may go by.
    assert!((4_000..=5_100).contains(&(available - ready).num_milliseconds()));
}

#[test]
fn a_refused_pod_is_a_failure_of_the_replicas() {
    let mut stage = Stage::new();
    let quota = Quota { name: "small".into(), pods: 3 };
    stage.world.ground_mut().faults.quotas.insert(PLACE.into(), quota);
    stage.apply(Kind::Deployment, deployment(5, "shop:1", &json!({"progressDeadlineSeconds": 10})));
    stage.wait(15.0);
    let deployment = stage.get(Kind::Deployment, "shop");
    let failure = deployment.condition(condition::REPLICA_FAILURE).unwrap();
    assert_eq!(failure.text("/reason"), "FailedCreate");
    let why =
        "is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3";
    assert!(failure.text("/message").ends_with(why), "{failure}");
    let order: Vec<&str> =
        deployment.items("/status/conditions").iter().map(|c| c.text("/type")).collect();
    assert_eq!(order, ["Available", "ReplicaFailure", "Progressing"]);
    assert_eq!(deployment.int("/status/unavailableReplicas"), 2);
    let events = stage.events("ReplicaSet", "shop");
    assert!(events.iter().any(|e| e.starts_with("FailedCreate Error creating: pods \"shop-")));
    stage.world.ground_mut().faults.quotas.clear();
    stage.wait(40.0);
    let deployment = stage.get(Kind::Deployment, "shop");
    assert!(deployment.condition(condition::REPLICA_FAILURE).is_none());
    assert_eq!(deployment.int("/status/availableReplicas"), 5);
}

#[test]
fn a_replica_set_of_the_same_template_is_adopted() {
    let mut stage = play(2, &json!({}));
    let set = stage.only(Kind::ReplicaSet);
    stage.patch(Kind::ReplicaSet, set.name(), &json!({"metadata": {"ownerReferences": null}}));
    stage.wait(1.0);
    let adopted = stage.get(Kind::ReplicaSet, set.name());
    assert_eq!(adopted.controller().unwrap().text("/name"), "shop");
    assert_eq!(stage.all(Kind::ReplicaSet).len(), 1);
    assert_eq!(adopted.generation(), set.generation());
}

#[test]
fn two_templates_of_one_hash_are_told_apart() {
    let mut stage = Stage::new();
    let draft = {
        let mut deployment = deployment(1, "shop:1", &json!({}));
        deployment["metadata"]["namespace"] = PLACE.into();
        crate::sim::store::complete(Kind::Deployment, &mut deployment);
        super::template::draft(&deployment)
    };
    let mut other = draft.clone();
    other.take_out("/metadata/ownerReferences");
    other.set("/spec/template/spec/containers/0/image", "other:1");
    other.set("/metadata/labels", json!({"app": "other"}));
    stage.apply(Kind::ReplicaSet, other);
    stage.apply(Kind::Deployment, deployment(1, "shop:1", &json!({})));
    stage.wait(5.0);
    let deployment = stage.get(Kind::Deployment, "shop");
    assert_eq!(deployment.int("/status/collisionCount"), 1);
    assert_eq!(deployment.int("/status/availableReplicas"), 1);
}
