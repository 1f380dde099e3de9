//! The steps of a canary, and the analyses that a Rollout asks for.
//!
//! Called by the spec.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::amount::Amount;
use super::strategy::Metadata;
use crate::sim::time;

/// One step: one of these is set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Step {
    pub(crate) set_weight: Option<i32>,
    pub(crate) pause: Option<PauseStep>,
    pub(crate) experiment: Option<ExperimentStep>,
    pub(crate) analysis: Option<Analysis>,
    pub(crate) set_canary_scale: Option<CanaryScale>,
    pub(crate) set_header_route: Option<HeaderRoute>,
    pub(crate) set_mirror_route: Option<MirrorRoute>,
    pub(crate) plugin: Option<PluginStep>,
}

/// `pause`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PauseStep {
    pub(crate) duration: Option<Amount>,
}

/// `setCanaryScale`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CanaryScale {
    pub(crate) weight: Option<i32>,
    pub(crate) replicas: Option<i32>,
    pub(crate) match_traffic_weight: bool,
}

/// `plugin`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PluginStep {
    pub(crate) name: String,
}

/// `setHeaderRoute`.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct HeaderRoute {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Vec::is_empty", rename = "match")]
    pub(crate) matches: Vec<HeaderMatch>,
}

/// A header that sends a request to the canary.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HeaderMatch {
    pub(crate) header_name: String,
    pub(crate) header_value: Option<StringMatch>,
}

/// `setMirrorRoute`.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct MirrorRoute {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Vec::is_empty", rename = "match")]
    pub(crate) matches: Vec<RequestMatch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) percentage: Option<i32>,
}

/// Requests that are mirrored.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct RequestMatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<StringMatch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<StringMatch>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, StringMatch>,
}

/// A text to compare with.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct StringMatch {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) exact: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) prefix: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) regex: String,
}

/// An analysis: of a step, beside the steps, before or after a promotion.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Analysis {
    /// `[{templateName, clusterScope}]`.
    pub(crate) templates: Vec<Value>,
    pub(crate) args: Vec<Argument>,
    pub(crate) dry_run: Vec<Value>,
    pub(crate) measurement_retention: Vec<Value>,
    #[serde(rename = "analysisRunMetadata")]
    pub(crate) run_metadata: Option<Metadata>,
    /// The step from which on it runs, of the one beside the steps.
    pub(crate) starting_step: Option<i32>,
}

/// An argument for an analysis.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Argument {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value_from: Option<ArgumentSource>,
}

/// Where the value of an argument comes from.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ArgumentSource {
    /// `Latest` or `Stable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pod_template_hash_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field_ref: Option<FieldRef>,
}

/// A field of the Rollout.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FieldRef {
    pub(crate) field_path: String,
}

/// `experiment`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ExperimentStep {
    pub(crate) templates: Vec<ExperimentTemplate>,
    pub(crate) duration: String,
    pub(crate) analyses: Vec<ExperimentAnalysis>,
    pub(crate) dry_run: Vec<Value>,
    #[serde(rename = "analysisRunMetadata")]
    pub(crate) run_metadata: Option<Value>,
    pub(crate) scale_down_delay_seconds: Option<i32>,
}

/// One kind of pod of an experiment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ExperimentTemplate {
    pub(crate) name: String,
    /// `canary` or `stable`.
    pub(crate) spec_ref: String,
    pub(crate) replicas: Option<i32>,
    pub(crate) metadata: Metadata,
    pub(crate) selector: Option<Value>,
    pub(crate) weight: Option<i32>,
    pub(crate) service: Option<Value>,
}

/// One analysis of an experiment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ExperimentAnalysis {
    pub(crate) name: String,
    pub(crate) template_name: String,
    pub(crate) cluster_scope: Option<bool>,
    pub(crate) args: Vec<Argument>,
    pub(crate) required_for_completion: bool,
}

impl PauseStep {
    /// Seconds; nothing for a pause without an end. A text that is no length is -1: it has passed.
    pub(crate) fn seconds(&self) -> Option<i64> {
        Some(match self.duration.as_ref()? {
            Amount::Number(seconds) => i64::from(*seconds),
            Amount::Text(text) => text.parse().ok().unwrap_or_else(|| {
                time::go_duration(text).map_or(-1, |length| length.num_seconds())
            }),
        })
    }
}

impl std::fmt::Display for Step {
    /// As events tell it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(weight) = self.set_weight {
            return write!(f, "setWeight: {weight}");
        }
        if let Some(pause) = &self.pause {
            return match &pause.duration {
                Some(duration) => write!(f, "pause: {duration}"),
                None => f.write_str("pause"),
            };
        }
        if self.experiment.is_some() {
            return f.write_str("experiment");
        }
        if self.analysis.is_some() {
            return f.write_str("analysis");
        }
        if let Some(scale) = &self.set_canary_scale {
            if let Some(weight) = scale.weight {
                return write!(f, "setCanaryScale{{weight: {weight}}}");
            }
            if scale.match_traffic_weight {
                return f.write_str("setCanaryScale{matchTrafficWeight: true}");
            }
            if let Some(replicas) = scale.replicas {
                return write!(f, "setCanaryScale{{replicas: {replicas}}}");
            }
        }
        if let Some(plugin) = &self.plugin {
            return write!(f, "plugin: {}", plugin.name);
        }
        if let Some(route) = &self.set_header_route {
            return write!(f, "setHeaderRoute: {}", route.name);
        }
        if let Some(route) = &self.set_mirror_route {
            return write!(f, "setMirrorRoute: {}", route.name);
        }
        f.write_str("invalid")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn step(value: Value) -> Step {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn steps_as_events_tell_them() {
        let cases = [
            (json!({"setWeight": 20}), "setWeight: 20"),
            (json!({"pause": {}}), "pause"),
            (json!({"pause": {"duration": "10m"}}), "pause: 10m"),
            (json!({"pause": {"duration": 30}}), "pause: 30"),
            (json!({"setCanaryScale": {"replicas": 3}}), "setCanaryScale{replicas: 3}"),
            (json!({"plugin": {"name": "a/b"}}), "plugin: a/b"),
            (json!({}), "invalid"),
        ];
        for (value, text) in cases {
            assert_eq!(step(value).to_string(), text);
        }
    }

    #[test]
    fn a_pause_in_seconds() {
        let cases = [
            (json!({}), None),
            (json!({"duration": 5}), Some(5)),
            (json!({"duration": "30"}), Some(30)),
            (json!({"duration": "1m30s"}), Some(90)),
            (json!({"duration": "soon"}), Some(-1)),
        ];
        for (value, seconds) in cases {
            let pause: PauseStep = serde_json::from_value(value).unwrap();
            assert_eq!(pause.seconds(), seconds);
        }
    }
}
