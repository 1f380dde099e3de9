//! Advice: all twelve cells, limits with their losers, and what never happens.

use proptest::prelude::*;

use super::*;
use crate::domain::catalogue::matrix::STATEFUL;
use crate::domain::catalogue::stated::{Origin, Stated};
use crate::domain::id::WorkloadKind;

fn built_in(kind: &str, risk: &str) -> Advice {
    advise(kind, risk, &Matrix::built_in(), &QualityGate::built_in()).unwrap()
}

#[test]
fn all_twelve_cells() {
    let table = [
        (
            "stateless_web_services",
            ["rolling", "rolling (or blue-green)", "blue-green (or canary)"],
        ),
        (
            "stateful_databases",
            ["none", "blue-green (outside Rollouts)", "blue-green (outside Rollouts)"],
        ),
        ("critical_apis", ["none", "blue-green", "canary (or blue-green)"]),
        ("background_services", ["rolling (or recreate)", "rolling", "none"]),
    ];
    for (kind, cells) in table {
        for (risk, wanted) in ["low", "medium", "high"].into_iter().zip(cells) {
            let advice = built_in(kind, risk);
            assert_eq!(advice.cell(), wanted, "{kind}/{risk}");
            assert_eq!(advice.nothing().is_some(), wanted == "none", "{kind}/{risk}");
        }
    }
}

#[test]
fn an_empty_cell_shows_both_lists() {
    assert_eq!(
        built_in("critical_apis", "low_risk").nothing().unwrap(),
        "none: type critical_apis allows canary, blue-green, risk low_risk allows rolling, \
         recreate, and nothing is in both; write `strategy` with a `reason`"
    );
    let advice = built_in("background_services", "high");
    assert_eq!(Choice::of(&advice, None), Choice::None);
}

#[test]
fn the_smallest_limit_wins_and_the_losers_are_named() {
    let table = [
        (
            "critical_apis",
            "< 60s by type critical_apis < 60s; gate rollback_time 5m, every service 5m lose",
        ),
        (
            "stateful_databases",
            "5m by gate rollback_time 5m, every service 5m; type stateful_databases < 10m loses",
        ),
        (
            "background_services",
            "< 5m by type background_services < 5m, gate rollback_time 5m, every service 5m",
        ),
        (
            "stateless_web_services",
            "< 2m by type stateless_web_services < 2m; gate rollback_time 5m, every service 5m \
             lose",
        ),
    ];
    for (kind, wanted) in table {
        assert_eq!(built_in(kind, "medium").limit.words(), wanted);
    }
}

#[test]
fn the_gate_that_is_written_counts_and_one_that_means_something_else_does_not() {
    let mut gates = QualityGate::built_in();
    gates[2].threshold = 200.0;
    let advice =
        |gates: &[QualityGate]| advise(STATEFUL, "high", &Matrix::built_in(), gates).unwrap().limit;
    assert_eq!(advice(&gates).effective.span, Span::seconds(200));
    for broken in [f64::NAN, -1.0, f64::INFINITY, 1e300] {
        gates[2].threshold = broken;
        assert_eq!(advice(&gates).effective, CORE, "{broken}");
    }
    gates[2].threshold = 10.0;
    gates[2].judging.comparator = Comparator::AtLeast;
    assert_eq!(advice(&gates).effective, CORE);
    assert_eq!(advice(&[]).effective, CORE);
}

#[test]
fn tests_grow_with_the_risk() {
    let tests = |risk: &str| built_in("critical_apis", risk).tests;
    assert_eq!(tests("low"), ["smoke_tests"]);
    assert_eq!(tests("medium"), ["smoke_tests", "integration_tests"]);
    assert_eq!(tests("high"), ["smoke_tests", "integration_tests", "load_tests", "chaos_tests"]);
}

#[test]
fn an_override_wins_and_says_whether_the_matrix_has_it() {
    let chosen = |strategy| {
        Some(Override {
            strategy: Stated::built_in(strategy),
            reason: Stated::built_in("the vendor says so".into()),
        })
    };
    let advice = built_in("critical_apis", "high");
    let reason = || "the vendor says so".into();
    for (strategy, allowed) in [(StrategyKind::Rolling, false), (StrategyKind::BlueGreen, true)] {
        assert_eq!(
            Choice::of(&advice, chosen(strategy).as_ref()),
            Choice::Overridden { strategy, reason: reason(), allowed }
        );
    }
    assert_eq!(Choice::of(&advice, None), Choice::Advised(StrategyKind::Canary));
}

#[test]
fn a_database_never_gets_a_rollout() {
    let matrix = Matrix::built_in();
    let kind = matrix.service_type(STATEFUL).unwrap();
    assert!(refused(kind, StrategyKind::Canary).unwrap().contains("maintenance-window"));
    assert_eq!(refused(kind, StrategyKind::BlueGreen), None);
    let web = matrix.service_type("stateless_web_services").unwrap();
    assert_eq!(refused(web, StrategyKind::Canary), None);
    for risk in ["low", "medium", "high"] {
        let advice = built_in(STATEFUL, risk);
        for candidate in &advice.candidates {
            let is_rollout = candidate.workload() == Some(WorkloadKind::Rollout);
            assert!(!is_rollout || advice.said(*candidate).contains("outside Rollouts"));
        }
    }
}

#[test]
fn names_that_are_not_in_the_matrix() {
    let gates = QualityGate::built_in();
    assert!(advise("critical_api", "high", &Matrix::built_in(), &gates).is_none());
    assert!(advise("critical_apis", "huge", &Matrix::built_in(), &gates).is_none());
}

fn kinds() -> impl Strategy<Value = Vec<StrategyKind>> {
    proptest::collection::vec(proptest::sample::select(StrategyKind::ALL.to_vec()), 0..8)
}

proptest! {
    #[test]
    fn advice_is_always_within_both_lists_and_in_the_order_of_the_type(
        best in proptest::sample::select(StrategyKind::ALL.to_vec()),
        alternatives in kinds(),
        strategies in kinds(),
        minutes in 1i64..600,
    ) {
        let kind = ServiceType {
            name: "t".into(),
            recommended: best,
            alternatives,
            rollback: RollbackTime { span: Span::minutes(minutes), below: true },
            stateful: false,
            origin: Origin::BuiltIn,
        };
        let risk = RiskLevel {
            name: "r".into(),
            strategies,
            tests: Vec::new(),
            origin: Origin::BuiltIn,
        };
        let advice = of(&kind, &risk, &QualityGate::built_in());
        let allowed = kind.strategies();
        prop_assert!(advice.candidates.iter().all(|c| allowed.contains(c)));
        prop_assert!(advice.candidates.iter().all(|c| risk.strategies.contains(c)));
        // Nothing that both allow is left out, and nothing is said twice.
        let both = allowed.iter().filter(|c| risk.strategies.contains(c)).count();
        prop_assert_eq!(advice.candidates.len(), both);
        let order = |c: &StrategyKind| allowed.iter().position(|a| a == c);
        prop_assert!(advice.candidates.is_sorted_by_key(order));
        prop_assert!(advice.limit.effective.span <= CORE.span);
        prop_assert_eq!(advice.limit.set_by.len() + advice.limit.losers.len(), 3);
        let longer = |limit: &Limit| limit.time.span > advice.limit.effective.span;
        prop_assert!(advice.limit.losers.iter().all(longer));
    }
}
