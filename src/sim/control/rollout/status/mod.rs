//! `status` of a Rollout, as the real controller has it in memory.
//!
//! What is false, zero or empty is absent when written. What a pass does not carry over from the
//! status before disappears. Called by everything in this folder.

mod condition;
mod patch;
mod phase;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use condition::{Condition, Conditions, reason};
pub(crate) use patch::{difference, with_difference};
pub(crate) use phase::{is_over, is_waiting_for, phase};

/// `status`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) abort: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) pause_conditions: Vec<PauseCondition>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) controller_pause: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) aborted_at: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) current_pod_hash: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) current_step_hash: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) replicas: i32,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) updated_replicas: i32,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) ready_replicas: i32,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) available_replicas: i32,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) current_step_index: Option<i32>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) collision_count: Option<i32>,
    /// A number, as text.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) observed_generation: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) conditions: Conditions,
    pub(crate) canary: CanaryStatus,
    pub(crate) blue_green: BlueGreenStatus,
    #[serde(rename = "HPAReplicas", skip_serializing_if = "is_default")]
    pub(crate) hpa_replicas: i32,
    /// The label selector of the pods that serve, for autoscalers.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) selector: String,
    #[serde(rename = "stableRS", skip_serializing_if = "is_default")]
    pub(crate) stable_rs: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) restarted_at: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) promote_full: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) phase: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) message: String,
    /// A number, as text.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) workload_observed_generation: String,
}

/// Why the Rollout waits, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PauseCondition {
    pub(crate) reason: String,
    pub(crate) start_time: String,
}

/// `status.canary`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CanaryStatus {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) current_step_analysis_run_status: Option<RunStatus>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) current_background_analysis_run_status: Option<RunStatus>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) current_experiment: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) weights: Option<Weights>,
    /// `ping` or `pong`.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) stable_ping_pong: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) step_plugin_statuses: Vec<Value>,
}

/// `status.blueGreen`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BlueGreenStatus {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) preview_selector: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) active_selector: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) scale_up_preview_check_point: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) pre_promotion_analysis_run_status: Option<RunStatus>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) post_promotion_analysis_run_status: Option<RunStatus>,
}

/// An AnalysisRun as its Rollout tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RunStatus {
    pub(crate) name: String,
    pub(crate) status: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) message: String,
}

/// What was given to the router.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Weights {
    pub(crate) canary: Destination,
    pub(crate) stable: Destination,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) additional: Vec<Destination>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) verified: Option<bool>,
}

/// One share of the traffic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Destination {
    pub(crate) weight: i32,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) service_name: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) pod_template_hash: String,
}

impl Status {
    /// The pause of this reason.
    pub(crate) fn pause(&self, reason: &str) -> Option<&PauseCondition> {
        self.pause_conditions.iter().find(|pause| pause.reason == reason)
    }

    /// Whether the present template is stable.
    pub(crate) fn is_completed(&self) -> bool {
        !self.stable_rs.is_empty() && self.stable_rs == self.current_pod_hash
    }

    /// As JSON.
    pub(crate) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
