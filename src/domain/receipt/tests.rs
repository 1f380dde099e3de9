//! Each expectation through the states that the controller walks: never in effect too early.

use super::*;
use crate::domain::action::{Action, Verb};
use crate::domain::plan;
use crate::domain::sample::{
    CURRENT, OLD, STABLE, Sample, a_blue_green, a_canary, a_deployment, at, now,
};

/// What is expected of `verb`, and how far each later state is: `waiting`, `observed`, `done`,
/// `other`, each with a part of its sentence.
fn walk(before: &Sample, verb: Verb, states: &[(&Sample, &str, &str)]) {
    let made = before.ask(|release| plan::make(release, &Action::plain(verb), now()));
    let expectation = made.expect("it is allowed").expectation;
    let first = before.ask(|release| expectation.progress(release));
    assert!(matches!(first, Progress::Waiting(_)), "{}: {first:?} before it", verb.name());
    for (state, word, part) in states {
        let progress = state.ask(|release| expectation.progress(release));
        let (is, text) = match &progress {
            Progress::Waiting(text) => ("waiting", text),
            Progress::Observed(text) => ("observed", text),
            Progress::InEffect(text) => ("done", text),
            Progress::Superseded(text) => ("other", text),
        };
        assert_eq!(is, *word, "{}: {progress:?}", verb.name());
        assert!(text.contains(part), "{}: {progress:?} without {part:?}", verb.name());
    }
}

fn a_gate() -> Sample {
    a_canary().at_step(1).paused()
}

fn newer(sample: Sample) -> Sample {
    sample.with(|w| w.status.current_hash = Some("99dd003c43".into()))
}

#[test]
fn promote_is_in_effect_when_the_step_has_moved() {
    walk(
        &a_gate(),
        Verb::Promote,
        &[
            (&a_gate().promoted(), "observed", "pause lifted"),
            (&a_canary().at_step(2), "done", "at step 3/7"),
            (&a_canary().at_step(7), "done", "all steps are done"),
            (&a_canary().complete(), "done", "all steps are done"),
            (&a_gate().aborted(""), "other", "aborted meanwhile"),
            (&newer(a_gate()), "other", "another version is wanted now: 99dd003c43"),
        ],
    );
}

#[test]
fn a_switch_is_in_effect_when_the_service_points_there() {
    let waits = a_blue_green().paused();
    let switched = || a_blue_green().with(|w| w.status.active_hash = Some(CURRENT.into()));
    walk(
        &waits,
        Verb::Promote,
        &[
            (&waits.clone().promoted(), "observed", "not switched yet"),
            (&switched(), "done", "points at it"),
            (&newer(a_blue_green().paused()), "other", "another version"),
        ],
    );
}

#[test]
fn a_pause_that_began_anew_is_over() {
    let undecided = || {
        a_canary()
            .at_step(4)
            .paused_for(super::super::workload::PauseReason::InconclusiveExperiment)
    };
    let again = undecided().with(|w| w.status.pauses[0].start_text = "2026-05-04T10:09:00Z".into());
    let states = [(&undecided().promoted(), "done", "over"), (&again, "done", "over")];
    walk(&undecided(), Verb::Promote, &states);
}

#[test]
fn full_promotion_is_in_effect_when_it_is_stable() {
    let asked = a_gate().with(|w| w.status.promote_full = true);
    walk(
        &a_gate(),
        Verb::PromoteFull,
        &[
            (&asked, "observed", "until all its pods"),
            (&a_canary().complete(), "done", "stable version"),
            (&newer(asked.clone()), "other", "another version"),
        ],
    );
}

#[test]
fn a_hold_is_in_effect_when_the_controller_has_seen_it() {
    let spec = |paused| {
        move |w: &mut super::super::workload::Workload| {
            w.paused = paused;
            w.generation = 8;
        }
    };
    let seen = |w: &mut super::super::workload::Workload| w.status.observed_generation = Some(8);
    let cases = [(a_gate(), a_gate().held()), (a_deployment(), a_deployment().held())];
    for (free, held) in cases {
        let states = [
            (&free.clone().with(spec(true)), "waiting", "controller has not seen"),
            (&free.clone().with(spec(true)).with(seen), "done", "held"),
        ];
        walk(&free, Verb::Pause, &states);
        let states = [
            (&held.clone().with(spec(false)), "waiting", "controller has not seen"),
            (&held.clone().with(spec(false)).with(seen), "done", "goes on"),
        ];
        walk(&held, Verb::Resume, &states);
    }
}

