//! What a ReplicaSet makes, keeps and tells.

use serde_json::{Value, json};

use crate::sim::control::workload::stage::Stage;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::Kind;

fn set(replicas: i64) -> Value {
    let labels = json!({"app": "shop", "rollouts-pod-template-hash": "5c7d"});
    json!({
        "metadata": {"name": "shop-5c7d", "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": {"team": "orders"}},
                "spec": {"containers": [{"name": "shop", "image": "shop:1"}]},
            },
        },
    })
}

fn status(stage: &Stage) -> Value {
    stage.get(Kind::ReplicaSet, "shop-5c7d")["status"].clone()
}

#[test]
fn pods_are_made_of_the_template() {
    let mut stage = Stage::new();
    let owner = stage.apply(Kind::ReplicaSet, set(2));
    stage.wait(0.05);
    let pods = stage.all(Kind::Pod);
    assert_eq!(pods.len(), 2);
    for pod in pods {
        let suffix = pod.name().strip_prefix("shop-5c7d-").unwrap();
        assert_eq!(suffix.len(), 5);
        assert_eq!(pod.text("/metadata/generateName"), "shop-5c7d-");
        assert_eq!(pod.label("rollouts-pod-template-hash"), "5c7d");
        assert_eq!(pod.annotation("team"), Some("orders"));
        let by = pod.controller().unwrap();
        assert_eq!((by.text("/kind"), by.text("/uid")), ("ReplicaSet", owner.uid()));
        assert_eq!(pod.text("/spec/restartPolicy"), "Always");
        let told = format!("SuccessfulCreate Created pod: {}", pod.name());
        assert!(stage.events("ReplicaSet", "shop").contains(&told), "{told}");
    }
}

#[test]
fn the_status_follows_the_pods() {
    let mut stage = Stage::new();
    stage.apply(Kind::ReplicaSet, set(2));
    stage.wait(5.0);
    let read = |set: &Value| set.at("/status").map(ToString::to_string).unwrap_or_default();
    let states = stage.states(Kind::ReplicaSet, "shop-5c7d", read);
    let counts = |replicas: i64, ready: i64| {
        let mut status = json!({"replicas": replicas, "observedGeneration": 1});
        for (name, count) in [("fullyLabeled", replicas), ("ready", ready), ("available", ready)] {
            if count > 0 {
                status.set(&format!("/{name}Replicas"), count);
            }
        }
        status.to_string()
    };
    // The API server's own first word, before the controller has seen it.
    let born = json!({"replicas": 0}).to_string();
    let wanted = [born, counts(0, 0), counts(2, 0), counts(2, 1), counts(2, 2)];
    assert_eq!(states, wanted);
}

#[test]
fn too_many_go_and_leaving_ones_do_not_count() {
    let mut stage = Stage::new();
    stage.apply(Kind::ReplicaSet, set(3));
    stage.wait(5.0);
    stage.patch(Kind::ReplicaSet, "shop-5c7d", &json!({"spec": {"replicas": 1}}));
    stage.wait(0.1);
    let leaving = stage.all(Kind::Pod).iter().filter(|pod| pod.is_leaving()).count();
    assert_eq!(leaving, 2);
    assert_eq!(status(&stage).int("/replicas"), 1);
    let deleted = stage.events("ReplicaSet", "shop");
    assert_eq!(
        deleted.iter().filter(|e| e.starts_with("SuccessfulDelete Deleted pod: ")).count(),
        2
    );
    stage.wait(5.0);
    assert_eq!(stage.all(Kind::Pod).len(), 1);
}

#[test]
fn a_pod_that_is_taken_away_is_replaced_and_one_relabelled_let_go() {
    let mut stage = Stage::new();
    stage.apply(Kind::ReplicaSet, set(2));
    stage.wait(5.0);
    let names = |stage: &Stage| -> Vec<String> {
        stage.all(Kind::Pod).iter().map(|pod| pod.name().to_owned()).collect()
    };
    let before = names(&stage);
    stage.delete(Kind::Pod, &before[0]);
    stage.patch(Kind::Pod, &before[1], &json!({"metadata": {"labels": {"app": "other"}}}));
    stage.wait(5.0);
    let let_go = stage.get(Kind::Pod, &before[1]);
    assert!(let_go.controller().is_none(), "{let_go}");
    assert_eq!(status(&stage).int("/readyReplicas"), 2);
    assert_eq!(names(&stage).len(), 3);
    // It is taken back when its labels fit again, and another goes for it.
    stage.patch(Kind::Pod, &before[1], &json!({"metadata": {"labels": {"app": "shop"}}}));
    stage.wait(5.0);
    assert_eq!(names(&stage).len(), 2);
    assert_eq!(status(&stage).int("/replicas"), 2);
}
