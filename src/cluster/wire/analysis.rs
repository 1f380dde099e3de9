//! AnalysisRuns and Experiments.

use super::meta::Meta;
use super::node::Node;
use crate::domain::analysis::{AnalysisRole, AnalysisRun, Measurement, Metric, Verdict};
use crate::domain::experiment::{Experiment, ExperimentTemplate};
use crate::domain::text::SafeText;

/// Default of `consecutiveErrorLimit`: the fifth error in a row ends it.
const ERROR_LIMIT: i32 = 4;

pub(super) fn run(object: Node<'_>) -> Option<AnalysisRun> {
    let meta = Meta::of(object)?;
    let spec = object.at("spec");
    let status = object.at("status");
    let role = match meta.label("rollout-type").as_deref() {
        Some("Step") => AnalysisRole::Step,
        Some("Background") => AnalysisRole::Background,
        Some("PrePromotion") => AnalysisRole::PrePromotion,
        Some("PostPromotion") => AnalysisRole::PostPromotion,
        _ => AnalysisRole::Other,
    };
    Some(AnalysisRun {
        id: meta.id(),
        uid: meta.uid(),
        owner: meta.owner(),
        role,
        step_index: meta
            .node()
            .at("labels")
            .long("step-index")
            .and_then(|i| usize::try_from(i).ok()),
        hash: meta.hash(),
        revision: meta.revision(),
        created: meta.created(),
        verdict: verdict(status, "phase"),
        message: status.text_or_empty("message"),
        started: status.time("startedAt"),
        completed: status.time("completedAt"),
        terminating: spec.flag("terminate"),
        metrics: metrics(spec, status),
    })
}

fn verdict(node: Node<'_>, key: &str) -> Verdict {
    Verdict::parse(node.str(key).unwrap_or_default())
}

/// Metrics of the spec with their results; a result without its metric is kept as well.
fn metrics(spec: Node<'_>, status: Node<'_>) -> Vec<Metric> {
    let results: Vec<Node<'_>> = status.list("metricResults").collect();
    let nothing = spec.at("");
    let mut metrics: Vec<Metric> = spec
        .list("metrics")
        .map(|wanted| {
            let result = results.iter().find(|r| r.str("name") == wanted.str("name"));
            metric(wanted, result.copied().unwrap_or(nothing))
        })
        .collect();
    for result in results {
        let name = result.text_or_empty("name");
        if !metrics.iter().any(|m| m.name == name) {
            metrics.push(Metric { name, ..metric(nothing, result) });
        }
    }
    metrics
}

fn metric(wanted: Node<'_>, result: Node<'_>) -> Metric {
    let provider = wanted.at("provider");
    let kind = provider.keys().find(|key| provider.at(key).exists()).unwrap_or_default();
    let query = result.at("metadata").text("ResolvedPrometheusQuery");
    Metric {
        name: wanted.text_or_empty("name"),
        provider: SafeText::new(kind),
        success_condition: wanted.text("successCondition"),
        failure_condition: wanted.text("failureCondition"),
        interval: wanted.text("interval"),
        count: wanted.written("count"),
        failure_limit: limit(wanted, "failureLimit", 0),
        inconclusive_limit: limit(wanted, "inconclusiveLimit", 0),
        error_limit: limit(wanted, "consecutiveErrorLimit", ERROR_LIMIT),
        query: query.or_else(|| provider.part(kind).and_then(|p| p.text("query"))),
        dry_run: result.flag("dryRun"),
        verdict: verdict(result, "phase"),
        message: result.text_or_empty("message"),
        measured: result.count("count"),
        successful: result.count("successful"),
        failed: result.count("failed"),
        inconclusive: result.count("inconclusive"),
        errors: result.count("error"),
        consecutive_errors: result.count("consecutiveError"),
        measurements: result.list("measurements").map(measurement).collect(),
    }
}

/// A limit is a number, or text with a number in it.
fn limit(metric: Node<'_>, key: &str, default: i32) -> i32 {
    metric.int(key).unwrap_or(default)
}

fn measurement(node: Node<'_>) -> Measurement {
    Measurement {
        verdict: verdict(node, "phase"),
        value: node.text_or_empty("value"),
        message: node.text_or_empty("message"),
        started: node.time("startedAt"),
        finished: node.time("finishedAt"),
        job: node.at("metadata").text("job-name"),
    }
}

pub(super) fn experiment(object: Node<'_>) -> Option<Experiment> {
    let meta = Meta::of(object)?;
    let status = object.at("status");
    let template = |node: Node<'_>| ExperimentTemplate {
        name: node.text_or_empty("name"),
        status: node.text_or_empty("status"),
        replicas: node.count("replicas"),
        available: node.count("availableReplicas"),
    };
    Some(Experiment {
        id: meta.id(),
        uid: meta.uid(),
        owner: meta.owner(),
        revision: meta.revision(),
        created: meta.created(),
        verdict: verdict(status, "phase"),
        message: status.text_or_empty("message"),
        available_at: status.time("availableAt"),
        templates: status.list("templateStatuses").map(template).collect(),
    })
}
