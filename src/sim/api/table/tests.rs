//! What `kubectl get` shows.

use super::*;

fn now() -> Moment {
    time::parse("2026-11-24T10:05:00Z").unwrap()
}

fn line(kind: Kind, object: &Value) -> String {
    let cells = cells(kind, object, now());
    assert_eq!(cells.len(), columns(kind).as_array().unwrap().len(), "{kind:?}");
    let cells = cells.iter().map(|cell| match cell {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    cells.collect::<Vec<_>>().join(" | ")
}

fn metadata() -> Value {
    json!({"name": "a", "creationTimestamp": "2026-11-24T10:00:00Z"})
}

#[test]
fn every_kind_has_as_many_cells_as_columns() {
    for facts in crate::sim::store::KINDS {
        line(facts.kind, &json!({"metadata": metadata()}));
    }
}

#[test]
fn workloads() {
    let template = json!({"spec": {"containers": [
        {"name": "app", "image": "shop/app:1"}, {"name": "side", "image": "x"},
    ]}});
    let spec = json!({
        "replicas": 3,
        "selector": {"matchLabels": {"app": "a"}, "matchExpressions": [
            {"key": "x", "operator": "In", "values": ["1", "2"]},
        ]},
        "template": template,
    });
    let status =
        json!({"readyReplicas": 2, "updatedReplicas": 1, "availableReplicas": 2, "replicas": 3});
    let object = json!({"metadata": metadata(), "spec": spec, "status": status});
    let wide = "app,side | shop/app:1,x | app=a,x in (1,2)";
    assert_eq!(line(Kind::Deployment, &object), format!("a | 2/3 | 1 | 2 | 5m | {wide}"));
    assert_eq!(line(Kind::ReplicaSet, &object), format!("a | 3 | 3 | 2 | 5m | {wide}"));
    assert_eq!(line(Kind::Rollout, &object), "a | 3 | 3 | 1 | 2 | 5m");
    let fresh = json!({"metadata": metadata(), "spec": {"replicas": 1}});
    assert_eq!(line(Kind::Rollout, &fresh), "a | 1 | null | null | null | 5m");
}

#[test]
fn the_word_for_a_pod() {
    let container = |state: Value, ready: bool| {
        json!({"name": "app", "ready": ready, "restartCount": 2, "state": state,
            "lastState": {"terminated": {"finishedAt": "2026-11-24T10:04:00Z"}}})
    };
    let cases = [
        (json!({"running": {}}), true, "Running", "1/1 | Running | 2 (60s ago)"),
        (json!({"running": {}}), false, "Running", "0/1 | Running | 2 (60s ago)"),
        (
            json!({"waiting": {"reason": "CrashLoopBackOff"}}),
            false,
            "Running",
            "0/1 | CrashLoopBackOff | 2 (60s ago)",
        ),
        (json!({"terminated": {"exitCode": 3}}), false, "Failed", "0/1 | ExitCode:3 | 2 (60s ago)"),
    ];
    for (state, ready, phase, shown) in cases {
        let pod = json!({
            "metadata": metadata(),
            "spec": {"containers": [{}], "nodeName": "n"},
            "status": {"phase": phase, "containerStatuses": [container(state, ready)]},
        });
        assert_eq!(
            line(Kind::Pod, &pod),
            format!("a | {shown} | 5m | <none> | n | <none> | <none>")
        );
    }
    let leaving = json!({
        "metadata": {"name": "a", "deletionTimestamp": "2026-11-24T10:05:30Z"},
        "status": {"phase": "Running"},
    });
    assert!(line(Kind::Pod, &leaving).contains("Terminating"));
    let first = json!({
        "metadata": metadata(),
        "spec": {"containers": [{}], "initContainers": [{"name": "i"}, {"name": "j"}]},
        "status": {"phase": "Pending", "initContainerStatuses": [
            {"name": "i", "state": {"terminated": {"exitCode": 0}}},
            {"name": "j", "state": {"running": {}}},
        ]},
    });
    assert!(line(Kind::Pod, &first).contains("| Init:1/2 |"));
}

#[test]
fn network() {
    let service = json!({
        "metadata": metadata(),
        "spec": {
            "type": "ClusterIP",
            "clusterIPs": ["10.96.0.1"],
            "ports": [{"port": 80, "protocol": "TCP"}, {"port": 90, "protocol": "TCP"}],
            "selector": {"app": "a"},
        },
    });
    assert_eq!(
        line(Kind::Service, &service),
        "a | ClusterIP | 10.96.0.1 | <none> | 80/TCP,90/TCP | 5m | app=a"
    );
    let slice = json!({
        "metadata": metadata(),
        "addressType": "IPv4",
        "ports": [{"port": 80}],
        "endpoints": [{"addresses": ["1", "2"]}, {"addresses": ["3"]}, {"addresses": ["4"]}],
    });
    assert_eq!(line(Kind::EndpointSlice, &slice), "a | IPv4 | 80 | 1,2,3 + 1 more... | 5m");
    let node = json!({
        "metadata": {"name": "a", "labels": {"node-role.kubernetes.io/worker": ""}},
        "spec": {"unschedulable": true},
        "status": {
            "conditions": [{"type": "Ready", "status": "False"}],
            "nodeInfo": {"kubeletVersion": "v1"},
        },
    });
    let shown = line(Kind::Node, &node);
    assert!(
        shown.starts_with("a | NotReady,SchedulingDisabled | worker | <unknown> | v1"),
        "{shown}"
    );
}

#[test]
fn events_and_autoscalers() {
    let event = json!({
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Rollout", "name": "a"},
        "type": "Normal",
        "reason": "R",
        "message": " text ",
        "firstTimestamp": "2026-11-24T10:00:00Z",
        "lastTimestamp": "2026-11-24T10:04:00Z",
        "count": 3,
        "source": {"component": "x"},
    });
    assert_eq!(
        line(Kind::Event, &event),
        "60s | Normal | R | rollout/a |  | x | text | 5m | 3 | e"
    );
    let resource = json!({"name": "cpu", "target": {"averageUtilization": 80}});
    let autoscaler = json!({
        "metadata": metadata(),
        "spec": {
            "scaleTargetRef": {"kind": "Rollout", "name": "a"},
            "minReplicas": 1,
            "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": resource}],
        },
    });
    assert_eq!(
        line(Kind::HorizontalPodAutoscaler, &autoscaler),
        "a | Rollout/a | cpu: <unknown>/80% | 1 | 3 | 0 | 5m"
    );
}
