//! Budgets, evictions and drains.

use serde_json::{Value, json};

use crate::sim::control::workload::evict_at;
use crate::sim::control::workload::stage::{PLACE, Stage, deployment, image};
use crate::sim::object::Document;
use crate::sim::store::{Key, Kind, Refusal};

fn stage(replicas: i64, budget: &Value) -> Stage {
    let mut stage = Stage::new();
    let mut spec = json!({"selector": {"matchLabels": {"app": "shop"}}});
    json_patch::merge(&mut spec, budget);
    stage.apply(Kind::PodDisruptionBudget, json!({"metadata": {"name": "shop"}, "spec": spec}));
    stage.apply(Kind::Deployment, deployment(replicas, "shop:1", &json!({})));
    stage.wait(5.0);
    stage
}

/// Allowed, healthy, desired and expected.
fn budget(stage: &Stage) -> [i64; 4] {
    let budget = stage.get(Kind::PodDisruptionBudget, "shop");
    ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"]
        .map(|count| budget.int(&format!("/status/{count}")))
}

fn evict(stage: &mut Stage) -> Result<String, Refusal> {
    let here = |pod: &&std::sync::Arc<Value>| !pod.is_leaving() && pod.holds("Ready");
    let name = stage.all(Kind::Pod).iter().find(here).unwrap().name().to_owned();
    let now = stage.now();
    let key = Key::new(Kind::Pod, PLACE, &name);
    evict_at(stage.world.store_mut(), now, &key).map(|()| name)
}

#[test]
fn what_is_allowed_follows_the_pods() {
    let cases = [
        (json!({"minAvailable": 3}), [1, 4, 3, 4]),
        (json!({"minAvailable": "50%"}), [2, 4, 2, 4]),
        (json!({"maxUnavailable": 1}), [1, 4, 3, 4]),
        (json!({"maxUnavailable": "30%"}), [2, 4, 2, 4]),
        (json!({"minAvailable": 9}), [0, 4, 9, 4]),
    ];
    for (spec, wanted) in cases {
        assert_eq!(budget(&stage(4, &spec)), wanted, "{spec}");
    }
    let mut stage = stage(4, &json!({"maxUnavailable": 1}));
    stage.patch(Kind::Deployment, "shop", &image("shop:2", Some("never-ready")));
    stage.wait(5.0);
    // Two ReplicaSets of one Deployment: what it wants counts, once.
    assert_eq!(budget(&stage), [0, 3, 3, 4]);
    let object = stage.get(Kind::PodDisruptionBudget, "shop");
    let allowed = object.condition("DisruptionAllowed").unwrap();
    assert_eq!(allowed.text("/reason"), "InsufficientPods");
}

#[test]
fn an_eviction_takes_what_its_budget_gives() {
    let mut stage = stage(3, &json!({"minAvailable": 2}));
    let name = evict(&mut stage).unwrap();
    let gone = stage.get(Kind::Pod, &name);
    assert!(gone.is_leaving());
    let target = gone.condition("DisruptionTarget").unwrap();
    assert_eq!(target.text("/reason"), "EvictionByEvictionAPI");
    let refusal = evict(&mut stage).unwrap_err();
    assert_eq!((refusal.code, refusal.reason), (429, "TooManyRequests"));
    assert_eq!(
        refusal.message,
        "Cannot evict pod as it would violate the pod's disruption budget."
    );
    let cause = "The disruption budget shop needs 2 healthy pods and has 3 currently";
    let wanted = json!({"causes": [{"reason": "DisruptionBudget", "message": cause}]});
    assert_eq!(refusal.details, Some(wanted));
    let disrupted = stage.get(Kind::PodDisruptionBudget, "shop");
    assert!(disrupted.members("/status/disruptedPods").unwrap().contains_key(&name));
    stage.wait(5.0);
    assert_eq!(budget(&stage), [1, 3, 2, 3]);
    assert!(stage.get(Kind::PodDisruptionBudget, "shop").at("/status/disruptedPods").is_none());
}

#[test]
fn pods_that_do_not_work_need_no_leave() {
    let mut stage = stage(2, &json!({"minAvailable": 2}));
    stage.patch(Kind::Deployment, "shop", &image("shop:2", Some("image-pull")));
    stage.wait(5.0);
    let pending = |pod: &&std::sync::Arc<Value>| pod.text("/status/phase") == "Pending";
    let name = stage.all(Kind::Pod).iter().find(pending).unwrap().name().to_owned();
    let now = stage.now();
    evict_at(stage.world.store_mut(), now, &Key::new(Kind::Pod, PLACE, &name)).unwrap();
    let missing = Key::new(Kind::Pod, PLACE, "nobody");
    assert_eq!(evict_at(stage.world.store_mut(), now, &missing).unwrap_err().code, 404);
}

#[test]
fn a_drain_empties_a_node_as_fast_as_the_budget_allows() {
    let mut stage = stage(6, &json!({"maxUnavailable": 1}));
    let on = |stage: &Stage, node: &str| {
        stage.all(Kind::Pod).iter().filter(|pod| pod.text("/spec/nodeName") == node).count()
    };
    assert_eq!(on(&stage, "node-a"), 2);
    stage.world.ground_mut().faults.drained.push("node-a".into());
    stage.wait(1.0);
    let node = Key::new(Kind::Node, "", "node-a");
    let closed =
        |stage: &Stage| stage.world.store().get(&node).unwrap().flag("/spec/unschedulable");
    assert!(closed(&stage));
    assert_eq!(budget(&stage)[0], 0, "one went, the other has to wait");
    for _ in 0..30 {
        stage.wait(1.0);
        assert!(budget(&stage)[1] >= 5);
    }
    assert_eq!(on(&stage, "node-a"), 0);
    assert_eq!(stage.get(Kind::Deployment, "shop").int("/status/availableReplicas"), 6);
    stage.world.ground_mut().faults.drained.clear();
    stage.wait(1.0);
    assert!(!closed(&stage));
}
