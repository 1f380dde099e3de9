//! The AnalysisTemplates that every team of a drill has: `judge-errors`, `judge-latency` and
//! `judge-business` for a step, and the same that `watch-` beside the steps without an end.
//!
//! They judge one version by its own requests, and pass what has none. Called by `genesis`.

use serde_json::{Value, json};

use crate::sim::drill::script::Template;
use crate::sim::object::DocumentMut;

/// Where the templates say that Prometheus is.
const ADDRESS: &str = "http://prometheus.monitoring.svc.cluster.local:9090";

/// Their names.
pub(in crate::sim::drill) const USUAL_TEMPLATES: [&str; 6] = [
    "judge-errors",
    "judge-latency",
    "judge-business",
    "watch-errors",
    "watch-latency",
    "watch-business",
];

/// Measurements of a step's analysis, ten seconds apart.
const STEP_COUNT: u32 = 4;

/// The usual templates, in one namespace.
pub(in crate::sim::drill) fn usual(namespace: &str) -> Vec<Value> {
    let own = r#"service="{{args.service}}",rollouts_pod_template_hash="{{args.hash}}""#;
    let all = format!("sum(rate(http_requests_total{{{own}}}[1m]))");
    let failed = format!(r#"sum(rate(http_requests_total{{{own},code=~"5.."}}[1m]))"#);
    let buckets = format!("sum(rate(http_request_duration_seconds_bucket{{{own}}}[1m])) by (le)");
    let paid =
        |status: &str| format!("sum(rate(business_transactions_total{{{own}{status}}}[1m]))");
    let (none, good) = ("", r#",status="success""#);
    let judges = [
        ("errors", format!("({failed} or {all} * 0) / {all}"), "result[0] <= 0.02"),
        ("latency", format!("histogram_quantile(0.99, {buckets})"), "result[0] <= 0.8"),
        ("business", format!("{} / {}", paid(good), paid(none)), "result[0] >= 0.97"),
    ];
    let of = |(word, query, success): &(&str, String, &str), name: String, count| Template {
        name: name.replace("{}", word),
        query: query.clone(),
        interval: None,
        count,
        success: Some(format!("len(result) == 0 || isNaN(result[0]) || {success}")),
        failure: None,
        failures: Some(1),
    };
    let templates = judges.iter().flat_map(|judge| {
        let step = of(judge, "judge-{}".to_owned(), Some(STEP_COUNT));
        [step, of(judge, "watch-{}".to_owned(), None)]
    });
    templates.map(|template| object(namespace, &template)).collect()
}

/// A template as an object.
pub(in crate::sim::drill) fn object(namespace: &str, template: &Template) -> Value {
    let mut metric = json!({
        "name": template.name,
        "interval": template.interval.as_deref().unwrap_or("10s"),
        "provider": {"prometheus": {"address": ADDRESS, "query": template.query}},
    });
    if let Some(count) = template.count {
        metric.set("/count", count);
    }
    if let Some(failures) = template.failures {
        metric.set("/failureLimit", failures);
    }
    for (field, condition) in
        [("successCondition", &template.success), ("failureCondition", &template.failure)]
    {
        if let Some(condition) = condition {
            metric.set(&format!("/{field}"), condition.as_str());
        }
    }
    json!({
        "metadata": {"name": template.name, "namespace": namespace},
        "spec": {"args": [{"name": "service"}, {"name": "hash"}], "metrics": [metric]},
    })
}
