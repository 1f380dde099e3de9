//! Where pods go, and what is said when they go nowhere.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{draft, room};
use crate::sim::control::workload::stage::{Stage, deployment};
use crate::sim::object::Document;
use crate::sim::store::{Key, Kind, Part};

const NO_HELP: &str = "no new claims to deallocate, preemption: 0/3 nodes are available: 3 \
                       Preemption is not helpful for scheduling.";

fn pod(name: &str, spec: &Value) -> Value {
    let mut pod = json!({
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "app", "image": "shop:1"}]},
    });
    json_patch::merge(&mut pod["spec"], spec);
    pod
}

fn node_of(stage: &Stage, name: &str) -> String {
    stage.get(Kind::Pod, name).text("/spec/nodeName").to_owned()
}

#[test]
fn pods_of_one_owner_are_spread() {
    let mut stage = Stage::new();
    stage.apply(Kind::Deployment, deployment(9, "shop:1", &json!({})));
    stage.wait(5.0);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for pod in stage.all(Kind::Pod) {
        *counts.entry(pod.text("/spec/nodeName").to_owned()).or_default() += 1;
    }
    let wanted = ["node-a", "node-b", "node-c"].map(|node| (node.to_owned(), 3));
    assert_eq!(counts, BTreeMap::from(wanted));
}

#[test]
fn a_selector_that_no_node_has() {
    let mut stage = Stage::new();
    stage.apply(Kind::Pod, pod("shop", &json!({"nodeSelector": {"disk": "ssd"}})));
    stage.wait(1.0);
    let message = format!(
        "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. {NO_HELP}"
    );
    let waiting = stage.get(Kind::Pod, "shop");
    let scheduled = waiting.condition("PodScheduled").unwrap();
    assert_eq!(scheduled.text("/reason"), "Unschedulable");
    assert_eq!(scheduled.text("/message"), message);
    assert_eq!(stage.events("Pod", "shop"), [format!("FailedScheduling {message}")]);
    let event = stage.only(Kind::Event);
    assert_eq!(event.text("/reportingComponent"), "default-scheduler");
    assert_eq!(event.text("/action"), "Scheduling");
    assert!(event.at("/count").is_none());
    // As soon as a node has the label, the pod goes there.
    let (key, now) = (Key::new(Kind::Node, "", "node-b"), stage.now());
    let label = |node: &mut Value| node["metadata"]["labels"]["disk"] = "ssd".into();
    stage.world.store_mut().modify(&key, Part::Main, now, label).unwrap();
    stage.wait(1.0);
    assert_eq!(node_of(&stage, "shop"), "node-b");
    let told = "Scheduled Successfully assigned shop/shop to node-b";
    assert_eq!(stage.events("Pod", "shop")[1], told);
}

#[test]
fn closed_and_drained_nodes_take_nothing() {
    let mut stage = Stage::new();
    let (key, now) = (Key::new(Kind::Node, "", "node-a"), stage.now());
    let close = |node: &mut Value| node["spec"]["unschedulable"] = true.into();
    stage.world.store_mut().modify(&key, Part::Main, now, close).unwrap();
    stage.world.ground_mut().faults.drained = vec!["node-b".into(), "node-c".into()];
    stage.apply(Kind::Pod, pod("shop", &json!({})));
    stage.wait(1.0);
    let message = format!("0/3 nodes are available: 3 node(s) were unschedulable. {NO_HELP}");
    assert_eq!(stage.events("Pod", "shop"), [format!("FailedScheduling {message}")]);
    stage.world.ground_mut().faults.drained = vec!["node-c".into()];
    stage.wait(1.0);
    assert_eq!(node_of(&stage, "shop"), "node-b");
}

#[test]
fn a_fault_by_script_and_its_end() {
    let mut stage = Stage::new();
    stage.world.ground_mut().faults.scheduling = "Insufficient cpu".into();
    stage.apply(Kind::Pod, pod("shop", &json!({})));
    stage.wait(1.0);
    let told = "FailedScheduling 0/3 nodes are available: 3 Insufficient cpu. no new claims to \
                deallocate, preemption: 0/3 nodes are available: 3 No preemption victims found for \
                incoming pod.";
    assert_eq!(stage.events("Pod", "shop"), [told]);
    stage.world.ground_mut().faults.scheduling.clear();
    stage.wait(1.0);
    assert!(!node_of(&stage, "shop").is_empty());
}

#[test]
fn a_full_node_takes_the_next_when_one_goes() {
    let mut stage = Stage::with_nodes(0);
    stage.apply(Kind::Pod, pod("one", &json!({})));
    stage.wait(1.0);
    assert_eq!(
        stage.events("Pod", "one"),
        ["FailedScheduling no nodes available to schedule pods"]
    );
    let now = stage.now();
    let node = draft("small", "192.168.0.9", "zone-a", 1, now);
    stage.world.store_mut().insert(Kind::Node, node, now).unwrap();
    stage.wait(1.0);
    stage.apply(Kind::Pod, pod("two", &json!({})));
    stage.wait(1.0);
    assert_eq!((node_of(&stage, "one"), node_of(&stage, "two")), ("small".into(), String::new()));
    let told = stage.events("Pod", "two");
    assert!(told[0].starts_with("FailedScheduling 0/1 nodes are available: 1 Too many pods. "));
    stage.delete(Kind::Pod, "one");
    stage.wait(3.0);
    assert_eq!(node_of(&stage, "two"), "small");
}

#[test]
fn room_is_read_in_all_its_forms() {
    for (given, wanted) in [(json!("110"), 110), (json!("10k"), 10_000), (json!(7), 7)] {
        assert_eq!(room(&json!({"status": {"allocatable": {"pods": given}}})), wanted);
    }
    assert_eq!(room(&json!({})), 110);
}
