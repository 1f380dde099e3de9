//! The end of a namespace.

use serde_json::json;

use crate::sim::control::workload::stage::{PLACE, Stage, deployment};
use crate::sim::object::Document;
use crate::sim::store::{Key, Kind, What};

#[test]
fn pods_go_first_then_the_rest_then_the_namespace() {
    let mut stage = Stage::new();
    stage.apply(Kind::ConfigMap, json!({"metadata": {"name": "settings"}}));
    stage.apply(Kind::Deployment, deployment(2, "shop:1", &json!({})));
    stage.wait(5.0);
    let (key, now) = (Key::new(Kind::Namespace, "", PLACE), stage.now());
    stage.world.store_mut().delete(&key, None, now).unwrap();
    stage.wait(6.5);
    let namespace = stage.world.store().get(&key).unwrap();
    assert_eq!(namespace.text("/status/phase"), "Terminating");
    assert_eq!(namespace.items("/status/conditions").len(), 5);
    assert!(stage.all(Kind::Pod).is_empty(), "and no new ones are made");
    assert!(stage.find(Kind::ConfigMap, "settings").is_some());
    stage.wait(10.0);
    assert!(stage.world.store().get(&key).is_none());
    let mut gone: Vec<Kind> = stage
        .changes()
        .iter()
        .filter(|change| change.what == What::Deleted && change.key.kind != Kind::Event)
        .map(|change| change.key.kind)
        .collect();
    gone.dedup();
    let wanted = [Kind::Pod, Kind::ConfigMap, Kind::ReplicaSet, Kind::Deployment, Kind::Namespace];
    assert_eq!(gone, wanted);
    let left = stage.world.store().list(Kind::Event, Some(PLACE)).count();
    assert_eq!(left, 0);
}
