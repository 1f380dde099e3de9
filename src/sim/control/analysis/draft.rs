//! AnalysisRuns as they are drafted from templates.
//!
//! Called by the rollout and experiment controllers.

use serde_json::Value;

use crate::sim::store::Store;

/// What a run is drafted from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: String,
    /// `templates`: `[{templateName, clusterScope}]`.
    pub(crate) templates: &'a [Value],
    /// Arguments, already resolved to `{name, value}` or `{name, valueFrom: secretKeyRef}`.
    pub(crate) args: Vec<Value>,
    /// `dryRun` of whoever asks.
    pub(crate) dry_run: &'a [Value],
    /// `measurementRetention` of whoever asks.
    pub(crate) retention: &'a [Value],
    /// Labels of the run, as an object.
    pub(crate) labels: Value,
    /// Annotations of the run, as an object.
    pub(crate) annotations: Value,
    /// `ownerReferences[0]`.
    pub(crate) owner: Value,
}

/// Merges the templates into the object of a run (not yet created), in the words of Argo's own
/// errors when that cannot be.
pub(crate) fn run(_store: &Store, _draft: &Draft<'_>) -> Result<Value, String> {
    Err("not yet".into())
}
