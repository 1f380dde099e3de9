//! Queries over scripted series, and the answers of a real Prometheus.

mod corpus;
mod paths;

use proptest::prelude::*;

use super::*;
use crate::sim::time::{Span, parse};
use crate::sim::traffic::Scripted;
use crate::sim::world::World;

fn now() -> Moment {
    parse("2026-11-24T10:00:00Z").unwrap()
}

fn world() -> World {
    World::new(1, now(), Vec::new())
}

fn only(found: &Found) -> f64 {
    match found {
        Found::Vector(samples) if samples.len() == 1 => samples[0].1,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_scripted_series_is_found_with_the_labels_that_were_asked_for() {
    let mut world = world();
    let labels = [("service", "shop")];
    world.ground_mut().traffic.set_series("error_rate", &labels, now(), Scripted::Number(0.02));
    let query = "error_rate{service=\"shop\",hash=\"abc\"}";
    let Found::Vector(found) = ask(world.ground(), query, now()).unwrap() else { panic!() };
    let labels: Vec<_> = found[0].0.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(labels, [("__name__", "error_rate"), ("hash", "abc"), ("service", "shop")]);
    assert_eq!(found[0].1.to_bits(), 0.02f64.to_bits());
    let share = ask(world.ground(), "error_rate * 100 > 1", now() + Span::minutes(9)).unwrap();
    assert!((only(&share) - 2.0).abs() < 1e-12);
    assert_eq!(ask(world.ground(), "nothing", now()), Ok(Found::Vector(Vec::new())));
}

#[test]
fn failures_are_in_prometheus_own_form() {
    let mut world = world();
    world.ground_mut().traffic.set_series("a", &[], now(), Scripted::Error);
    world.ground_mut().traffic.set_series("b", &[], now(), Scripted::Slow);
    let failed = |query: &str| ask(world.ground(), query, now()).unwrap_err();
    assert_eq!(failed("a").kind, "internal");
    assert_eq!(failed("b").text, "query timed out in expression evaluation");
    let wrong = failed("sum(");
    assert_eq!(wrong.kind, "bad_data");
    assert_eq!(wrong.text, "invalid parameter \"query\": parse error: unclosed left parenthesis");
    world.ground_mut().faults.prometheus_away = "connection refused".into();
    assert_eq!(ask(world.ground(), "1", now()).unwrap_err().kind, "unavailable");
}

/// Pieces of queries, sound and unsound.
const PIECES: [&str; 48] = [
    "a",
    "b{c=\"d\"}",
    "[5m]",
    "[1m:10s]",
    "[0s]",
    "(",
    ")",
    "{",
    "}",
    "sum",
    "by (c)",
    "without (c)",
    "topk(",
    "2",
    ",",
    "rate(",
    "+",
    "-",
    "/",
    "^",
    "%",
    "==",
    "bool",
    "and",
    "or",
    "unless",
    "on (c)",
    "ignoring ()",
    "group_left",
    "group_right (e)",
    "offset 5m",
    "offset -1y",
    "@ 1e9",
    "@ start()",
    "histogram_quantile(0.9,",
    "1e308",
    "NaN",
    "Inf",
    "0x",
    "'t'",
    "`\\`",
    "\"\\",
    "label_replace(",
    "absent(",
    "quantile_over_time(",
    "count_values(\"v\",",
    "time()",
    "# x\n",
];

proptest! {
    #[test]
    fn no_query_takes_it_down(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 1..14),
    ) {
        let mut world = world();
        for (name, value) in [("a", 1.5), ("b", f64::NAN)] {
            let labels = [("c", "d")];
            world.ground_mut().traffic.set_series(name, &labels, now(), Scripted::Number(value));
        }
        let query = pieces.join(" ");
        if let Err(failure) = ask(world.ground(), &query, now()) {
            prop_assert!(matches!(failure.kind, "bad_data" | "execution"), "{failure:?}");
            prop_assert!(!failure.text.is_empty());
        }
    }
}
