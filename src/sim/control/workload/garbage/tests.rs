//! What goes with an owner, and what stays.

use serde_json::{Value, json};

use crate::sim::control::workload::stage::{PLACE, Stage, deployment};
use crate::sim::object::Document;
use crate::sim::store::{Key, Kind, Part};

fn stage() -> Stage {
    let mut stage = Stage::new();
    stage.apply(Kind::Deployment, deployment(2, "shop:1", &json!({})));
    stage.wait(5.0);
    stage
}

/// Deletes the Deployment as the API does when it is asked to treat dependents so.
fn delete(stage: &mut Stage, finalizer: &str) {
    let (key, now) = (Key::new(Kind::Deployment, PLACE, "shop"), stage.now());
    let mark = |object: &mut Value| object["metadata"]["finalizers"] = json!([finalizer]);
    stage.world.store_mut().modify(&key, Part::Main, now, mark).unwrap();
    stage.delete(Kind::Deployment, "shop");
}

#[test]
fn in_the_background_all_goes() {
    let mut stage = stage();
    stage.delete(Kind::Deployment, "shop");
    assert!(stage.find(Kind::Deployment, "shop").is_none());
    stage.wait(0.1);
    assert!(stage.all(Kind::ReplicaSet).is_empty());
    assert!(stage.all(Kind::Pod).iter().all(|pod| pod.is_leaving()));
    stage.wait(3.0);
    assert!(stage.all(Kind::Pod).is_empty());
}

#[test]
fn orphans_stay() {
    let mut stage = stage();
    delete(&mut stage, "orphan");
    stage.wait(3.0);
    assert!(stage.find(Kind::Deployment, "shop").is_none());
    let set = stage.only(Kind::ReplicaSet);
    assert!(set.controller().is_none());
    assert_eq!(set.int("/status/readyReplicas"), 2);
    // Another Deployment of the same template takes them over.
    stage.apply(Kind::Deployment, deployment(3, "shop:1", &json!({})));
    stage.wait(5.0);
    assert_eq!(stage.only(Kind::ReplicaSet).name(), set.name());
    assert_eq!(stage.get(Kind::Deployment, "shop").int("/status/readyReplicas"), 3);
}

#[test]
fn in_the_foreground_the_owner_goes_last() {
    let mut stage = stage();
    delete(&mut stage, "foregroundDeletion");
    stage.wait(0.3);
    assert!(stage.find(Kind::Deployment, "shop").is_some());
    assert_eq!(stage.all(Kind::Pod).len(), 2);
    stage.wait(3.0);
    assert!(stage.find(Kind::Deployment, "shop").is_none());
    let order: Vec<Kind> = stage
        .changes()
        .iter()
        .filter(|change| change.what == crate::sim::store::What::Deleted)
        .map(|change| change.key.kind)
        .collect();
    assert_eq!(order, [Kind::Pod, Kind::Pod, Kind::ReplicaSet, Kind::Deployment]);
}

#[test]
fn one_owner_of_two_is_enough() {
    let mut stage = Stage::new();
    let owner = |stage: &mut Stage, name: &str| {
        let made = stage.apply(Kind::ConfigMap, json!({"metadata": {"name": name}}));
        json!({"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": made.uid()})
    };
    let (one, other) = (owner(&mut stage, "one"), owner(&mut stage, "other"));
    let owned = json!({"metadata": {"name": "owned", "ownerReferences": [one, other]}});
    stage.apply(Kind::Secret, owned);
    stage.wait(1.0);
    stage.delete(Kind::ConfigMap, "one");
    stage.wait(1.0);
    assert_eq!(stage.get(Kind::Secret, "owned").items("/metadata/ownerReferences").len(), 1);
    stage.delete(Kind::ConfigMap, "other");
    stage.wait(1.0);
    assert!(stage.find(Kind::Secret, "owned").is_none());
}

#[test]
fn nobody_is_born_without_a_parent() {
    let mut stage = Stage::new();
    let gone = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "u"});
    let orphan = json!({"metadata": {"name": "late", "ownerReferences": [gone]}});
    stage.apply(Kind::Secret, orphan);
    stage.wait(1.0);
    assert!(stage.find(Kind::Secret, "late").is_none());
}
