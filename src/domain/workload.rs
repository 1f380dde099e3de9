//! A Rollout or a Deployment as it was last seen: what is wanted and what the controller reports.
//!
//! A record, no judgement: `phase`, `why` and `legality` judge. Made by the `cluster` room.
//! Fields follow `argoproj.io/v1alpha1` Rollout and `apps/v1` Deployment.

use super::analysis::Verdict;
use super::id::{PodHash, Uid, WorkloadId};
use super::strategy::Strategy;
use super::text::SafeText;
use super::time::{Span, Timestamp};

/// One container and its image, from a pod template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Container name.
    pub container: SafeText,
    /// Full image reference.
    pub reference: SafeText,
}

impl Image {
    /// The part after the last path separator: `checkout:1.4.2`.
    pub fn short(&self) -> &str {
        let name = self.reference.rsplit('/').next().unwrap_or(&self.reference);
        name.split_once("@sha256:").map_or(name, |(name, _)| name)
    }

    /// The tag or the first digits of the digest: what tells two versions apart.
    pub fn version(&self) -> &str {
        let name = self.reference.rsplit('/').next().unwrap_or(&self.reference);
        if let Some((_, digest)) = name.split_once("@sha256:") {
            return digest.get(..7).unwrap_or(digest);
        }
        name.split_once(':').map_or("latest", |(_, tag)| tag)
    }
}

/// `status.conditions[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its type, such as `Progressing`.
    pub kind: SafeText,
    /// `True`, `False` or `Unknown`; `None` for anything else.
    pub status: Option<bool>,
    /// Machine reason.
    pub reason: SafeText,
    /// Sentence of the controller.
    pub message: SafeText,
    /// When it was last written (`lastUpdateTime`, else `lastTransitionTime`).
    pub updated: Option<Timestamp>,
}

/// Reasons of `status.pauseConditions[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PauseReason {
    /// A pause step of a canary.
    CanaryPauseStep,
    /// A blue-green waiting for promotion.
    BlueGreenPause,
    /// An analysis that could not decide.
    InconclusiveAnalysisRun,
    /// An experiment that could not decide.
    InconclusiveExperiment,
    /// A reason this program does not know.
    Other(SafeText),
}

/// `status.pauseConditions[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Why.
    pub reason: PauseReason,
    /// Since when; it also names this very pause in an action's witness.
    pub start: Option<Timestamp>,
    /// `startTime` exactly as the server wrote it, for a JSON Patch `test`.
    pub start_text: SafeText,
}

/// `{name, status, message}` of an analysis run as the rollout's status carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisStatus {
    /// Name of the AnalysisRun.
    pub name: SafeText,
    /// Its phase.
    pub verdict: Verdict,
    /// Its message.
    pub message: SafeText,
}

/// One destination of `status.canary.weights`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Share of the traffic, 0 to the router's maximum.
    pub weight: i32,
    /// Service that receives it.
    pub service: SafeText,
    /// Version behind it.
    pub hash: PodHash,
}

/// `status.canary.weights`: what the controller told the router. Absent without traffic routing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    /// Towards the canary.
    pub canary: Destination,
    /// Towards stable.
    pub stable: Destination,
    /// `verified`: whether the router agreed; `None` where it cannot be asked.
    pub verified: Option<bool>,
}

