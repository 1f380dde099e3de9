//! What happens in a drill, as its file tells it, and the conditions for it.
//!
//! Says what; never does it. Called by the parent.

use serde::Deserialize;

use super::length::Length;

/// A condition on the world. All that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::sim::drill) struct Condition {
    #[serde(default)]
    pub(in crate::sim::drill) service: Option<String>,
    /// Phase of its workload, such as `Paused`.
    #[serde(default)]
    pub(in crate::sim::drill) phase: Option<String>,
    /// Index of the step, from 0.
    #[serde(default)]
    pub(in crate::sim::drill) step: Option<u32>,
    /// Weight that the router was given, at least.
    #[serde(default)]
    pub(in crate::sim::drill) weight: Option<u32>,
    /// The tag that is stable (or, for blue-green, active).
    #[serde(default)]
    pub(in crate::sim::drill) stable: Option<String>,
    /// The tag that is wanted.
    #[serde(default)]
    pub(in crate::sim::drill) wanted: Option<String>,
    /// Whether it is aborted.
    #[serde(default)]
    pub(in crate::sim::drill) aborted: Option<bool>,
    /// Whether it is held by a person (`spec.paused`).
    #[serde(default)]
    pub(in crate::sim::drill) held: Option<bool>,
    /// Share of the service's requests that reach this tag, with `at-most` or `at-least`.
    #[serde(default)]
    pub(in crate::sim::drill) share_of: Option<String>,
    #[serde(default)]
    pub(in crate::sim::drill) at_most: Option<String>,
    #[serde(default)]
    pub(in crate::sim::drill) at_least: Option<String>,
    /// A verb that the pilot has used on the service.
    #[serde(default)]
    pub(in crate::sim::drill) pilot: Option<String>,
    /// An event of this drill that has happened.
    #[serde(default)]
    pub(in crate::sim::drill) event: Option<String>,
}

/// Something that happens. An event does one thing or several at once, or only tells.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::sim::drill) struct Event {
    /// A name, for goals and conditions.
    #[serde(default)]
    pub(in crate::sim::drill) name: Option<String>,
    /// When, from the pilot's first second; before it when negative.
    #[serde(default)]
    pub(in crate::sim::drill) at: Option<Length>,
    /// Or as soon as this holds for the first time.
    #[serde(default)]
    pub(in crate::sim::drill) when: Option<Condition>,
    /// And so long after that.
    #[serde(default)]
    pub(in crate::sim::drill) after: Option<Length>,
    /// What the pilot is told, as a page or a chat message.
    #[serde(default)]
    pub(in crate::sim::drill) tell: Option<String>,
    /// A new version is released.
    #[serde(default)]
    pub(in crate::sim::drill) release: Option<Release>,
    /// Requests fare differently from now on.
    #[serde(default)]
    pub(in crate::sim::drill) requests: Option<Requests>,
    /// Something happens to a node.
    #[serde(default)]
    pub(in crate::sim::drill) node: Option<NodeEvent>,
    /// The router sends another share to the canary than it was told.
    #[serde(default)]
    pub(in crate::sim::drill) router: Option<Lie>,
    /// `away`, `stale` or `back`.
    #[serde(default)]
    pub(in crate::sim::drill) prometheus: Option<PrometheusEvent>,
    /// What happens to the API server.
    #[serde(default)]
    pub(in crate::sim::drill) api: Option<ApiEvent>,
    /// A right is taken from the pilot: verb and resource, such as `patch rollouts/status`.
    #[serde(default)]
    pub(in crate::sim::drill) deny: Option<String>,
    /// It is given back.
    #[serde(default)]
    pub(in crate::sim::drill) allow: Option<String>,
    /// The second operator does something.
    #[serde(default)]
    pub(in crate::sim::drill) operator: Option<Deed>,
    /// Why nothing can be scheduled any more; empty when it can again.
    #[serde(default)]
    pub(in crate::sim::drill) scheduling: Option<String>,
    /// Wanted replicas change.
    #[serde(default)]
    pub(in crate::sim::drill) scale: Option<Scale>,
}

/// A release.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sim::drill) struct Release {
    pub(in crate::sim::drill) service: String,
    pub(in crate::sim::drill) tag: String,
}

/// How requests fare, of one version or of all of a service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::sim::drill) struct Requests {
    pub(in crate::sim::drill) service: String,
    #[serde(default)]
    pub(in crate::sim::drill) tag: Option<String>,
    /// Share that fails.
    #[serde(default)]
    pub(in crate::sim::drill) errors: Option<String>,
    /// Median latency.
    #[serde(default)]
    pub(in crate::sim::drill) latency: Option<Length>,
    /// Share of business transactions that succeed.
    #[serde(default)]
    pub(in crate::sim::drill) business: Option<String>,
    /// Grows with the age of each container.
    #[serde(default)]
    pub(in crate::sim::drill) leak: Option<Leak>,
    /// Reached only after this time, evenly.
    #[serde(default)]
    pub(in crate::sim::drill) over: Option<Length>,
    /// Requests per second, of the service.
    #[serde(default)]
    pub(in crate::sim::drill) rate: Option<f64>,
    /// Nobody calls the canary, whatever the router does.
    #[serde(default)]
    pub(in crate::sim::drill) quiet_canary: Option<bool>,
    /// Ends after that long.
    #[serde(default)]
    pub(in crate::sim::drill) lasts: Option<Length>,
}

/// What each minute of a container's life adds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sim::drill) struct Leak {
    /// To the time of its requests, in medians of what they took at first.
    #[serde(default)]
    pub(in crate::sim::drill) slower: f64,
    /// To its memory, in MiB.
    #[serde(default)]
    pub(in crate::sim::drill) memory: f64,
}

/// Something that happens to a node.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sim::drill) struct NodeEvent {
    pub(in crate::sim::drill) name: String,
    pub(in crate::sim::drill) is: NodeState,
}

/// How a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::sim::drill) enum NodeState {
    /// Requests to its pods fail.
    Bad,
    /// Its pods are evicted, and it takes no new ones.
    Drained,
    /// As before.
    Good,
}

/// What the router really does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sim::drill) struct Lie {
    pub(in crate::sim::drill) service: String,
    /// The canary's true share; absent when it is honest again.
    #[serde(default)]
    pub(in crate::sim::drill) really: Option<String>,
}

/// What happens to Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::sim::drill) enum PrometheusEvent {
    /// It does not answer.
    Away,
    /// It answers, but scrapes nothing any more.
    Stale,
    Back,
}

/// What happens to the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ApiEvent {
    /// Connections are refused.
    Away,
    /// Connections are taken and never answered.
    Frozen,
    /// It takes its time.
    Slow,
    /// It is too busy: 429.
    Busy,
    /// Its storage fails: 500.
    Failing,
    /// It has only just started: 503.
    Starting,
    /// The pilot's token has expired: 401.
    Expired,
    Back,
    /// All watches are cut, once.
    CutWatches,
    /// The history is compacted, once: watches cannot be resumed.
    ForgetHistory,
}

/// What a person does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sim::drill) struct Deed {
    #[serde(rename = "do")]
    pub(in crate::sim::drill) verb: String,
    pub(in crate::sim::drill) service: String,
    #[serde(default)]
    pub(in crate::sim::drill) to: Option<String>,
}

/// Another number of replicas.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sim::drill) struct Scale {
    pub(in crate::sim::drill) service: String,
    pub(in crate::sim::drill) replicas: u32,
}
