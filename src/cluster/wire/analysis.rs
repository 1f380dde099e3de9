//! AnalysisRuns and Experiments.

use super::meta::Meta;
use super::node::Node;
use crate::domain::analysis::template::fill_with;
use crate::domain::analysis::{AnalysisRole, AnalysisRun, Measurement, Metric, Verdict};
use crate::domain::experiment::{Experiment, ExperimentTemplate};
use crate::domain::id::ObjectRef;
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
        _ if meta.owner_kind() == Some("Experiment") => AnalysisRole::Experiment,
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
        metrics: metrics(spec, status, &meta.namespace()),
    })
}

fn verdict(node: Node<'_>, key: &str) -> Verdict {
    Verdict::parse(node.str(key).unwrap_or_default())
}

/// Values of `spec.args`. Those from a Secret are not in it, and stay as they are written.
struct Args<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Args<'a> {
    fn of(spec: Node<'a>) -> Self {
        Self(spec.list("args").filter_map(|a| Some((a.str("name")?, a.str("value")?))).collect())
    }

    /// The text with `{{args.name}}` filled in, as the controller does it: the run's conditions are
    /// kept as the template has them.
    fn fill(&self, text: SafeText) -> SafeText {
        if !text.contains("{{") {
            return text;
        }
        let value = |name: &str| {
            let known = self.0.iter().find(|(known, _)| *known == name);
            let value = known.map_or_else(|| format!("{{{{args.{name}}}}}"), |(_, v)| (*v).into());
            Ok::<_, std::convert::Infallible>(value)
        };
        fill_with(&text, value).map_or(text, SafeText::from)
    }
}

/// Metrics of a template, as they are written.
pub(super) fn metrics_of(spec: Node<'_>) -> Vec<Metric> {
    let (nothing, none) = (spec.nothing(), SafeText::default());
    spec.list("metrics").map(|wanted| metric(&Args(Vec::new()), wanted, nothing, &none)).collect()
}

/// Metrics of the spec with their results; a result without its metric is kept as well.
fn metrics(spec: Node<'_>, status: Node<'_>, namespace: &SafeText) -> Vec<Metric> {
    let args = Args::of(spec);
    let results: Vec<Node<'_>> = status.list("metricResults").collect();
    let nothing = spec.nothing();
    let mut metrics: Vec<Metric> = spec
        .list("metrics")
        .map(|wanted| {
            let result = results.iter().find(|r| r.str("name") == wanted.str("name"));
            metric(&args, wanted, result.copied().unwrap_or(nothing), namespace)
        })
        .collect();
    for result in results {
        let name = result.text_or_empty("name");
        if !metrics.iter().any(|m| m.name == name) {
            metrics.push(Metric { name, ..metric(&args, nothing, result, namespace) });
        }
    }
    metrics
}

fn metric(args: &Args<'_>, wanted: Node<'_>, result: Node<'_>, namespace: &SafeText) -> Metric {
    let provider = wanted.at("provider");
    let kind = provider.keys().find(|key| provider.at(key).exists()).unwrap_or_default();
    let filled = |node: Node<'_>, key: &str| node.written(key).map(|text| args.fill(text));
    // A limit is a number, text with a number in it, or an argument that holds one.
    let limit = |key: &str, default: i32| {
        filled(wanted, key).and_then(|text| text.trim().parse().ok()).unwrap_or(default)
    };
    let query = result.at("metadata").text("ResolvedPrometheusQuery");
    Metric {
        name: wanted.text_or_empty("name"),
        provider: SafeText::new(kind),
        success_condition: filled(wanted, "successCondition"),
        failure_condition: filled(wanted, "failureCondition"),
        initial_delay: filled(wanted, "initialDelay"),
        interval: filled(wanted, "interval"),
        count: filled(wanted, "count"),
        failure_limit: limit("failureLimit", 0),
        inconclusive_limit: limit("inconclusiveLimit", 0),
        error_limit: limit("consecutiveErrorLimit", ERROR_LIMIT),
        success_limit: limit("consecutiveSuccessLimit", 0),
        query: query.or_else(|| provider.part(kind).and_then(|p| filled(p, "query"))),
        address: provider.at("prometheus").text("address").map(|text| args.fill(text)),
        dry_run: result.flag("dryRun"),
        verdict: verdict(result, "phase"),
        message: result.text_or_empty("message"),
        measured: result.count("count"),
        successful: result.count("successful"),
        failed: result.count("failed"),
        inconclusive: result.count("inconclusive"),
        errors: result.count("error"),
        consecutive_errors: result.count("consecutiveError"),
        consecutive_successes: result.count("consecutiveSuccess"),
        measurements: result.list("measurements").map(|m| measurement(m, namespace)).collect(),
    }
}

fn measurement(node: Node<'_>, namespace: &SafeText) -> Measurement {
    let metadata = node.at("metadata");
    let job = |name| ObjectRef {
        namespace: metadata.text("job-namespace").unwrap_or_else(|| namespace.clone()),
        name,
    };
    Measurement {
        verdict: verdict(node, "phase"),
        value: node.text_or_empty("value"),
        message: node.text_or_empty("message"),
        started: node.time("startedAt"),
        finished: node.time("finishedAt"),
        job: metadata.text("job-name").map(job),
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
