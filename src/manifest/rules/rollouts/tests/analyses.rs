//! Templates, metrics, conditions and queries: one change, one finding.
//!
//! Called by nobody; `mod` has what good manifests are.

use super::super::selections;
use super::{all_said, canary, check, judged, with};
use crate::domain::readiness::Standing;
use crate::manifest::profile::{Profile, Selection};

const ERRORS: &str = "AnalysisTemplate/errors spec.metrics[0]";

#[test]
fn templates_that_are_merged() {
    let step = "Rollout/web spec.strategy.canary.steps[2].analysis";
    check(
        &canary(),
        step,
        &[
            (
                "  - name: p99\n",
                "  - name: errors\n",
                "W32 error @.templates: errors in errors and in p99",
            ),
            (
                "  - name: window\n    value: 2m\n",
                "  - name: window\n",
                "W32 error @.args: window has no value",
            ),
            (
                "  - name: window\n    value: 2m\n",
                "",
                "W32 error AnalysisTemplate/errors spec.metrics[0].provider.prometheus.query: \
             {{args.window}}",
            ),
            (
                "metadata: {name: p99}\nspec:\n  args:\n",
                "metadata: {name: p99}\nspec:\n  args:\n  - {name: window, value: 5m}\n",
                "W32 error @.templates: window has two values",
            ),
            (
                "    interval: 60s\n",
                "    interval: \"{{args.every}}\"\n",
                "W32 error AnalysisTemplate/requests spec.metrics[0].interval: {{args.every}}",
            ),
            (
                "  - name: requests\n",
                "  - name: requests\n    provider: {web: {}}\n  - name: requests\n",
                "W32 error AnalysisTemplate/requests spec.metrics[1].name: requests is there twice",
            ),
        ],
    );
}

#[test]
fn a_value_from_the_rollout_itself() {
    let from = "            value: web-canary\n      - setWeight: 25";
    let to = |path: &str| {
        format!(
            "            valueFrom: {{fieldRef: {{fieldPath: \"{path}\"}}}}\n      - setWeight: 25"
        )
    };
    for (path, value) in [("metadata.labels['region']", "north"), ("metadata.name", "web")] {
        let text = with(&canary(), from, &to(path));
        let asked = super::super::questions(&super::bundle(&text), |_| true);
        let wanted = format!("service=\"{value}\"");
        let found = asked.queries.iter().filter(|query| query.contains(&wanted)).count();
        assert_eq!(found, 2, "{asked:?}");
    }
    let text = with(&canary(), from, &to("status.message"));
    assert_eq!(super::super::questions(&super::bundle(&text), |_| true).queries.len(), 1);
}

#[test]
fn how_often_and_how_many_may_fail() {
    let errors = "    interval: 30s\n    count: 5\n    failureLimit: 1\n";
    let of = |count: &str| format!("    interval: 30s\n{count}    failureLimit: 1\n");
    check(
        &canary(),
        ERRORS,
        &[
            (errors, &of(""), "W33 error @.count: no count, every 30s"),
            (errors, &of("    count: 0\n"), "W33 error @.count: no count, every 30s"),
            (errors, "    failureLimit: 0\n", ""),
            (errors, &of("    count: 3\n"), "W36 warning @.failureLimit: 1 of 3 (33 %)"),
            ("failureLimit: 1", "failureLimit: 2", "W36 warning @.failureLimit: 2 of 5 (40 %)"),
            ("failureLimit: 1", "failureLimit: \"2\"", "W36 warning @.failureLimit: 2 of 5 (40 %)"),
            ("failureLimit: 1", "failureLimit: \"{{args.window}}\"", ""),
            (
                "failureLimit: 1",
                "failureLimit: -1",
                "W36 warning @.failureLimit: any number of failures",
            ),
            ("failureLimit: 1", "failureLimit: -1\n    consecutiveSuccessLimit: 3", ""),
        ],
    );
}

#[test]
fn what_runs_dry_decides_nothing() {
    let text = with(&canary(), "failureLimit: 1", "failureLimit: 3");
    let text = with(
        &text,
        "name: both, namespace: shop}\nspec:\n",
        "name: both, namespace: shop}\nspec:\n  dryRun:\n  - metricName: ^err.*$\n",
    );
    let found = all_said(&judged(&text, &Profile::default()));
    let wanted = "W29 warning Rollout/web spec.strategy.canary.analysis.templates: requests, both";
    assert_eq!(found, [wanted], "but errors are no longer watched");
}

