//! What becomes of what was sent: late, double and lost answers, receipts, the journal.

use super::*;
use crate::app::flight::Stage;
use crate::app::journal::Report;
use crate::domain::sample::{a_blue_green, a_deployment};
use crate::domain::workload::{Workload, WorkloadRef};

fn word(rig: &Rig) -> &'static str {
    rig.flight().stage.word()
}

/// The end that is journaled.
fn ends(effects: &[Effect]) -> Vec<(&'static str, &str)> {
    effects.iter().filter_map(end).collect()
}

fn end(effect: &Effect) -> Option<(&'static str, &str)> {
    let Effect::Journal(entry) = effect else { return None };
    match &entry.report {
        Report::End { word, detail } => Some((*word, detail.as_str())),
        Report::Intent | Report::Answer { .. } => None,
    }
}

fn found(rig: &mut Rig, sample: &Sample) -> Vec<Effect> {
    found_or(rig, Ok(Box::new(sample.workload.clone())))
}

fn found_or(
    rig: &mut Rig,
    found: Result<Box<Workload>, crate::domain::text::SafeText>,
) -> Vec<Effect> {
    let ticket = rig.flight().ticket;
    rig.send(Msg::ReadBack(ticket, found))
}

/// Nothing has moved, however often it is looked.
fn found_nothing(rig: &mut Rig, sample: &Sample) -> Vec<Effect> {
    for _ in 1..crate::app::flight::LOOKS {
        let again = [Effect::ReadBack(rig.flight().ticket, sample.id())];
        assert_eq!(found(rig, sample), again, "it may still be on its way");
        assert_eq!(word(rig), "unknown");
    }
    found(rig, sample)
}

/// Sent, and the connection was cut.
fn lost(sample: &Sample, key: char) -> Rig {
    let mut rig = Rig::with_level(sample, Level::Lab);
    assert_eq!(acts(&rig.act(key)).len(), 1);
    let asked = rig.answer(Answer::Unknown("connection reset".into()));
    assert_eq!(asked, [Effect::ReadBack(rig.flight().ticket, sample.id())]);
    rig
}

#[test]
fn from_sent_to_in_effect() {
    let mut rig = Rig::at(&a_gate());
    rig.act('P');
    assert_eq!(word(&rig), "sent");
    rig.wait(100);
    assert_eq!(rig.answer(Answer::Accepted), []);
    assert_eq!(word(&rig), "accepted");
    rig.wait(400);
    rig.see(&a_gate().promoted());
    assert_eq!(word(&rig), "observed");
    rig.wait(500);
    let effects = rig.see(&a_canary().at_step(2));
    assert_eq!(ends(&effects), [("in effect", "at step 3/7")]);
    let receipt = "promote: accepted 0.1s, observed 0.5s, in effect 1s: at step 3/7";
    assert_eq!(rig.flight().receipt(), receipt);
    assert_eq!(rig.toast(), "", "the receipt line says it already");
    assert_eq!(rig.wait(100), ask_again(&rig), "it is over: nothing more is journaled");
}

#[test]
fn who_looks_elsewhere_is_told_by_a_toast() {
    let mut rig = Rig::at(&a_gate());
    rig.act('P');
    rig.press(Key::Char('?'));
    rig.answer(Answer::Accepted);
    rig.see(&a_canary().at_step(2));
    assert_eq!(rig.toast(), rig.flight().receipt());
}

/// A tick may ask for rights; nothing else.
fn ask_again(rig: &Rig) -> Vec<Effect> {
    super::super::cluster::ask_access(&rig.model)
}

#[test]
fn an_answer_that_comes_twice_or_late_changes_nothing() {
    let mut rig = Rig::at(&a_gate());
    rig.act('P');
    rig.answer(Answer::Accepted);
    assert_eq!(rig.answer(Answer::Refused("late".into())), []);
    assert_eq!(rig.answer(Answer::Unknown("late".into())), []);
    assert_eq!(word(&rig), "accepted");
    rig.see(&a_canary().at_step(2));
    assert_eq!(rig.answer(Answer::Accepted), []);
    assert_eq!(found(&mut rig, &a_gate()), []);
    assert_eq!(word(&rig), "in effect");
    assert_eq!(rig.send(Msg::Answered(Ticket(999), Answer::Accepted)), []);
}

