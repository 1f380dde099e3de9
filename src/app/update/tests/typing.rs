//! The filter: letters go to it and to nothing else.

use super::*;
use crate::app::roster;
use crate::domain::sample::{a_blue_green, a_deployment};

fn names(rig: &Rig) -> Vec<String> {
    roster::shown(&rig.model).rows().iter().map(|r| r.id.name.to_string()).collect()
}

fn a_shop() -> Rig {
    let mut rig = Rig::at(&a_gate());
    rig.see(&a_blue_green().complete());
    rig.see(&a_deployment());
    // Rows are counted once a tick.
    rig.wait(0);
    rig
}

#[test]
fn letters_go_to_the_filter_and_do_not_act() {
    let mut rig = a_shop();
    rig.press(Key::Char('/'));
    assert_eq!(rig.letters("PAFUq"), []);
    assert_eq!(rig.model.fleet_view.filter.value(), "PAFUq");
    assert!(rig.model.dialog.is_none());
    assert_eq!(names(&rig), [""; 0]);
    assert_eq!(rig.model.fleet_view.selected, None);
}

#[test]
fn the_selection_follows_the_filter() {
    let mut rig = a_shop();
    rig.press(Key::Char('/'));
    rig.letters("cat");
    assert_eq!(names(&rig), ["catalog"]);
    assert_eq!(rig.model.meant(), Some(&a_deployment().id()));
    rig.press(Key::Enter);
    assert!(!rig.model.fleet_view.typing);
    assert_eq!(roster::shown(&rig.model).hidden(), 2);
    rig.press(Key::Esc);
    assert_eq!(names(&rig).len(), 3, "esc clears it");
    assert_eq!(rig.model.meant(), Some(&a_deployment().id()), "and the selection stays");
}

#[test]
fn esc_while_typing_gives_up_the_filter() {
    let mut rig = a_shop();
    rig.press(Key::Char('/'));
    rig.letters("status:pau");
    assert_eq!(names(&rig), ["checkout"]);
    rig.press(Key::Esc);
    assert_eq!(rig.model.fleet_view.filter.value(), "");
    assert!(!rig.model.fleet_view.typing);
}

#[test]
fn a_paste_goes_into_the_filter_as_text() {
    let mut rig = a_shop();
    rig.press(Key::Char('/'));
    rig.send(Msg::Paste("kind:deploy\r\n\u{1b}".into()));
    assert_eq!(rig.model.fleet_view.filter.value(), "kind:deploy");
    assert_eq!(names(&rig), ["catalog"]);
    // What a terminal hides or joins does not reach it.
    rig.send(Msg::Paste("\u{200d}\u{200c}\u{fe0f}\u{202e}".into()));
    assert_eq!(rig.model.fleet_view.filter.value(), "kind:deploy");
}

#[test]
fn ctrl_c_leaves_even_while_typing() {
    let mut rig = a_shop();
    rig.press(Key::Char('/'));
    assert_eq!(rig.press(Key::Ctrl('c')), [Effect::Quit]);
}
