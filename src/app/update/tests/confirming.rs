//! From a key to the one request it may send.

use super::*;
use crate::app::dialog::Field;
use crate::domain::plan::Change;
use crate::domain::sample::{CURRENT, OLD, STABLE, a_deployment, a_pod};
use crate::domain::workload::WorkloadRef;

#[test]
fn a_key_opens_a_dialog_and_sends_nothing() {
    let mut rig = Rig::at(&a_gate());
    assert_eq!(acts(&rig.press(Key::Char('P'))), []);
    assert_eq!(rig.dialog().plan.action.verb, Verb::Promote);
    assert_eq!(rig.dialog().field, Field::Buttons);
}

#[test]
fn letters_at_the_button_are_swallowed() {
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('P'));
    rig.wait(1000);
    assert_eq!(rig.letters("yPPAUFqQ yes"), []);
    assert_eq!(rig.dialog().plan.action.verb, Verb::Promote);
    assert_eq!(rig.model.flights, []);
}

#[test]
fn enter_counts_only_once_the_dialog_could_be_read() {
    for (level, ms) in [(Level::Production, 400), (Level::Lab, 150)] {
        let mut rig = Rig::with_level(&a_gate(), level);
        rig.press(Key::Char('P'));
        assert_eq!(rig.press(Key::Enter), []);
        rig.wait(ms - 1);
        assert_eq!(rig.press(Key::Enter), []);
        assert_eq!(rig.hindrance().as_deref(), Some("read first"));
        rig.wait(1);
        assert_eq!(verbs(&rig.press(Key::Enter)), [Verb::Promote]);
        assert!(rig.model.dialog.is_none());
    }
}

#[test]
fn twenty_times_p_and_enter_send_one_promotion() {
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('2'));
    let mut sent = Vec::new();
    for _ in 0..20 {
        sent.extend(rig.act('P'));
        rig.press(Key::Esc);
        rig.press(Key::Char('2'));
    }
    assert_eq!(verbs(&sent), [Verb::Promote]);
    assert_eq!(rig.flight().pressed_again, 19);
    assert!(rig.toast().contains("promote already sent"), "{}", rig.toast());
}

#[test]
fn pressing_on_after_the_answer_does_not_skip_a_step() {
    let mut rig = Rig::at(&a_gate());
    let mut sent = rig.act('P');
    // Accepted, but the watch still shows the old state; then unpaused; then the next step.
    rig.answer(Answer::Accepted);
    sent.extend(rig.act('P'));
    rig.see(&a_gate().promoted());
    sent.extend(rig.act('P'));
    rig.see(&a_canary().at_step(2));
    sent.extend(rig.act('P'));
    assert_eq!(verbs(&sent), [Verb::Promote]);
    assert!(rig.toast().contains("still under way"), "{}", rig.toast());
}

#[test]
fn esc_sends_nothing_and_says_so() {
    for key in [Key::Esc, Key::Ctrl('c')] {
        let mut rig = Rig::at(&a_gate());
        rig.press(Key::Char('A'));
        rig.wait(1000);
        assert_eq!(rig.press(key), []);
        assert!(rig.model.dialog.is_none());
        assert_eq!(rig.toast(), "abort left: nothing was sent");
    }
}

#[test]
fn a_change_while_it_is_open_is_said_and_arms_it_anew() {
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('P'));
    rig.wait(1000);
    assert_eq!(rig.hindrance(), None);
    // The same gate of another pause: somebody promoted, and a step later it waits again.
    let later = a_gate().with(|w| w.status.pauses[0].start_text = "2026-05-04T10:10:01Z".into());
    rig.see(&later);
    assert_eq!(rig.hindrance().as_deref(), Some("read first"));
    let changed = &rig.dialog().changed;
    assert_eq!(changed[..], ["pause since 2026-05-04T09:00:00Z -> 2026-05-04T10:10:01Z"]);
    assert_eq!(rig.press(Key::Enter), []);
    rig.wait(400);
    let sent = rig.press(Key::Enter);
    let (_, plan) = acts(&sent)[0];
    assert!(plan.writes[0].asserts.iter().any(|a| a.words().contains("10:10:01")), "{plan:?}");
}

#[test]
fn what_does_not_matter_does_not_disturb_an_open_dialog() {
    for key in ['P', 'A', 'H', 'S'] {
        let mut rig = Rig::at(&a_gate());
        rig.press(Key::Char(key));
        rig.wait(1000);
        rig.see(&a_gate().pod(STABLE, a_pod("another")));
        assert_eq!(rig.hindrance(), None, "{key}");
        assert!(rig.dialog().changed.is_empty(), "{key}: {:?}", rig.dialog().changed);
        assert_eq!(verbs(&rig.press(Key::Enter)).len(), 1, "{key}");
    }
}

