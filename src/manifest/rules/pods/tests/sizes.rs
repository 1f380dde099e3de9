//! W13 to W15 and W20: replicas and what an update takes away of them.

use serde_json::json;

use crate::domain::readiness::Severity::{Error, Note, Warning};
use crate::manifest::profile::Profile;
use crate::manifest::rules::pods::sizes::floor_of;

use super::{
    Add, Edit, Remove, Set, canary, judged, placed, plain_canary, play, rolling, row, scaler,
};

const FENCES: &str = "0/spec/strategy/rollingUpdate";
const FENCES_PATH: &str = "spec.strategy.rollingUpdate";
const AWAY_PATH: &str = "spec.strategy.rollingUpdate.maxUnavailable";

fn fences(surge: impl Into<serde_json::Value>, unavailable: impl Into<serde_json::Value>) -> Edit {
    let (surge, unavailable) = (surge.into(), unavailable.into());
    Set(FENCES, json!({"maxSurge": surge, "maxUnavailable": unavailable}))
}

fn replicas(count: i64) -> Edit {
    Set("0/spec/replicas", json!(count))
}

#[test]
fn w13_updates_that_take_away_more_than_the_guard_allows() {
    play(vec![
        row(
            rolling,
            vec![fences(json!(1), json!(3))],
            vec![("W13", Warning, AWAY_PATH, "3 is 3 of 10: 70% are left")],
            vec![fences(json!(1), json!(2))],
        ),
        // A quarter is the default: 1 of 4.
        row(
            rolling,
            vec![replicas(4), Remove(FENCES)],
            vec![
                ("W13", Warning, AWAY_PATH, "25% is 1 of 4: 75% are left"),
                ("W14", Note, FENCES_PATH, "1 and 1 of 4"),
            ],
            vec![fences(json!(1), json!(0))],
        ),
        row(
            plain_canary,
            vec![Remove("0/spec/strategy/canary/maxUnavailable"), replicas(4)],
            vec![
                (
                    "W13",
                    Warning,
                    "spec.strategy.canary.maxUnavailable",
                    "25% is 1 of 4: 75% are left",
                ),
                ("W14", Note, "spec.strategy.canary", "1 and 1 of 4"),
            ],
            vec![Set("0/spec/strategy/canary/maxUnavailable", json!(0))],
        ),
        // With a router the stable version keeps its pods.
        row(canary, vec![replicas(4)], vec![], vec![]),
        row(
            rolling,
            vec![Set("0/spec/strategy", json!({"type": "Recreate"}))],
            vec![("W13", Warning, "spec.strategy.type", "Recreate: all 10 pods at once")],
            vec![
                Set("0/spec/strategy", json!({"type": "RollingUpdate"})),
                fences(json!(1), json!(0)),
            ],
        ),
    ]);
}

#[test]
fn w13_updates_that_have_no_room() {
    play(vec![
        row(
            rolling,
            vec![fences(json!(0), json!(0))],
            vec![("W13", Error, AWAY_PATH, "maxSurge 0 and maxUnavailable 0: 0 and 0 of 10")],
            vec![fences(json!(1), json!(0))],
        ),
        row(
            rolling,
            vec![fences(json!(0), json!("5%"))],
            vec![
                ("W13", Warning, AWAY_PATH, "maxSurge 0 and maxUnavailable 5%: 0 and 0 of 10"),
                ("W14", Note, FENCES_PATH, "0 and 1 of 10"),
            ],
            vec![fences(json!(0), json!(1))],
        ),
        row(
            rolling,
            vec![fences(json!("25"), json!(0))],
            vec![("W13", Error, "spec.strategy.rollingUpdate.maxSurge", "25")],
            vec![fences(json!(3), json!(0))],
        ),
    ]);
}

#[test]
fn w13_looks_at_both_ends_of_an_autoscaler() {
    let scaled = |least: i64| {
        vec![
            Remove("0/spec/replicas"),
            Add(scaler("Deployment", "apps/v1", json!(least))),
            fences(json!(1), json!(1)),
        ]
    };
    play(vec![
        row(
            rolling,
            scaled(4),
            vec![("W13", Warning, AWAY_PATH, "1 is 1 of 4: 75% are left")],
            vec![Set("2/spec/minReplicas", json!(5))],
        ),
        row(rolling, scaled(5), vec![], vec![]),
    ]);
}

