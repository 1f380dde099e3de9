//! The four words, what Degraded means, and who can end a pause.

use super::*;
use crate::domain::sample::{Sample, a_blue_green, a_canary, a_deployment, at};

#[test]
fn phases() {
    let updating = |updated, replicas, available| {
        a_deployment().with(|w| {
            w.status.updated = updated;
            w.status.replicas = replicas;
            w.status.available = available;
        })
    };
    let seen = |generation| move |w: &mut Workload| w.status.observed_generation = generation;
    let cases: Vec<(Sample, Phase, &str)> = vec![
        (a_canary(), Phase::Progressing, "more replicas need to be updated"),
        (a_canary().at_step(1).paused(), Phase::Paused, "CanaryPauseStep"),
        (a_canary().complete(), Phase::Healthy, ""),
        (a_canary().with(|w| w.generation = 8), Phase::Progressing, "spec update to be observed"),
        (a_canary().paused().promoted(), Phase::Progressing, "to unpause"),
        (a_canary().with(|w| w.status.phase = Some("Odd".into())), Phase::Unknown, ""),
        (
            a_canary().with(|w| w.status = Status::default()),
            Phase::Unknown,
            "no controller has reported",
        ),
        (a_canary().aborted(""), Phase::Degraded, "RolloutAborted"),
        (a_deployment(), Phase::Healthy, ""),
        (a_deployment().with(seen(Some(6))), Phase::Progressing, "new spec to be observed"),
        (a_deployment().with(seen(None)), Phase::Progressing, "new spec to be observed"),
        (updating(1, 5, 4), Phase::Progressing, "1 of 4 pods are on the new version"),
        (updating(4, 6, 4), Phase::Progressing, "2 old pods are still to go"),
        (updating(4, 4, 3), Phase::Progressing, "3 of 4 new pods are available"),
        (a_deployment().with(|w| w.paused = true), Phase::Paused, "manually paused"),
        (
            a_deployment().degraded("ProgressDeadlineExceeded", "timed out"),
            Phase::Degraded,
            "timed out",
        ),
    ];
    for (sample, phase, message) in cases {
        let standing = of(&sample.workload);
        assert_eq!(standing.phase, phase, "{message}");
        assert!(standing.message.contains(message), "{:?} {message:?}", standing.message);
    }
}

use crate::domain::workload::Status;

#[test]
fn what_degraded_means() {
    let cases = [
        (a_canary(), None),
        (
            a_canary().condition("InvalidSpec", true, "InvalidSpec", "no steps"),
            Some(Trouble::InvalidSpec("no steps".into())),
        ),
        (a_canary().condition("InvalidSpec", false, "InvalidSpec", "no steps"), None),
        (
            a_canary().aborted(""),
            Some(Trouble::Aborted("Rollout aborted update to revision 42".into())),
        ),
        (
            a_canary().degraded("ProgressDeadlineExceeded", "timed out"),
            Some(Trouble::DeadlineExceeded("timed out".into())),
        ),
        (
            a_deployment().condition("ReplicaFailure", true, "FailedCreate", "quota"),
            Some(Trouble::ReplicaFailure("quota".into())),
        ),
        (a_deployment().condition("ReplicaFailure", false, "FailedCreate", "quota"), None),
        (
            a_canary().condition("InvalidSpec", true, "InvalidSpec", "x").aborted(""),
            Some(Trouble::InvalidSpec("x".into())),
        ),
    ];
    for (sample, expected) in cases {
        assert_eq!(trouble(&sample.workload), expected);
    }
}

#[test]
fn who_ends_a_pause() {
    let after = |span| {
        a_blue_green().blue_green(|b| {
            b.auto_promotion = true;
            b.auto_promotion_after = span;
        })
    };
    let unreadable = PauseLength::Unreadable("soon".into());
    let cases = [
        ("gate", a_canary().at_step(1).paused(), None, true),
        ("timer", a_canary().at_step(3).paused(), Some(at(-3000)), false),
        ("timer, but held", a_canary().at_step(3).paused().held(), Some(at(-3000)), true),
        (
            "text",
            a_canary().canary(|c| c.steps[1] = Step::Pause(unreadable)).at_step(1).paused(),
            None,
            true,
        ),
        (
            "undecided",
            a_canary().at_step(3).paused_for(PauseReason::InconclusiveAnalysisRun),
            None,
            true,
        ),
        ("switch by hand", a_blue_green().paused(), None, true),
        ("switch by timer", after(Some(Span::hours(2))).paused(), Some(at(3600)), false),
        ("auto without time", after(None).paused(), None, true),
        ("nothing pauses", a_canary().at_step(2), None, false),
        ("held", a_canary().at_step(2).held(), None, true),
    ];
    for (what, sample, ends, person) in cases {
        assert_eq!(pause_ends(&sample.workload), ends, "{what}");
        assert_eq!(needs_person(&sample.workload), person, "{what}");
    }
}

use crate::domain::time::Span;

#[test]
fn a_status_generation_that_is_no_number_counts_as_seen() {
    let odd = a_canary().with(|w| {
        w.status.observed_generation = None;
        w.status.observed_unreadable = true;
    });
    assert!(is_observed(&odd.workload));
}
