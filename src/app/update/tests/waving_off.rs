//! W: one key and Enter, and every move in its turn until users are back.

use super::*;
use crate::app::availability::{self, Availability};
use crate::domain::sample::{CURRENT, OLD, STABLE, a_deployment};

const W: Key = Key::Char('W');

/// The bad version is complete and users are on it.
fn bad() -> Sample {
    a_canary().complete()
}

/// The old template is wanted again; the controller would go through its steps.
fn going_back() -> Sample {
    a_canary().at_step(1).paused().with(|w| {
        w.generation += 1;
        w.status.observed_generation = Some(w.generation);
        w.status.current_hash = Some(STABLE.into());
        w.status.stable_hash = Some(CURRENT.into());
    })
}

fn back() -> Sample {
    let replicas = a_canary().workload.replicas;
    going_back()
        .with(|w| {
            w.status.stable_hash = Some(STABLE.into());
            w.status.pauses.clear();
        })
        .weight(0)
        .scaled(STABLE, replicas)
}

fn ticket(effects: &[Effect]) -> Ticket {
    match acts(effects).as_slice() {
        [(ticket, _)] => *ticket,
        other => panic!("{other:?}"),
    }
}

/// Waved off from the bad version, and the API server has taken the first move.
fn begun() -> Rig {
    let mut rig = Rig::at(&bad());
    let sent = rig.act('W');
    rig.send(Msg::Answered(ticket(&sent), Answer::Accepted));
    rig
}

#[test]
fn an_update_is_waved_off_by_one_key_and_enter_in_production() {
    let mut rig = Rig::at(&a_gate());
    assert_eq!(acts(&rig.press(W)), []);
    assert_eq!((rig.dialog().token.clone(), rig.dialog().reason_required), (None, false));
    rig.wait(400);
    let sent = rig.press(Key::Enter);
    assert_eq!(verbs(&sent), [Verb::WaveOff]);
    rig.send(Msg::Answered(ticket(&sent), Answer::Accepted));
    rig.see(&a_canary().aborted("").weight(0));
    assert_eq!(rig.flight().stage.word(), "in effect");
    assert!(rig.flight().receipt().starts_with("wave-off: accepted"), "{}", rig.flight().receipt());
}

#[test]
fn old_data_locks_it_no_more_than_an_abort() {
    let mut rig = Rig::at(&a_gate());
    rig.stale();
    let may = availability::of(&rig.model, &a_gate().id(), Verb::WaveOff);
    assert_eq!(may, Availability::Blind);
}

#[test]
fn each_move_waits_for_its_turn_and_is_sent_once() {
    let mut rig = Rig::at(&bad());
    let sent = rig.act('W');
    assert_eq!(verbs(&sent), [Verb::WaveOff]);
    let whole = ticket(&sent);
    assert_eq!(rig.send(Msg::Answered(whole, Answer::Accepted)).len(), 0, "nothing is seen yet");
    // The template has arrived, and the controller has not seen it.
    let unseen = going_back().with(|w| w.status.observed_generation = Some(1));
    assert_eq!(acts(&rig.see(&unseen)), []);
    let sent = rig.see(&going_back());
    assert_eq!(verbs(&sent), [Verb::PromoteFull]);
    for _ in 0..3 {
        assert_eq!(acts(&rig.see(&going_back())), []);
        assert_eq!(acts(&rig.wait(1_000)), []);
    }
    rig.send(Msg::Answered(ticket(&sent), Answer::Accepted));
    assert_eq!(acts(&rig.see(&going_back().with(|w| w.status.promote_full = true))), []);
    rig.see(&back());
    let ends: Vec<_> = rig.model.flights.iter().map(|f| (f.ticket, f.stage.word())).collect();
    assert_eq!(ends, [(whole, "in effect"), (ticket(&sent), "in effect")]);
    assert!(rig.model.pursued.is_empty(), "what comes next is an update like any other");
}