#[test]
fn values_that_are_no_numbers() {
    let (success, failure) =
        ("    successCondition: result[0] <= 0.01\n", "    failureCondition: result[0] > 0.01\n");
    let both = format!("{success}{failure}");
    let named = "    successCondition: isNaN(result[0]) || result[0] <= 0.01\n";
    let denied = "    failureCondition: \"!(result[0] <= 0.01)\"\n";
    check(
        &canary(),
        ERRORS,
        &[
            (failure, "", "W35 warning @.successCondition: result[0] <= 0.01"),
            (success, "", "W35 warning @.failureCondition: result[0] > 0.01"),
            (&both, "", "W35 warning @.successCondition: none"),
            (&both, named, ""),
            (failure, denied, "W35 warning @.successCondition: result[0] <= 0.01"),
        ],
    );
}

#[test]
fn limits_of_the_guard() {
    check(
        &canary(),
        "ClusterAnalysisTemplate/p99 spec.metrics[0]",
        &[
            ("result[0] <= 500", "result[0] <= 2000", ""),
            (
                "result[0] <= 500",
                "result[0] <= 2500",
                "W37 warning @.successCondition: P99 up to 2.5 s",
            ),
            (
                "1000 * histogram",
                "1 * histogram",
                "W37 warning @.successCondition: P99 up to 500 s",
            ),
            (
                "    successCondition: result[0] <= 500\n    failureCondition: result[0] > 500\n",
                "    successCondition: isNaN(result[0]) || result[0] <= 2001\n",
                "W37 warning @.successCondition: P99 up to 2.001 s",
            ),
        ],
    );
    check(
        &canary(),
        ERRORS,
        &[
            (
                "result[0] <= 0.01",
                "result[0] <= 0.02",
                "W37 warning @.successCondition: 2 % of failed requests",
            ),
            ("result[0] > 0.01", "result[0] > 0.05", ""),
        ],
    );
    let higher = with(&canary(), "histogram_quantile(0.99", "histogram_quantile(0.999");
    check(&higher, ERRORS, &[("result[0] <= 500", "result[0] <= 5000", "")]);
    // Without a unit in the name, the size of the limit tells it.
    let bare = with(&canary(), "request_duration_seconds_bucket", "request_duration_bucket");
    check(
        &bare,
        "ClusterAnalysisTemplate/p99 spec.metrics[0]",
        &[("1000 * histogram", "1 * histogram", ""), ("1000 * histogram", "1000 * histogram", "")],
    );
}

#[test]
fn limits_without_a_unit() {
    let of = |metric: &str, limit: &str| {
        let text = with(&canary(), "http_request_duration_seconds_bucket", metric);
        let text = with(&text, "1000 * histogram", "1 * histogram");
        judged(&with(&text, "result[0] <= 500", limit), &Profile::default())
    };
    let spot = "W37 warning ClusterAnalysisTemplate/p99 spec.metrics[0].successCondition";
    let envoys = "envoy_cluster_upstream_rq_time_bucket";
    for limit in ["result[0] <= 50", "result[0] <= 400"] {
        assert_eq!(all_said(&of(envoys, limit)), Vec::<String>::new(), "{limit}");
    }
    let loose = of(envoys, "result[0] <= 5000");
    assert_eq!(all_said(&loose), [format!("{spot}: P99 up to 5 s")]);
    // Two seconds are what the guard allows; two milliseconds are less.
    assert_eq!(all_said(&of("http_latency_bucket", "result[0] <= 2")), Vec::<String>::new());
    for limit in ["50", "600000"] {
        let found = of("http_latency_bucket", &format!("result[0] <= {limit}"));
        assert_eq!(all_said(&found), [format!("{spot}: P99 up to {limit}")]);
        assert!(matches!(found[0].standing, Standing::Unknown(_)), "{found:?}");
    }
}

#[test]
fn queries() {
    let above = "\n            or vector(0))\n          / ";
    let below = "\n            or vector(0))\n---";
    check(
        &canary(),
        &format!("{ERRORS}.provider.prometheus.query"),
        &[
            (above, ")\n          / ", "W34 error @: what is divided can be empty"),
            (below, ")\n---", "W34 error @: what it is divided by can be empty"),
            ("value: 2m", "value: 45s", "W38 warning @: [45s]"),
            ("value: 2m", "value: 60s", ""),
        ],
    );
}