#[test]
fn an_abort_is_in_effect_when_no_user_is_on_the_version() {
    let unconfirmed = |sample: Sample| sample.aborted("").with(|w| w.status.aborted_at = None);
    walk(
        &a_gate(),
        Verb::Abort,
        &[
            (&unconfirmed(a_gate()), "observed", "not confirmed"),
            (&a_gate().aborted(""), "observed", "weight is still 5"),
            (&a_gate().aborted("").weight(0), "done", "weight 0"),
            (&newer(a_gate()), "other", "another version"),
        ],
    );
    let by_pods = || a_gate().without_router();
    let gone = by_pods().aborted("").scaled(CURRENT, 0);
    walk(
        &by_pods(),
        Verb::Abort,
        &[(&by_pods().aborted(""), "observed", "1 of its pods"), (&gone, "done", "pods are gone")],
    );
    let switched = || a_blue_green().with(|w| w.status.active_hash = Some(CURRENT.into()));
    walk(
        &switched(),
        Verb::Abort,
        &[
            (&switched().aborted(""), "observed", "not gone back"),
            (&a_blue_green().aborted(""), "done", "points at stable"),
        ],
    );
}

#[test]
fn a_retry_is_in_effect_when_the_update_runs() {
    let cleared = a_canary().aborted("").with(|w| w.status.abort = false);
    walk(
        &a_canary().aborted(""),
        Verb::Retry,
        &[
            (&cleared, "observed", "has not started again"),
            (&a_canary().at_step(0), "done", "runs again"),
            (&newer(cleared.clone()), "other", "another version"),
        ],
    );
}

#[test]
fn an_undo_is_in_effect_when_the_version_is_complete() {
    let back =
        |w: &mut super::super::workload::Workload| w.status.current_hash = Some(STABLE.into());
    walk(
        &a_gate(),
        Verb::Undo,
        &[
            (&a_gate().with(|w| w.generation = 8), "waiting", "new template"),
            (&a_gate().with(|w| w.status.current_hash = None), "waiting", "no version"),
            (&a_canary().with(back).weight(25), "observed", "weight is still 25"),
            (&a_canary().with(back).weight(0), "done", "complete"),
        ],
    );
    let old = Action { verb: Verb::Undo, target: Some(OLD.into()) };
    let made = a_gate().ask(|release| plan::make(release, &old, now())).expect("it is allowed");
    let running = a_canary().with(|w| w.status.current_hash = Some(OLD.into()));
    let progress = running.ask(|release| made.expectation.progress(release));
    assert_eq!(
        progress,
        Progress::Observed("its template is wanted; it is not complete yet".into())
    );
}

#[test]
fn users_that_were_brought_back_are_to_stay_there() {
    let (bad, good) = (PodHash::from(CURRENT), PodHash::from(STABLE));
    let why = |sample: &Sample| {
        let why = sample.ask(|release| left_again(release, &bad, &good));
        why.map(|why| why.to_string())
    };
    let undone = || a_canary().weight(0).with(|w| w.status.current_hash = Some(STABLE.into()));
    assert_eq!(why(&a_canary().aborted("").weight(0)), None);
    assert_eq!(why(&undone()), None);
    assert_eq!(why(&newer(undone())), None, "another release");
    let aborted = undone().with(|w| {
        w.status.abort = true;
        w.status.stable_hash = Some(CURRENT.into());
    });
    for (sample, part) in [
        (a_gate(), "is wanted again"),
        (a_gate().aborted(""), "weight is still 5"),
        (undone().weight(25), "weight is still 25"),
        (aborted, "was aborted"),
    ] {
        let why = why(&sample).unwrap_or_default();
        assert!(why.contains(part), "{why:?} without {part:?}");
    }
}

#[test]
fn a_rollout_is_restarted_when_the_controller_says_so() {
    let asked = || a_gate().with(|w| w.restart_at = Some(now()));
    let done = asked().with(|w| w.status.restarted_at = Some(now()));
    let older = a_gate().with(|w| w.status.restarted_at = Some(at(1)));
    let states = [
        (&older, "waiting", "spec.restartAt"),
        (&asked(), "observed", "being replaced"),
        (&done, "done", "all pods are new"),
    ];
    walk(&a_gate(), Verb::Restart, &states);
}

#[test]
fn a_deployment_is_restarted_when_every_pod_is_new() {
    let asked = || {
        a_deployment().with(|w| {
            w.restart_at = Some(now());
            w.generation = 8;
        })
    };
    let seen = || asked().with(|w| w.status.observed_generation = Some(8));
    let replacing = seen().with(|w| w.status.updated = 1);
    // A Deployment at rest is complete and observed before the request has even arrived.
    let states = [
        (&asked(), "waiting", "controller has not seen"),
        (&replacing, "observed", "being replaced"),
        (&seen(), "done", "all pods are new"),
    ];
    walk(&a_deployment(), Verb::Restart, &states);
}
