//! The conditions of a Deployment.
//!
//! Called by the Deployment controller.

use serde_json::{Value, json};

use crate::sim::control::workload::condition;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::time::{self, Moment};

pub(super) const PROGRESSING: &str = "Progressing";
pub(super) const AVAILABLE: &str = "Available";
pub(super) const REPLICA_FAILURE: &str = "ReplicaFailure";

/// The reason of progress that has come to its end.
pub(super) const COMPLETE: &str = "NewReplicaSetAvailable";
/// The reason of progress that did not come in time.
pub(super) const TIMED_OUT: &str = "ProgressDeadlineExceeded";
/// The reason of a Deployment that is paused.
pub(super) const PAUSED: &str = "DeploymentPaused";

/// A condition that begins now.
pub(super) fn new(kind: &str, state: &str, reason: &str, message: &str, now: Moment) -> Value {
    json!({
        "type": kind,
        "status": state,
        "lastUpdateTime": time::seconds(now),
        "lastTransitionTime": time::seconds(now),
        "reason": reason,
        "message": message,
    })
}

/// Sets a condition. One that says the same already is left as it is; one of the same status keeps
/// the time since when it holds.
pub(super) fn set(status: &mut Value, mut next: Value) {
    let known = condition::find(status, next.text("/type"));
    if let Some(known) = known
        && known.text("/status") == next.text("/status")
    {
        if known.text("/reason") == next.text("/reason") {
            return;
        }
        next.set("/lastTransitionTime", known.text("/lastTransitionTime"));
    }
    condition::push(status, next);
}

/// Sets a condition and notes the time of it even where it says the same.
pub(super) fn renew(status: &mut Value, mut next: Value) {
    let kind = next.text("/type").to_owned();
    if let Some(known) = condition::find(status, &kind)
        && known.text("/status") == "True"
    {
        next.set("/lastTransitionTime", known.text("/lastTransitionTime"));
    }
    condition::remove(status, &kind);
    condition::push(status, next);
}

/// A condition of a ReplicaSet as one of its Deployment.
pub(super) fn promoted(condition: &Value) -> Value {
    let mut promoted = condition.clone();
    promoted.set("/lastUpdateTime", condition.text("/lastTransitionTime"));
    promoted
}