#[test]
fn a_query_that_cannot_be_read() {
    let text = with(&canary(), "1000 * histogram_quantile", "1000 * (histogram_quantile");
    let found = judged(&text, &Profile::default());
    assert_eq!(found.len(), 1, "{found:?}");
    let reason = format!("{} {:?}", found[0].rule, found[0].standing);
    assert!(reason.starts_with("W34 Unknown") && reason.contains("cannot be read"), "{reason}");
}

#[test]
fn an_empty_result_that_all_conditions_name_is_no_fault() {
    let text = with(&canary(), "\n            or vector(0))\n          / ", ")\n          / ");
    let text = with(&text, "result[0] <= 0.01", "len(result) == 0 || result[0] <= 0.01");
    let found = all_said(&judged(&text, &Profile::default()));
    assert_eq!(found.len(), 1, "the other condition fails on an empty result: {found:?}");
    let text = with(&text, "result[0] > 0.01", "len(result) > 0 && result[0] > 0.01");
    assert_eq!(all_said(&judged(&text, &Profile::default())), Vec::<String>::new());
}

#[test]
fn labels_at_odds() {
    let query = "ClusterAnalysisTemplate/p99 spec.metrics[0].provider.prometheus.query";
    check(
        &canary(),
        query,
        &[
            ("_bucket{service=", "_bucket{app=", "W41 warning @: p99 selects http… by app"),
            ("_bucket{service=", "_bucket{service=\"{{args.service}}\",app=", ""),
            ("http_request_duration_seconds_bucket{service=", "proxy_seconds_bucket{app=", ""),
            (
                "_bucket{service=\"{{args.service}}\"",
                "_bucket{service=\"web\"",
                "W41 warning @: p99 selects http… of service=\"web\"",
            ),
            // Beside the new version, the old one may be looked at.
            ("_bucket{service=\"{{args.service}}\"", "_bucket{service=\"web-stable\"", ""),
        ],
    );
}

#[test]
fn labels_that_the_guard_has_otherwise() {
    let query = "ClusterAnalysisTemplate/p99 spec.metrics[0].provider.prometheus.query";
    let bucket = "http_request_duration_seconds_bucket";
    let cases = [
        ("service", "web-canary", None),
        ("service", "web", Some("service=\"web-canary\"")),
        ("app", "web", Some("http_request_duration_seconds_bucket by service")),
    ];
    for (label, value, wanted) in cases {
        let metric = Some(bucket.to_owned());
        let (label, value) = (label.to_owned(), value.to_owned());
        let guard_selectors = vec![Selection { metric, label, value }];
        let profile = Profile { guard_selectors, ..Profile::default() };
        let found = all_said(&judged(&canary(), &profile));
        let wanted: Vec<String> =
            wanted.iter().map(|said| format!("W41 warning {query}: {said}")).collect();
        assert_eq!(found, wanted);
    }
}

#[test]
fn labels_that_the_catalogue_has_for_whatever_counts_requests() {
    let said = |label: &str, value: &str| {
        let pick = Selection { metric: None, label: label.to_owned(), value: value.to_owned() };
        let profile = Profile { guard_selectors: vec![pick], ..Profile::default() };
        all_said(&judged(&canary(), &profile))
    };
    assert_eq!(said("service", "web-canary"), Vec::<String>::new());
    assert_eq!(said("version", "new"), Vec::<String>::new(), "counted by other labels");
    let odd = said("service", "web-next");
    assert!(!odd.is_empty() && odd.iter().all(|said| said.starts_with("W41 warning")), "{odd:?}");
    assert!(odd[0].contains("service=\"web-canary\""), "{odd:?}");
}

#[test]
fn what_a_query_of_the_guard_picks_by() {
    let query = "sum(rate(http_requests_total{service=\"web\",code=~\"5..\",env!=\"dev\",\
                 pod_hash=\"{{hash}}\"}[1m])) / sum(rate(http_requests_total{service=\"web\"}[1m]))";
    let found = selections(query);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|pick| {
        pick.metric.as_deref() == Some("http_requests_total")
            && (pick.label.as_str(), pick.value.as_str()) == ("service", "web")
    }));
    assert_eq!(selections("sum(rate("), vec![]);
}
