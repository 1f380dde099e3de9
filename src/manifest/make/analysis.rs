//! AnalysisTemplates: what is asked of a preview before the switch, and what the traffic of a
//! version has to look like.
//!
//! Source: `analysis_types.go` and `evaluate.go` of Argo Rollouts. With a success and a failure
//! condition a value that is neither (NaN, nothing) is inconclusive, and pauses instead of
//! aborting. Called by `workload` and `make`.

use crate::domain::time::length;
use crate::manifest::workload::Strategy;

use super::network;
use super::numbers;
use super::order::{Check, Order, Wanted};
use super::pod;
use super::yaml::{Doc, List, Map};

/// Seconds between two questions to a preview.
const CHECK_EVERY: &str = "10s";
/// Seconds that an answer of a preview may take.
const CHECK_TIMEOUT: i64 = 3;

fn checks_name(order: &Order) -> String {
    format!("{}-checks", order.name)
}

fn traffic_name(order: &Order) -> String {
    format!("{}-traffic", order.name)
}

/// How a Rollout uses the checks.
pub(super) fn use_of_checks(order: &Order) -> Map {
    uses(checks_name(order), List::new().put(namespace_of_rollout()))
}

/// How a Rollout uses the template of traffic.
pub(super) fn use_of_traffic(order: &Order) -> Map {
    let latest = Map::new().put("podTemplateHashValue", "Latest");
    let hash = Map::new()
        .why("the new version's requests alone; mixed with the old one's they would hide it")
        .put("name", "hash")
        .put("valueFrom", latest);
    uses(traffic_name(order), List::new().put(namespace_of_rollout()).put(hash))
}

fn uses(template: String, args: List) -> Map {
    Map::new()
        .put("templates", List::new().put(Map::new().put("templateName", template)))
        .put("args", args)
}

fn namespace_of_rollout() -> Map {
    let field = Map::new().put("fieldPath", "metadata.namespace");
    Map::new().put("name", "namespace").put("valueFrom", Map::new().put("fieldRef", field))
}

/// The templates that an order needs, with what is said of them.
pub(super) fn templates(order: &Order, namespace: Option<&str>) -> Option<(String, Vec<Map>)> {
    if matches!(order.strategy, Strategy::Rolling | Strategy::Recreate) {
        return None;
    }
    let mut heads = Vec::new();
    let mut templates = Vec::new();
    if order.strategy == Strategy::BlueGreen && !order.checks.is_empty() {
        heads.push(
            "Before the switch: questions to the preview. Any answer but 2xx is an error; of a \
             field only the one value passes. An answer that is no JSON passes a question for a \
             field, as Argo Rollouts has it: `waveoff preflight` refuses it.",
        );
        templates.push(checks(order, namespace));
    }
    if let Some(prometheus) = &order.prometheus {
        heads.push(
            "What users meet on one version. The series need the labels `namespace` and \
             `rollouts_pod_template_hash`, which is the pod's label; without them there is never a \
             verdict, and the release pauses. A condition for good and one for bad: what is \
             neither, no data among it, is inconclusive and pauses the release.",
        );
        templates.push(traffic(order, prometheus, namespace));
    }
    (!templates.is_empty()).then(|| (heads.join(" "), templates))
}

fn template(
    order: &Order,
    name: &str,
    namespace: Option<&str>,
    args: &[&str],
    metrics: List,
) -> Map {
    let args = args.iter().fold(List::new(), |list, arg| list.put(Map::new().put("name", *arg)));
    Map::new()
        .put("apiVersion", "argoproj.io/v1alpha1")
        .put("kind", "AnalysisTemplate")
        .put("metadata", pod::metadata(order, name, namespace))
        .put("spec", Map::new().put("args", args).put("metrics", metrics))
}

fn checks(order: &Order, namespace: Option<&str>) -> Map {
    let metric = |(index, check): (usize, &Check)| {
        let tries = i64::from(order.terms.consecutive.max(1));
        let url =
            format!("http://{}.{{{{args.namespace}}}}.svc{}", network::preview(order), check.path);
        let web = Map::new()
            .put("url", url)
            .put("timeoutSeconds", CHECK_TIMEOUT)
            .put_some("jsonPath", check.wanted.as_ref().map(json_path));
        let good = check.wanted.as_ref().map(|wanted| format!("result == \"{}\"", wanted.value));
        let bad = check.wanted.as_ref().map(|wanted| format!("result != \"{}\"", wanted.value));
        Map::new()
            .put("name", format!("check-{}", index + 1))
            .put("interval", CHECK_EVERY)
            .why("often enough that one lucky answer is not the verdict; none may be wrong")
            .put("count", tries)
            .put("failureLimit", 0_i64)
            .put("consecutiveErrorLimit", tries - 1)
            .put_some("successCondition", good)
            .put_some("failureCondition", bad)
            .put("provider", Map::new().put("web", web))
    };
    let metrics = order.checks.iter().enumerate().map(metric).fold(List::new(), List::put);
    template(order, &checks_name(order), namespace, &["namespace"], metrics)
}

