//! What each verb would write, what it asserts, what it says, and what it needs.

use super::*;
use crate::domain::analysis::{AnalysisRole, AnalysisRun, Verdict};
use crate::domain::observation::Record as Seen;
use crate::domain::sample::{
    CURRENT, OLD, STABLE, Sample, a_blue_green, a_canary, a_deployment, a_metric, an_analysis, at,
    now,
};
use crate::domain::time::Span;
use crate::domain::workload::PauseReason;
use crate::domain::workload::{AnalysisStatus, GitOpsOwner, WorkloadRef};

fn plan(sample: &Sample, verb: Verb) -> Plan {
    try_plan(sample, &Action::plain(verb)).expect("it is allowed")
}

fn try_plan(sample: &Sample, action: &Action) -> Result<Plan, SafeText> {
    sample.ask(|release| make(release, action, now()))
}

fn changes(plan: &Plan) -> Vec<Change> {
    plan.writes.iter().flat_map(|w| w.changes.clone()).collect()
}

fn subjects(plan: &Plan) -> Vec<&'static str> {
    plan.writes.iter().flat_map(|w| &w.asserts).map(Assert::subject).collect()
}

/// All notes in one text, warnings with a mark.
fn notes(plan: &Plan) -> String {
    let one = |n: &Note| format!("{}{}: {}", if n.warning { "!" } else { "" }, n.label, n.text);
    plan.notes.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn a_gate() -> Sample {
    a_canary().at_step(1).paused()
}

fn undecided(verdict: Verdict) -> Sample {
    let status = AnalysisStatus { name: "run".into(), verdict, message: "".into() };
    a_canary()
        .at_step(4)
        .paused_for(PauseReason::InconclusiveAnalysisRun)
        .with(|w| w.status.step_analysis = Some(status))
}

#[test]
fn each_verb_changes_this_and_nothing_else() {
    let aborting = a_gate().with(|w| w.status.promote_full = true);
    let full = Change::SetPromoteFull(true);
    let cases = vec![
        ("promote", a_gate(), Verb::Promote, true, vec![Change::ClearPauses]),
        ("promote a pair", a_blue_green().paused(), Verb::Promote, true, vec![Change::ClearPauses]),
        (
            "accept an undecided step",
            undecided(Verdict::Inconclusive),
            Verb::Promote,
            true,
            vec![Change::ClearPauses, Change::ClearControllerPause, Change::SetStepIndex(5)],
        ),
        (
            "measure again",
            undecided(Verdict::Successful),
            Verb::Promote,
            true,
            vec![Change::ClearPauses],
        ),
        ("full", a_gate(), Verb::PromoteFull, true, vec![full]),
        ("pause", a_gate(), Verb::Pause, false, vec![Change::SetPaused(true)]),
        ("resume", a_gate().held(), Verb::Resume, false, vec![Change::SetPaused(false)]),
        ("abort", a_gate(), Verb::Abort, true, vec![Change::SetAbort(true)]),
        (
            "abort a full promotion",
            aborting,
            Verb::Abort,
            true,
            vec![Change::SetAbort(true), Change::SetPromoteFull(false)],
        ),
        ("retry", a_canary().aborted(""), Verb::Retry, true, vec![Change::SetAbort(false)]),
        ("restart", a_gate(), Verb::Restart, false, vec![Change::SetRestartAt(now())]),
        ("restart all", a_deployment(), Verb::Restart, false, vec![Change::SetRestartAt(now())]),
        ("hold all", a_deployment(), Verb::Pause, false, vec![Change::SetPaused(true)]),
    ];
    for (what, sample, verb, status, expected) in cases {
        let plan = plan(&sample, verb);
        assert_eq!(changes(&plan), expected, "{what}");
        assert_eq!(plan.writes.len(), 1, "{what}");
        assert_eq!(plan.writes[0].status, status, "{what}");
        assert_eq!(plan.writes[0].object, sample.id(), "{what}");
        assert_eq!(plan.uid, sample.workload.uid, "{what}");
    }
}

#[test]
fn the_witness_of_each_verb() {
    let moment = [
        "uid",
        "spec generation",
        "wanted version",
        "stable version",
        "step index",
        "pause since",
        "aborted",
    ];
    let same_update = ["uid", "wanted version", "stable version", "aborted"];
    let spec = ["uid", "spec generation", "held"];
    let undo = ["uid", "spec generation", "held", "wanted version", "stable version"];
    let cases: [(Sample, Verb, &[&str]); 9] = [
        (a_gate(), Verb::Promote, &moment),
        (a_gate(), Verb::PromoteFull, &moment),
        (a_canary().aborted(""), Verb::Retry, &moment),
        (a_gate(), Verb::Abort, &same_update),
        (a_gate(), Verb::Pause, &spec),
        (a_gate().held(), Verb::Resume, &spec),
        (a_gate(), Verb::Restart, &spec),
        (a_gate(), Verb::Undo, &undo),
        (a_deployment(), Verb::Undo, &spec),
    ];
    for (sample, verb, expected) in cases {
        let plan = plan(&sample, verb);
        assert_eq!(subjects(&plan), expected, "{}", verb.name());
        assert_eq!(plan.writes[0].asserts[0], Assert::Uid(sample.workload.uid.clone()));
    }
}

#[test]
fn the_witness_holds_the_values_that_were_on_the_screen() {
    let plan = plan(&a_gate(), Verb::Promote);
    let expected = [
        Assert::Uid("uid-checkout".into()),
        Assert::Generation(7),
        Assert::CurrentHash(Some(CURRENT.into())),
        Assert::StableHash(Some(STABLE.into())),
        Assert::StepIndex(Some(1)),
        Assert::PauseStart(Some("2026-05-04T09:00:00Z".into())),
        Assert::Aborted(false),
    ];
    assert_eq!(plan.writes[0].asserts, expected);
    let words: Vec<String> = expected.iter().map(Assert::words).collect();
    assert_eq!(words[4], "step index 1");
    assert_eq!(Assert::PauseStart(None).words(), "pause since none");
}

#[test]
fn an_abort_is_of_an_update_that_is_not_aborted() {
    let plan = plan(&a_gate(), Verb::Abort);
    let expected = [
        Assert::Uid("uid-checkout".into()),
        Assert::CurrentHash(Some(CURRENT.into())),
        Assert::StableHash(Some(STABLE.into())),
        Assert::Aborted(false),
    ];
    assert_eq!(plan.writes[0].asserts, expected);
    assert_eq!(plan.permissions()[0].to_string(), "patch rollouts/status in shop");
}

#[test]
fn a_plan_is_the_same_until_anything_that_would_be_written_differs() {
    let plan = plan(&a_gate(), Verb::Restart);
    let with = |change: &dyn Fn(&mut Write)| {
        let mut other = plan.clone();
        change(&mut other.writes[0]);
        other
    };
    let later = Change::SetRestartAt(now() + Span::seconds(9));
    assert!(plan.is_same_as(&plan));
    assert!(plan.is_same_as(&with(&|write| write.changes = vec![later.clone()])));
    let others: [&dyn Fn(&mut Write); 5] = [
        &|write| write.object.name = "other".into(),
        &|write| write.status = true,
        &|write| drop(write.asserts.pop()),
        &|write| write.changes.push(later.clone()),
        &|write| write.changes = vec![Change::SetPaused(true)],
    ];
    for (place, other) in others.into_iter().enumerate() {
        assert!(!plan.is_same_as(&with(other)), "{place}");
    }
    let mut more = plan.clone();
    more.writes.push(plan.writes[0].clone());
    assert!(!plan.is_same_as(&more));
}

#[test]
fn how_much_has_to_be_said() {
    let cases = vec![
        (a_gate(), Verb::Promote, Danger::Forward, CURRENT),
        (a_gate(), Verb::PromoteFull, Danger::Grave, CURRENT),
        (a_gate(), Verb::Pause, Danger::Safety, CURRENT),
        (a_gate().held(), Verb::Resume, Danger::Forward, CURRENT),
        (a_gate(), Verb::Abort, Danger::Safety, CURRENT),
        (a_gate(), Verb::Undo, Danger::Grave, STABLE),
        (a_canary().aborted(""), Verb::Retry, Danger::Forward, CURRENT),
        (a_gate(), Verb::Restart, Danger::Forward, CURRENT),
    ];
    for (sample, verb, danger, typed) in cases {
        let plan = plan(&sample, verb);
        assert_eq!(plan.danger, danger, "{}", verb.name());
        assert_eq!(plan.typed, typed, "{}", verb.name());
    }
}

#[test]
fn what_is_expected_to_follow() {
    let hash = || CURRENT.into();
    let pause_start = || SafeText::from("2026-05-04T09:00:00Z");
    let unpaused = || Expectation::Unpaused { pause_start: pause_start() };
    let cases = vec![
        (a_gate(), Verb::Promote, Expectation::StepPassed { index: 1, hash: hash() }),
        (
            undecided(Verdict::Inconclusive),
            Verb::Promote,
            Expectation::StepPassed { index: 4, hash: hash() },
        ),
        (undecided(Verdict::Successful), Verb::Promote, unpaused()),
        (
            a_canary().at_step(4).paused_for(PauseReason::InconclusiveExperiment),
            Verb::Promote,
            unpaused(),
        ),
        (a_blue_green().paused(), Verb::Promote, Expectation::Switched { hash: hash() }),
        (
            a_blue_green().paused_for(PauseReason::InconclusiveAnalysisRun),
            Verb::Promote,
            unpaused(),
        ),
        (a_gate(), Verb::PromoteFull, Expectation::FullyPromoted { hash: hash() }),
        (a_gate(), Verb::Pause, Expectation::Held(true)),
        (a_gate().held(), Verb::Resume, Expectation::Held(false)),
        (a_gate(), Verb::Abort, Expectation::Aborted { hash: hash() }),
        (a_gate(), Verb::Undo, Expectation::Undone { hash: STABLE.into() }),
        (a_canary().aborted(""), Verb::Retry, Expectation::Retried { hash: hash() }),
        (a_gate(), Verb::Restart, Expectation::Restarted { at: "2026-05-04T10:10:00Z".into() }),
    ];
    for (sample, verb, expectation) in cases {
        assert_eq!(plan(&sample, verb).expectation, expectation, "{}", verb.name());
    }
}

#[test]
fn what_a_dialog_says() {
    let gitops = |w: &mut crate::domain::workload::Workload| {
        w.gitops = Some(GitOpsOwner { tool: "Argo CD", name: "shop".into() });
    };
    let cold = a_gate().scaled(STABLE, 2);
    let last = a_canary().canary(|c| c.steps.truncate(2)).at_step(1).paused();
    let undone = |hash: &str| Action { verb: Verb::Undo, target: Some(hash.into()) };
    let of = |verb| Action::plain(verb);
    let cases = vec![
        (a_gate(), of(Verb::Promote), "now: step 2/7, r42 77bb002c42 wants 5% over r41"),
        (a_gate(), of(Verb::Promote), "then: one step: step 3/7 25%"),
        (last, of(Verb::Promote), "the last step is done: it is made stable"),
        (a_canary().at_step(3).paused(), of(Verb::Promote), "!note: the pause would end by itself"),
        (undecided(Verdict::Inconclusive), of(Verb::Promote), "!then: the undecided analysis is"),
        (undecided(Verdict::Successful), of(Verb::Promote), "then: the background analysis"),
        (a_blue_green().paused(), of(Verb::Promote), "switches to 77bb002c42"),
        (a_blue_green().paused(), of(Verb::Promote), "after: the old version stays warm for 30s"),
        (
            a_canary().aborted(""),
            of(Verb::PromoteFull),
            "!then: SHIPS the version that was aborted",
        ),
        (a_gate(), of(Verb::Abort), "r42 77bb002c42 runs with 5% over r41 55aa001c41"),
        (a_gate(), of(Verb::Abort), "r41 55aa001c41 has 4 of 4 pods available"),
        (cold, of(Verb::Abort), "!note: the weight only falls once stable is complete: 2/4"),
        (a_gate().held(), of(Verb::Abort), "!note: it is held"),
        (a_gate().with(gitops), of(Verb::Abort), "an abort is not reverted"),
        (a_gate().with(gitops), of(Verb::Pause), "!git: Argo CD (shop) may revert this"),
        (a_gate(), of(Verb::Undo), "traffic goes back at once, no steps"),
        (a_gate().without_router(), of(Verb::Undo), "pods go back within the budget, no steps"),
        (a_gate(), undone(OLD), "!after: it is not stable now: all 7 steps run again"),
        (a_gate(), undone(OLD), "note: a plain undo would have picked r41 55aa001c41"),
        (a_gate().with(|w| w.rollback_window = Some(3)), undone(OLD), "steps are skipped"),
        (a_blue_green().paused(), of(Verb::Undo), "no pause, no analysis"),
        (a_deployment(), of(Verb::Undo), "within surge and unavailable budget"),
        (a_gate().with(|w| w.replicas = 1), of(Verb::Restart), "!note: with one pod there is a"),
    ];
    for (sample, action, part) in cases {
        let notes = notes(&try_plan(&sample, &action).expect("it is allowed"));
        assert!(notes.contains(part), "{}: no {part:?} in\n{notes}", action.verb.name());
    }
}

#[test]
fn the_same_with_the_usual_tools() {
    let cases = vec![
        (a_gate(), Verb::Promote, "kubectl argo rollouts promote checkout -n shop"),
        (a_gate(), Verb::PromoteFull, "kubectl argo rollouts promote checkout -n shop --full"),
        (a_gate(), Verb::Undo, "kubectl argo rollouts undo checkout -n shop --to-revision=41"),
        (
            a_gate().held(),
            Verb::Resume,
            r#"kubectl patch rollout checkout -n shop --type merge -p '{"spec":{"paused":false}}'"#,
        ),
        (a_deployment(), Verb::Pause, "kubectl rollout pause deployment catalog -n shop"),
        (
            a_deployment(),
            Verb::Undo,
            "kubectl rollout undo deployment catalog -n shop --to-revision=41",
        ),
    ];
    for (sample, verb, command) in cases {
        assert_eq!(plan(&sample, verb).command, command);
    }
}

#[test]
fn undo_takes_the_template_of_that_very_replica_set() {
    let plan = plan(&a_gate(), Verb::Undo);
    let change = Change::CopyTemplate {
        replica_set: format!("checkout-{STABLE}").into(),
        uid: format!("rs-checkout-{STABLE}").into(),
    };
    assert_eq!(changes(&plan), [change]);
    assert_eq!(plan.action.target.as_deref(), Some(STABLE));
}

#[test]
fn undo_to_what_is_not_there_is_refused() {
    for target in ["ffffffffff", CURRENT] {
        let action = Action { verb: Verb::Undo, target: Some(target.into()) };
        let refusal = try_plan(&a_gate(), &action).expect_err("there is no such target");
        assert!(refusal.contains("gone, or it is already wanted"), "{refusal}");
    }
}

#[test]
fn undo_warns_of_a_version_whose_analysis_failed() {
    let run = an_analysis(AnalysisRole::Step, Verdict::Failed, a_metric(Verdict::Failed, &["[1]"]));
    let run = AnalysisRun { hash: Some(OLD.into()), message: "too many errors".into(), ..run };
    let action = Action { verb: Verb::Undo, target: Some(OLD.into()) };
    let plan = try_plan(&a_gate().analysis(run), &action).expect("it is allowed");
    assert!(notes(&plan).contains("!note: an analysis of r40 failed: too many errors"));
}

#[test]
fn a_template_elsewhere_is_patched_there() {
    let deployment = a_deployment().with(|w| w.generation = 12);
    let reference = WorkloadRef { kind: "Deployment".into(), name: "catalog".into() };
    let sample = a_gate()
        .with(|w| w.workload_ref = Some(reference))
        .beside(Seen::Workload(Box::new(deployment.workload.clone())));
    let plan = plan(&sample, Verb::Undo);
    assert_eq!(plan.id, sample.id());
    assert_eq!(plan.writes[0].object, deployment.id());
    let expected = [Assert::Uid("uid-catalog".into()), Assert::Generation(12)];
    assert_eq!(plan.writes[0].asserts, expected);
    assert_eq!(plan.permissions()[0].to_string(), "patch deployments in shop");
    let before = sample.ask(|release| permission_for(release, Verb::Undo));
    assert_eq!(plan.permissions(), [before]);
}

#[test]
fn every_plan_needs_the_right_that_was_asked_for() {
    let samples = [
        a_gate(),
        a_gate().held(),
        a_canary().aborted(""),
        a_blue_green().paused(),
        a_deployment(),
        a_deployment().with(|w| w.paused = true),
    ];
    for sample in samples {
        for verb in Verb::ALL {
            let Ok(plan) = try_plan(&sample, &Action::plain(verb)) else { continue };
            let asked = sample.ask(|release| permission_for(release, verb));
            assert_eq!(plan.permissions(), [asked], "{}", verb.name());
        }
    }
}

#[test]
fn what_is_refused_has_no_plan() {
    let timed = a_blue_green().blue_green(|b| {
        b.auto_promotion = true;
        b.auto_promotion_after = Some(Span::hours(2));
    });
    for (sample, verb) in [
        (a_canary().at_step(2), Verb::Promote),
        (timed.paused(), Verb::Promote),
        (a_canary().complete(), Verb::Abort),
        (a_deployment(), Verb::Retry),
        (a_gate().with(|w| w.restart_at = Some(at(0))), Verb::Restart),
    ] {
        assert!(try_plan(&sample, &Action::plain(verb)).is_err(), "{}", verb.name());
    }
}
