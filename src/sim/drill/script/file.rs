//! A drill as its file tells it: TOML, read strictly.
//!
//! Says what there is, what happens when, and what counts; never does any of it. A key that means
//! nothing is refused with its line. Called by the parent.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::event::{Condition, Event};
use super::length::Length;

/// A drill file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::sim::drill) struct File {
    /// Version of this form.
    pub(in crate::sim::drill) schema: u32,
    pub(in crate::sim::drill) title: String,
    /// What has happened so far, for the pilot.
    pub(in crate::sim::drill) story: String,
    /// What the pilot should learn to notice. Shown when the drill is over.
    #[serde(default)]
    pub(in crate::sim::drill) notice: Vec<String>,
    /// When it ends, at the latest.
    pub(in crate::sim::drill) length: Length,
    /// How long the world lives before the pilot comes in.
    #[serde(default)]
    pub(in crate::sim::drill) warm_up: Option<Length>,
    /// Where the pilot looks first, `namespace/name`; the fleet when absent.
    #[serde(default)]
    pub(in crate::sim::drill) opens: Option<String>,
    /// Points from which it counts as passed.
    #[serde(default = "default_pass")]
    pub(in crate::sim::drill) pass: u32,
    #[serde(default, rename = "service")]
    pub(in crate::sim::drill) services: Vec<Service>,
    /// A quiet fleet by the number, to fill the screen or to measure.
    #[serde(default)]
    pub(in crate::sim::drill) fleet: Option<Fleet>,
    #[serde(default, rename = "version")]
    pub(in crate::sim::drill) versions: Vec<Version>,
    #[serde(default, rename = "template")]
    pub(in crate::sim::drill) templates: Vec<Template>,
    #[serde(default, rename = "event")]
    pub(in crate::sim::drill) events: Vec<Event>,
    #[serde(default, rename = "goal")]
    pub(in crate::sim::drill) goals: Vec<Goal>,
    #[serde(default, rename = "hint")]
    pub(in crate::sim::drill) hints: Vec<Hint>,
    /// What a good pilot does: played by `--headless`.
    #[serde(default, rename = "pilot")]
    pub(in crate::sim::drill) pilot: Vec<Action>,
}

fn default_pass() -> u32 {
    70
}

/// A file that says only what a pilot does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sim::drill) struct Script {
    pub(in crate::sim::drill) pilot: Vec<Action>,
}

/// How a service is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::sim::drill) enum Strategy {
    Canary,
    BlueGreen,
    Rolling,
}

/// What splits the traffic of a canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::sim::drill) enum Router {
    #[default]
    Nginx,
    Istio,
    /// Nothing: the pods are the weight.
    None,
}

/// A service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::sim::drill) struct Service {
    pub(in crate::sim::drill) name: String,
    #[serde(default = "default_namespace")]
    pub(in crate::sim::drill) namespace: String,
    pub(in crate::sim::drill) strategy: Strategy,
    #[serde(default)]
    pub(in crate::sim::drill) router: Router,
    #[serde(default = "default_replicas")]
    pub(in crate::sim::drill) replicas: u32,
    /// The tag that is stable when the pilot comes in.
    pub(in crate::sim::drill) version: String,
    /// Tags released before, oldest first.
    #[serde(default)]
    pub(in crate::sim::drill) history: Vec<String>,
    /// Requests per second.
    #[serde(default)]
    pub(in crate::sim::drill) requests: f64,
    /// Steps of a canary, such as `weight 5`, `pause`, `pause 30s`, `analysis judge-errors`.
    #[serde(default)]
    pub(in crate::sim::drill) steps: Vec<String>,
    /// Templates of an analysis that runs beside the steps, or before the switch.
    #[serde(default)]
    pub(in crate::sim::drill) background: Vec<String>,
    /// The step from which on it runs, from 0.
    #[serde(default)]
    pub(in crate::sim::drill) background_from: Option<u32>,
    /// Templates of an analysis after the switch (blue-green).
    #[serde(default)]
    pub(in crate::sim::drill) after_switch: Vec<String>,
    /// Whether blue-green switches by itself.
    #[serde(default)]
    pub(in crate::sim::drill) auto_promotion: bool,
    /// How long the old version is kept after the switch, or a failed one after the abort.
    #[serde(default)]
    pub(in crate::sim::drill) keep: Option<Length>,
    #[serde(default)]
    pub(in crate::sim::drill) progress_deadline: Option<Length>,
    #[serde(default)]
    pub(in crate::sim::drill) rollback_window: Option<u32>,
    /// Surge and unavailable budget of a rolling update, as Kubernetes writes them.
    #[serde(default)]
    pub(in crate::sim::drill) surge: Option<String>,
    #[serde(default)]
    pub(in crate::sim::drill) unavailable: Option<String>,
    /// Pods that a disruption budget keeps available.
    #[serde(default)]
    pub(in crate::sim::drill) min_available: Option<String>,
    /// Who owns it in git: `argocd` or `flux`; nobody when absent.
    #[serde(default)]
    pub(in crate::sim::drill) gitops: Option<String>,
    /// Annotations of the workload.
    #[serde(default)]
    pub(in crate::sim::drill) annotations: BTreeMap<String, String>,
}

