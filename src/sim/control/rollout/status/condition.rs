//! Conditions of a Rollout, with the reasons and messages of the real controller.
//!
//! Never decides when a condition holds. Called by the status and the passes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sim::object::Document;
use crate::sim::time::{self, Moment};

/// Reasons, which clients tell conditions and events by.
pub(crate) mod reason {
    pub(crate) const INVALID_SPEC: &str = "InvalidSpec";
    pub(crate) const AVAILABLE: &str = "AvailableReason";
    pub(crate) const UPDATED: &str = "ReplicaSetUpdated";
    pub(crate) const CREATE_FAILED: &str = "ReplicaSetCreateError";
    pub(crate) const CREATED: &str = "NewReplicaSetCreated";
    pub(crate) const FOUND: &str = "FoundNewReplicaSet";
    pub(crate) const NEW_REVISION: &str = "RolloutUpdated";
    pub(crate) const COMPLETED: &str = "RolloutCompleted";
    pub(crate) const NOT_COMPLETED: &str = "RolloutNotCompleted";
    pub(crate) const HEALTHY: &str = "RolloutHealthy";
    pub(crate) const ABORTED: &str = "RolloutAborted";
    pub(crate) const RETRY: &str = "RolloutRetry";
    pub(crate) const PAUSED: &str = "RolloutPaused";
    pub(crate) const RESUMED: &str = "RolloutResumed";
    pub(crate) const NOT_AVAILABLE: &str = "ReplicaSetNotAvailable";
    pub(crate) const STEP_COMPLETED: &str = "RolloutStepCompleted";
    pub(crate) const NEW_AVAILABLE: &str = "NewReplicaSetAvailable";
    pub(crate) const TIMED_OUT: &str = "ProgressDeadlineExceeded";
    pub(crate) const SCALING: &str = "ScalingReplicaSet";
}

/// One condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Condition {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// `True`, `False` or `Unknown`.
    pub(crate) status: String,
    pub(crate) last_update_time: String,
    pub(crate) last_transition_time: String,
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Condition {
    /// One that holds from now on.
    pub(crate) fn new(
        kind: &str,
        status: &str,
        reason: &str,
        message: impl Into<String>,
        now: Moment,
    ) -> Self {
        Self {
            kind: kind.into(),
            status: status.into(),
            last_update_time: time::seconds(now),
            last_transition_time: time::seconds(now),
            reason: reason.into(),
            message: message.into(),
        }
    }

    /// A failure of a ReplicaSet as one of its Rollout.
    pub(crate) fn of_set(condition: &Value) -> Self {
        let at = condition.text("/lastTransitionTime").to_owned();
        Self {
            kind: condition.text("/type").into(),
            status: condition.text("/status").into(),
            last_update_time: at.clone(),
            last_transition_time: at,
            reason: condition.text("/reason").into(),
            message: condition.text("/message").into(),
        }
    }

    pub(crate) fn holds(&self) -> bool {
        self.status == "True"
    }
}

/// All conditions; the one that changed last comes last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Conditions(Vec<Condition>);

impl Conditions {
    pub(crate) fn get(&self, kind: &str) -> Option<&Condition> {
        self.0.iter().find(|condition| condition.kind == kind)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Condition> {
        self.0.iter()
    }

    /// Puts a condition in, unless one of the same status and reason is there: that one keeps its
    /// message. Whether it was put in.
    pub(crate) fn set(&mut self, mut condition: Condition) -> bool {
        if let Some(current) = self.get(&condition.kind)
            && current.status == condition.status
        {
            if current.reason == condition.reason {
                return false;
            }
            condition.last_transition_time.clone_from(&current.last_transition_time);
        }
        self.remove(&condition.kind.clone());
        self.0.push(condition);
        true
    }

    pub(crate) fn remove(&mut self, kind: &str) {
        self.0.retain(|condition| condition.kind != kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::time::{Span, parse};

    #[test]
    fn the_first_message_of_a_reason_is_kept_and_the_last_change_comes_last() {
        let now = parse("2026-11-24T10:00:00Z").unwrap();
        let later = now + Span::seconds(5);
        let mut conditions = Conditions::default();
        assert!(conditions.set(Condition::new("Progressing", "True", "A", "one", now)));
        assert!(conditions.set(Condition::new("Available", "True", "B", "", now)));
        assert!(!conditions.set(Condition::new("Progressing", "True", "A", "two", later)));
        assert_eq!(conditions.get("Progressing").unwrap().message, "one");
        assert!(conditions.set(Condition::new("Progressing", "True", "C", "", later)));
        let order: Vec<_> = conditions.iter().map(|c| c.kind.as_str()).collect();
        assert_eq!(order, ["Available", "Progressing"]);
        let progressing = conditions.get("Progressing").unwrap();
        assert_eq!(progressing.last_transition_time, time::seconds(now));
        assert_eq!(progressing.last_update_time, time::seconds(later));
    }
}