#[test]
fn what_was_refused_is_planned_anew_but_not_for_ever() {
    let mut rig = begun();
    let mut sent = rig.see(&going_back());
    let mut tries = 0;
    while !acts(&sent).is_empty() {
        assert_eq!(verbs(&sent), [Verb::PromoteFull]);
        tries += 1;
        rig.send(Msg::Answered(ticket(&sent), Answer::Changed(vec!["step index".into()])));
        sent = rig
            .see(&going_back())
            .into_iter()
            .filter(|e| matches!(e, Effect::Act { .. }))
            .collect();
    }
    assert_eq!(tries, 3);
}

#[test]
fn what_may_have_been_done_is_not_sent_again() {
    let mut rig = begun();
    let sent = rig.see(&going_back());
    rig.send(Msg::Answered(ticket(&sent), Answer::Unknown("reset".into())));
    assert_eq!(acts(&rig.see(&going_back())), []);
    assert_eq!(acts(&rig.wait(5_000)), []);
}

#[test]
fn pressed_on_the_way_it_does_not_lead_back_to_the_bad_version() {
    let mut rig = begun();
    let sent = rig.see(&going_back());
    rig.send(Msg::Answered(ticket(&sent), Answer::Refused("forbidden".into())));
    rig.press(W);
    let plan = &rig.dialog().plan;
    assert_eq!(plan.action.target.as_deref(), Some(STABLE));
    assert!(plan.writes[0].status && plan.rest.is_empty(), "{plan:?}");
    // Who did not begin it sees an update like any other.
    let mut other = Rig::at(&going_back());
    other.press(W);
    assert_eq!(other.dialog().plan.action.target.as_deref(), Some(CURRENT));
}

#[test]
fn a_newer_version_ends_it() {
    let mut rig = begun();
    let newer = going_back().with(|w| w.status.current_hash = Some(OLD.into()));
    assert_eq!(acts(&rig.see(&newer)), []);
    assert_eq!(rig.flight().stage.word(), "superseded");
    assert_eq!(acts(&rig.see(&going_back())), [], "it is over");
}

#[test]
fn a_held_deployment_is_let_go_and_then_put_back() {
    let held = a_deployment().with(|w| w.paused = true);
    let mut rig = Rig::at(&held);
    let sent = rig.act('W');
    assert_eq!(rig.model.flights[0].rest, [Verb::Undo]);
    rig.send(Msg::Answered(ticket(&sent), Answer::Accepted));
    let sent = rig.see(&a_deployment().with(|w| {
        w.generation += 1;
        w.status.observed_generation = Some(w.generation);
    }));
    assert_eq!(verbs(&sent), [Verb::Undo]);
}

#[test]
fn somebody_who_aborts_the_way_back_ends_it() {
    let mut rig = begun();
    let aborted = going_back().with(|w| w.status.abort = true);
    assert_eq!(acts(&rig.see(&aborted)), []);
    assert_eq!(rig.flight().stage.word(), "superseded");
    rig.press(W);
    assert!(rig.toast().contains("nothing to wave off"), "{}", rig.toast());
}

#[test]
fn that_the_target_is_wanted_does_not_prove_a_later_move() {
    let mut rig = begun();
    rig.see(&going_back());
    // The second move is given up, and W pressed again: what is left is the full promotion.
    for _ in 0..3 {
        rig.answer(Answer::Refused("no".into()));
        rig.see(&going_back());
    }
    let sent = rig.act('W');
    rig.send(Msg::Answered(ticket(&sent), Answer::Unknown("reset".into())));
    let found = Box::new(going_back().workload);
    rig.send(Msg::ReadBack(ticket(&sent), Ok(found)));
    assert_eq!(rig.flight().stage.word(), "unknown", "nothing shows that it arrived");
}

#[test]
fn the_stopwatch_runs_against_its_limits() {
    let mut rig = begun();
    let watch = |rig: &Rig| rig.flight().stopwatch(rig.model.now);
    rig.wait(12_000);
    assert_eq!(watch(&rig).as_deref(), Some("12s of 30s"));
    rig.wait(36_000);
    assert_eq!(watch(&rig).as_deref(), Some("OVER 30s: 48s of 2m"));
    rig.wait(120_000);
    assert_eq!(watch(&rig).as_deref(), Some("OVER 2m: 2m48s of 5m"));
    rig.see(&going_back());
    rig.see(&back());
    assert_eq!(watch(&rig), None, "its receipt has the time");
}