#[test]
fn what_became_wrong_cannot_be_confirmed() {
    let cases = [
        (a_canary().at_step(2), "still under way"),
        (a_canary().complete(), "nothing to promote"),
        (a_gate().aborted(""), "aborted"),
        (a_gate().with(|w| w.uid = "another".into()), "deleted and made anew"),
    ];
    for (sample, reason) in cases {
        let mut rig = Rig::at(&a_gate());
        rig.press(Key::Char('P'));
        rig.see(&sample);
        rig.wait(1000);
        assert_eq!(rig.press(Key::Enter), []);
        assert!(rig.hindrance().unwrap().contains(reason), "{:?}", rig.hindrance());
    }
}

#[test]
fn a_refused_key_opens_nothing_and_says_why() {
    let cases = [
        (a_canary().at_step(4), 'P', "promote checkout: step 5 is a running analysis"),
        (a_canary().complete(), 'A', "abort checkout: nothing to abort"),
        (a_gate(), 'R', "retry checkout: not aborted"),
        (a_deployment(), 'P', "promote catalog: a Deployment has no steps"),
        (a_deployment(), 'A', "abort catalog: a Deployment cannot be aborted"),
    ];
    for (sample, key, text) in cases {
        let mut rig = Rig::at(&sample);
        assert_eq!(rig.press(Key::Char(key)), []);
        assert!(rig.model.dialog.is_none());
        assert!(rig.toast().starts_with(text), "{:?}", rig.toast());
    }
}

#[test]
fn a_paste_never_acts() {
    let mut rig = Rig::at(&a_gate());
    assert_eq!(rig.send(Msg::Paste("P\r\n".into())), []);
    assert!(rig.model.dialog.is_none());
    rig.press(Key::Char('F'));
    rig.wait(1000);
    rig.press(Key::Tab);
    assert_eq!(rig.send(Msg::Paste(format!("{CURRENT}\r"))), []);
    assert_eq!(rig.dialog().typed.value(), "", "the token is typed by hand");
    rig.press(Key::Tab);
    rig.press(Key::Tab);
    rig.send(Msg::Paste("ticket 42\u{1b}[2J\n".into()));
    assert!(rig.dialog().reason.value().starts_with("ticket 42"));
    assert!(!rig.dialog().reason.value().contains('\u{1b}'));
    assert_eq!(rig.model.flights, []);
}

#[test]
fn a_burst_never_acts() {
    let mut rig = Rig::at(&a_gate());
    for key in ['P', 'F', 'H', 'A', 'U', 'R', 'S'] {
        assert_eq!(rig.burst(Key::Char(key)), []);
        assert!(rig.model.dialog.is_none(), "{key}");
        assert!(rig.toast().contains("came in a burst"));
    }
    rig.press(Key::Char('P'));
    rig.wait(1000);
    assert_eq!(rig.burst(Key::Enter), []);
    assert_eq!(rig.press(Key::Enter), []);
    rig.wait(1000);
    assert_eq!(verbs(&rig.press(Key::Enter)), [Verb::Promote]);
}

fn leaves(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Quit | Effect::Suspend))
}

#[test]
fn a_burst_never_leaves() {
    // The word `query` from a clipboard, by a terminal that does not mark what is pasted.
    let mut rig = Rig::at(&a_gate());
    let word = "query".chars().map(Key::Char);
    for key in word.chain([Key::Ctrl('c'), Key::Ctrl('z')]) {
        assert!(!leaves(&rig.burst(key)), "{key}");
    }
    assert!(rig.toast().contains("came in a burst"), "{}", rig.toast());
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('/'));
    assert_eq!(rig.burst(Key::Ctrl('c')), []);
    assert_eq!(rig.press(Key::Ctrl('c')), [Effect::Quit], "alone it leaves, from anywhere");
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('P'));
    assert_eq!(rig.burst(Key::Ctrl('z')), []);
    assert_eq!(rig.dialog().plan.action.verb, Verb::Promote);
}

#[test]
fn noise_is_no_answer_to_whether_to_leave() {
    let key = |key| Msg::Key { key, burst: true };
    let keys = [Key::Char('q'), Key::Char('y'), Key::Ctrl('c'), Key::Enter, Key::Char('x')];
    let noises = keys.map(key).into_iter().chain([Msg::Noise, Msg::Paste("y".into())]);
    for noise in noises {
        let mut rig = Rig::at(&a_gate());
        rig.act('P');
        rig.press(Key::Char('q'));
        assert!(matches!(rig.model.dialog, Some(Dialog::Quit)));
        assert_eq!(rig.send(noise.clone()), [], "{noise:?}");
        assert!(rig.model.dialog.is_none(), "who means it asks again: {noise:?}");
        rig.press(Key::Ctrl('c'));
        assert_eq!(rig.press(Key::Char('y')), [Effect::Quit]);
    }
}

