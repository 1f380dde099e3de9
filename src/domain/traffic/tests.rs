//! Wanted and router, never merged: every situation in numbers.

use super::*;
use crate::domain::id::ObjectRef;
use crate::domain::observation::Record;
use crate::domain::routing::Ingress;
use crate::domain::sample::{
    CURRENT, STABLE, Sample, a_blue_green, a_canary, a_deployment, a_pod, now,
};

fn numbers(sample: &Sample) -> Traffic {
    sample.ask(|release| of(release, now()))
}

fn weight(weight: i32) -> Router {
    Router::Weight { weight, verified: None }
}

fn an_ingress(name: &str, is_canary: bool, weight: Option<i32>) -> Record {
    Record::Ingress(Box::new(Ingress {
        id: ObjectRef { namespace: "shop".into(), name: name.into() },
        uid: name.into(),
        canary_weight: weight,
        is_canary,
        backends: Vec::new(),
    }))
}

/// Said in a word: `=` agrees, `~` is on its way, `!` disagrees, `?` is not known.
fn agreement(traffic: &Traffic) -> &'static str {
    match traffic.agreement() {
        Some(Agreement::Agrees) => "=",
        Some(Agreement::OnItsWay(_)) => "~",
        Some(Agreement::Disagrees) => "!",
        None => "?",
    }
}

#[test]
fn canaries_behind_a_router() {
    let full = |w: &mut crate::domain::workload::Workload| w.status.promote_full = true;
    let unreported = a_canary().at_step(2).with(|w| w.status.weights = None);
    let cold = a_canary().at_step(2).aborted("").scaled(STABLE, 2);
    let few = a_canary().at_step(3).weight(5).revision(CURRENT, |r| r.available = 0);
    let cases = [
        ("at 25", a_canary().at_step(2), Some(25), weight(25), "="),
        (
            "router behind, step under way",
            a_canary().at_step(2).weight(5),
            Some(25),
            weight(5),
            "~",
        ),
        ("router behind, pods missing", few, Some(25), weight(5), "~"),
        ("router behind at a gate", a_canary().at_step(3).weight(5), Some(25), weight(5), "!"),
        ("steps done", a_canary().at_step(7), Some(100), weight(100), "="),
        ("promoted fully", a_canary().at_step(2).with(full), Some(100), weight(25), "~"),
        ("aborted", a_canary().at_step(2).aborted(""), Some(0), weight(25), "!"),
        ("aborted, stable not warm", cold, Some(0), weight(25), "~"),
        ("abort arrived", a_canary().aborted("").weight(0), Some(0), weight(0), "="),
        ("complete", a_canary().complete(), Some(0), weight(0), "="),
        ("not reported", unreported, Some(25), Router::NotReported, "?"),
    ];
    for (situation, sample, wanted, router, agrees) in cases {
        let traffic = numbers(&sample);
        assert_eq!((traffic.wanted, &traffic.router), (wanted, &router), "{situation}");
        assert_eq!(agreement(&traffic), agrees, "{situation}: {:?}", traffic.lag);
        assert_eq!(traffic.routers, ["nginx"], "{situation}");
    }
}

#[test]
fn without_a_router_ready_pods_are_the_share() {
    let pods = |new: usize, old: usize| {
        let mut sample = a_canary().at_step(2).without_router();
        for i in 0..new {
            sample = sample.pod(CURRENT, a_pod(&format!("n{i}")));
        }
        for i in 0..old {
            sample = sample.pod(STABLE, a_pod(&format!("o{i}")));
        }
        sample
    };
    let cases = [
        (pods(1, 3), Router::Pods(25)),
        (pods(1, 2), Router::Pods(33)),
        (pods(2, 1), Router::Pods(67)),
        (pods(0, 4), Router::Pods(0)),
        (pods(0, 0), Router::Nothing),
        (pods(0, 3).pod(CURRENT, a_pod("broken").crash_looping()), Router::Pods(0)),
        (a_canary().without_router().complete(), Router::Pods(0)),
    ];
    for (sample, router) in cases {
        let traffic = numbers(&sample);
        assert_eq!(traffic.router, router);
        assert_eq!(agreement(&traffic), "?", "a share of pods is no promise");
    }
}

#[test]
fn the_ingress_is_a_second_witness() {
    let beside = |weight| {
        a_canary()
            .at_step(2)
            .beside(an_ingress("checkout", false, None))
            .beside(an_ingress("checkout-checkout-canary", true, weight))
            .beside(an_ingress("another-canary", true, Some(77)))
    };
    assert_eq!(agreement(&numbers(&beside(Some(25)))), "=");
    let differs = numbers(&beside(Some(5)));
    assert_eq!((differs.ingress, differs.router_share()), (Some(5), Some(25)));
    assert_ne!(agreement(&differs), "=");
    assert_eq!(numbers(&beside(None)).ingress, None);
}

#[test]
fn pairs_and_deployments_have_no_wish() {
    let pair = numbers(&a_blue_green());
    assert_eq!((pair.wanted, pair.router), (None, Router::Active(STABLE.into())));
    let unknown = a_blue_green().with(|w| w.status.active_hash = None);
    assert_eq!(numbers(&unknown).router, Router::NotReported);
    assert_eq!(numbers(&a_deployment()).router, Router::Pods(100));
    let updating = a_deployment()
        .with(|w| w.status.updated = 1)
        .scaled(STABLE, 3)
        .pod(CURRENT, a_pod("n"))
        .pod(STABLE, a_pod("o1"))
        .pod(STABLE, a_pod("o2"))
        .pod(STABLE, a_pod("o3"));
    assert_eq!(numbers(&updating).router, Router::Pods(25));
}