#[test]
fn w14_says_percentages_in_pods() {
    play(vec![
        row(
            rolling,
            vec![replicas(15), fences(json!("25%"), json!("10%"))],
            vec![("W14", Note, FENCES_PATH, "4 and 1 of 15")],
            vec![fences(json!(4), json!(1))],
        ),
        row(
            rolling,
            vec![
                Remove("0/spec/replicas"),
                Add(scaler("Deployment", "apps/v1", json!(3))),
                fences(json!("25%"), json!("20%")),
            ],
            vec![("W14", Note, FENCES_PATH, "1 and 0 of 3; 5 and 4 of 20")],
            vec![fences(json!(1), json!(0))],
        ),
    ]);
}

#[test]
fn w15_too_few_pods() {
    let none = "maxUnavailable 1 lets all of 1 go (Deployment web)";
    let keda = json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"scaleTargetRef": {"name": "web"}, "minReplicaCount": 1, "maxReplicaCount": 9},
    });
    let hpa = || scaler("Deployment", "apps/v1", json!(null));
    play(vec![
        row(
            rolling,
            vec![Remove("0/spec/replicas")],
            vec![
                ("W15", Warning, "spec.replicas", "1 (default)"),
                ("W17", Warning, "spec.maxUnavailable", none),
            ],
            vec![replicas(2)],
        ),
        row(
            canary,
            vec![replicas(0)],
            vec![("W15", Warning, "spec.replicas", "0")],
            vec![replicas(2)],
        ),
        row(
            rolling,
            vec![Set("0/spec/replicas", json!("ten"))],
            vec![("W15", Warning, "spec.replicas", "? how many pods are wanted cannot be read")],
            vec![replicas(10)],
        ),
        row(
            rolling,
            vec![Remove("0/spec/replicas"), Add(hpa())],
            vec![
                ("W15", Warning, "spec.minReplicas", "1 (default)"),
                ("W17", Warning, "spec.maxUnavailable", none),
            ],
            vec![Set("2/spec/minReplicas", json!(2))],
        ),
        row(
            rolling,
            vec![Remove("0/spec/replicas"), Add(keda)],
            vec![
                ("W15", Warning, "spec.minReplicaCount", "1"),
                ("W17", Warning, "spec.maxUnavailable", none),
            ],
            vec![Set("2/spec/minReplicaCount", json!(2))],
        ),
    ]);
}

#[test]
fn w20_a_number_beside_an_autoscaler() {
    let deployment = || Add(scaler("Deployment", "apps/v1", json!(3)));
    let rollout = || Add(scaler("Rollout", "argoproj.io/v1alpha1", json!(3)));
    let found = || vec![("W20", Warning, "spec.replicas", "10 beside HorizontalPodAutoscaler web")];
    let repair = || vec![Remove("0/spec/replicas")];
    play(vec![
        row(rolling, vec![deployment()], found(), repair()),
        row(canary, vec![rollout()], found(), repair()),
        // An autoscaler of something else of the same name.
        row(canary, vec![deployment()], vec![], vec![]),
        row(
            rolling,
            vec![deployment(), Set("2/metadata/namespace", json!("other"))],
            vec![],
            vec![],
        ),
    ]);
}

#[test]
fn w20_says_nothing_of_what_is_live() {
    let mut objects = rolling();
    objects.push(scaler("Deployment", "apps/v1", json!(3)));
    assert_eq!(judged(&objects, &Profile::default()).len(), 1);
    let live = objects.iter().map(|json| {
        let mut node = placed(json, &mut 0);
        node.at = None;
        crate::manifest::bundle::Object::new("kind-a".into(), node).unwrap()
    });
    let findings =
        crate::manifest::rules::judge(&live.collect(), &Profile::default(), super::RULES);
    assert_eq!(findings, []);
}

#[test]
fn floors_are_whole_pods() {
    let cases = [(15, 0.8, 12), (10, 0.8, 8), (4, 0.8, 4), (3, 0.0, 0), (3, 1.0, 3), (0, 0.8, 0)];
    for (pods, floor, least) in cases {
        assert_eq!(floor_of(pods, floor), least, "{pods} at {floor}");
    }
    assert_eq!(floor_of(i32::MAX, 1.0), i32::MAX);
    assert_eq!(floor_of(-1, 0.8), 0);
}
