//! Nodes: what they offer, and the scheduler that gives them pods.
//!
//! Nodes are objects like any other; whoever sets up a world makes them by [`draft`]. Called by the
//! world and by drills.

mod fit;
mod ledger;
mod scheduler;

use serde_json::{Value, json};

use crate::sim::object::Document;
use crate::sim::time::{self, Moment};
use crate::sim::world::Faults;

pub(super) use scheduler::Scheduler;

/// The label of a node's zone.
const ZONE: &str = "topology.kubernetes.io/zone";

/// A node that is ready, of this zone, with room for this many pods.
pub(crate) fn draft(name: &str, address: &str, zone: &str, pods: u32, now: Moment) -> Value {
    let now = time::seconds(now);
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        })
    };
    let room = json!({"cpu": "32", "memory": "256Gi", "pods": pods.to_string()});
    json!({
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                ZONE: zone,
            },
        },
        "spec": {},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": address},
                {"type": "Hostname", "address": name},
            ],
            "capacity": room,
            "allocatable": room,
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory",
                    "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure",
                    "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID",
                    "kubelet has sufficient PID available"),
                condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": "",
                "containerRuntimeVersion": "containerd://2.0.0",
                "kernelVersion": "6.12.0",
                "kubeProxyVersion": "",
                "kubeletVersion": "v1.34.4",
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": "Debian GNU/Linux 13 (trixie)",
                "systemUUID": "",
            },
        },
    })
}

/// The pods that a node has room for.
fn room(node: &Value) -> usize {
    let given = node.at("/status/allocatable/pods");
    let number = given.and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    let text = given.and_then(Value::as_str).unwrap_or("110");
    let (digits, times) = match text.strip_suffix('k') {
        Some(thousands) => (thousands, 1_000),
        None => (text, 1),
    };
    number.unwrap_or_else(|| digits.parse::<usize>().unwrap_or(0).saturating_mul(times))
}

/// Whether a node takes no pods any more.
pub(super) fn is_closed(node: &Value, faults: &Faults) -> bool {
    node.flag("/spec/unschedulable") || faults.drained.iter().any(|name| name == node.name())
}

#[cfg(test)]
mod tests;
