//! The order of the fleet: who comes before whom.

use super::*;
use crate::domain::sample::{
    CURRENT, STABLE, Sample, a_blue_green, a_canary, a_deployment, a_pod, now,
};
use crate::domain::time::Span;
use crate::domain::workload::Status;

/// From the most urgent to the least.
fn in_order() -> Vec<(&'static str, Sample)> {
    let timed = a_blue_green().blue_green(|b| {
        b.auto_promotion = true;
        b.auto_promotion_after = Some(Span::hours(2));
    });
    vec![
        ("users on broken pods", a_canary().at_step(1).pod(STABLE, a_pod("a").crash_looping())),
        ("stuck", a_canary().degraded("ProgressDeadlineExceeded", "timed out")),
        ("new pods broken", a_canary().at_step(0).pod(CURRENT, a_pod("a").crash_looping())),
        (
            "spec refused",
            a_canary().condition("InvalidSpec", true, "InvalidSpec", "no").with(|w| {
                w.status.phase = Some("Degraded".into());
            }),
        ),
        ("aborted", a_canary().aborted("")),
        ("waits for a person", a_canary().at_step(1).paused()),
        ("moves", a_canary().at_step(2)),
        ("waits for a timer", timed.paused()),
        ("not known", a_canary().with(|w| w.status = Status::default())),
        ("complete", a_canary().complete()),
    ]
}

#[test]
fn risk_first() {
    let keys: Vec<_> = in_order()
        .into_iter()
        .map(|(what, sample)| {
            let (attention, risk) = sample.ask(|release| of(release, now()));
            (what, (attention, std::cmp::Reverse(risk)))
        })
        .collect();
    for pair in keys.windows(2) {
        assert!(pair[0].1 < pair[1].1, "{} before {}", pair[0].0, pair[1].0);
    }
}

#[test]
fn groups() {
    let cases = [
        ("held", a_canary().at_step(2).held(), Attention::NeedsPerson),
        ("held Deployment", a_deployment().with(|w| w.paused = true), Attention::NeedsPerson),
        ("updating Deployment", a_deployment().with(|w| w.status.updated = 1), Attention::Moving),
        ("Deployment at rest", a_deployment(), Attention::Quiet),
        (
            "complete, but users are on broken pods",
            a_deployment().pod(CURRENT, a_pod("a").out_of_memory()),
            Attention::NeedsPerson,
        ),
        (
            "active of a pair broken",
            a_blue_green().pod(STABLE, a_pod("a").crash_looping()),
            Attention::NeedsPerson,
        ),
        (
            "preview of a pair broken",
            a_blue_green().pod(CURRENT, a_pod("a").crash_looping()),
            Attention::NeedsPerson,
        ),
        (
            "old pods broken while a Deployment updates",
            a_deployment()
                .with(|w| w.status.updated = 1)
                .scaled(STABLE, 3)
                .pod(STABLE, a_pod("a").crash_looping()),
            Attention::Moving,
        ),
        (
            "slow to start",
            a_canary().pod(CURRENT, a_pod("a").unready_since(570)),
            Attention::Moving,
        ),
    ];
    for (what, sample, attention) in cases {
        assert_eq!(sample.ask(|release| of(release, now())).0, attention, "{what}");
    }
}
