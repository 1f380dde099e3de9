//! The controller's sums: amounts, budgets, the weight of each step, lengths of pauses.

use super::*;
use crate::domain::analysis::template::RolloutAnalysis;
use crate::domain::sample::a_canary;

#[test]
fn amounts_round_surge_up_and_unavailable_down() {
    let cases = [
        (Amount::Percent(25), 4, 1, 1),
        (Amount::Percent(25), 5, 2, 1),
        (Amount::Percent(25), 1, 1, 0),
        (Amount::Percent(0), 10, 0, 0),
        (Amount::Percent(100), 3, 3, 3),
        (Amount::Percent(25), 0, 0, 0),
        (Amount::Percent(-5), 10, 0, 0),
        (Amount::Count(3), 10, 3, 3),
        (Amount::Count(-3), 10, 0, 0),
    ];
    for (amount, replicas, up, down) in cases {
        assert_eq!((amount.of(replicas, true), amount.of(replicas, false)), (up, down), "{amount}");
    }
    assert_eq!(Amount::Percent(i32::MAX).of(i32::MAX, true), i32::MAX);
}

#[test]
fn a_budget_never_forbids_everything() {
    let (p, c) = (Amount::Percent, Amount::Count);
    let cases = [
        (4, p(25), p(25), (1, 1)),
        (10, p(25), p(25), (3, 2)),
        (1, p(25), p(25), (1, 0)),
        (4, c(0), c(0), (0, 1)),
        (4, p(0), p(10), (0, 1)),
        (2, c(1), c(5), (1, 2)),
        (0, c(0), c(3), (0, 1)),
    ];
    for (replicas, surge, unavailable, expected) in cases {
        let budget = budget(replicas, surge, unavailable);
        assert_eq!(
            (budget.surge, budget.unavailable),
            expected,
            "{replicas} {surge} {unavailable}"
        );
    }
}

#[test]
fn the_weight_of_each_step() {
    let of = |steps: Vec<Step>| {
        let sample = a_canary().canary(|c| c.steps = steps);
        let canary = sample.workload.strategy.canary().unwrap().clone();
        (0..=canary.steps.len()).map(|i| canary.weight_at(i)).collect::<Vec<_>>()
    };
    let pause = || Step::Pause(PauseLength::UntilPromoted);
    assert_eq!(of(Vec::new()), [100]);
    assert_eq!(of(vec![pause(), Step::SetWeight(20), pause()]), [0, 20, 20, 100]);
    assert_eq!(of(vec![Step::SetWeight(50), Step::SetWeight(10)]), [50, 10, 100]);
    let sample = a_canary().canary(|c| c.max_weight = 1000);
    assert_eq!(sample.workload.strategy.canary().unwrap().weight_at(7), 1000);
}

#[test]
fn lengths_of_pauses() {
    let cases = [
        ("600", PauseLength::For(Span::seconds(600))),
        ("0", PauseLength::For(Span::zero())),
        ("10m", PauseLength::For(Span::minutes(10))),
        ("1h30m", PauseLength::For(Span::minutes(90))),
        ("soon", PauseLength::Unreadable("soon".into())),
        ("", PauseLength::Unreadable("".into())),
    ];
    for (text, length) in cases {
        assert_eq!(PauseLength::parse(text), length, "{text:?}");
    }
}

#[test]
fn every_step_has_a_label() {
    let cases = [
        (Step::SetWeight(5), "5%"),
        (Step::Pause(PauseLength::UntilPromoted), "pause"),
        (Step::Pause(PauseLength::For(Span::seconds(90))), "pause 1m30s"),
        (Step::Pause(PauseLength::Unreadable("x".into())), "pause x?"),
        (Step::SetCanaryScale(CanaryScale::Replicas(2)), "scale 2 pods"),
        (Step::SetCanaryScale(CanaryScale::Weight(20)), "scale 20%"),
        (Step::SetCanaryScale(CanaryScale::MatchTraffic), "scale = weight"),
        (Step::Analysis(RolloutAnalysis::default()), "analysis"),
        (Step::Experiment(Vec::new(), None), "experiment"),
        (Step::SetHeaderRoute("h".into()), "header h"),
        (Step::SetMirrorRoute("m".into(), None), "mirror m"),
        (Step::Plugin("p".into()), "plugin p"),
        (Step::Unknown("u".into()), "u?"),
    ];
    for (step, label) in cases {
        assert_eq!(step.label(), label);
    }
}
