//! Replica arithmetic: the examples that the real controller's comments give, and answers that
//! its functions gave to made-up states.

use serde_json::{Value, json};

use super::*;

fn rollout(canary: &Value, replicas: i32, status: &Value) -> Rollout {
    let mut object = json!({
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": replicas, "strategy": {"canary": canary}},
        "status": {"stableRS": "a", "currentPodHash": "b", "currentStepIndex": 0},
    });
    json_patch::merge(&mut object, &json!({ "status": status }));
    Rollout::read(&object).unwrap()
}

fn sizes(new: (i32, i32), stable: (i32, i32), others: i32) -> Sizes {
    let size = |(wanted, available)| Some(Size { wanted, available });
    Sizes { new: size(new), stable: size(stable), distinct: true, others }
}

#[test]
fn without_a_router() {
    // replicas, weight, surge, unavailable, new and stable (wanted, available), others, next.
    type Case = (i32, i32, Value, Value, (i32, i32), (i32, i32), i32, (i32, i32));
    let cases: &[Case] = &[
        (10, 10, json!(1), json!(1), (0, 0), (10, 10), 0, (1, 9)),
        (10, 30, json!(3), json!(0), (0, 0), (10, 10), 0, (3, 10)),
        (10, 30, json!(0), json!(5), (0, 0), (10, 10), 0, (0, 7)),
        (10, 5, json!(1), json!(1), (0, 0), (10, 10), 0, (1, 10)),
        (1, 5, json!(1), json!(0), (0, 0), (1, 1), 0, (1, 1)),
        (1, 95, json!(1), json!(0), (0, 0), (1, 1), 0, (1, 1)),
        (10, 100, json!(1), json!(0), (10, 10), (1, 1), 0, (10, 0)),
        (10, 10, json!(0), json!(1), (0, 0), (10, 10), 0, (0, 9)),
        (10, 10, json!(1), json!(1), (0, 0), (10, 10), 2, (0, 10)),
        // Down again: what is drained is the canary.
        (10, 0, json!(1), json!(0), (5, 5), (5, 5), 0, (5, 6)),
        (10, 0, json!(1), json!(0), (5, 5), (6, 6), 0, (4, 6)),
        // A canary that does not start may go at once.
        (10, 0, json!(3), json!(0), (3, 0), (10, 10), 0, (0, 10)),
        (4, 25, json!("25%"), json!("25%"), (0, 0), (4, 4), 0, (1, 3)),
        (4, 50, json!("25%"), json!("25%"), (1, 1), (3, 3), 0, (2, 2)),
        (3, 50, json!(1), json!(0), (0, 0), (3, 3), 0, (1, 3)),
        (3, 50, json!(1), json!(0), (1, 1), (3, 3), 0, (1, 2)),
        // Made-up states.
        (6, 50, json!(2), json!(1), (2, 1), (2, 0), 0, (3, 3)),
        (11, 50, json!(1), json!(1), (8, 8), (7, 4), 0, (6, 6)),
        (4, 10, json!(1), json!("30%"), (5, 4), (6, 5), 0, (1, 4)),
        (11, 25, json!("50%"), json!("25%"), (1, 0), (13, 9), 0, (3, 9)),
        (8, 1, json!("100%"), json!(2), (4, 5), (10, 5), 0, (1, 10)),
        (11, 50, json!(0), json!(2), (8, 7), (12, 6), 0, (6, 5)),
        (7, 1, json!("25%"), json!(0), (8, 0), (5, 1), 0, (6, 3)),
        (10, 10, json!("25%"), json!(1), (8, 9), (3, 3), 0, (6, 5)),
        (6, 5, json!(0), json!("30%"), (6, 1), (2, 0), 0, (5, 1)),
        (10, 90, json!(2), json!(2), (7, 6), (1, 0), 2, (9, 1)),
        (10, 0, json!("100%"), json!(1), (11, 8), (1, 0), 2, (11, 7)),
        (8, 70, json!("50%"), json!("25%"), (8, 9), (9, 6), 0, (6, 6)),
        (9, 70, json!(1), json!(0), (10, 3), (8, 6), 0, (4, 6)),
        (6, 99, json!(2), json!(1), (0, 0), (8, 8), 0, (0, 5)),
        (11, 0, json!(1), json!(0), (3, 2), (5, 0), 1, (3, 8)),
        (8, 99, json!(2), json!(0), (4, 5), (6, 3), 0, (5, 4)),
    ];
    for (replicas, weight, surge, unavailable, new, stable, others, next) in cases {
        let canary = json!({
            "steps": [{"setWeight": weight}], "maxSurge": surge, "maxUnavailable": unavailable,
        });
        let rollout = rollout(&canary, *replicas, &json!({}));
        let sizes = sizes(*new, *stable, *others);
        let case = format!("{replicas} at {weight}: {sizes:?}");
        assert_eq!(next_sizes(&rollout, &sizes, None), *next, "{case}");
    }
}

#[test]
fn a_first_version_has_no_steps() {
    let rollout = rollout(&json!({"steps": [{"setWeight": 10}]}), 4, &json!({"stableRS": null}));
    let new = Some(Size { wanted: 0, available: 0 });
    let sizes = Sizes { new, ..Sizes::default() };
    assert_eq!(next_sizes(&rollout, &sizes, None), (4, 0));
}

#[test]
fn the_closest_ratio() {
    // replicas, weight, surge, (canary, stable).
    let cases = [
        (10, 20, 0, (2, 8)),
        (3, 50, 0, (2, 1)),
        (3, 50, 1, (2, 2)),
        (2, 1, 0, (1, 1)),
        (2, 99, 0, (1, 1)),
        (1, 50, 0, (1, 0)),
        (1, 49, 0, (0, 1)),
        (1, 50, 1, (1, 1)),
        (5, 0, 1, (0, 5)),
        (5, 100, 1, (5, 0)),
        (0, 50, 1, (0, 0)),
        (4, 25, 1, (1, 3)),
        (4, 20, 1, (1, 4)),
    ];
    for (replicas, weight, surge, wanted) in cases {
        let found = approximate(replicas, weight, 100, surge);
        assert_eq!(found, wanted, "{replicas} at {weight}, surge {surge}");
    }
}

#[test]
fn with_a_router() {
    let weights = |canary: i32| {
        let mut weights = Weights::default();
        weights.canary.weight = canary;
        weights.stable.weight = 100 - canary;
        weights
    };
    let routed = |extra: &Value| {
        let mut canary = json!({"steps": [{"setWeight": 25}], "trafficRouting": {"nginx": {}}});
        json_patch::merge(&mut canary, extra);
        canary
    };
    let at = sizes((0, 0), (10, 10), 0);
    let plain = rollout(&routed(&json!({})), 10, &json!({}));
    assert_eq!(next_sizes(&plain, &at, None), (3, 10));
    let least = rollout(&routed(&json!({"minPodsPerReplicaSet": 4})), 10, &json!({}));
    assert_eq!(next_sizes(&least, &at, None), (4, 10));
    let dynamic = routed(&json!({"dynamicStableScale": true}));
    let moving = rollout(&dynamic, 10, &json!({}));
    assert_eq!(next_sizes(&moving, &at, Some(&weights(0))), (3, 10));
    assert_eq!(next_sizes(&moving, &at, Some(&weights(25))), (3, 8));
    let back = rollout(&dynamic, 10, &json!({"abort": true}));
    let low = sizes((3, 3), (8, 8), 0);
    assert_eq!(next_sizes(&back, &low, Some(&weights(25))), (3, 10));
}
