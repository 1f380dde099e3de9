//! The Readiness screen: only the newest answer counts, and it is of whom it was asked for.

use super::*;
use crate::app::readiness::Examined;
use crate::app::screen::Screen;

fn asked(effects: &[Effect]) -> u64 {
    let mut epochs = effects.iter().filter_map(|effect| match effect {
        Effect::Examine(epoch, exam) => {
            assert_eq!(exam.workload, a_gate().id());
            Some(*epoch)
        }
        _ => None,
    });
    epochs.next_back().expect("it is asked")
}

fn found(rules: usize) -> Examined {
    Examined { rules, ..Examined::default() }
}

#[test]
fn the_key_asks_and_what_is_old_changes_nothing() {
    let mut rig = Rig::at(&a_gate());
    let first = asked(&rig.press(Key::Char('c')));
    assert_eq!(*rig.model.screen(), Screen::Readiness(a_gate().id()));
    let second = asked(&rig.press(Key::Enter));
    rig.send(Msg::Examined(first, Ok(Box::new(found(1)))));
    assert_eq!(rig.model.readiness.found, None, "an older answer");
    rig.send(Msg::Examined(second, Ok(Box::new(found(2)))));
    let (id, at, answer) = rig.model.readiness.found.clone().unwrap();
    assert_eq!((id, at), (a_gate().id(), rig.model.now));
    assert_eq!(answer.unwrap().rules, 2);
    // Twice the same: nothing is waited for any more.
    rig.send(Msg::Examined(second, Err("late".into())));
    assert!(rig.model.readiness.found.clone().unwrap().2.is_ok());
}

#[test]
fn an_answer_is_kept_for_its_workload_when_the_screen_was_left() {
    let mut rig = Rig::at(&a_gate());
    let epoch = asked(&rig.press(Key::Char('c')));
    rig.press(Key::Esc);
    rig.send(Msg::Examined(epoch, Err("forbidden".into())));
    let (id, _, answer) = rig.model.readiness.found.clone().unwrap();
    assert_eq!((id, answer), (a_gate().id(), Err("forbidden".into())));
}
