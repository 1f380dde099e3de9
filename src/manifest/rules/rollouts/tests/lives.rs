//! Rules that ask a live cluster.
//!
//! Called by nobody; `mod` has what good manifests are.

use std::sync::Arc;

use super::super::questions;
use super::{all_said, bundle, canary, judged};
use crate::domain::readiness::{Finding, Standing};
use crate::manifest::profile::{Live, Measured, Profile};

const BUCKETS: &str = "http_request_duration_seconds_bucket{service=\"web-canary\"}";
const P99: &str = "ClusterAnalysisTemplate/p99 spec.metrics[0].provider.prometheus.query";

/// Answers with which everything is good.
fn good() -> Live {
    good_of(&canary())
}

fn good_of(text: &str) -> Live {
    let asked = questions(&bundle(text), |_| true);
    let edges = |name| (name, Ok(vec![0.1, 0.5, 1.0]));
    let measured = Measured {
        bounds: asked.buckets.into_iter().map(edges).collect(),
        returns: asked.queries.into_iter().map(|query| (query, Ok(true))).collect(),
    };
    Live {
        measured: Some(measured),
        refused: asked.namespaces.into_iter().map(|name| (name, Ok(Vec::new()))).collect(),
    }
}

fn measured(live: &mut Live) -> &mut Measured {
    live.measured.as_mut().unwrap()
}

fn with(live: Live) -> Vec<Finding> {
    told(&canary(), live)
}

fn told(text: &str, live: Live) -> Vec<Finding> {
    judged(text, &Profile { live: Some(Arc::new(live)), ..Profile::default() })
}

#[test]
fn what_is_asked() {
    let asked = questions(&bundle(&canary()), |_| true);
    assert_eq!(asked.buckets.iter().collect::<Vec<_>>(), [BUCKETS]);
    assert_eq!(asked.queries.len(), 3);
    assert!(asked.queries.iter().all(|query| query.contains("service=\"web-canary\"")));
    assert_eq!(asked.namespaces.iter().collect::<Vec<_>>(), ["shop"]);
}

#[test]
fn good_answers_are_no_findings() {
    assert_eq!(all_said(&with(good())), Vec::<String>::new());
}

#[test]
fn edges_have_to_be_around_the_limit() {
    let end = format!("edges of {BUCKETS} end at 0.5");
    let cases = [
        (vec![0.1, 0.5], Some(end.clone())),
        (vec![0.1, 0.5, f64::INFINITY], Some(end)),
        (vec![1.0, 2.0], Some(format!("no edge of {BUCKETS} is up to 0.5"))),
        (vec![0.25, 0.75], None),
    ];
    for (bounds, wanted) in cases {
        let mut live = good();
        measured(&mut live).bounds.insert(BUCKETS.to_owned(), Ok(bounds));
        let wanted: Vec<String> =
            wanted.iter().map(|said| format!("W39 error {P99}: {said}")).collect();
        assert_eq!(all_said(&with(live)), wanted);
    }
    let mut live = good();
    measured(&mut live).bounds.insert(BUCKETS.to_owned(), Ok(vec![f64::INFINITY]));
    let found = with(live);
    assert_eq!(found.len(), 1, "{found:?}");
    let Standing::Unknown(reason) = &found[0].standing else { panic!("{found:?}") };
    assert_eq!(reason.as_str(), format!("{BUCKETS} has no edges now"));
}

#[test]
fn the_edges_of_another_service_do_not_count() {
    let other = super::good::CANARY.replace("web", "other");
    let text = format!("{}\n---\n{other}", canary());
    let others = BUCKETS.replace("web", "other");
    let asked = questions(&bundle(&text), |_| true);
    assert_eq!(asked.buckets.iter().collect::<Vec<_>>(), [others.as_str(), BUCKETS]);
    let mut live = good_of(&text);
    let bounds = &mut measured(&mut live).bounds;
    bounds.insert(others, Ok(vec![0.1, 0.5, 10.0]));
    bounds.insert(BUCKETS.to_owned(), Ok(vec![0.1, 0.4]));
    let wanted = format!("W39 error {P99}: edges of {BUCKETS} end at 0.4");
    assert_eq!(all_said(&told(&text, live)), [wanted]);
}

#[test]
fn edges_by_a_hash_that_no_version_has_yet_are_unknown() {
    let text = super::with(
        &canary(),
        "            value: web-canary\n      - setWeight: 25",
        "            valueFrom: {podTemplateHashValue: Latest}\n      - setWeight: 25",
    );
    let buckets = |text: &str| questions(&bundle(text), |_| true).buckets;
    assert!(buckets(&text).is_empty(), "{:?}", buckets(&text));
    let found = told(&text, good_of(&text));
    let edges: Vec<&Finding> = found.iter().filter(|finding| finding.rule == "W39").collect();
    let [Finding { standing: Standing::Unknown(reason), .. }] = edges.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(reason.as_str(), "the value of service is only known during a release");
    let live = format!("status: {{currentPodHash: 77bb55aa}}\n{text}");
    let wanted = BUCKETS.replace("web-canary", "77bb55aa");
    assert_eq!(buckets(&live).into_iter().collect::<Vec<_>>(), [wanted]);
}

