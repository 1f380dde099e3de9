//! The status of a ReplicaSet, from its pods as they were before this turn changed them.
//!
//! Called by the ReplicaSet controller.

use serde_json::{Value, json};

use super::wanted;
use crate::sim::control::workload::{condition, pod};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Object, Part};
use crate::sim::time::{self, Span};
use crate::sim::world::Turn;

/// Writes the status where it is another, and comes back when a pod has been ready for long enough.
pub(super) fn update(
    turn: &mut Turn<'_>,
    key: &Key,
    set: &Object,
    pods: &[Object],
    trouble: Option<&String>,
) {
    let next = next(turn, set, pods, trouble);
    if set.at("/status") != Some(&next) {
        let written = turn.store.modify(key, Part::Status, turn.now, |o| o.set("/status", next));
        debug_assert!(written.is_ok(), "{written:?}");
    }
    let min_ready = set.int("/spec/minReadySeconds");
    if min_ready > 0 {
        let due = pods
            .iter()
            .filter(|pod| pod::is_ready(pod))
            .filter_map(|pod| pod::ready_since(pod).map(|since| since + Span::seconds(min_ready)));
        if let Some(due) = due.filter(|due| *due > turn.now).min() {
            turn.again_at(due);
        }
    }
}

fn next(turn: &Turn<'_>, set: &Object, pods: &[Object], trouble: Option<&String>) -> Value {
    let count = |counts: &dyn Fn(&Value) -> bool| {
        i64::try_from(pods.iter().filter(|pod| counts(pod)).count()).unwrap_or(i64::MAX)
    };
    let min_ready = set.int("/spec/minReadySeconds");
    let labels = set.members("/spec/template/metadata/labels");
    let labelled = |pod: &Value| {
        let has = |(key, value): (&String, &Value)| Some(pod.label(key)) == value.as_str();
        labels.is_none_or(|labels| labels.iter().all(has))
    };
    let mut status = set.get("status").cloned().unwrap_or_else(|| json!({}));
    status.set("/replicas", count(&|_| true));
    condition::count(&mut status, "/fullyLabeledReplicas", count(&labelled));
    condition::count(&mut status, "/readyReplicas", count(&pod::is_ready));
    let available = |pod: &Value| pod::is_available(pod, min_ready, turn.now);
    condition::count(&mut status, "/availableReplicas", count(&available));
    condition::count(&mut status, "/observedGeneration", set.generation());
    match trouble {
        None => condition::remove(&mut status, "ReplicaFailure"),
        Some(_) if condition::find(&status, "ReplicaFailure").is_some() => (),
        Some(trouble) => {
            let created = status.int("/replicas") < wanted(set);
            let failure = json!({
                "type": "ReplicaFailure",
                "status": "True",
                "lastTransitionTime": time::seconds(turn.now),
                "reason": if created { "FailedCreate" } else { "FailedDelete" },
                "message": trouble,
            });
            condition::push(&mut status, failure);
        }
    }
    status
}