#[test]
fn an_enter_on_the_heels_of_noise_is_the_first_of_two() {
    let paste = || Msg::Paste("x".into());
    let key = |c| Msg::Key { key: Key::Char(c), burst: true };
    for noise in [key('x'), key('A'), Msg::Noise, paste()] {
        let mut rig = Rig::at(&a_gate());
        rig.press(Key::Char('A'));
        rig.send(noise.clone());
        rig.wait(1000);
        let words = "keys came in a burst: press Enter once more";
        assert_eq!(rig.hindrance().as_deref(), Some(words), "{noise:?}");
        assert_eq!(rig.press(Key::Enter), []);
        assert_eq!(rig.hindrance().as_deref(), Some("read first"));
        rig.wait(1000);
        assert_eq!(verbs(&rig.press(Key::Enter)), [Verb::Abort]);
    }
    // Whoever goes on typing by hand is not asked twice.
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('A'));
    rig.burst(Key::Char('x'));
    rig.press(Key::Char('x'));
    rig.wait(1000);
    assert_eq!(verbs(&rig.press(Key::Enter)), [Verb::Abort]);
}

#[test]
fn a_grave_action_wants_the_hash_and_a_reason_in_production() {
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('F'));
    rig.wait(1000);
    assert_eq!(rig.hindrance().as_deref(), Some("give a reason"));
    assert_eq!(rig.dialog().field, Field::Reason);
    assert_eq!(rig.press(Key::Enter), []);
    rig.letters("hotfix 12");
    assert_eq!(rig.press(Key::Enter), [], "goes to the token");
    assert_eq!(rig.dialog().field, Field::Token);
    rig.letters("77c");
    assert_eq!(rig.press(Key::Enter), []);
    assert_eq!(rig.hindrance().as_deref(), Some("type 77b to confirm"));
    assert_eq!(rig.dialog().field, Field::Token);
    rig.press(Key::Backspace);
    rig.letters("b");
    let sent = rig.press(Key::Enter);
    assert_eq!(verbs(&sent), [Verb::PromoteFull]);
    assert_eq!(rig.flight().reason, "hotfix 12");
}

#[test]
fn elsewhere_it_wants_neither() {
    let mut rig = Rig::with_level(&a_gate(), Level::Lab);
    assert_eq!(verbs(&rig.act('F')), [Verb::PromoteFull]);
}

#[test]
fn tab_goes_round_the_fields() {
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('F'));
    let mut seen = vec![rig.dialog().field];
    for _ in 0..3 {
        rig.press(Key::Tab);
        seen.push(rig.dialog().field);
    }
    assert_eq!(seen, [Field::Reason, Field::Token, Field::Buttons, Field::Reason]);
    rig.press(Key::BackTab);
    assert_eq!(rig.dialog().field, Field::Buttons);
}

#[test]
fn hold_is_one_key_for_both_ways() {
    let mut rig = Rig::at(&a_gate());
    assert_eq!(verbs(&rig.act('H')), [Verb::Pause]);
    let mut rig = Rig::at(&a_gate().held());
    assert_eq!(verbs(&rig.act('H')), [Verb::Resume]);
}

#[test]
fn undo_lets_choose_and_proposes_the_last_stable_one() {
    let mut rig = Rig::with_level(&a_gate(), Level::Lab);
    rig.press(Key::Char('U'));
    let Some(Dialog::PickRevision(picker)) = &rig.model.dialog else { panic!("no picker") };
    assert_eq!(picker.targets[picker.selected].hash, STABLE);
    rig.press(Key::Char('j'));
    rig.press(Key::Char('j'));
    rig.press(Key::Enter);
    assert_eq!(rig.dialog().plan.action.target.as_deref(), Some(OLD));
    rig.wait(1000);
    let sent = rig.press(Key::Enter);
    let (_, plan) = acts(&sent)[0];
    assert!(
        matches!(&plan.writes[0].changes[0], Change::CopyTemplate { uid, .. } if *uid == format!("rs-checkout-{OLD}").as_str())
    );
}

#[test]
fn the_picker_keeps_its_choice_when_revisions_come_and_go() {
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('U'));
    rig.press(Key::Char('j'));
    rig.see(&a_gate().revision(STABLE, |r| r.available = 1));
    let Some(Dialog::PickRevision(picker)) = &rig.model.dialog else { panic!("no picker") };
    assert_eq!(picker.targets[picker.selected].hash, OLD);
    assert_eq!(rig.press(Key::Esc), []);
    assert!(rig.model.dialog.is_none());
}

#[test]
fn a_rollout_by_reference_is_undone_in_its_deployment() {
    let deployment = a_deployment();
    let reference = WorkloadRef { kind: "Deployment".into(), name: "catalog".into() };
    let record =
        crate::domain::observation::Record::Workload(Box::new(deployment.workload.clone()));
    let sample = a_gate().with(|w| w.workload_ref = Some(reference)).beside(record);
    let mut rig = Rig::with_level(&sample, Level::Lab);
    rig.press(Key::Char('U'));
    rig.press(Key::Enter);
    rig.wait(1000);
    let sent = rig.press(Key::Enter);
    assert_eq!(acts(&sent)[0].1.writes[0].object, deployment.id());
}

#[test]
fn suspend_and_redraw_work_while_a_dialog_is_open() {
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('P'));
    assert_eq!(rig.press(Key::Ctrl('z')), [Effect::Suspend]);
    assert_eq!(rig.press(Key::Ctrl('l')), [Effect::Redraw]);
    assert!(rig.model.dialog.is_some());
}