#[test]
fn a_refusal_ends_it_and_is_kept_as_a_trouble() {
    let mut rig = Rig::at(&a_gate());
    rig.act('P');
    let differences = vec!["step index 1 -> 2".into(), "wanted version a -> b".into()];
    let effects = rig.answer(Answer::Changed(differences));
    let text = "refused, nothing was changed; meanwhile step index 1 -> 2; wanted version a -> b";
    assert_eq!(ends(&effects), [("refused", text)]);
    assert_eq!(rig.model.troubles.unread(), 1);
    assert_eq!(verbs(&rig.act('P')), [Verb::Promote], "it may be asked for again");
    let effects = rig.answer(Answer::Refused("forbidden".into()));
    assert_eq!(ends(&effects), [("refused", "forbidden")]);
}

#[test]
fn a_lost_answer_is_read_back_and_never_sent_again() {
    let mut rig = lost(&a_gate(), 'P');
    assert_eq!(found(&mut rig, &a_gate().promoted()), []);
    assert_eq!(word(&rig), "accepted", "done");
    let effects = rig.see(&a_canary().at_step(2));
    assert_eq!(ends(&effects)[0].0, "in effect");

    let mut rig = lost(&a_gate(), 'P');
    let effects = found_nothing(&mut rig, &a_gate());
    assert_eq!(ends(&effects)[0].0, "refused");
    let receipt = rig.flight().receipt();
    assert!(receipt.contains("not done: the request never arrived"), "{receipt}");

    let mut rig = lost(&a_gate(), 'P');
    let newer = a_gate().with(|w| w.status.current_hash = Some("99dd003c43".into()));
    let effects = found(&mut rig, &newer);
    assert_eq!(ends(&effects)[0].0, "superseded");

    let mut rig = lost(&a_gate(), 'P');
    let anew = a_gate().with(|w| w.uid = "another".into());
    assert_eq!(ends(&found(&mut rig, &anew)), [("superseded", "it was deleted and made anew")]);
}

#[test]
fn what_arrives_after_nobody_waited_for_it_is_done_all_the_same() {
    let mut rig = lost(&a_gate(), 'P');
    for _ in 0..10 {
        found(&mut rig, &a_gate());
    }
    assert!(rig.flight().stage.detail().contains("nothing has arrived so far"));
    assert_eq!(found(&mut rig, &a_gate().promoted()), []);
    assert_eq!(word(&rig), "accepted");
}

#[test]
fn what_does_not_tell_is_asked_again_until_it_is_given_up() {
    let mut rig = lost(&a_gate(), 'H');
    // Somebody changed the spec; whether the hold came first cannot be seen yet.
    let moved = a_gate().with(|w| w.generation = 9);
    let ticket = rig.flight().ticket;
    let again = [Effect::ReadBack(ticket, a_gate().id())];
    assert_eq!(found(&mut rig, &moved), again);
    assert_eq!(found_or(&mut rig, Err("no route".into())), again);
    rig.wait(301_000);
    let effects = found(&mut rig, &moved);
    assert_eq!(ends(&effects)[0].0, "overdue");
    assert!(ends(&effects)[0].1.contains("whether it was done is not known"));
}

#[test]
fn a_lost_restart_of_a_deployment_is_not_called_done() {
    let mut rig = lost(&a_deployment(), 'S');
    let effects = found_nothing(&mut rig, &a_deployment());
    assert_eq!(ends(&effects)[0].0, "refused", "{}", rig.toast());
}

#[test]
fn a_lost_undo_by_reference_is_not_called_undone_by_looking_at_the_rollout() {
    let reference = WorkloadRef { kind: "Deployment".into(), name: "catalog".into() };
    let deployment = a_deployment();
    let record = crate::domain::observation::Record::Workload(Box::new(deployment.workload));
    let sample = a_gate().with(|w| w.workload_ref = Some(reference)).beside(record);
    let mut rig = Rig::with_level(&sample, Level::Lab);
    rig.press(Key::Char('U'));
    rig.press(Key::Enter);
    rig.wait(1000);
    assert_eq!(acts(&rig.press(Key::Enter)).len(), 1);
    rig.answer(Answer::Unknown("connection reset".into()));
    // The Deployment was patched or not: the Rollout, not yet reconciled, cannot tell.
    let effects = found(&mut rig, &sample);
    assert_eq!(effects, [Effect::ReadBack(rig.flight().ticket, sample.id())]);
}

#[test]
fn what_is_not_in_effect_after_five_minutes_is_overdue() {
    let mut rig = Rig::at(&a_gate());
    rig.act('A');
    rig.answer(Answer::Accepted);
    rig.see(&a_gate().aborted(""));
    assert_eq!(ends(&rig.wait(200_000)), []);
    let effects = rig.wait(101_000);
    assert_eq!(ends(&effects), [("overdue", "not in effect after 5m: weight is still 5")]);
}

