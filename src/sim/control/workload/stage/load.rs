//! That a large cluster in which nothing happens costs nothing.

use serde_json::{Value, json};

use crate::sim::control::workload::{controllers, node};
use crate::sim::object::Document;
use crate::sim::store::Kind;
use crate::sim::time::{Span, parse};
use crate::sim::world::World;

const OWNERS: usize = 100;
const EACH: usize = 10;

#[test]
fn a_thousand_pods_start_and_then_cost_nothing() {
    let now = parse("2026-11-24T10:00:00Z").unwrap();
    let mut world = World::new(1, now, controllers());
    for number in 0..20 {
        let (name, zone) = (format!("node-{number}"), format!("zone-{}", number % 3));
        let node = node::draft(&name, &format!("192.168.0.{number}"), &zone, 1_000, now);
        world.store_mut().insert(Kind::Node, node, now).unwrap();
    }
    for number in 0..OWNERS {
        let store = world.store_mut();
        let service = json!({
            "metadata": {"name": format!("s{number}"), "namespace": "shop"},
            "spec": {"selector": {"app": format!("a{number}")}, "ports": [{"port": 80}]},
        });
        store.create(Kind::Service, service, now).unwrap();
        store.create(Kind::ReplicaSet, replica_set(number), now).unwrap();
    }
    world.advance(now + Span::seconds(30));
    let ready = |pod: &&std::sync::Arc<Value>| pod.holds("Ready");
    let pods = world.store().list(Kind::Pod, None).filter(ready).count();
    let changes = world.store().version();
    assert_eq!(pods, OWNERS * EACH);
    assert_eq!(world.due(), None);
    world.advance(now + Span::minutes(10));
    assert_eq!(world.store().version(), changes);
}

fn replica_set(number: usize) -> Value {
    let labels = json!({"app": format!("a{number}")});
    json!({
        "metadata": {"name": format!("r{number}"), "namespace": "shop", "labels": labels},
        "spec": {
            "replicas": EACH,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{
                    "name": "shop",
                    "image": "shop:1",
                    "ports": [{"name": "http", "containerPort": 8080}],
                    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
                    "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}},
                }]},
            },
        },
    })
}
