//! Phase and message: what a Rollout is doing, in one word and one sentence.
//!
//! The order of the questions is that of the real controller. Called when a status is written.

use super::{Status, reason};
use crate::sim::control::rollout::spec::{Rollout, Spec};
use crate::sim::time;

/// The phase and its message.
pub(crate) fn phase(spec: &Spec, status: &Status) -> (&'static str, String) {
    for condition in status.conditions.iter() {
        if condition.kind == reason::INVALID_SPEC {
            return ("Degraded", format!("InvalidSpec: {}", condition.message));
        }
        if [reason::ABORTED, reason::TIMED_OUT].contains(&condition.reason.as_str()) {
            return ("Degraded", format!("{}: {}", condition.reason, condition.message));
        }
    }
    if spec.paused {
        return ("Paused", "manually paused".into());
    }
    if let Some(pause) = status.pause_conditions.first() {
        return ("Paused", pause.reason.clone());
    }
    match waits_for(spec, status) {
        Some(what) => ("Progressing", what.into()),
        None => ("Healthy", String::new()),
    }
}

fn waits_for(spec: &Spec, status: &Status) -> Option<&'static str> {
    if is_restarting(spec, status) {
        return Some("rollout is restarting");
    }
    if status.updated_replicas < spec.replicas.unwrap_or(1) {
        return Some("more replicas need to be updated");
    }
    if status.available_replicas < status.updated_replicas {
        return Some("updated replicas are still becoming available");
    }
    let promoted = status.is_completed();
    if let Some(blue_green) = &spec.strategy.blue_green {
        let active = status.blue_green.active_selector.as_str();
        if active.is_empty() || active != status.current_pod_hash {
            return Some("active service cutover pending");
        }
        if promoted {
            return None;
        }
        let post = status.blue_green.post_promotion_analysis_run_status.as_ref();
        let analysed = post.is_some_and(|run| is_over(&run.status));
        if blue_green.post_promotion_analysis.is_some() && !analysed {
            return Some("waiting for analysis to complete");
        }
        return Some("waiting for post-promotion verification to complete");
    }
    let canary = spec.strategy.canary.as_ref()?;
    if canary.traffic_routing.is_none() && status.replicas > status.updated_replicas {
        return Some("old replicas are pending termination");
    }
    (!promoted).then_some("waiting for all steps to complete")
}

fn is_restarting(spec: &Spec, status: &Status) -> bool {
    let Some(wanted) = spec.restart_at.as_deref().and_then(time::parse) else { return false };
    status.restarted_at.as_deref().and_then(time::parse) != Some(wanted)
}

/// Whether a phase of an analysis or experiment is an end.
pub(crate) fn is_over(phase: &str) -> bool {
    matches!(phase, "Successful" | "Failed" | "Error" | "Inconclusive")
}

/// Whether the present step is one that waits for something else than pods: a lack of progress
/// means nothing there. So does a pause.
pub(crate) fn is_waiting_for(rollout: &Rollout) -> bool {
    let (step, _) = rollout.current_step();
    let waits =
        step.is_some_and(|s| s.experiment.is_some() || s.analysis.is_some() || s.pause.is_some());
    waits || rollout.status.conditions.get("Paused").is_some_and(super::Condition::holds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn in_this_order() {
        let canary = json!({"replicas": 2, "strategy": {"canary": {}}});
        let full = json!({"updatedReplicas": 2, "availableReplicas": 2, "replicas": 2,
            "stableRS": "a", "currentPodHash": "a"});
        let with = |base: &serde_json::Value, more: serde_json::Value| {
            let mut base = base.clone();
            json_patch::merge(&mut base, &more);
            base
        };
        let aborted = json!({"conditions": [{"type": "Progressing", "reason": "RolloutAborted",
            "message": "m"}]});
        let paused = json!({"pauseConditions": [{"reason": "CanaryPauseStep"}]});
        let blue = json!({"replicas": 2, "strategy": {"blueGreen": {"activeService": "x"}}});
        let cases = [
            (&canary, full.clone(), "Healthy", ""),
            (&canary, with(&full, aborted), "Degraded", "RolloutAborted: m"),
            (&canary, with(&full, paused), "Paused", "CanaryPauseStep"),
            (&canary, json!({}), "Progressing", "more replicas need to be updated"),
            (
                &canary,
                with(&full, json!({"replicas": 3})),
                "Progressing",
                "old replicas are pending termination",
            ),
            (
                &canary,
                with(&full, json!({"stableRS": "b"})),
                "Progressing",
                "waiting for all steps to complete",
            ),
            (&blue, full.clone(), "Progressing", "active service cutover pending"),
            (&blue, with(&full, json!({"blueGreen": {"activeSelector": "a"}})), "Healthy", ""),
        ];
        for (spec, status, wanted, message) in cases {
            let spec: Spec = serde_json::from_value(spec.clone()).unwrap();
            let status: Status = serde_json::from_value(status).unwrap();
            assert_eq!(phase(&spec, &status), (wanted, message.to_owned()));
        }
    }
}
