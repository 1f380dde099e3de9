//! A Rollout as its controller reads it: what is wanted, typed, and the object it stands in.
//!
//! Tolerant: every field may be absent. Never writes; writes go to the object, so that what is not
//! known here survives. Called by everything in this folder.

mod amount;
mod normal;
mod routing;
mod step;
mod strategy;

use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use amount::Amount;
pub(crate) use normal::{is_empty_template, normal_template, normalised};
pub(crate) use routing::{DestinationRuleRef, Istio, Nginx, TrafficRouting, VirtualServiceRef};
pub(crate) use step::{
    Analysis, Argument, CanaryScale, ExperimentAnalysis, ExperimentStep, ExperimentTemplate,
    HeaderRoute, MirrorRoute, PauseStep, Step, StringMatch,
};
pub(crate) use strategy::{AbortDelay, BlueGreen, Canary, Metadata, Strategy};

use super::status::Status;
use crate::sim::object::Document;
use crate::sim::store::{Key, Kind};

/// `spec` of a Rollout.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    pub(crate) replicas: Option<i32>,
    /// A `metav1.LabelSelector`.
    pub(crate) selector: Option<Value>,
    /// The pod template, also when it comes from a workload.
    pub(crate) template: Value,
    pub(crate) workload_ref: Option<WorkloadRef>,
    pub(crate) min_ready_seconds: i32,
    pub(crate) rollback_window: Option<RollbackWindow>,
    pub(crate) strategy: Strategy,
    pub(crate) revision_history_limit: Option<i32>,
    pub(crate) paused: bool,
    pub(crate) progress_deadline_seconds: Option<i32>,
    pub(crate) progress_deadline_abort: bool,
    pub(crate) restart_at: Option<String>,
    pub(crate) analysis: Option<RunHistory>,
}

/// The workload that a template comes from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WorkloadRef {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) scale_down: String,
}

/// How far back a rollback skips the steps.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RollbackWindow {
    pub(crate) revisions: i32,
}

/// How many AnalysisRuns and Experiments that ended are kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RunHistory {
    pub(crate) successful_run_history_limit: Option<i32>,
    pub(crate) unsuccessful_run_history_limit: Option<i32>,
}

/// A Rollout at one version.
#[derive(Debug, Clone)]
pub(crate) struct Rollout {
    pub(crate) key: Key,
    /// The object, its spec in the form that the controller writes it.
    pub(crate) object: Value,
    /// Enough of the object to be the subject of an event.
    pub(crate) about: Value,
    pub(crate) spec: Spec,
    pub(crate) status: Status,
    /// Whether the template comes from a workload.
    pub(crate) resolved: bool,
}

