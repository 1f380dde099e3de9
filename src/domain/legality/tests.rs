//! Every verb in every situation, and the reasons that are given.

use super::*;
use crate::domain::analysis::template::RolloutAnalysis;
use crate::domain::analysis::{AnalysisRole, AnalysisRun, Verdict};
use crate::domain::sample::{
    CURRENT, OLD, STABLE, Sample, a_blue_green, a_canary, a_deployment, a_metric, a_pause,
    an_analysis, at, now,
};
use crate::domain::strategy::CanaryScale;
use crate::domain::time::Span;
use crate::domain::workload::WorkloadRef;

/// What may be done, a letter a verb in their order, a dot where it is refused.
fn allowed(sample: &Sample) -> String {
    let letters = Verb::ALL.into_iter().zip("PFHRAUTSW".chars());
    let one = |(verb, letter)| if may(sample, verb).is_allowed() { letter } else { '.' };
    letters.map(one).collect()
}

fn may(sample: &Sample, verb: Verb) -> Legality {
    sample.ask(|release| of(release, verb, now()))
}

fn check(table: Vec<(&'static str, Sample, &'static str)>) {
    for (situation, sample, verbs) in table {
        assert_eq!(allowed(&sample), verbs, "{situation}");
    }
}

fn by_reference(sample: Sample, kind: &str) -> Sample {
    let reference = WorkloadRef { kind: kind.into(), name: "catalog".into() };
    sample.with(|w| {
        w.workload_ref = Some(reference);
        w.images.clear();
    })
}

#[test]
fn canaries() {
    check(vec![
        ("a weight step is under way", a_canary().at_step(2), ".FH.AU.SW"),
        ("waits at its gate", a_canary().at_step(1).paused(), "PFH.AU.SW"),
        ("waits for a timer", a_canary().at_step(3).paused(), "PFH.AU.SW"),
        ("promoted, not yet moved", a_canary().at_step(1).paused().promoted(), ".FH.AU.SW"),
        ("an analysis runs", a_canary().at_step(4), ".FH.AU.SW"),
        (
            "an analysis could not decide",
            a_canary().at_step(4).paused_for(PauseReason::InconclusiveAnalysisRun),
            "PFH.AU.SW",
        ),
        ("held", a_canary().at_step(2).held(), "...RAU.SW"),
        ("held at its gate", a_canary().at_step(1).paused().held(), "...RAU.SW"),
        ("all steps are done", a_canary().at_step(7), ".FH.AU.SW"),
        ("no steps at all", a_canary().canary(|c| c.steps.clear()), ".FH.AU.SW"),
        ("no step reported", a_canary().with(|w| w.status.step_index = None), ".FH.AU.SW"),
        (
            "full promotion under way",
            a_canary().at_step(2).with(|w| w.status.promote_full = true),
            "..H.AU.SW",
        ),
        ("aborted", a_canary().aborted(""), ".F...UTS."),
        ("aborted and held", a_canary().aborted("").held(), "...R.UTS."),
        ("complete", a_canary().complete(), "..H..U.SW"),
        (
            "first deployment",
            a_canary().without_history().with(|w| w.status.stable_hash = None),
            "..H....S.",
        ),
        (
            "spec not yet seen",
            a_canary().at_step(1).paused().with(|w| w.generation = 8),
            "..H.AU.SW",
        ),
        (
            "spec refused",
            a_canary().condition("InvalidSpec", true, "InvalidSpec", "no"),
            "..H.AU.SW",
        ),
        ("being deleted", a_canary().at_step(1).paused().with(|w| w.deleting = true), "........."),
        ("no pods wanted", a_canary().at_step(1).paused().with(|w| w.replicas = 0), "PFH.AU..W"),
        (
            "a restart under way",
            a_canary().at_step(1).paused().with(|w| w.restart_at = Some(at(1))),
            "PFH.AU..W",
        ),
        (
            "a restart done",
            a_canary().at_step(1).paused().with(|w| {
                w.restart_at = Some(at(1));
                w.status.restarted_at = Some(at(1));
            }),
            "PFH.AU.SW",
        ),
        ("template elsewhere, not seen", by_reference(a_canary(), "Deployment"), ".FH.A..SW"),
        ("template in a PodTemplate", by_reference(a_canary(), "PodTemplate"), ".FH.A..SW"),
    ]);
}