#[test]
fn a_workload_that_is_deleted_supersedes() {
    let mut rig = Rig::at(&a_gate());
    rig.act('P');
    rig.answer(Answer::Accepted);
    let gone = crate::domain::observation::Observation::Gone(
        crate::domain::id::ResourceKind::Rollouts,
        "uid-checkout".into(),
    );
    let effects = rig.send(Msg::Observed(vec![gone]));
    assert_eq!(ends(&effects), [("superseded", "it was deleted")]);
}

#[test]
fn the_way_back_is_open_while_something_is_on_its_way() {
    // Full promotion takes minutes; until then a person must be able to change their mind.
    let full = |w: &mut Workload| w.status.promote_full = true;
    for answered in [false, true] {
        let mut rig = Rig::with_level(&a_gate(), Level::Lab);
        rig.act('F');
        if answered {
            rig.answer(Answer::Accepted);
            rig.see(&a_gate().with(full));
            assert_eq!(word(&rig), "observed");
        }
        assert_eq!(verbs(&rig.act('A')), [Verb::Abort], "answered: {answered}");
    }
}

#[test]
fn an_undo_under_way_does_not_lock_the_gates_on_its_path() {
    let mut rig = Rig::with_level(&a_gate(), Level::Lab);
    rig.press(Key::Char('U'));
    rig.press(Key::Char('j'));
    rig.press(Key::Enter);
    rig.wait(1000);
    rig.press(Key::Enter);
    assert_eq!(acts(&rig.act('P')), [], "not before the answer");
    rig.answer(Answer::Accepted);
    let old = crate::domain::sample::OLD;
    rig.see(&a_gate().with(|w| w.status.current_hash = Some(old.into())));
    assert_eq!(word(&rig), "observed");
    assert_eq!(verbs(&rig.act('P')), [Verb::Promote]);
}

#[test]
fn two_workloads_do_not_lock_each_other() {
    let mut rig = Rig::with_level(&a_gate(), Level::Lab);
    rig.see(&a_blue_green().paused());
    rig.model.fleet_view.selected = Some(a_gate().id());
    assert_eq!(verbs(&rig.act('P')), [Verb::Promote]);
    rig.model.fleet_view.selected = Some(a_blue_green().id());
    assert_eq!(verbs(&rig.act('P')), [Verb::Promote]);
}

#[test]
fn leaving_with_an_open_action_is_asked() {
    let mut rig = Rig::at(&a_gate());
    assert_eq!(rig.press(Key::Char('q')), [Effect::Quit]);
    rig.act('P');
    assert_eq!(rig.press(Key::Char('q')), []);
    assert!(matches!(rig.model.dialog, Some(Dialog::Quit)));
    assert_eq!(rig.press(Key::Esc), []);
    rig.press(Key::Ctrl('c'));
    assert_eq!(rig.press(Key::Enter), [Effect::Quit]);
    rig.answer(Answer::Accepted);
    assert_eq!(rig.press(Key::Char('q')), [Effect::Quit]);
}

#[test]
fn who_asked_and_how_it_ended_is_in_the_story() {
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('A'));
    rig.press(Key::Tab);
    rig.letters("errors");
    rig.wait(1000);
    rig.press(Key::Enter);
    rig.answer(Answer::Accepted);
    rig.see(&a_gate().aborted("").weight(0));
    let story: Vec<&str> =
        rig.model.stories[&a_gate().id()].iter().map(|e| e.text.as_str()).collect();
    assert!(story.contains(&"anna asks for abort \"errors\""), "{story:?}");
    assert!(
        story.iter().any(|t| t.ends_with("in effect 0s: weight 0: users are on stable")),
        "{story:?}"
    );
}

#[test]
fn only_so_many_receipts_are_kept() {
    let mut rig = Rig::with_level(&a_gate(), Level::Lab);
    for _ in 0..120 {
        rig.act('P');
        rig.answer(Answer::Refused("no".into()));
    }
    assert!(rig.model.flights.len() <= 101, "{}", rig.model.flights.len());
    assert!(matches!(rig.flight().stage, Stage::Refused(_)));
}

#[test]
fn what_a_later_action_took_back_is_not_called_not_done() {
    let mut rig = Rig::at(&a_canary().aborted(""));
    rig.act('R');
    let retried = rig.flight().ticket;
    rig.answer(Answer::Unknown("reset".into()));
    // It had arrived: it goes on, and is aborted again.
    rig.see(&a_gate());
    rig.act('A');
    rig.answer(Answer::Accepted);
    let same = Box::new(a_canary().aborted("").workload);
    for _ in 0..2 * crate::app::flight::LOOKS {
        rig.send(Msg::ReadBack(retried, Ok(same.clone())));
    }
    let stage = rig.model.flights.iter().find(|f| f.ticket == retried).map(|f| f.stage.word());
    assert_eq!(stage, Some("unknown"));
}
