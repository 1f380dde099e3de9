//! What a Deployment wants, with its defaults, as numbers.
//!
//! Called by the Deployment controller.

use serde_json::{Value, json};

use crate::sim::control::workload::portion::{self, Round};
use crate::sim::object::Document;

/// The greatest 32-bit number stands for "no limit".
const NO_LIMIT: i64 = i32::MAX as i64;

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) replicas: i64,
    /// Whether pods are replaced one after the other, not all at once.
    pub(super) rolls: bool,
    pub(super) paused: bool,
    /// Pods there may be beyond those that are wanted.
    pub(super) max_surge: i64,
    /// Wanted pods that may be missing.
    pub(super) max_unavailable: i64,
    pub(super) min_ready: i64,
    /// Seconds without progress after which it counts as stuck.
    pub(super) deadline: Option<i64>,
    /// Old ReplicaSets that are kept.
    pub(super) history: Option<i64>,
}

impl Wish {
    pub(super) fn of(deployment: &Value) -> Self {
        let replicas = deployment.int_maybe("/spec/replicas").unwrap_or(1);
        let rolls = deployment.text("/spec/strategy/type") != "Recreate";
        let limit = |name: &str, round: Round| {
            let given = deployment.at(&format!("/spec/strategy/rollingUpdate/{name}"));
            portion::of(Some(given.unwrap_or(&json!("25%"))), replicas, round).unwrap_or(0)
        };
        let (mut surge, mut unavailable) = (0, 0);
        if rolls {
            surge = limit("maxSurge", Round::Up);
            unavailable = limit("maxUnavailable", Round::Down);
            if surge == 0 && unavailable == 0 {
                // Both may be rounded to nothing, and then nothing would ever move.
                unavailable = 1;
            }
        }
        let limited = |pointer: &str, usual: i64| {
            Some(deployment.int_maybe(pointer).unwrap_or(usual)).filter(|n| *n != NO_LIMIT)
        };
        Self {
            replicas,
            rolls,
            paused: deployment.flag("/spec/paused"),
            max_surge: surge,
            max_unavailable: unavailable.min(replicas),
            min_ready: deployment.int("/spec/minReadySeconds"),
            deadline: limited("/spec/progressDeadlineSeconds", 600),
            history: limited("/spec/revisionHistoryLimit", 10),
        }
    }

    /// Pods that must be available at any time.
    pub(super) fn min_available(&self) -> i64 {
        self.replicas - self.max_unavailable
    }

    /// Pods that there may be at any time.
    pub(super) fn most(&self) -> i64 {
        self.replicas + self.max_surge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_rounded_apart_and_never_both_nothing() {
        let cases = [
            (10, json!({}), (3, 2)),
            (4, json!({}), (1, 1)),
            (1, json!({}), (1, 0)),
            (2, json!({"maxSurge": 0, "maxUnavailable": "1%"}), (0, 1)),
            (2, json!({"maxSurge": "1%", "maxUnavailable": 0}), (1, 0)),
            (3, json!({"maxSurge": 0, "maxUnavailable": 9}), (0, 3)),
        ];
        for (replicas, rolling, wanted) in cases {
            let deployment = json!({"spec": {
                "replicas": replicas,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
            }});
            let wish = Wish::of(&deployment);
            assert_eq!((wish.max_surge, wish.max_unavailable), wanted, "{deployment}");
        }
        let recreate = Wish::of(&json!({"spec": {"strategy": {"type": "Recreate"}}}));
        assert_eq!((recreate.max_surge, recreate.max_unavailable, recreate.replicas), (0, 0, 1));
    }
}
