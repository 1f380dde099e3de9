//! Analysis runs: what was measured, against which limit, and with which verdict.
//!
//! Source: `argoproj.io/v1alpha1` AnalysisRun. A record; `why` makes sentences of it.

pub mod assessment;
pub mod limit;
pub mod template;

use super::id::{ObjectRef, PodHash, Uid};
use super::text::SafeText;
use super::time::Timestamp;

/// `AnalysisPhase`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Verdict {
    /// Not started.
    #[default]
    Pending,
    /// Measuring.
    Running,
    /// Passed.
    Successful,
    /// Did not pass.
    Failed,
    /// Could not be measured.
    Error,
    /// Neither condition held.
    Inconclusive,
    /// A phase this program does not know.
    Unknown(SafeText),
}

impl Verdict {
    /// Reads a phase; empty is pending.
    pub fn parse(text: &str) -> Self {
        match text {
            "" | "Pending" => Self::Pending,
            "Running" => Self::Running,
            "Successful" => Self::Successful,
            "Failed" => Self::Failed,
            "Error" => Self::Error,
            "Inconclusive" => Self::Inconclusive,
            other => Self::Unknown(SafeText::new(other)),
        }
    }

    /// The phase as the API writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Error => "Error",
            Self::Inconclusive => "Inconclusive",
            Self::Unknown(text) => text,
        }
    }

    /// Whether nothing more will be measured.
    pub fn is_completed(&self) -> bool {
        matches!(self, Self::Successful | Self::Failed | Self::Error | Self::Inconclusive)
    }

    /// Whether it ended badly.
    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Failed | Self::Error)
    }
}

/// Why a run exists: label `rollout-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnalysisRole {
    /// An `analysis` step.
    Step,
    /// `strategy.canary.analysis`.
    Background,
    /// `prePromotionAnalysis`.
    PrePromotion,
    /// `postPromotionAnalysis`.
    PostPromotion,
    /// Of an Experiment.
    Experiment,
    /// Made by hand.
    Other,
}

impl AnalysisRole {
    /// The word for screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Background => "background",
            Self::PrePromotion => "pre-promotion",
            Self::PostPromotion => "post-promotion",
            Self::Experiment => "experiment",
            Self::Other => "analysis",
        }
    }
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// Its verdict.
    pub verdict: Verdict,
    /// Value as the provider gave it, such as `[0.8]`.
    pub value: SafeText,
    /// Error or remark.
    pub message: SafeText,
    /// Start.
    pub started: Option<Timestamp>,
    /// End.
    pub finished: Option<Timestamp>,
    /// Job that measured, by `metadata.job-name` and `metadata.job-namespace`.
    pub job: Option<ObjectRef>,
}

/// A metric: its limits from the spec and its results from the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// Name.
    pub name: SafeText,
    /// Provider's key in the spec, such as `prometheus`.
    pub provider: SafeText,
    /// `successCondition`.
    pub success_condition: Option<SafeText>,
    /// `failureCondition`.
    pub failure_condition: Option<SafeText>,
    /// `initialDelay` as written.
    pub initial_delay: Option<SafeText>,
    /// `interval` as written.
    pub interval: Option<SafeText>,
    /// `count` as written; none with an interval means until terminated.
    pub count: Option<SafeText>,
    /// `failureLimit` (default 0).
    pub failure_limit: i32,
    /// `inconclusiveLimit` (default 0).
    pub inconclusive_limit: i32,
    /// `consecutiveErrorLimit` (default 4).
    pub error_limit: i32,
    /// `consecutiveSuccessLimit`: so many in a row end it well (default 0: it is not asked).
    pub success_limit: i32,
    /// Query with arguments filled in (`ResolvedPrometheusQuery`), else as written.
    pub query: Option<SafeText>,
    /// `provider.prometheus.address`.
    pub address: Option<SafeText>,
    /// Whether its verdict does not count.
    pub dry_run: bool,
    /// Verdict.
    pub verdict: Verdict,
    /// Message of the controller.
    pub message: SafeText,
    /// Measurements done; errors are not counted.
    pub measured: i32,
    /// Of them successful.
    pub successful: i32,
    /// Of them failed.
    pub failed: i32,
    /// Of them inconclusive.
    pub inconclusive: i32,
    /// Errors.
    pub errors: i32,
    /// Errors in a row.
    pub consecutive_errors: i32,
    /// Successes in a row.
    pub consecutive_successes: i32,
    /// The last measurements, oldest first (the controller keeps ten).
    pub measurements: Vec<Measurement>,
}

impl AnalysisRun {
    /// Whether it was ended before it could judge. The controller calls such a run `Successful`
    /// when nothing had failed by then, even if nothing was ever measured.
    pub fn is_cut_short(&self) -> bool {
        self.verdict == Verdict::Successful
            && (self.terminating || self.message == "Run Terminated")
    }

    /// Its verdict in a word that does not flatter: a run that was cut short did not pass.
    pub fn verdict_word(&self) -> &str {
        if self.is_cut_short() { "Ended early" } else { self.verdict.as_str() }
    }
}

/// An AnalysisRun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisRun {
    /// Which.
    pub id: ObjectRef,
    /// `metadata.uid`.
    pub uid: Uid,
    /// Rollout or Experiment that owns it.
    pub owner: Option<Uid>,
    /// Why it exists.
    pub role: AnalysisRole,
    /// Label `step-index`.
    pub step_index: Option<usize>,
    /// Version under test.
    pub hash: Option<PodHash>,
    /// Annotation `rollout.argoproj.io/revision`.
    pub revision: Option<u64>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `status.phase`.
    pub verdict: Verdict,
    /// `status.message`.
    pub message: SafeText,
    /// `status.startedAt`.
    pub started: Option<Timestamp>,
    /// `status.completedAt`.
    pub completed: Option<Timestamp>,
    /// `spec.terminate`.
    pub terminating: bool,
    /// Metrics in the order of the spec.
    pub metrics: Vec<Metric>,
}
