//! Rules that ask a live cluster.
//!
//! Called by nobody; `mod` has what good manifests are.

use std::sync::Arc;

use super::super::questions;
use super::{all_said, bundle, canary, judged};
use crate::domain::readiness::{Finding, Standing};
use crate::manifest::profile::{Live, Measured, Profile};

const BUCKETS: &str = "http_request_duration_seconds_bucket";

/// Answers with which everything is good.
fn good() -> Live {
    let asked = questions(&bundle(&canary()), |_| true);
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
    judged(&canary(), &Profile { live: Some(Arc::new(live)), ..Profile::default() })
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
    let query = "ClusterAnalysisTemplate/p99 spec.metrics[0].provider.prometheus.query";
    let cases = [
        (vec![0.1, 0.5], Some("edges of http_request_duration_seconds_bucket end at 0.5")),
        (
            vec![0.1, 0.5, f64::INFINITY],
            Some("edges of http_request_duration_seconds_bucket end at 0.5"),
        ),
        (vec![1.0, 2.0], Some("no edge of http_request_duration_seconds_bucket is up to 0.5")),
        (vec![0.25, 0.75], None),
    ];
    for (bounds, wanted) in cases {
        let mut live = good();
        measured(&mut live).bounds.insert(BUCKETS.to_owned(), Ok(bounds));
        let wanted: Vec<String> =
            wanted.iter().map(|said| format!("W39 error {query}: {said}")).collect();
        assert_eq!(all_said(&with(live)), wanted);
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