/// The controller's report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "mirrors the API's status field by field")]
pub struct Status {
    /// `observedGeneration`; a Rollout carries it as text.
    pub observed_generation: Option<i64>,
    /// Whether `observedGeneration` was there but no number (counts as observed, as in the plugin).
    pub observed_unreadable: bool,
    /// `phase` as the controller computed it. Rollouts only.
    pub phase: Option<SafeText>,
    /// `message` beside the phase. Rollouts only.
    pub message: SafeText,
    /// Pods of all revisions (blue-green: of the active one).
    pub replicas: i32,
    /// Pods of the desired template.
    pub updated: i32,
    /// Ready pods.
    pub ready: i32,
    /// Pods ready for `minReadySeconds`.
    pub available: i32,
    /// `unavailableReplicas` of a Deployment.
    pub unavailable: i32,
    /// `conditions`.
    pub conditions: Vec<Condition>,
    /// `currentPodHash`: the desired version. Rollouts only.
    pub current_hash: Option<PodHash>,
    /// `stableRS`: the last fully promoted version. Rollouts only.
    pub stable_hash: Option<PodHash>,
    /// `currentStepIndex`; absent without steps.
    pub step_index: Option<usize>,
    /// `pauseConditions`.
    pub pauses: Vec<Pause>,
    /// `controllerPause`.
    pub controller_pause: bool,
    /// `abort`.
    pub abort: bool,
    /// `abortedAt`.
    pub aborted_at: Option<Timestamp>,
    /// `promoteFull`.
    pub promote_full: bool,
    /// `restartedAt`.
    pub restarted_at: Option<Timestamp>,
    /// `canary.weights`.
    pub weights: Option<Weights>,
    /// `canary.currentStepAnalysisRunStatus`.
    pub step_analysis: Option<AnalysisStatus>,
    /// `canary.currentBackgroundAnalysisRunStatus`.
    pub background_analysis: Option<AnalysisStatus>,
    /// `canary.currentExperiment`.
    pub experiment: Option<SafeText>,
    /// `blueGreen.activeSelector`.
    pub active_hash: Option<PodHash>,
    /// `blueGreen.previewSelector`.
    pub preview_hash: Option<PodHash>,
    /// `blueGreen.prePromotionAnalysisRunStatus`.
    pub pre_analysis: Option<AnalysisStatus>,
    /// `blueGreen.postPromotionAnalysisRunStatus`.
    pub post_analysis: Option<AnalysisStatus>,
    /// `workloadObservedGeneration`, for a Rollout with a `workloadRef`.
    pub workload_observed_generation: Option<i64>,
}

/// A tool that keeps the object equal to a repository and may revert what is done by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitOpsOwner {
    /// `Argo CD` or `Flux`.
    pub tool: &'static str,
    /// Name of the application or kustomization.
    pub name: SafeText,
}

/// `spec.workloadRef`: the pod template lives in another object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadRef {
    /// Kind of the object, usually `Deployment`.
    pub kind: SafeText,
    /// Its name, in the same namespace.
    pub name: SafeText,
}

/// A Rollout or a Deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// Which.
    pub id: WorkloadId,
    /// `metadata.uid`.
    pub uid: Uid,
    /// `metadata.generation`.
    pub generation: i64,
    /// `metadata.resourceVersion`, for display and for telling old from new.
    pub resource_version: SafeText,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// Whether `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// Revision number: annotation `rollout.argoproj.io/revision` or
    /// `deployment.kubernetes.io/revision`.
    pub revision: Option<u64>,
    /// `spec.replicas` (absent reads as 1).
    pub replicas: i32,
    /// `spec.paused`.
    pub paused: bool,
    /// Images of `spec.template`; empty with a `workloadRef`.
    pub images: Vec<Image>,
    /// Strategy and its own settings.
    pub strategy: Strategy,
    /// `spec.workloadRef`.
    pub workload_ref: Option<WorkloadRef>,
    /// `spec.selector.matchLabels`, sorted.
    pub selector: Vec<(SafeText, SafeText)>,
    /// `spec.restartAt`.
    pub restart_at: Option<Timestamp>,
    /// `spec.progressDeadlineSeconds` (default 600 s).
    pub progress_deadline: Span,
    /// `spec.progressDeadlineAbort`.
    pub progress_deadline_abort: bool,
    /// `spec.rollbackWindow.revisions`.
    pub rollback_window: Option<u32>,
    /// `spec.minReadySeconds`.
    pub min_ready: Span,
    /// `metadata.labels`, sorted: arguments of analyses may be taken from them.
    pub labels: Vec<(SafeText, SafeText)>,
    /// Annotation `waveoff/prometheus`: where its metrics are.
    pub prometheus: Option<SafeText>,
    /// Who else writes this object.
    pub gitops: Option<GitOpsOwner>,
    /// What its controller reports.
    pub status: Status,
}

impl Workload {
    /// The condition of this type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|c| c.kind == kind)
    }

    /// Whether an update is under way: the desired version is not yet the stable one.
    pub fn is_updating(&self) -> bool {
        match (&self.status.current_hash, &self.status.stable_hash) {
            (Some(current), Some(stable)) => current != stable,
            _ => false,
        }
    }
}
