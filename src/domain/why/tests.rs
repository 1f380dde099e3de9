//! The sentence of every situation.

use super::*;
use crate::domain::analysis::{AnalysisRole, Measurement};
use crate::domain::sample::{
    CURRENT, STABLE, Sample, a_blue_green, a_canary, a_deployment, a_metric, a_pod, an_analysis,
    at, now,
};
use crate::domain::time::Span;

fn sentence(sample: &Sample) -> String {
    sample.ask(|release| of(release, now())).sentence
}

fn failed_run() -> AnalysisRun {
    an_analysis(
        AnalysisRole::Step,
        Verdict::Failed,
        a_metric(Verdict::Failed, &["[0.2]", "[0.31]"]),
    )
}

fn undecided_run() -> AnalysisRun {
    let metric = a_metric(Verdict::Inconclusive, &["[0.07]"]);
    an_analysis(AnalysisRole::Step, Verdict::Inconclusive, metric)
}

const BY_ANALYSIS: &str =
    ": Step-based analysis phase error/failed: Metric \"error-rate\" assessed Failed";

const FAILED: &str = "error-rate measured [0.31], must be <= 0.05; failed 2 times, 1 allowed";

#[test]
fn every_situation_has_its_sentence() {
    let timed = a_blue_green().blue_green(|b| {
        b.auto_promotion = true;
        b.auto_promotion_after = Some(Span::minutes(71));
    });
    let cases = vec![
        ("gate", a_canary().at_step(1).paused(), "waits for a person at step 2/7 since 1h10m"),
        (
            "timer",
            a_canary().at_step(3).paused().with(since(570)),
            "paused by a timer, goes on by itself in 09:30",
        ),
        ("pair", a_blue_green().paused(), "waits for a person before the switch since 1h10m"),
        ("timed pair", timed.paused(), "paused by a timer, goes on by itself in 01:00"),
        ("preview comes up", a_blue_green(), "bringing up the preview: 1 of 4 pods available"),
        (
            "preview is judged",
            a_blue_green().with(|w| w.status.pre_analysis = Some(running())),
            "the pre-promotion analysis of the preview runs",
        ),
        (
            "switched and judged",
            a_blue_green().with(|w| {
                w.status.active_hash = Some(CURRENT.into());
                w.status.post_analysis = Some(running());
            }),
            "switched; the post-promotion analysis runs, an abort still goes back",
        ),
        (
            "switched",
            a_blue_green().with(|w| w.status.active_hash = Some(CURRENT.into())),
            "switched; being made stable",
        ),
        ("held", a_canary().at_step(1).paused().held(), "held by hand (spec.paused)"),
        ("held Deployment", a_deployment().with(|w| w.paused = true), "held by hand (spec.paused)"),
        (
            "undecided",
            a_canary()
                .at_step(4)
                .paused_for(PauseReason::InconclusiveAnalysisRun)
                .analysis(undecided_run()),
            "an analysis could not decide: error-rate measured [0.07], neither good nor bad by its conditions",
        ),
        (
            "undecided experiment",
            a_canary().paused_for(PauseReason::InconclusiveExperiment),
            "an experiment could not decide",
        ),
        (
            "invalid",
            a_canary()
                .condition("InvalidSpec", true, "InvalidSpec", "no such Service")
                .with(|w| w.status.phase = Some("Degraded".into())),
            "the spec is refused by the controller: no such Service",
        ),
        ("aborted by hand", a_canary().aborted(""), "aborted by hand, users are on r41"),
        (
            "no room",
            a_deployment().condition("ReplicaFailure", true, "FailedCreate", "exceeded quota"),
            "pods cannot be created: exceeded quota",
        ),
        (
            "weight",
            a_canary().at_step(2),
            "step 3/7 25%: bringing traffic to 25%, 1 of 1 canary pods available",
        ),
        ("analysis", a_canary().at_step(4), "step 5/7 analysis runs"),
        ("gate ahead", a_canary().at_step(1), "step 2/7 pause: about to wait for a person"),
        (
            "gate passed",
            a_canary().at_step(1).paused().promoted(),
            "step 2/7 pause: waiting for rollout to unpause",
        ),
        ("steps done", a_canary().at_step(7), "all steps done; being made stable"),
        (
            "full",
            a_canary().at_step(1).with(|w| w.status.promote_full = true),
            "full promotion under way; abort can still end it",
        ),
        ("complete", a_canary().complete(), "r42 is complete and takes all traffic"),
        ("Deployment", a_deployment(), "r42 is complete and takes all traffic"),
        (
            "silent controller",
            a_canary().with(|w| w.status = super::super::workload::Status::default()),
            "no controller has reported on this rollout yet",
        ),
    ];
    for (situation, sample, expected) in cases {
        assert_eq!(sentence(&sample), expected, "{situation}");
    }
}

fn running() -> AnalysisStatus {
    AnalysisStatus { name: "run".into(), verdict: Verdict::Running, message: "".into() }
}

/// The pause began so many seconds after the hour.
fn since(seconds: i64) -> impl FnOnce(&mut super::super::workload::Workload) {
    move |w| w.status.pauses[0].start = Some(at(seconds))
}