#[test]
fn a_limit_is_in_the_unit_of_its_histogram() {
    // 500 of milliseconds, which no name says.
    for name in ["envoy_cluster_upstream_rq_time_bucket", "http_latency_bucket"] {
        let text = super::with(&canary(), "http_request_duration_seconds_bucket", name);
        let text = super::with(&text, "1000 * histogram", "1 * histogram");
        let selector = format!("{name}{{service=\"web-canary\"}}");
        let end = format!("W39 error {P99}: edges of {selector} end at 10");
        let cases = [(vec![0.5, 250.0, 500.0, 1000.0], None), (vec![0.5, 5.0, 10.0], Some(end))];
        for (bounds, wanted) in cases {
            let mut live = good_of(&text);
            measured(&mut live).bounds.insert(selector.clone(), Ok(bounds));
            let wanted: Vec<String> = wanted.into_iter().collect();
            assert_eq!(all_said(&told(&text, live)), wanted);
        }
    }
}

#[test]
fn queries_have_to_return_something() {
    let mut live = good();
    let returns = &mut measured(&mut live).returns;
    let requests = returns.keys().find(|query| query.starts_with("sum")).unwrap().clone();
    returns.insert(requests.clone(), Ok(false));
    let path = "AnalysisTemplate/requests spec.metrics[0].provider.prometheus.query";
    assert_eq!(all_said(&with(live)), [format!("W40 error {path}: nothing is returned now")]);
}

#[test]
fn nothing_is_no_fault_where_the_conditions_say_what_it_means() {
    let conditions =
        "    successCondition: result[0] <= 500\n    failureCondition: result[0] > 500\n";
    let (good, bad) = ("len(result) > 0 && result[0] <= 500", "len(result) > 0 && result[0] > 500");
    let both = |good: &str, bad: &str| {
        format!("    successCondition: {good}\n    failureCondition: {bad}\n")
    };
    let cases = [
        (both(good, bad), "note", "; the conditions take that as no verdict"),
        (
            both("len(result) == 0 || result[0] <= 500", bad),
            "note",
            "; the conditions take that as good",
        ),
        (format!("    failureCondition: {bad}\n"), "note", "; the conditions take that as good"),
        (both(good, "'any(result, # > 500)'"), "note", "; the conditions have a word for that"),
        // It fails, and takes the release back.
        (both(good, "len(result) == 0 || result[0] > 500"), "error", ""),
        (format!("    successCondition: {good}\n"), "error", ""),
        (both(good, "result[0] > 500"), "error", ""),
    ];
    for (changed, severity, words) in cases {
        let text = super::with(&canary(), conditions, &changed);
        let mut live = good_of(&text);
        let returns = &mut measured(&mut live).returns;
        let p99 = returns.keys().find(|query| query.contains("quantile")).unwrap().clone();
        returns.insert(p99, Ok(false));
        let mut found = all_said(&told(&text, live));
        found.retain(|said| said.starts_with("W40"));
        assert_eq!(found, [format!("W40 {severity} {P99}: nothing is returned now{words}")]);
    }
}

#[test]
fn rights_that_are_missing() {
    let mut live = good();
    live.refused.insert("shop".to_owned(), Ok(vec!["patch rollouts/status".into()]));
    assert_eq!(all_said(&with(live)), ["W46 error Rollout/web : patch rollouts/status"]);
}

#[test]
fn answers_that_could_not_be_had_are_unknown() {
    let mut failed = good();
    let answers = measured(&mut failed);
    answers.bounds.values_mut().for_each(|answer| *answer = Err("it is away".into()));
    answers.returns.values_mut().for_each(|answer| *answer = Err("it is away".into()));
    failed.refused.values_mut().for_each(|answer| *answer = Err("it is away".into()));
    let unasked = Live { measured: Some(Measured::default()), ..Live::default() };
    for (live, reason) in [(failed, "it is away"), (unasked, "not asked")] {
        let found = with(live);
        let rules: Vec<&str> = found.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, ["W39", "W40", "W40", "W40", "W46"]);
        for finding in found {
            let Standing::Unknown(said) = &finding.standing else { panic!("{finding:?}") };
            assert!(said.contains(reason), "{said}");
        }
    }
}

#[test]
fn without_prometheus_nothing_is_said_of_what_it_would_know() {
    let live = Live { measured: None, ..good() };
    assert_eq!(all_said(&with(live)), Vec::<String>::new());
}

#[test]
fn a_hash_is_that_of_the_version_that_is_there() {
    let by_hash = canary().replace(
        "name: service\n          value: web-canary",
        "name: service\n          valueFrom: {podTemplateHashValue: Latest}",
    );
    let live = format!("status: {{currentPodHash: 77bb55aa, stableRS: 55aa77bb}}\n{by_hash}");
    let asked = |text: &str| questions(&bundle(text), |_| true).queries;
    let hashed = |text: &str| asked(text).iter().filter(|q| q.contains("\"77bb55aa\"")).count();
    assert!(hashed(&live) > 0, "{:?}", asked(&live));
    assert_eq!(hashed(&by_hash), 0, "files do not know it");
    assert!(asked(&by_hash).len() < asked(&live).len());
}
