//! Deployments, ReplicaSets and Rollouts as their exporters show them.
//!
//! Called by the traffic's controller.

use serde_json::Value;

use super::exposed::ROLLOUT;
use super::meter::Steps;
use crate::sim::object::Document;
use crate::sim::store::Kind;
use crate::sim::time;

/// What an exporter shows of an object at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// Metric and value.
    pub(super) numbers: Vec<(&'static str, i64)>,
    /// The labels of `rollout_info`.
    pub(super) info: Vec<(&'static str, String)>,
}

/// A workload over time; nothing once it is gone.
pub(super) type Workload = Steps<Option<Shown>>;

/// Takes in what the object says now.
pub(super) fn see(workload: &mut Workload, kind: Kind, object: &Value, now: i64) {
    let shown = shown(kind, object);
    let created = time::parse(object.text("/metadata/creationTimestamp"));
    let created = created.map_or(now, |at| at.timestamp_millis().min(now));
    let since = if workload.last().is_none() { created } else { now };
    workload.set(since, Some(shown));
}

/// What an exporter shows of an object.
pub(super) fn shown(kind: Kind, object: &Value) -> Shown {
    let status = |name: &str| object.int(&format!("/status/{name}"));
    let desired = object.int_maybe("/spec/replicas").unwrap_or(1);
    let (numbers, info) = match kind {
        Kind::Deployment => {
            let numbers = vec![
                ("kube_deployment_spec_replicas", desired),
                ("kube_deployment_status_replicas", status("replicas")),
                ("kube_deployment_status_replicas_available", status("availableReplicas")),
                ("kube_deployment_status_replicas_ready", status("readyReplicas")),
                ("kube_deployment_status_replicas_unavailable", status("unavailableReplicas")),
                ("kube_deployment_status_replicas_updated", status("updatedReplicas")),
            ];
            (numbers, Vec::new())
        }
        Kind::ReplicaSet => {
            let numbers = vec![
                ("kube_replicaset_spec_replicas", desired),
                ("kube_replicaset_status_ready_replicas", status("readyReplicas")),
                ("kube_replicaset_status_replicas", status("replicas")),
            ];
            (numbers, Vec::new())
        }
        _ => {
            let available = status("availableReplicas");
            let numbers = vec![
                (ROLLOUT, 1),
                ("rollout_info_replicas_available", available),
                ("rollout_info_replicas_desired", desired),
                ("rollout_info_replicas_unavailable", status("replicas") - available),
                ("rollout_info_replicas_updated", status("updatedReplicas")),
            ];
            (numbers, rollout_info(object))
        }
    };
    Shown { numbers, info }
}

/// The labels that Argo's controller gives a Rollout (`controller/metrics/rollouts.go`).
fn rollout_info(rollout: &Value) -> Vec<(&'static str, String)> {
    let has = |pointer: &str| rollout.pointer(pointer).is_some_and(|part| !part.is_null());
    let canary = has("/spec/strategy/canary");
    let strategy = match (has("/spec/strategy/blueGreen"), canary) {
        (true, _) => "blueGreen",
        (false, true) => "canary",
        (false, false) => "none",
    };
    let routers = [
        ("appMesh", "AppMesh"),
        ("smi", "SMI"),
        ("nginx", "Nginx"),
        ("istio", "Istio"),
        ("ambassador", "Ambassador"),
        ("alb", "ALB"),
    ];
    let router = routers
        .iter()
        .filter(|_| strategy == "canary")
        .find(|(field, _)| has(&format!("/spec/strategy/canary/trafficRouting/{field}")));
    let reason = rollout.condition("Progressing").map_or("", |c| c.text("/reason"));
    let phase = match reason {
        _ if rollout.condition("InvalidSpec").is_some() => "InvalidSpec",
        "NewReplicaSetAvailable" => "Completed",
        "RolloutPaused" => "Paused",
        "ReplicaSetCreateError" => "Error",
        "ProgressDeadlineExceeded" => "Timeout",
        "RolloutAborted" => "Abort",
        _ => "Progressing",
    };
    vec![
        ("strategy", strategy.to_owned()),
        ("traffic_router", router.map_or("", |(_, name)| name).to_owned()),
        ("phase", phase.to_owned()),
    ]
}
