//! The journal: asked for, taken in, moved on, and never a place to act from.

use serde_json::json;

use super::*;
use crate::app::logbook::Logbook;
use crate::app::screen::Screen;
use crate::domain::id::{WorkloadId, WorkloadKind};

/// Three actions on two workloads, newest last.
fn book() -> Logbook {
    let line = |ticket: u64, name: &str| {
        json!({
            "report": "intent", "session": "s", "ticket": ticket, "kind": "Rollout",
            "namespace": "shop", "name": name, "verb": "abort", "at": "2026-05-04T10:00:00Z",
        })
    };
    Logbook::of(&[line(1, "checkout"), line(2, "cart"), line(3, "checkout")])
}

fn asked(effects: &[Effect]) -> u64 {
    let epoch = effects.iter().find_map(|effect| match effect {
        Effect::ReadJournal(epoch) => Some(*epoch),
        _ => None,
    });
    epoch.unwrap_or_else(|| panic!("{effects:?}"))
}

/// The tickets on the screen.
fn shown(rig: &Rig) -> Vec<u64> {
    let Screen::Journal(of) = rig.model.screen() else { panic!("{:?}", rig.model.screen()) };
    rig.model.logbook.shown(of.as_ref()).map(|deed| deed.ticket).collect()
}

#[test]
fn it_is_of_the_workload_it_was_opened_from_and_then_of_all() {
    let mut rig = Rig::at(&a_canary());
    let id = WorkloadId::new("shop", WorkloadKind::Rollout, "checkout");
    rig.model.screens.push(Screen::Rollout(id.clone()));
    let epoch = asked(&rig.press(Key::Char('o')));
    assert_eq!(*rig.model.screen(), Screen::Journal(Some(id)));
    assert_eq!(shown(&rig), [0; 0], "it is being read");
    rig.send(Msg::Logbook(epoch + 100, Err("another one's".into())));
    assert_eq!(rig.model.logbook.read, None, "an answer to another question");
    rig.send(Msg::Logbook(epoch, Ok(Box::new(book()))));
    assert_eq!(shown(&rig), [3, 1]);
    asked(&rig.press(Key::Char('o')));
    assert_eq!(shown(&rig), [3, 2, 1]);
    rig.press(Key::Esc);
    assert!(matches!(rig.model.screen(), Screen::Rollout(_)), "one screen, not two");
}

#[test]
fn an_action_is_opened_and_left_again_where_one_was() {
    let mut rig = Rig::at(&a_canary());
    let epoch = asked(&rig.press(Key::Char('o')));
    assert_eq!(*rig.model.screen(), Screen::Journal(None), "from the fleet it is of all");
    rig.send(Msg::Logbook(epoch, Ok(Box::new(book()))));
    rig.press(Key::Char('j'));
    rig.press(Key::Enter);
    assert_eq!(*rig.model.screen(), Screen::Deed("s".into(), 2));
    rig.press(Key::Esc);
    assert_eq!((shown(&rig), rig.model.logbook.selected), (vec![3, 2, 1], 1));
    rig.press(Key::Char('G'));
    rig.press(Key::Char('j'));
    assert_eq!(rig.model.logbook.selected, 2, "no further than the last");
    rig.model.logbook.read = Some(Err("permission denied".into()));
    rig.press(Key::Enter);
    rig.press(Key::Char('k'));
    assert_eq!(*rig.model.screen(), Screen::Journal(None), "there is nothing to open");
}

#[test]
fn nothing_is_acted_on_from_it_and_it_can_be_read_again() {
    let mut rig = Rig::at(&a_canary());
    rig.press(Key::Char('o'));
    for verb in "PFHAUWRS".chars() {
        assert_eq!(verbs(&rig.press(Key::Char(verb))), []);
        assert!(rig.model.dialog.is_none());
    }
    let again = rig.press(Key::Char('r'));
    assert!(again.contains(&Effect::Refresh), "{again:?}");
    asked(&again);
}
