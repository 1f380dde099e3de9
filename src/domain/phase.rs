//! Where a workload stands, in the controller's own four words.
//!
//! For Rollouts the reading of `GetRolloutPhase` (client side), for Deployments that of
//! `kubectl rollout status`. Degraded covers three different things; [`Trouble`] tells them apart.

use super::id::WorkloadKind;
use super::strategy::{PauseLength, Step, Strategy};
use super::text::SafeText;
use super::time::Timestamp;
use super::workload::{Pause, PauseReason, Workload};

/// `RolloutPhase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Something is wrong: see [`trouble`].
    Degraded,
    /// Waiting.
    Paused,
    /// Moving.
    Progressing,
    /// Done.
    Healthy,
    /// The controller has not said yet, or said a word this program does not know.
    Unknown,
}

impl Phase {
    /// The phase as Argo writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Degraded => "Degraded",
            Self::Paused => "Paused",
            Self::Progressing => "Progressing",
            Self::Healthy => "Healthy",
            Self::Unknown => "Unknown",
        }
    }
}

/// What Degraded means this time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The spec is refused by the controller; its sentence.
    InvalidSpec(SafeText),
    /// The update was aborted; users are on stable. The controller's sentence.
    Aborted(SafeText),
    /// No progress within the deadline; the controller's sentence.
    DeadlineExceeded(SafeText),
    /// Pods cannot even be made; the API server's sentence.
    ReplicaFailure(SafeText),
}

/// A phase and the controller's message beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Phase.
    pub phase: Phase,
    /// Message of the controller or of the rule that made the phase.
    pub message: SafeText,
}

fn standing(phase: Phase, message: impl Into<SafeText>) -> Standing {
    Standing { phase, message: message.into() }
}

/// Whether the controller has seen the newest spec.
pub fn is_observed(workload: &Workload) -> bool {
    workload.status.observed_unreadable
        || workload.status.observed_generation.is_some_and(|seen| seen >= workload.generation)
}

/// Whether a promotion was sent that the controller has not yet acted on: it paused by itself and
/// the pause condition is gone.
pub fn is_unpausing(workload: &Workload) -> bool {
    workload.status.controller_pause && workload.status.pauses.is_empty()
}

/// Where it stands.
pub fn of(workload: &Workload) -> Standing {
    match workload.id.kind {
        WorkloadKind::Rollout => of_rollout(workload),
        WorkloadKind::Deployment => of_deployment(workload),
    }
}

fn of_rollout(workload: &Workload) -> Standing {
    let status = &workload.status;
    if !is_observed(workload) {
        if status.observed_generation.is_none() && status.phase.is_none() {
            return standing(Phase::Unknown, "no controller has reported on this rollout yet");
        }
        return standing(Phase::Progressing, "waiting for rollout spec update to be observed");
    }
    if is_unpausing(workload) {
        return standing(Phase::Progressing, "waiting for rollout to unpause");
    }
    let phase = match status.phase.as_deref() {
        Some("Healthy") => Phase::Healthy,
        Some("Progressing") => Phase::Progressing,
        Some("Paused") => Phase::Paused,
        Some("Degraded") => Phase::Degraded,
        _ => Phase::Unknown,
    };
    Standing { phase, message: status.message.clone() }
}

fn of_deployment(workload: &Workload) -> Standing {
    let status = &workload.status;
    if !is_observed(workload) {
        return standing(Phase::Progressing, "waiting for the new spec to be observed");
    }
    if let Some(trouble) = trouble(workload) {
        let message = match trouble {
            Trouble::InvalidSpec(m)
            | Trouble::Aborted(m)
            | Trouble::DeadlineExceeded(m)
            | Trouble::ReplicaFailure(m) => m,
        };
        return Standing { phase: Phase::Degraded, message };
    }
    if workload.paused {
        return standing(Phase::Paused, "manually paused");
    }
    if is_deployment_complete(workload) {
        return standing(Phase::Healthy, "");
    }
    let text = if status.updated < workload.replicas {
        format!("{} of {} pods are on the new version", status.updated, workload.replicas)
    } else if status.replicas > status.updated {
        format!("{} old pods are still to go", status.replicas - status.updated)
    } else {
        format!("{} of {} new pods are available", status.available, status.updated)
    };
    standing(Phase::Progressing, text)
}

/// Whether a Deployment has nothing left to do (`kubectl rollout status`).
pub fn is_deployment_complete(workload: &Workload) -> bool {
    let status = &workload.status;
    is_observed(workload)
        && status.updated >= workload.replicas
        && status.replicas <= status.updated
        && status.available >= workload.replicas
}

/// What is wrong, when something is; in the order of `CalculateRolloutPhase`.
pub fn trouble(workload: &Workload) -> Option<Trouble> {
    if let Some(invalid) = workload.condition("InvalidSpec").filter(|c| c.status == Some(true)) {
        return Some(Trouble::InvalidSpec(invalid.message.clone()));
    }
    if let Some(progressing) = workload.condition("Progressing") {
        match progressing.reason.as_str() {
            "RolloutAborted" => return Some(Trouble::Aborted(progressing.message.clone())),
            "ProgressDeadlineExceeded" => {
                return Some(Trouble::DeadlineExceeded(progressing.message.clone()));
            }
            _ => {}
        }
    }
    workload
        .condition("ReplicaFailure")
        .filter(|c| c.status == Some(true))
        .map(|c| Trouble::ReplicaFailure(c.message.clone()))
}

/// The pause that holds the rollout now.
pub fn pause(workload: &Workload) -> Option<&Pause> {
    workload.status.pauses.first()
}

/// When the pause that holds it now ends by itself; `None` when a person must act, or without one.
pub fn pause_ends(workload: &Workload) -> Option<Timestamp> {
    let pause = pause(workload)?;
    let length = match (&pause.reason, &workload.strategy) {
        (PauseReason::CanaryPauseStep, Strategy::Canary(canary)) => {
            match canary.steps.get(workload.status.step_index?)? {
                Step::Pause(PauseLength::For(span)) => *span,
                _ => return None,
            }
        }
        (PauseReason::BlueGreenPause, Strategy::BlueGreen(settings)) if settings.auto_promotion => {
            settings.auto_promotion_after?
        }
        _ => return None,
    };
    Some(pause.start? + length)
}

/// Whether only a person can move it on: a manual gate, an undecided analysis, a hold.
pub fn needs_person(workload: &Workload) -> bool {
    if workload.paused {
        return true;
    }
    pause(workload).is_some() && pause_ends(workload).is_none()
}

#[cfg(test)]
mod tests;
