//! The status of a Deployment: counts, and whether it makes progress.
//!
//! Called by the Deployment controller.

use serde_json::{Value, json};

use super::condition::{
    self, AVAILABLE, COMPLETE, PAUSED, PROGRESSING, REPLICA_FAILURE, TIMED_OUT,
};
use super::wish::Wish;
use super::{Sets, Sync, size};
use crate::sim::control::workload::condition as list;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::Refusal;
use crate::sim::time::{self, Moment, Span};

impl Sync<'_, '_> {
    /// Says when it is paused or goes on, so that the pause does not count as lack of progress.
    pub(super) fn check_paused(&mut self) -> Result<(), Refusal> {
        let reason = self.deployment.condition(PROGRESSING).map(|c| c.text("/reason").to_owned());
        let known = reason.as_deref() == Some(PAUSED);
        if self.wish.deadline.is_none() || reason.as_deref() == Some(TIMED_OUT) {
            return Ok(());
        }
        match (self.wish.paused, known) {
            (true, false) => self.progress("Unknown", PAUSED, "Deployment is paused"),
            (false, true) => {
                self.progress("Unknown", "DeploymentResumed", "Deployment is resumed");
            }
            _ => return Ok(()),
        }
        self.write()
    }

    /// Writes the counts and whether enough pods are available.
    pub(super) fn sync_status(&mut self, sets: &Sets) -> Result<(), Refusal> {
        let next = self.counted(sets);
        self.write_status(next).map(|_| ())
    }

    /// The same, and how the update gets on.
    pub(super) fn sync_rollout_status(&mut self, sets: &Sets) -> Result<(), Refusal> {
        let mut next = self.counted(sets);
        if self.wish.deadline.is_some() {
            self.judge(sets, &mut next);
        } else {
            list::remove(&mut next, PROGRESSING);
        }
        let failures = sets.new.iter().chain(sets.old.iter());
        let failure = failures.filter_map(|set| set.condition(REPLICA_FAILURE)).next();
        match failure {
            Some(failure) => condition::set(&mut next, condition::promoted(failure)),
            None => list::remove(&mut next, REPLICA_FAILURE),
        }
        if !self.write_status(next.clone())? {
            self.come_back(&next);
        }
        Ok(())
    }

    /// Whether the status was another.
    fn write_status(&mut self, next: Value) -> Result<bool, Refusal> {
        let before = self.deployment.get("status").cloned().unwrap_or_else(|| json!({}));
        if before == next {
            return Ok(false);
        }
        self.deployment.set("/status", next);
        self.write()?;
        Ok(true)
    }

    fn counted(&self, sets: &Sets) -> Value {
        let sum = |pointer: &str| -> i64 { sets.all().map(|set| set.int(pointer)).sum() };
        let available = sum("/status/availableReplicas");
        let wanted: i64 = sets.all().map(|set| size(set)).sum();
        let updated = sets.new.as_ref().map_or(0, |new| new.int("/status/replicas"));
        let mut status = json!({});
        list::count(&mut status, "/observedGeneration", self.deployment.generation());
        list::count(&mut status, "/replicas", sum("/status/replicas"));
        list::count(&mut status, "/updatedReplicas", updated);
        list::count(&mut status, "/readyReplicas", sum("/status/readyReplicas"));
        list::count(&mut status, "/availableReplicas", available);
        list::count(&mut status, "/unavailableReplicas", (wanted - available).max(0));
        for kept in ["collisionCount", "conditions"] {
            if let Some(value) = self.deployment.at(&format!("/status/{kept}")) {
                status.set(&format!("/{kept}"), value.clone());
            }
        }
        let enough = available >= self.wish.min_available();
        let (state, reason, message) = if enough {
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            (
                "False",
                "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.",
            )
        };
        let next = condition::new(AVAILABLE, state, reason, message, self.turn.now);
        condition::set(&mut status, next);
        status
    }

    /// Judges the progress, unless the last update has come to its end.
    fn judge(&self, sets: &Sets, next: &mut Value) {
        let before = self.deployment.get("status").cloned().unwrap_or_default();
        let reason = list::find(&before, PROGRESSING).map(|c| c.text("/reason"));
        let settled = next.int("/replicas") == next.int("/updatedReplicas");
        if settled && reason == Some(COMPLETE) {
            return;
        }
        let subject = match &sets.new {
            Some(new) => format!("ReplicaSet {:?}", new.name()),
            None => format!("Deployment {:?}", self.deployment.name()),
        };
        let now = self.turn.now;
        let progress = |state: &str, reason: &str, message: &str| {
            condition::new(PROGRESSING, state, reason, &format!("{subject} {message}"), now)
        };
        if is_complete_by(&self.wish, self.deployment.generation(), next) {
            condition::set(next, progress("True", COMPLETE, "has successfully progressed."));
        } else if has_moved(&before, next) {
            condition::renew(next, progress("True", "ReplicaSetUpdated", "is progressing."));
        } else if self.is_late(next) {
            condition::set(next, progress("False", TIMED_OUT, "has timed out progressing."));
        }
    }

    /// Whether the last sign of progress is older than allowed.
    fn is_late(&self, status: &Value) -> bool {
        let Some(condition) = list::find(status, PROGRESSING) else { return false };
        match condition.text("/reason") {
            COMPLETE => false,
            TIMED_OUT => true,
            _ => self.deadline(condition).is_some_and(|deadline| deadline < self.turn.now),
        }
    }

    fn deadline(&self, condition: &Value) -> Option<Moment> {
        let from = time::parse(condition.text("/lastUpdateTime"))?;
        Some(from + Span::seconds(self.wish.deadline?))
    }

    /// Nothing moves: look again when it must be called stuck.
    fn come_back(&mut self, status: &Value) {
        let Some(condition) = self.deployment.condition(PROGRESSING) else { return };
        let Some(deadline) = self.deadline(condition) else { return };
        let complete = is_complete_by(&self.wish, self.deployment.generation(), status);
        if complete || condition.text("/reason") == TIMED_OUT || deadline < self.turn.now {
            return;
        }
        // The real controller adds a second to an instant that is more than one away.
        if deadline - self.turn.now < Span::seconds(1) {
            self.turn.again_at(deadline + Span::milliseconds(1));
        } else {
            self.turn.again_at(deadline + Span::seconds(1));
        }
    }
}

/// Whether all pods that are wanted are new and available, and no old one is left, as the status
/// that was read says.
pub(super) fn is_complete(wish: &Wish, deployment: &Value) -> bool {
    let status = deployment.get("status").cloned().unwrap_or_default();
    is_complete_by(wish, deployment.generation(), &status)
}

fn is_complete_by(wish: &Wish, generation: i64, status: &Value) -> bool {
    ["/updatedReplicas", "/replicas", "/availableReplicas"]
        .iter()
        .all(|count| status.int(count) == wish.replicas)
        && status.int("/observedGeneration") >= generation
}

/// Whether there are more new pods, more that work, or fewer old ones than before.
fn has_moved(before: &Value, after: &Value) -> bool {
    let more = |count: &str| after.int(count) > before.int(count);
    let old = |status: &Value| status.int("/replicas") - status.int("/updatedReplicas");
    more("/updatedReplicas")
        || old(after) < old(before)
        || more("/readyReplicas")
        || more("/availableReplicas")
}