fn default_namespace() -> String {
    "shop".to_owned()
}

fn default_replicas() -> u32 {
    4
}

/// A quiet fleet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sim::drill) struct Fleet {
    pub(in crate::sim::drill) rollouts: u32,
    #[serde(default = "default_replicas")]
    pub(in crate::sim::drill) replicas: u32,
    /// Namespaces to spread it over.
    #[serde(default = "default_spread")]
    pub(in crate::sim::drill) namespaces: u32,
}

fn default_spread() -> u32 {
    8
}

/// What the pods and requests of a version are like.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::sim::drill) struct Version {
    pub(in crate::sim::drill) service: String,
    pub(in crate::sim::drill) tag: String,
    /// Share of requests that fail, `2%`.
    #[serde(default)]
    pub(in crate::sim::drill) errors: Option<String>,
    /// Median latency.
    #[serde(default)]
    pub(in crate::sim::drill) latency: Option<Length>,
    /// How far the slow end is from the median: the 99th percentile in medians.
    #[serde(default)]
    pub(in crate::sim::drill) tail: Option<f64>,
    /// Share of business transactions that succeed.
    #[serde(default)]
    pub(in crate::sim::drill) business: Option<String>,
    /// From the start of a container to its readiness.
    #[serde(default)]
    pub(in crate::sim::drill) ready: Option<Length>,
    /// Never becomes ready.
    #[serde(default)]
    pub(in crate::sim::drill) never_ready: bool,
    /// Exits after that long, again and again.
    #[serde(default)]
    pub(in crate::sim::drill) crashes: Option<Length>,
    /// Is killed for its memory after that long, again and again.
    #[serde(default)]
    pub(in crate::sim::drill) out_of_memory: Option<Length>,
    /// The registry does not have it.
    #[serde(default)]
    pub(in crate::sim::drill) missing: bool,
    /// The registry does not give it to this cluster.
    #[serde(default)]
    pub(in crate::sim::drill) denied: bool,
    #[serde(default)]
    pub(in crate::sim::drill) log: Vec<String>,
}

/// A template of an analysis, beside those that every drill has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sim::drill) struct Template {
    pub(in crate::sim::drill) name: String,
    pub(in crate::sim::drill) query: String,
    #[serde(default)]
    pub(in crate::sim::drill) interval: Option<String>,
    #[serde(default)]
    pub(in crate::sim::drill) count: Option<u32>,
    #[serde(default)]
    pub(in crate::sim::drill) success: Option<String>,
    #[serde(default)]
    pub(in crate::sim::drill) failure: Option<String>,
    #[serde(default)]
    pub(in crate::sim::drill) failures: Option<u32>,
}

/// What counts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::sim::drill) struct Goal {
    /// For the pilot.
    pub(in crate::sim::drill) title: String,
    /// Reached when this holds.
    #[serde(default)]
    pub(in crate::sim::drill) reach: Option<Condition>,
    /// Within this time after `since`.
    #[serde(default)]
    pub(in crate::sim::drill) within: Option<Length>,
    /// The event that starts its clock; the pilot's first second when absent.
    #[serde(default)]
    pub(in crate::sim::drill) since: Option<String>,
    /// Lost when this holds, even once.
    #[serde(default)]
    pub(in crate::sim::drill) never: Option<Condition>,
    /// Points, of a hundred in all.
    pub(in crate::sim::drill) points: u32,
}

/// Help that comes late.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sim::drill) struct Hint {
    /// The event after which it is given.
    #[serde(default)]
    pub(in crate::sim::drill) since: Option<String>,
    pub(in crate::sim::drill) after: Length,
    pub(in crate::sim::drill) text: String,
}

/// Something the pilot does in a headless play.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::sim::drill) struct Action {
    #[serde(default)]
    pub(in crate::sim::drill) at: Option<Length>,
    #[serde(default)]
    pub(in crate::sim::drill) when: Option<Condition>,
    #[serde(default)]
    pub(in crate::sim::drill) after: Option<Length>,
    /// A verb as on the command line: `promote`, `promote-full`, `abort`, `undo` ...
    #[serde(rename = "do")]
    pub(in crate::sim::drill) verb: String,
    pub(in crate::sim::drill) service: String,
    /// The tag to go back to, for `undo`; the program's own choice when absent.
    #[serde(default)]
    pub(in crate::sim::drill) to: Option<String>,
}
