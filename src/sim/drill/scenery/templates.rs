//! The AnalysisTemplates that every team of a drill has.
//!
//! Judges one version by its own requests, and says "nothing to judge" instead of failing when there
//! are none. Called by `genesis`.

use serde_json::{Value, json};

use crate::sim::drill::script::Template;
use crate::sim::object::DocumentMut;

/// Where the templates say that Prometheus is.
const ADDRESS: &str = "http://prometheus.monitoring.svc.cluster.local:9090";

/// The usual templates, in one namespace.
pub(in crate::sim::drill) fn usual(namespace: &str) -> Vec<Value> {
    let own = r#"service="{{args.service}}",rollouts_pod_template_hash="{{args.hash}}""#;
    let all = format!("sum(rate(http_requests_total{{{own}}}[1m]))");
    let failed = format!(r#"sum(rate(http_requests_total{{{own},code=~"5.."}}[1m]))"#);
    let buckets = format!("sum(rate(http_request_duration_seconds_bucket{{{own}}}[1m])) by (le)");
    let paid =
        |status: &str| format!("sum(rate(business_transactions_total{{{own}{status}}}[1m]))");
    let (none, good) = ("", r#",status="success""#);
    let template = |name: &str, query: String, success: &str| Template {
        name: name.to_owned(),
        query,
        interval: None,
        count: None,
        success: Some(format!("len(result) == 0 || isNaN(result[0]) || {success}")),
        failure: None,
        failures: Some(1),
    };
    let templates = [
        template("error-rate", format!("({failed} or {all} * 0) / {all}"), "result[0] <= 0.02"),
        template("latency", format!("histogram_quantile(0.99, {buckets})"), "result[0] <= 0.8"),
        template("business", format!("{} / {}", paid(good), paid(none)), "result[0] >= 0.97"),
    ];
    templates.iter().map(|template| object(namespace, template)).collect()
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
