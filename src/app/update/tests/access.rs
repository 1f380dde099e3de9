//! What locks a verb: old data, missing rights, a read-only session.

use super::*;
use crate::app::access::Access;
use crate::app::availability::{self, Availability};
use crate::app::msg::Pulse;
use crate::domain::plan::permission;

#[test]
fn old_data_locks_every_verb_but_the_abort() {
    let mut rig = Rig::at(&a_gate());
    rig.stale();
    for key in ['P', 'F', 'H', 'U', 'S'] {
        assert_eq!(rig.press(Key::Char(key)), []);
        assert!(rig.model.dialog.is_none(), "{key}");
        assert!(rig.toast().contains("locked: the data is 60s old"), "{}", rig.toast());
    }
    rig.press(Key::Char('A'));
    rig.wait(1000);
    assert_eq!(rig.hindrance().as_deref(), Some("type blind to confirm"));
    rig.letters("blind");
    assert_eq!(verbs(&rig.press(Key::Enter)), [Verb::Abort]);
}

#[test]
fn data_that_grows_old_under_an_open_abort_asks_for_the_word() {
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('A'));
    rig.wait(1000);
    rig.stale();
    assert_eq!(rig.hindrance().as_deref(), Some("type blind to confirm"));
    rig.letters("bli");
    rig.live();
    assert_eq!(rig.hindrance().as_deref(), Some("read first"), "nothing is old any more");
    rig.wait(400);
    assert_eq!(verbs(&rig.press(Key::Enter)), [Verb::Abort]);
}

#[test]
fn data_that_grows_old_locks_an_open_promotion_until_it_is_fresh() {
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('P'));
    rig.wait(1000);
    rig.stale();
    assert_eq!(rig.press(Key::Enter), []);
    assert!(rig.hindrance().unwrap().contains("locked: the data is"), "{:?}", rig.hindrance());
    rig.live();
    assert_eq!(verbs(&rig.press(Key::Enter)), [Verb::Promote]);
}

#[test]
fn what_was_never_seen_is_locked_too() {
    let states = [
        (SourceState::Loading(now()), "locked: listing for 0s"),
        (SourceState::Forbidden("list rollouts".into()), "locked: not permitted: list rollouts"),
        (SourceState::Missing("no CRD".into()), "locked: no CRD"),
    ];
    for (state, text) in states {
        let mut rig = Rig::at(&a_gate());
        rig.sources(&state);
        rig.press(Key::Char('A'));
        assert!(rig.model.dialog.is_none());
        assert!(rig.toast().ends_with(text), "{:?}", rig.toast());
    }
}

#[test]
fn a_missing_right_is_named() {
    let mut rig = Rig::at(&a_gate());
    let (status, spec) = (permission(&a_gate().id(), true), permission(&a_gate().id(), false));
    rig.send(Msg::Access(vec![(status, Access::Denied), (spec, Access::Allowed)]));
    for key in ['P', 'F', 'A'] {
        rig.press(Key::Char(key));
        assert!(rig.model.dialog.is_none());
        let text = "not permitted: patch rollouts/status in shop";
        assert!(rig.toast().ends_with(text), "{:?}", rig.toast());
    }
    assert_eq!(verbs(&rig.act('H')), [Verb::Pause]);
}

#[test]
fn a_right_that_is_denied_while_the_dialog_is_open_stops_it() {
    let mut rig = Rig::at(&a_gate());
    let wanted = rig.press(Key::Char('P'));
    let right = permission(&a_gate().id(), true);
    assert_eq!(wanted, [Effect::CheckAccess(vec![right.clone()])]);
    rig.wait(1000);
    rig.send(Msg::Access(vec![(right, Access::Denied)]));
    assert_eq!(rig.press(Key::Enter), []);
    assert!(rig.hindrance().unwrap().contains("patch rollouts/status in shop"));
}

#[test]
fn a_right_that_cannot_be_asked_for_does_not_lock() {
    let mut rig = Rig::at(&a_gate());
    let right = permission(&a_gate().id(), true);
    rig.send(Msg::Access(vec![(right, Access::Unknown("no answer".into()))]));
    assert_eq!(rig.model.troubles.unread(), 1);
    assert_eq!(verbs(&rig.act('P')), [Verb::Promote], "the API server has the last word");
}

#[test]
fn rights_are_asked_for_again_after_a_minute_but_not_of_the_dead() {
    let mut rig = Rig::at(&a_gate());
    let rights = availability::permissions_of(&rig.model, &a_gate().id());
    assert_eq!(rig.wait(0), [Effect::CheckAccess(rights.clone())]);
    let yes = |p: &crate::domain::plan::Permission| (p.clone(), Access::Allowed);
    rig.send(Msg::Access(rights.iter().map(yes).collect()));
    assert_eq!(rig.wait(59_000), []);
    assert_eq!(rig.wait(1_000), [Effect::CheckAccess(rights)]);
    let error = Some("no answer".into());
    rig.send(Msg::Pulse(Pulse {
        alive: false,
        last_alive: None,
        rtt_ms: None,
        skew_s: None,
        sign_in: None,
        error,
    }));
    assert_eq!(rig.wait(1_000), []);
}

#[test]
fn refused_credentials_are_a_trouble_once() {
    let mut rig = Rig::at(&a_gate());
    let pulse = |sign_in: Option<&str>| Pulse {
        alive: true,
        last_alive: None,
        rtt_ms: None,
        skew_s: None,
        error: None,
        sign_in: sign_in.map(Into::into),
    };
    for words in [None, Some("session expired"), Some("session expired"), None] {
        rig.send(Msg::Pulse(pulse(words)));
    }
    let told = rig.model.troubles.iter().filter(|trouble| &*trouble.source == "credentials");
    assert_eq!(
        told.map(|trouble| trouble.text.to_string()).collect::<Vec<_>>(),
        ["session expired"]
    );
}

#[test]
fn a_read_only_session_shows_everything_and_does_nothing() {
    let mut rig = Rig::at(&a_gate());
    rig.model.session.read_only = true;
    for verb in Verb::ALL {
        let answer = availability::of(&rig.model, &a_gate().id(), verb);
        assert_eq!(answer, Availability::Disabled("this session is read-only".into()));
    }
    for key in ['P', 'F', 'H', 'A', 'U', 'S'] {
        assert_eq!(rig.press(Key::Char(key)), []);
        assert!(rig.model.dialog.is_none());
    }
}

#[test]
fn what_no_rule_names_is_production() {
    let mut rig = Rig::with_level(&a_gate(), Level::Lab);
    rig.model.session.environments.clear();
    rig.press(Key::Char('F'));
    assert!(rig.dialog().reason_required);
}