impl Rollout {
    /// Reads an object; the reason why it cannot be read otherwise.
    pub(crate) fn read(object: &Value) -> Result<Self, String> {
        let object = normalised(object);
        let part = |name: &str| object.get(name).cloned().unwrap_or_else(|| json!({}));
        Ok(Self {
            key: Key::new(Kind::Rollout, object.namespace(), object.name()),
            about: json!({
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Rollout",
                "metadata": {
                    "name": object.name(),
                    "namespace": object.namespace(),
                    "uid": object.uid(),
                },
            }),
            spec: serde_json::from_value(part("spec")).map_err(|error| error.to_string())?,
            status: serde_json::from_value(part("status")).map_err(|error| error.to_string())?,
            object,
            resolved: false,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.key.name
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.key.namespace
    }

    pub(crate) fn uid(&self) -> &str {
        self.object.uid()
    }

    /// `metadata.generation` as the status tells it.
    pub(crate) fn generation(&self) -> String {
        self.object.generation().to_string()
    }

    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.object.annotation(key)
    }

    /// Its revision, when it has one.
    pub(crate) fn revision(&self) -> Option<i64> {
        self.annotation(super::keys::REVISION)?.parse().ok()
    }

    /// `spec.replicas`; one when absent.
    pub(crate) fn replicas(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }

    pub(crate) fn canary(&self) -> Option<&Canary> {
        self.spec.strategy.canary.as_ref()
    }

    pub(crate) fn blue_green(&self) -> Option<&BlueGreen> {
        self.spec.strategy.blue_green.as_ref()
    }

    /// The router of a canary, when it has one.
    pub(crate) fn routing(&self) -> Option<&TrafficRouting> {
        self.canary()?.traffic_routing.as_ref()
    }

    /// The steps of a canary.
    pub(crate) fn steps(&self) -> &[Step] {
        self.canary().map(|canary| canary.steps.as_slice()).unwrap_or_default()
    }

    /// How many steps there are, as an index.
    pub(crate) fn step_count(&self) -> i32 {
        i32::try_from(self.steps().len()).unwrap_or(i32::MAX)
    }

    /// Whether the present template is the stable one.
    pub(crate) fn is_fully_promoted(&self) -> bool {
        self.status.stable_rs == self.status.current_pod_hash
    }

    /// The weight that means all traffic.
    pub(crate) fn max_weight(&self) -> i32 {
        self.routing().and_then(|routing| routing.max_traffic_weight).unwrap_or(100)
    }

    /// Seconds without progress after which the update is late.
    pub(crate) fn progress_deadline(&self) -> i32 {
        self.spec.progress_deadline_seconds.unwrap_or(600)
    }

    pub(crate) fn revision_history_limit(&self) -> i32 {
        self.spec.revision_history_limit.unwrap_or(10)
    }

    /// How many successful and unsuccessful runs are kept.
    pub(crate) fn run_history(&self) -> (i32, i32) {
        let limits = self.spec.analysis.clone().unwrap_or_default();
        let successful = limits.successful_run_history_limit.unwrap_or(5);
        (successful, limits.unsuccessful_run_history_limit.unwrap_or(5))
    }

    /// `metadata.ownerReferences[0]` of what it owns.
    pub(crate) fn owner_reference(&self) -> Value {
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "name": self.name(),
            "uid": self.uid(),
            "controller": true,
            "blockOwnerDeletion": true,
        })
    }

    /// The labels that its selector asks for, in order.
    pub(crate) fn match_labels(&self) -> Vec<(&str, &str)> {
        let labels = self.spec.selector.as_ref().and_then(|s| s.members("/matchLabels"));
        let pairs = labels.into_iter().flatten();
        pairs.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect()
    }

    /// How many pods may come on top of `spec.replicas` while a canary is moved.
    pub(crate) fn max_surge(&self) -> i32 {
        if self.canary().is_none() { 0 } else { self.fenceposts().0 }
    }

    /// How many of `spec.replicas` may be missing meanwhile.
    pub(crate) fn max_unavailable(&self) -> i32 {
        let replicas = self.replicas();
        let unavailable = match self.blue_green() {
            _ if replicas == 0 => 0,
            Some(blue_green) if self.canary().is_none() => {
                let amount = blue_green.max_unavailable.clone().unwrap_or_default();
                amount.of(replicas, false).unwrap_or(0)
            }
            _ => self.fenceposts().1,
        };
        unavailable.min(replicas)
    }

    /// Surge and unavailable together: when both come to nothing, one pod may be unavailable.
    fn fenceposts(&self) -> (i32, i32) {
        let canary = self.canary();
        let amount = |of: fn(&Canary) -> &Option<Amount>| {
            canary.and_then(|canary| of(canary).clone()).unwrap_or_default()
        };
        let surge = amount(|canary| &canary.max_surge).of(self.replicas(), true);
        let unavailable = amount(|canary| &canary.max_unavailable).of(self.replicas(), false);
        match (surge, unavailable) {
            (Some(0), Some(0)) => (0, 1),
            (Some(surge), Some(unavailable)) => (surge, unavailable),
            _ => (0, 0),
        }
    }
}
