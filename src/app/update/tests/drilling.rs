//! Drills: the briefing, pages, and the end.

use super::*;
use crate::app::drill::{Drill, Line, Progress, Voice};
use crate::app::screen::Screen;
use crate::app::update::begin_drill;

fn page(text: &str) -> Line {
    Line {
        at: Span::seconds(20),
        clock: "00:20.0".into(),
        who: "page".into(),
        voice: Voice::Page,
        text: text.into(),
    }
}

#[test]
fn the_briefing_is_a_key_away_and_elsewhere_the_key_says_where() {
    let mut rig = Rig::at(&a_gate());
    rig.press(Key::Char('b'));
    assert_eq!(*rig.model.screen(), Screen::Fleet);
    assert!(rig.model.toast.as_ref().unwrap().text.contains("waveoff drill"));
    rig.model.drill = Some(Drill::default());
    rig.press(Key::Char('b'));
    assert_eq!(*rig.model.screen(), Screen::Briefing);
    assert_eq!(rig.model.meant(), None, "no verb means anything there");
    rig.press(Key::Char('b'));
    rig.press(Key::Esc);
    assert_eq!(*rig.model.screen(), Screen::Fleet);
}

#[test]
fn a_drill_about_one_workload_opens_on_it_behind_the_briefing() {
    let mut rig = Rig::at(&a_gate());
    let id = a_gate().id();
    let drill = Drill { opens: Some(id.clone()), ..Drill::default() };
    let effects = begin_drill(&mut rig.model, drill);
    assert!(effects.contains(&Effect::Focus(Some(id.clone()))), "{effects:?}");
    assert_eq!(*rig.model.screen(), Screen::Briefing);
    rig.press(Key::Enter);
    assert_eq!(*rig.model.screen(), Screen::Rollout(id));
}

#[test]
fn a_page_stays_in_sight_and_the_end_is_told_once() {
    let mut rig = Rig::at(&a_gate());
    rig.model.drill = Some(Drill::default());
    let mut progress = Progress { lines: vec![page("errors")], ..Progress::default() };
    rig.send(Msg::Drill(Box::new(progress.clone())));
    let drill = rig.model.drill.clone().unwrap();
    assert_eq!(drill.page.unwrap().1.as_str(), "errors");
    progress.over = true;
    progress.points = 80;
    rig.send(Msg::Drill(Box::new(progress.clone())));
    assert!(rig.model.toast.take().unwrap().text.contains("80 of 100"));
    rig.send(Msg::Drill(Box::new(progress)));
    assert_eq!(rig.model.toast, None);
}