#[test]
fn blue_green_pairs() {
    let timed = || {
        a_blue_green().blue_green(|b| {
            b.auto_promotion = true;
            b.auto_promotion_after = Some(Span::hours(2));
        })
    };
    check(vec![
        ("the preview comes up", a_blue_green(), ".FH.AU.SW"),
        ("waits for the switch", a_blue_green().paused(), "PFH.AU.SW"),
        ("switches by itself", timed().paused(), ".FH.AU.SW"),
        (
            "switches by itself, but its analysis could not decide",
            timed().paused_for(PauseReason::InconclusiveAnalysisRun),
            "PFH.AU.SW",
        ),
        (
            "switched, analysis goes on",
            a_blue_green().with(|w| w.status.active_hash = Some(CURRENT.into())),
            ".FH.AU.SW",
        ),
        ("held", a_blue_green().paused().held(), "...RAU.SW"),
        ("aborted", a_blue_green().aborted(""), ".F...UTS."),
        ("complete", a_blue_green().complete(), "..H..U.SW"),
    ]);
}

#[test]
fn deployments() {
    check(vec![
        ("complete", a_deployment(), "..H..U.SW"),
        ("updating", a_deployment().with(|w| w.status.updated = 1), "..H..U.SW"),
        ("held", a_deployment().with(|w| w.paused = true), "...R....W"),
        ("no history", a_deployment().without_history(), "..H....S."),
        ("no pods wanted", a_deployment().with(|w| w.replicas = 0), "..H..U..W"),
        ("restarted before", a_deployment().with(|w| w.restart_at = Some(at(1))), "..H..U.SW"),
        ("being deleted", a_deployment().with(|w| w.deleting = true), "........."),
    ]);
}

#[test]
fn a_refusal_says_why() {
    let timed = a_blue_green().blue_green(|b| {
        b.auto_promotion = true;
        b.auto_promotion_after = Some(Span::hours(2));
    });
    let cases = vec![
        (a_canary().at_step(2), Verb::Promote, "step 3 (25%) is still under way"),
        (a_canary().at_step(4), Verb::Promote, "step 5 is a running analysis"),
        (a_canary().at_step(7), Verb::Promote, "all steps are done"),
        (a_canary().canary(|c| c.steps.clear()), Verb::Promote, "has no steps"),
        (a_canary().at_step(1).paused().promoted(), Verb::Promote, "already promoted"),
        (a_canary().at_step(1).paused().held(), Verb::Promote, "held: resume it first"),
        (a_canary().aborted(""), Verb::Promote, "aborted: retry it or undo it first"),
        (a_canary().complete(), Verb::Promote, "the wanted version is stable"),
        (a_canary().with(|w| w.generation = 9), Verb::Promote, "not seen the newest spec"),
        (a_canary().with(|w| w.status.stable_hash = None), Verb::Abort, "first deployment"),
        (a_canary().complete(), Verb::Abort, "undo goes back to an older one"),
        (a_canary().aborted(""), Verb::Pause, "hold up the way back"),
        (a_canary().at_step(1).paused(), Verb::Resume, "only promote moves on"),
        (a_canary(), Verb::Retry, "not aborted"),
        (timed.paused(), Verb::Promote, "switches by itself in 50m"),
        (a_blue_green(), Verb::Promote, "not ready to be switched to"),
        (a_deployment(), Verb::Promote, "no steps to promote"),
        (a_deployment(), Verb::Abort, "undo goes back to an older revision"),
        (a_deployment().with(|w| w.paused = true), Verb::Undo, "does not roll back"),
        (a_deployment().without_history(), Verb::Undo, "no other revision"),
        (by_reference(a_canary(), "Deployment"), Verb::Undo, "Deployment catalog, which cannot"),
    ];
    for (sample, verb, part) in cases {
        let legality = may(&sample, verb);
        let reason = legality.reason().unwrap_or("allowed");
        assert!(reason.contains(part), "{}: {reason:?} says nothing of {part:?}", verb.name());
    }
}

