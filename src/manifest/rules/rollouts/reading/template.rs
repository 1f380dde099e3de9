//! An AnalysisTemplate or a `ClusterAnalysisTemplate`, as it is written.
//!
//! Source: Argo Rollouts `analysis_types.go`. Never judges, never fills in arguments. Called by the
//! reader of analyses.

use std::collections::BTreeSet;

use crate::domain::text::matches_pattern;
use crate::manifest::bundle::Object;
use crate::manifest::tree::{Node, Spot};

use super::arguments::{Argument, arguments};

/// A template.
#[derive(Debug)]
pub(crate) struct Template<'b> {
    /// Its object.
    pub(crate) object: &'b Object,
    /// `spec.args`.
    pub(crate) args: Vec<Argument<'b>>,
    /// `spec.metrics`.
    pub(crate) metrics: Vec<Metric<'b>>,
    /// `spec.dryRun`: patterns of names.
    pub(crate) dry: Vec<&'b str>,
    /// `spec.templates`: further ones (since 1.7).
    pub(crate) further: Vec<Reference<'b>>,
}

impl<'b> Template<'b> {
    /// Reads one.
    pub(crate) fn of(object: &'b Object) -> Self {
        let spec = object.root().key("spec");
        let metrics = spec.key("metrics").elements();
        Self {
            object,
            args: arguments(&spec.key("args"), None),
            metrics: metrics.into_iter().map(Metric::of).collect(),
            dry: dry(&spec),
            further: references(&spec.key("templates")),
        }
    }
}

/// Another template by its name.
#[derive(Debug, Clone)]
pub(crate) struct Reference<'b> {
    /// Where it is named.
    pub(crate) spot: Spot<'b>,
    /// `templateName`.
    pub(crate) name: &'b str,
    /// `clusterScope`.
    pub(crate) cluster: bool,
}

impl<'b> Reference<'b> {
    /// Reads one.
    pub(crate) fn of(spot: Spot<'b>) -> Option<Self> {
        let name = spot.key("templateName").text()?;
        Some(Self { cluster: spot.key("clusterScope").bool() == Some(true), spot, name })
    }

    /// The kind that is meant.
    pub(crate) fn kind(&self) -> &'static str {
        if self.cluster { "ClusterAnalysisTemplate" } else { "AnalysisTemplate" }
    }
}

/// The templates that the list here names.
pub(crate) fn references<'b>(spot: &Spot<'b>) -> Vec<Reference<'b>> {
    spot.elements().into_iter().filter_map(Reference::of).collect()
}

/// Patterns of metrics that count for nothing (`dryRun`).
pub(crate) fn dry<'b>(spot: &Spot<'b>) -> Vec<&'b str> {
    let names = spot.key("dryRun").elements();
    names.iter().filter_map(|spot| spot.key("metricName").text()).collect()
}

/// Whether a pattern of `dryRun` names this metric. It is a regular expression that may match any
/// part of the name; only `.*`, `^` and `$` are understood here, and any other one names nothing.
pub(crate) fn is_dry(pattern: &str, name: &str) -> bool {
    let from_start = pattern.strip_prefix('^');
    let inner = from_start.unwrap_or(pattern);
    let to_end = inner.strip_suffix('$');
    let inner = to_end.unwrap_or(inner).replace(".*", "*");
    if inner.contains(['\\', '[', ']', '(', ')', '|', '+', '?', '{', '}', '.', '^', '$']) {
        return false;
    }
    let before = if from_start.is_some() { "" } else { "*" };
    let after = if to_end.is_some() { "" } else { "*" };
    matches_pattern(&format!("{before}{inner}{after}"), name)
}

/// A metric.
#[derive(Debug)]
pub(crate) struct Metric<'b> {
    /// Where.
    pub(crate) spot: Spot<'b>,
    /// `name`.
    pub(crate) name: &'b str,
    /// The one that is asked, `prometheus`; empty where none is named.
    pub(crate) provider: &'b str,
    /// `provider.prometheus.query`.
    pub(crate) query: Option<&'b str>,
    /// Arguments that are named anywhere in it, each once, with the path of the field.
    pub(crate) named: Vec<(String, Spot<'b>)>,
}

impl<'b> Metric<'b> {
    fn of(spot: Spot<'b>) -> Self {
        let provider = spot.key("provider");
        let names = provider.node().map(Node::entries).unwrap_or_default();
        let query = provider.keys(&["prometheus", "query"]);
        Self {
            name: spot.key("name").text().unwrap_or_default(),
            provider: names.first().map(|entry| entry.key.as_str()).unwrap_or_default(),
            query: query.text(),
            named: named(&spot, &query),
            spot,
        }
    }

    /// A field as text; numbers as they are written.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.spot.key(key).node().map(Node::to_string)
    }

    /// `provider.prometheus.query`, as a spot.
    pub(crate) fn query_spot(&self) -> Spot<'b> {
        self.spot.keys(&["provider", "prometheus", "query"])
    }
}

/// The names in `{{args.NAME}}` of all texts here, each with the field that has it: the query, or
/// else a field of the metric itself.
fn named<'b>(metric: &Spot<'b>, query: &Spot<'b>) -> Vec<(String, Spot<'b>)> {
    let mut known = BTreeSet::new();
    let mut named = Vec::new();
    let mut take = |names: BTreeSet<&str>, spot: &dyn Fn() -> Spot<'b>| {
        for name in names {
            if known.insert(name.to_owned()) {
                named.push((name.to_owned(), spot()));
            }
        }
    };
    take(query.node().map(names).unwrap_or_default(), &|| query.clone());
    for entry in metric.node().map(Node::entries).unwrap_or_default() {
        take(names(&entry.node), &|| metric.key(&entry.key));
    }
    named
}

fn names(node: &Node) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut nodes = vec![node];
    while let Some(node) = nodes.pop() {
        let marks = node.text().unwrap_or_default().split("{{").skip(1);
        let marks = marks.filter_map(|rest| rest.split_once("}}"));
        found.extend(marks.filter_map(|(mark, _)| mark.trim().strip_prefix("args.")));
        nodes.extend(node.elements());
        nodes.extend(node.entries().iter().map(|entry| &entry.node));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::is_dry;

    #[test]
    fn patterns_of_dry_run() {
        let cases = [
            ("error-rate", "error-rate", true),
            ("error", "my-error-rate", true),
            ("^error$", "error-rate", false),
            ("^error.*", "error-rate", true),
            (".*", "latency", true),
            ("a|b", "a", false),
        ];
        for (pattern, name, wanted) in cases {
            assert_eq!(is_dry(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
