//! What is made passes every rule of `check`.

use super::{bundle, every_order, order, plain};
use crate::domain::readiness::{Finding, Severity};
use crate::manifest::make::{Order, Routing};
use crate::manifest::rules::{self, Rule};
use crate::manifest::workload::Strategy;

/// What is found, from warnings up, in short.
fn findings(order: &Order) -> Vec<String> {
    let rules: Vec<Rule> =
        rules::pods::RULES.iter().chain(rules::rollouts::RULES).copied().collect();
    let said = |f: &Finding| {
        format!("{} {} {}: {} / {}", f.rule, f.subject.name, f.path, f.measured, f.wanted)
    };
    let found = rules::judge(&bundle(order), &order.profile, &rules);
    found.iter().filter(|f| f.severity >= Severity::Warning).map(said).collect()
}

#[test]
fn every_strategy_routing_and_shape() {
    for order in every_order() {
        let found = findings(&order);
        assert!(found.is_empty(), "{:?} {:?}: {found:#?}", order.strategy, order.routing);
    }
}

#[test]
fn every_server_and_number_of_replicas() {
    for strategy in super::STRATEGIES {
        for minor in [None, Some(26), Some(29), Some(30), Some(34)] {
            for replicas in [2, 3, 4, 5, 6, 7, 9, 11, 15, 20, 100, 999] {
                let mut order = Order { shape: plain(replicas), ..order(strategy) };
                order.profile.server_minor = minor;
                let found = findings(&order);
                assert!(found.is_empty(), "{strategy:?} 1.{minor:?} {replicas}: {found:#?}");
            }
        }
    }
}

#[test]
fn what_is_left_out_is_found_and_nothing_else() {
    let rules = |order: &Order| -> Vec<String> {
        let found = findings(order);
        let mut rules: Vec<String> = found.iter().map(|said| said[..3].to_owned()).collect();
        rules.dedup();
        rules
    };
    let without = |strategy| Order { prometheus: None, ..order(strategy) };
    assert_eq!(rules(&without(Strategy::Rolling)), Vec::<String>::new());
    assert_eq!(rules(&without(Strategy::BlueGreen)), ["W23"]);
    assert_eq!(rules(&without(Strategy::Canary)), ["W28", "W29"]);
    let alone = Order { shape: plain(1), routing: Routing::None, ..order(Strategy::Rolling) };
    assert_eq!(rules(&alone), ["W15"]);
}