#[test]
fn a_step_under_way_is_never_skipped_whatever_it_is() {
    let steps = [
        Step::SetWeight(5),
        Step::SetCanaryScale(CanaryScale::Replicas(1)),
        Step::Analysis(RolloutAnalysis::default()),
        Step::Experiment(Vec::new(), None),
        Step::SetHeaderRoute("canary".into()),
        Step::SetMirrorRoute("canary".into(), Some(5)),
        Step::Plugin("p".into()),
        Step::Unknown("setSomething".into()),
    ];
    for step in steps {
        let label = step.label();
        let sample = a_canary().canary(|c| c.steps = vec![step, Step::SetWeight(100)]).at_step(0);
        assert!(!may(&sample, Verb::Promote).is_allowed(), "{label}");
    }
}

fn run_of(hash: &str, run: AnalysisRun) -> AnalysisRun {
    AnalysisRun { hash: Some(hash.into()), ..run }
}

/// Hash, revision, record and marks of each target: `*` preselected, `p` what a plain undo takes.
fn targets(sample: &Sample) -> Vec<(String, Record, String)> {
    sample.ask(|release| {
        let marks = |t: &UndoTarget| {
            [(t.preferred, "*"), (t.plain, "p")].iter().filter(|m| m.0).map(|m| m.1).collect()
        };
        undo_targets(release)
            .iter()
            .map(|t| (t.hash.to_string(), t.record.clone(), marks(t)))
            .collect()
    })
}

fn row(hash: &str, record: Record, marks: &str) -> (String, Record, String) {
    (hash.into(), record, marks.into())
}

#[test]
fn undo_goes_to_the_last_stable_version_first() {
    let canary = a_canary().at_step(1).paused();
    let expected = vec![row(STABLE, Record::Stable, "*p"), row(OLD, Record::Clean, "")];
    assert_eq!(targets(&canary), expected);
}

#[test]
fn after_two_bad_releases_a_plain_undo_would_take_the_wrong_one() {
    // r41 was bad, was replaced by r42 before it was ever stable; users are still on r40.
    let failed = an_analysis(AnalysisRole::Step, Verdict::Failed, a_metric(Verdict::Failed, &[]));
    let canary = a_canary()
        .with(|w| w.status.stable_hash = Some(OLD.into()))
        .analysis(run_of(STABLE, failed));
    let expected =
        vec![row(STABLE, Record::FailedAnalysis("".into()), "p"), row(OLD, Record::Stable, "*")];
    assert_eq!(targets(&canary), expected);
}

#[test]
fn a_version_whose_analysis_failed_is_not_preselected() {
    let failed = an_analysis(AnalysisRole::Step, Verdict::Failed, a_metric(Verdict::Failed, &[]));
    let canary = a_canary().complete().analysis(run_of(STABLE, failed));
    let expected =
        vec![row(STABLE, Record::FailedAnalysis("".into()), "p"), row(OLD, Record::Clean, "*")];
    assert_eq!(targets(&canary), expected);
}

#[test]
fn when_everything_failed_something_is_still_preselected() {
    let failed =
        || an_analysis(AnalysisRole::Step, Verdict::Failed, a_metric(Verdict::Failed, &[]));
    let mut old = run_of(OLD, failed());
    old.uid = "another".into();
    let canary = a_canary().complete().analysis(run_of(STABLE, failed())).analysis(old);
    let marks: Vec<String> = targets(&canary).into_iter().map(|t| t.2).collect();
    assert_eq!(marks, ["*p", ""]);
}

#[test]
fn a_revision_without_number_cannot_be_gone_back_to() {
    let canary = a_canary().revision(STABLE, |r| r.revision = None);
    let hashes: Vec<String> = targets(&canary).into_iter().map(|t| t.0).collect();
    assert_eq!(hashes, [OLD]);
}

#[test]
fn two_pauses_at_once_are_lifted_by_one_promotion() {
    let both = a_canary().at_step(1).paused().with(|w| {
        w.status.pauses.push(a_pause(PauseReason::InconclusiveAnalysisRun));
    });
    assert!(may(&both, Verb::Promote).is_allowed());
}
