//! `argoproj.io/v1alpha1` Rollouts.
//!
//! All status fields are left out by the controller when they are zero: absent is false, none or 0.

use super::node::Node;
use super::strategy;
use super::workload::{common, counters};
use crate::domain::analysis::Verdict;
use crate::domain::id::WorkloadKind;
use crate::domain::workload::{
    AnalysisStatus, Destination, Pause, PauseReason, Status, Weights, Workload, WorkloadRef,
};

pub(super) fn rollout(object: Node<'_>) -> Option<Workload> {
    let mut workload = common(object, WorkloadKind::Rollout)?;
    let spec = object.at("spec");
    workload.strategy = strategy::of_rollout(spec.at("strategy"));
    workload.workload_ref = spec.part("workloadRef").map(|node| WorkloadRef {
        kind: node.shared_or_empty("kind"),
        name: node.text_or_empty("name"),
    });
    workload.status = status(object.at("status"));
    Some(workload)
}

fn status(node: Node<'_>) -> Status {
    let canary = node.at("canary");
    let blue_green = node.at("blueGreen");
    // Unreadable is a fact of its own here, and no oddity.
    let observed = node.written("observedGeneration");
    let generation = observed.as_ref().and_then(|text| text.trim().parse().ok());
    Status {
        observed_unreadable: observed.is_some() && generation.is_none(),
        observed_generation: generation,
        phase: node.shared("phase"),
        message: node.text_or_empty("message"),
        current_hash: node.shared("currentPodHash"),
        stable_hash: node.shared("stableRS"),
        step_index: node.long("currentStepIndex").and_then(|i| usize::try_from(i).ok()),
        pauses: node.list("pauseConditions").map(pause).collect(),
        controller_pause: node.flag("controllerPause"),
        abort: node.flag("abort"),
        aborted_at: node.time("abortedAt"),
        promote_full: node.flag("promoteFull"),
        restarted_at: node.time("restartedAt"),
        weights: canary.part("weights").map(weights),
        step_analysis: analysis(canary, "currentStepAnalysisRunStatus"),
        background_analysis: analysis(canary, "currentBackgroundAnalysisRunStatus"),
        experiment: canary.text("currentExperiment"),
        active_hash: blue_green.shared("activeSelector"),
        preview_hash: blue_green.shared("previewSelector"),
        pre_analysis: analysis(blue_green, "prePromotionAnalysisRunStatus"),
        post_analysis: analysis(blue_green, "postPromotionAnalysisRunStatus"),
        workload_observed_generation: node.long("workloadObservedGeneration"),
        ..counters(node)
    }
}

fn pause(node: Node<'_>) -> Pause {
    let reason = match node.str("reason").unwrap_or_default() {
        "CanaryPauseStep" => PauseReason::CanaryPauseStep,
        "BlueGreenPause" => PauseReason::BlueGreenPause,
        "InconclusiveAnalysisRun" => PauseReason::InconclusiveAnalysisRun,
        "InconclusiveExperiment" => PauseReason::InconclusiveExperiment,
        other => PauseReason::Other(other.into()),
    };
    Pause { reason, start: node.time("startTime"), start_text: node.text_or_empty("startTime") }
}

fn weights(node: Node<'_>) -> Weights {
    let destination = |node: Node<'_>| Destination {
        weight: node.count("weight"),
        service: node.shared_or_empty("serviceName"),
        hash: node.shared_or_empty("podTemplateHash"),
    };
    Weights {
        canary: destination(node.at("canary")),
        stable: destination(node.at("stable")),
        verified: node.optional_flag("verified"),
    }
}

fn analysis(parent: Node<'_>, key: &str) -> Option<AnalysisStatus> {
    let node = parent.part(key)?;
    Some(AnalysisStatus {
        name: node.text_or_empty("name"),
        verdict: Verdict::parse(node.str("status").unwrap_or_default()),
        message: node.text_or_empty("message"),
    })
}
