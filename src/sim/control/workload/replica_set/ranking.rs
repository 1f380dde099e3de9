//! Which pods go first when there are too many (`ActivePodsWithRanks` of Kubernetes).
//!
//! Never deletes anything. Called by the ReplicaSet controller.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde_json::Value;

use crate::sim::control::workload::pod;
use crate::sim::object::Document;
use crate::sim::store::{Kind, Object, Store};
use crate::sim::time::{self, Moment};

/// The pods that are too many, the first to go first.
pub(super) fn superfluous(
    store: &Store,
    set: &Value,
    pods: &[Object],
    number: i64,
    now: Moment,
) -> Vec<Object> {
    let number = usize::try_from(number).unwrap_or(0);
    let mut pods = pods.to_vec();
    if number < pods.len() && number > 0 {
        let crowd = crowds(store, set);
        pods.sort_by_cached_key(|pod| Rank::of(pod, &crowd, now));
    }
    pods.truncate(number);
    pods
}

/// How many pods each node runs of all the ReplicaSets of the same owner.
fn crowds(store: &Store, set: &Value) -> HashMap<String, usize> {
    let owner = set.controller().map(|owner| owner.text("/uid")).unwrap_or_default();
    let mut crowds = HashMap::new();
    for sibling in store.owned(owner, Kind::ReplicaSet) {
        for pod in store.owned(sibling.uid(), Kind::Pod) {
            if pod::is_active(pod) {
                *crowds.entry(pod.text("/spec/nodeName").to_owned()).or_default() += 1;
            }
        }
    }
    crowds
}

/// What decides of a pod, in the order in which it does; the least goes first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    placed: bool,
    /// Pending, then unknown, then running.
    phase: u8,
    ready: bool,
    /// `controller.kubernetes.io/pod-deletion-cost`.
    cost: i64,
    crowd: Reverse<usize>,
    /// Ages count by their magnitude alone, so that not always the youngest goes.
    ready_for: i64,
    restarts: Reverse<i64>,
    age: i64,
    /// What is left to chance in a real cluster too.
    uid: String,
}

impl Rank {
    fn of(pod: &Value, crowds: &HashMap<String, usize>, now: Moment) -> Self {
        let node = pod.text("/spec/nodeName");
        let ready = pod::is_ready(pod);
        let cost = pod.annotation("controller.kubernetes.io/pod-deletion-cost");
        let created = time::parse(pod.text("/metadata/creationTimestamp"));
        Self {
            placed: !node.is_empty(),
            phase: match pod.text("/status/phase") {
                "Running" => 2,
                "Unknown" => 1,
                _ => 0,
            },
            ready,
            cost: cost.and_then(|cost| cost.parse().ok()).unwrap_or(0),
            crowd: Reverse(crowds.get(node).copied().unwrap_or(0)),
            ready_for: if ready { magnitude(pod::ready_since(pod), now) } else { -1 },
            restarts: Reverse(pod::restarts(pod)),
            age: magnitude(created, now),
            uid: pod.uid().to_owned(),
        }
    }
}

/// The binary magnitude of an age in nanoseconds.
fn magnitude(since: Option<Moment>, now: Moment) -> i64 {
    let age = since.and_then(|since| (now - since).num_nanoseconds()).unwrap_or(0);
    u64::try_from(age).ok().and_then(u64::checked_ilog2).map_or(-1, i64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(name: &str, node: &str, ready: &str, restarts: i64) -> Value {
        json!({
            "metadata": {"name": name, "uid": name, "creationTimestamp": "2026-11-24T10:00:00Z"},
            "spec": {"nodeName": node},
            "status": {
                "phase": if node.is_empty() { "Pending" } else { "Running" },
                "containerStatuses": [{"restartCount": restarts}],
                "conditions": [{
                    "type": "Ready",
                    "status": if ready.is_empty() { "False" } else { "True" },
                    "lastTransitionTime": ready,
                }],
            },
        })
    }

    #[test]
    fn the_least_useful_goes_first() {
        let now = time::parse("2026-11-24T12:00:00Z").unwrap();
        let mut costly = pod("costly", "a", "2026-11-24T11:59:59Z", 0);
        costly.pointer_mut("/metadata").unwrap()["annotations"] =
            json!({"controller.kubernetes.io/pod-deletion-cost": "7"});
        let pods = [
            costly,
            pod("old", "a", "2026-11-24T10:00:01Z", 0),
            pod("young", "a", "2026-11-24T11:59:58Z", 0),
            pod("crowded", "b", "2026-11-24T10:00:01Z", 0),
            pod("restarted", "a", "2026-11-24T10:00:02Z", 3),
            pod("unready", "a", "", 0),
            pod("unplaced", "", "", 0),
        ];
        let crowds = HashMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
        let mut ranked: Vec<&Value> = pods.iter().collect();
        ranked.sort_by_key(|pod| Rank::of(pod, &crowds, now));
        let order: Vec<&str> = ranked.iter().map(|pod| pod.name()).collect();
        let wanted = ["unplaced", "unready", "crowded", "young", "restarted", "old", "costly"];
        assert_eq!(order, wanted);
    }
}
