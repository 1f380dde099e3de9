//! The conditions of an experiment: `Progressing` and `InvalidSpec`.
//!
//! Called at the end of each look.

use serde_json::{Value, json};

use super::{is_over, state};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::time::{self, Moment};

/// The status of an experiment whose spec has a flaw: all but this condition stays.
pub(super) fn invalid(experiment: &Value, flaw: &str, now: Moment) -> Value {
    let mut status = experiment.get("status").cloned().unwrap_or_default();
    if experiment.condition("InvalidSpec").is_some_and(|known| known.text("/message") != flaw) {
        remove(&mut status, "InvalidSpec");
    }
    update(&mut status, drawn("InvalidSpec", "True", "InvalidSpec", flaw, now));
    status
}

/// Sets the conditions of an experiment by its new status.
pub(super) fn set(experiment: &Value, status: &mut Value, now: Moment) {
    if experiment.condition("InvalidSpec").is_some() {
        remove(status, "InvalidSpec");
    }
    let name = experiment.name();
    let progressing =
        |status, reason, message: &str| drawn("Progressing", status, reason, message, now);
    let phase = status.text("/phase");
    if is_over(phase) && phase == "Successful" {
        let message = format!("Experiment {name:?} has successfully ran and completed.");
        update(status, progressing("False", "ExperimentCompleted", &message));
    } else if progressed(experiment, status) {
        let message = format!("Experiment {name:?} is progressing.");
        let mut condition = progressing("True", "ReplicaSetUpdated", &message);
        // Each progress is a new time of the same condition.
        if let Some(known) = experiment.condition("Progressing") {
            if known.text("/status") == "True" {
                condition.set("/lastTransitionTime", known.text("/lastTransitionTime"));
            }
            remove(status, "Progressing");
        }
        update(status, condition);
    } else if !experiment.text("/status/availableAt").is_empty()
        && !state::has_lasted(experiment, now)
    {
        let message = format!("Experiment {name:?} is running.");
        update(status, progressing("True", "NewReplicaSetAvailable", &message));
    }
}

/// Whether a template or a pod has come or gone since the status before.
fn progressed(experiment: &Value, status: &Value) -> bool {
    let before = experiment.items("/status/templateStatuses");
    let after = status.items("/templateStatuses");
    let differs = |old: &Value| {
        let new = after.iter().find(|new| new.text("/name") == old.text("/name"));
        let counts = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"];
        new.is_some_and(|new| counts.iter().any(|count| old.get(*count) != new.get(*count)))
    };
    before.len() < after.len() || before.iter().any(differs)
}

fn drawn(kind: &str, status: &str, reason: &str, message: &str, now: Moment) -> Value {
    json!({
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastUpdateTime": time::seconds(now),
        "lastTransitionTime": time::seconds(now),
    })
}

/// Puts a condition last, unless it says the same as the known one for the same reason.
fn update(status: &mut Value, mut condition: Value) {
    let conditions = status.items("/conditions").iter();
    let mut known = conditions.filter(|known| known.text("/type") == condition.text("/type"));
    if let Some(known) = known.next().filter(|k| k.text("/status") == condition.text("/status")) {
        if known.text("/reason") == condition.text("/reason") {
            return;
        }
        condition.set("/lastTransitionTime", known.text("/lastTransitionTime"));
    }
    remove(status, condition.text("/type"));
    let mut conditions = status.items("/conditions").to_vec();
    conditions.push(condition);
    status.set("/conditions", conditions);
}

fn remove(status: &mut Value, kind: &str) {
    let others = status.items("/conditions").iter().filter(|known| known.text("/type") != kind);
    let others: Vec<Value> = others.cloned().collect();
    if others.is_empty() {
        status.take_out("/conditions");
    } else {
        status.set("/conditions", others);
    }
}