#[test]
fn aborted_by_analysis_says_value_limit_and_count() {
    let sample = a_canary().aborted(BY_ANALYSIS).analysis(failed_run());
    let why = sample.ask(|release| of(release, now()));
    assert_eq!(why.sentence, format!("aborted by analysis, users are on r41: {FAILED}"));
    assert!(why.evidence[0].contains("Rollout aborted update to revision 42: Step-based"));
    assert!(why.next.unwrap().contains("Degraded is expected after an abort"));
}

#[test]
fn the_run_of_another_version_is_not_blamed() {
    let other = AnalysisRun { hash: Some(STABLE.into()), ..failed_run() };
    let sample = a_canary().aborted(": analysis failed").analysis(other);
    let text = sentence(&sample);
    assert!(text.starts_with("aborted, users are on r41: Rollout aborted update"), "{text}");
}

#[test]
fn an_abort_by_hand_after_a_retry_is_not_blamed_on_the_old_run() {
    let sample =
        a_canary().aborted("").analysis(AnalysisRun { completed: Some(at(100)), ..failed_run() });
    assert_eq!(sentence(&sample), "aborted by hand, users are on r41");
}

#[test]
fn stuck_names_the_pods_and_the_limit() {
    let stuck = |sample: Sample| {
        sample
            .degraded("ProgressDeadlineExceeded", "ReplicaSet has timed out progressing")
            .pod(CURRENT, a_pod("a").crash_looping())
            .pod(CURRENT, a_pod("b"))
            .pod(STABLE, a_pod("c"))
    };
    for sample in [stuck(a_canary().at_step(0)), stuck(a_deployment())] {
        let why = sample.ask(|release| of(release, now()));
        assert_eq!(
            why.sentence,
            "stuck: no progress within 10m; 1 of 2 pods of r42: app crash-loops: exit code 3 \
             \"no database\" 60s ago, 5 restarts"
        );
        assert_eq!(why.evidence.len(), 1, "{:?}", why.evidence);
        assert!(why.next.unwrap().contains("undo goes back"));
    }
    let silent = a_deployment().degraded("ProgressDeadlineExceeded", "timed out");
    assert_eq!(sentence(&silent), "stuck: no progress within 10m; timed out");
}

#[test]
fn a_start_that_fails_says_when_it_will_be_called_stuck() {
    let sample = a_canary()
        .at_step(0)
        .with(|w| w.progress_deadline = Span::minutes(12))
        .condition("Progressing", true, "ReplicaSetUpdated", "")
        .pod(CURRENT, a_pod("a").unscheduled("no cpu"));
    let text = sentence(&sample);
    assert_eq!(
        text,
        "not getting ready: 1 of 1 pods of r42: cannot be scheduled: no cpu; called stuck in 02:00"
    );
}

#[test]
fn healthy_does_not_hide_broken_pods() {
    let sample = a_deployment().pod(CURRENT, a_pod("a").out_of_memory());
    assert!(sentence(&sample).starts_with("healthy for the controller, but 1 of 1 pods of r42"));
}

#[test]
fn the_deadline_only_runs_where_it_runs() {
    let progressing =
        |sample: Sample| sample.condition("Progressing", true, "ReplicaSetUpdated", "");
    let ends = Some(at(600));
    let cases = vec![
        ("a weight step", progressing(a_canary().at_step(2)), ends),
        ("an analysis", progressing(a_canary().at_step(4)), None),
        ("a gate", progressing(a_canary().at_step(1).paused()), None),
        ("held", progressing(a_canary().at_step(2).held()), None),
        ("complete", progressing(a_canary().complete()), None),
        ("no condition", a_canary().at_step(2), None),
        ("a Deployment", progressing(a_deployment().with(|w| w.status.updated = 0)), ends),
        ("a complete Deployment", progressing(a_deployment()), None),
    ];
    for (situation, sample, expected) in cases {
        assert_eq!(sample.ask(deadline), expected, "{situation}");
    }
}

#[test]
fn runs_in_words() {
    let run = |verdict: Verdict, metric: Metric| an_analysis(AnalysisRole::Step, verdict, metric);
    let mut error = a_metric(Verdict::Error, &["", "", "", "", ""]);
    error.measurements[4] =
        Measurement { message: "no route to host".into(), ..error.measurements[4].clone() };
    let mut dry = a_metric(Verdict::Failed, &["[0.9]"]);
    dry.dry_run = true;
    let passed = || a_metric(Verdict::Successful, &["[0.01]"]);
    let cut = AnalysisRun {
        terminating: true,
        ..run(Verdict::Successful, a_metric(Verdict::Pending, &[]))
    };
    let cases = vec![
        (failed_run(), FAILED),
        (
            run(Verdict::Error, error),
            "error-rate could not be measured 5 times in a row, 4 allowed: no route to host",
        ),
        (run(Verdict::Successful, passed()), "1 of 1 metrics passed"),
        (run(Verdict::Successful, dry), "0 of 1 metrics passed"),
        (cut, "ended before it could judge"),
        (
            AnalysisRun {
                message: "template is gone".into(),
                ..run(Verdict::Pending, a_metric(Verdict::Pending, &[]))
            },
            "template is gone",
        ),
    ];
    for (run, expected) in cases {
        assert_eq!(run_sentence(&run), expected);
    }
}