/// `/database/status` as a path of Kubernetes.
fn json_path(wanted: &Wanted) -> String {
    let part = |part: &str| {
        if part.chars().all(|c| c.is_ascii_digit()) {
            format!("[{part}]")
        } else {
            format!("['{part}']")
        }
    };
    let parts: String = wanted.pointer.split('/').skip(1).map(part).collect();
    format!("{{${parts}}}")
}

/// One value that Prometheus is asked for.
struct Measure {
    name: &'static str,
    why: String,
    good: String,
    bad: String,
    query: String,
}

fn traffic(order: &Order, prometheus: &str, namespace: Option<&str>) -> Map {
    let measures = [requests(order), errors(order), latency(order)];
    let metric = |measure: Measure| {
        let metric = Map::new()
            .why(measure.why)
            .put("name", measure.name)
            .why("after the first requests of this version have come in")
            .put("initialDelay", numbers::go(order.pace.settle))
            .put("interval", numbers::go(order.pace.every));
        let query = Map::new().put("address", prometheus).put("query", Doc::Lines(measure.query));
        bounds(order, metric)
            .put("successCondition", measure.good)
            .put("failureCondition", measure.bad)
            .put("provider", Map::new().put("prometheus", query))
    };
    let metrics = measures.into_iter().map(metric).fold(List::new(), List::put);
    template(order, &traffic_name(order), namespace, &["namespace", "hash"], metrics)
}

/// How many measurements there are, and how many of them may be bad.
fn bounds(order: &Order, metric: Map) -> Map {
    let unclear = numbers::tolerated(&order.terms);
    let metric = if order.strategy == Strategy::BlueGreen {
        let count = numbers::MEASUREMENTS;
        let failures = numbers::tolerated_of(count, &order.profile);
        let why = format!("{failures} of {count} may be bad: one blip is no breach, two are");
        metric.put("count", count).why(why).put("failureLimit", failures)
    } else {
        let failures = numbers::tolerated(&order.terms);
        let why = format!(
            "no count: it goes on to the end of the release. {failures} bad ones in all are taken, \
             the next aborts",
        );
        metric.why(why).put("failureLimit", failures)
    };
    let why = format!(
        "errors are asked again every 10 s: Prometheus may be away for {}, and no longer, for a \
         version that nobody sees must not get more traffic",
        length(order.profile.guard_window)
    );
    metric
        .put("inconclusiveLimit", unclear)
        .why(why)
        .put("consecutiveErrorLimit", numbers::errors_in_a_row(&order.profile))
}

/// Series of one version.
fn series(name: &str, more: &str) -> String {
    format!(
        "{name}{{namespace=\"{{{{args.namespace}}}}\",\
         rollouts_pod_template_hash=\"{{{{args.hash}}}}\"{more}}}"
    )
}

/// Requests of one version within the window.
fn counted(order: &Order, more: &str) -> String {
    let series = series("http_requests_total", more);
    format!("sum(increase({series}[{}]))", numbers::go(order.pace.window))
}

fn requests(order: &Order) -> Measure {
    let least = order.terms.least_requests;
    let window = length(order.pace.window);
    Measure {
        name: "requests",
        why: format!(
            "Enough traffic to judge by: {least} requests in {window}. Fewer are never a failure \
             (a count below 0 does not exist), they are inconclusive.",
        ),
        good: format!("result[0] >= {least}"),
        bad: "result[0] < 0".to_owned(),
        query: format!("{} or vector(0)", counted(order, "")),
    }
}

fn errors(order: &Order) -> Measure {
    let (limit, least) = (order.profile.error_limit, order.terms.least_requests);
    let failed = counted(order, ",code=~\"5..\"");
    let all = counted(order, "");
    Measure {
        name: "error-share",
        why: format!(
            "The share of answers that are 5xx, as the guard limits it. A service that never \
             failed has no series of failures: that is 0. Fewer than {least} requests give NaN: \
             one error among few of them is chance.",
        ),
        good: format!("result[0] <= {limit}"),
        bad: format!("result[0] > {limit}"),
        query: format!("({failed} or vector(0))\n/\n({all} >= {least} or vector(NaN))"),
    }
}

fn latency(order: &Order) -> Measure {
    let limit = order.profile.latency_limit.as_seconds_f64();
    let least = order.terms.least_requests;
    let buckets = series("http_request_duration_seconds_bucket", "");
    let window = numbers::go(order.pace.window);
    let enough = counted(order, "");
    Measure {
        name: "p99-seconds",
        why: format!(
            "The slowest of a hundred requests, in seconds, as the guard limits it. The histogram \
             needs buckets above {limit} s: a quantile never exceeds the last one. Nothing is \
             given for too few requests, and nothing is neither good nor bad.",
        ),
        good: format!("len(result) > 0 && result[0] <= {limit}"),
        bad: format!("len(result) > 0 && result[0] > {limit}"),
        query: format!(
            "histogram_quantile(0.99,\n  sum by (le) (rate({buckets}[{window}]))\n  and on () \
             ({enough} >= {least})\n)"
        ),
    }
}
