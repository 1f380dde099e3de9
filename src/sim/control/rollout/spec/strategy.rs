//! How the present version takes the place of the one before: canary and blue-green.
//!
//! Called by the spec.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::amount::Amount;
use super::routing::TrafficRouting;
use super::step::{Analysis, Step};
use crate::sim::time::Span;

/// `spec.strategy`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Strategy {
    pub(crate) canary: Option<Canary>,
    pub(crate) blue_green: Option<BlueGreen>,
}

/// `spec.strategy.canary`.
#[expect(clippy::struct_field_names, reason = "the names of the API")]
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Canary {
    pub(crate) canary_service: String,
    pub(crate) stable_service: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) traffic_routing: Option<TrafficRouting>,
    pub(crate) max_unavailable: Option<Amount>,
    pub(crate) max_surge: Option<Amount>,
    /// The analysis that runs beside the steps.
    pub(crate) analysis: Option<Analysis>,
    pub(crate) anti_affinity: Option<Value>,
    pub(crate) canary_metadata: Option<Metadata>,
    pub(crate) stable_metadata: Option<Metadata>,
    pub(crate) scale_down_delay_seconds: Option<i32>,
    pub(crate) scale_down_delay_revision_limit: Option<i32>,
    pub(crate) abort_scale_down_delay_seconds: Option<i32>,
    pub(crate) dynamic_stable_scale: bool,
    pub(crate) ping_pong: Option<PingPong>,
    pub(crate) min_pods_per_replica_set: Option<i32>,
    pub(crate) replica_progress_threshold: Option<Threshold>,
}

/// `spec.strategy.blueGreen`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BlueGreen {
    pub(crate) active_service: String,
    pub(crate) preview_service: String,
    pub(crate) preview_replica_count: Option<i32>,
    pub(crate) auto_promotion_enabled: Option<bool>,
    pub(crate) auto_promotion_seconds: i32,
    pub(crate) max_unavailable: Option<Amount>,
    pub(crate) scale_down_delay_seconds: Option<i32>,
    pub(crate) scale_down_delay_revision_limit: Option<i32>,
    pub(crate) pre_promotion_analysis: Option<Analysis>,
    pub(crate) post_promotion_analysis: Option<Analysis>,
    pub(crate) anti_affinity: Option<Value>,
    pub(crate) preview_metadata: Option<Metadata>,
    pub(crate) active_metadata: Option<Metadata>,
    pub(crate) abort_scale_down_delay_seconds: Option<i32>,
}

/// Labels and annotations that pods have for a time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Metadata {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// Two Services that take turns at being the stable one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PingPong {
    pub(crate) ping_service: String,
    pub(crate) pong_service: String,
}

/// From which part of the pods on a step counts as reached.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Threshold {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) value: i32,
}

/// What becomes of the new pods when an update is aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AbortDelay {
    /// They stay: `abortScaleDownDelaySeconds: 0`.
    Never,
    /// They go after this long, because the spec says so.
    Asked(Span),
    /// They go after this long, because nothing else is said.
    Usual(Span),
}

impl Strategy {
    /// `abortScaleDownDelaySeconds`: 30 s unless something else is said; none for a canary without
    /// a router.
    pub(crate) fn abort_delay(&self) -> AbortDelay {
        let asked = match (&self.blue_green, &self.canary) {
            (Some(blue_green), _) => blue_green.abort_scale_down_delay_seconds,
            (None, Some(canary)) if canary.traffic_routing.is_some() => {
                canary.abort_scale_down_delay_seconds
            }
            _ => return AbortDelay::Usual(Span::zero()),
        };
        match asked {
            Some(0) => AbortDelay::Never,
            Some(seconds) => AbortDelay::Asked(Span::seconds(seconds.into())),
            None => AbortDelay::Usual(Span::seconds(30)),
        }
    }

    /// `scaleDownDelaySeconds`: 30 s unless something else is said; none for a canary without a
    /// router.
    pub(crate) fn scale_down_delay(&self) -> Span {
        let canary = self.canary.as_ref().filter(|canary| canary.traffic_routing.is_some());
        let asked = match (canary, &self.blue_green) {
            (Some(canary), _) => canary.scale_down_delay_seconds,
            (None, Some(blue_green)) => blue_green.scale_down_delay_seconds,
            (None, None) => Some(0),
        };
        Span::seconds(asked.unwrap_or(30).into())
    }

    /// How many old ReplicaSets may wait for their deadline at once.
    pub(crate) fn scale_down_limit(&self) -> i32 {
        let blue_green = self.blue_green.as_ref().and_then(|b| b.scale_down_delay_revision_limit);
        let canary = self.canary.as_ref().and_then(|c| c.scale_down_delay_revision_limit);
        blue_green.or(canary).unwrap_or(i32::MAX)
    }

    /// What the pods of the new and of the stable version carry for the time.
    pub(crate) fn metadata(&self) -> (Option<&Metadata>, Option<&Metadata>) {
        match (&self.canary, &self.blue_green) {
            (Some(canary), _) => (canary.canary_metadata.as_ref(), canary.stable_metadata.as_ref()),
            (None, Some(blue)) => (blue.preview_metadata.as_ref(), blue.active_metadata.as_ref()),
            (None, None) => (None, None),
        }
    }
}

impl BlueGreen {
    /// `autoPromotionEnabled`; true when absent.
    pub(crate) fn promotes_itself(&self) -> bool {
        self.auto_promotion_enabled.unwrap_or(true)
    }
}
