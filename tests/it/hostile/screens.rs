//! Every screen with hostile content in every place, as bytes for a terminal.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use waveoff::app::dialog::Dialog;
use waveoff::app::drill::{Drill, Goal, Line, Standing, Voice};
use waveoff::app::key::Key;
use waveoff::app::log_view::{LogLine, LogState};
use waveoff::app::logbook::{Deed, Ending, Logbook, Sent};
use waveoff::app::model::{DiffView, Model, Toast};
use waveoff::app::msg::Msg;
use waveoff::app::screen::{Pane, Screen};
use waveoff::app::session::Mode;
use waveoff::app::theme::ColorDepth;
use waveoff::app::update::update;
use waveoff::config::{Origin, Setting, Themes};
use waveoff::domain::id::WorkloadId;
use waveoff::domain::time::Span;
use waveoff::view::{Glyphs, Look, Painter};

use super::dice::Dice;
use super::lexer::{self, Seen};
use super::poison::{answer_all, safe, side, tell_all};
use crate::fixture::{a_canary_at_its_gate, a_fleet, a_fresh_model, ago, now};
use crate::report::report;
use crate::scenes;

/// Columns, rows, and the set of glyphs.
const FRAMES: [(u16, u16, Glyphs); 6] = [
    (80, 24, Glyphs::Unicode),
    (80, 24, Glyphs::Ascii),
    (200, 60, Glyphs::Unicode),
    (120, 30, Glyphs::Ascii),
    (41, 9, Glyphs::Unicode),
    (1, 1, Glyphs::Unicode),
];

/// What a frame is written to.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Vec<u8>>>);

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn look(glyphs: Glyphs) -> Look {
    let name = Setting { value: "dark".to_owned(), origin: Origin::Default };
    Look::new(Themes::default().load(&name).unwrap(), glyphs, ColorDepth::TrueColor)
}

/// The bytes of a frame, by the painter that the program has.
pub(super) fn painted(model: &Model, glyphs: Glyphs, size: (u16, u16)) -> Vec<u8> {
    let mut model = model.clone();
    model.size = size;
    let wire = Wire::default();
    let mut painter = Painter::new(wire.clone(), size).unwrap();
    painter.repaint(size).unwrap();
    painter.draw(&model, &look(glyphs)).unwrap();
    drop(painter);
    std::mem::take(&mut *wire.0.lock().unwrap())
}

/// Paints and reads; what was found is added.
fn examine(name: &str, model: &Model, seen: &mut Seen) -> usize {
    for (columns, rows, glyphs) in FRAMES {
        let size = (columns, rows);
        let bytes = painted(model, glyphs, size);
        match lexer::read(&bytes) {
            Ok(found) => {
                for (kind, count) in found {
                    *seen.entry(kind).or_default() += count;
                }
            }
            Err(why) => panic!("{name} at {size:?}: {why}"),
        }
        if glyphs == Glyphs::Ascii {
            assert!(bytes.is_ascii(), "{name} at {size:?} is not ASCII");
        }
        let orders = lexer::obeyed(size, &bytes);
        assert!(orders.is_empty(), "{name} at {size:?}: {orders:?}");
    }
    FRAMES.len()
}

/// Every screen of a poisoned model.
fn opened(model: &Model, id: &WorkloadId, dice: &mut Dice) -> Vec<(String, Model)> {
    let mut model = model.clone();
    model.logbook.read = Some(Ok(Box::new(journal(dice))));
    let model = &model;
    let mut all = Vec::new();
    let mut open = |name: &str, screen: Screen| {
        let mut model = model.clone();
        model.screens.push(screen);
        model.scroll = dice.below(3) * 4;
        all.push((name.to_owned(), model));
    };
    open("help", Screen::Help);
    open("troubles", Screen::Troubles);
    open("briefing", Screen::Briefing);
    open("journal", Screen::Journal(None));
    open("action", Screen::Deed("s".into(), 1));
    open("diff", Screen::Diff(id.clone()));
    open("logs", Screen::Logs(id.clone()));
    open("timeline", Screen::Timeline(id.clone()));
    open("why", Screen::Why(id.clone()));
    open("info", Screen::Info(id.clone()));
    open("metrics", Screen::Metrics(id.clone()));
    open("gate", Screen::Gate(id.clone()));
    if let Some(release) = model.fleet.release(id) {
        for (_, pod) in release.pods() {
            open("pod", Screen::Pod(id.clone(), pod.uid.clone()));
        }
        for run in &release.analysis {
            open("analysis", Screen::Analysis(id.clone(), run.uid.clone()));
        }
    }
    for pane in Pane::ALL {
        for zoomed in [false, true] {
            let mut model = model.clone();
            model.screens.push(Screen::Rollout(id.clone()));
            model.rollout_view.pane = pane;
            model.rollout_view.zoomed = zoomed;
            all.push((format!("rollout {pane:?} {zoomed}"), model));
        }
    }
    all
}

/// A journal in which somebody hostile wrote.
fn journal(dice: &mut Dice) -> Logbook {
    let mut text = || safe(dice);
    let sent = Sent {
        object: text(),
        subresource: text(),
        asserts: vec![text(), text()],
        changes: vec![text()],
    };
    let end = Ending { word: text(), detail: text(), took: Span::seconds(4) };
    let deed = Deed {
        session: "s".into(),
        ticket: 1,
        verb: text(),
        target: Some(text()),
        place: text(),
        name: text(),
        user: text(),
        server: text(),
        reason: text(),
        sent: vec![sent],
        answer: Some((text(), Span::zero())),
        end: Some(end),
        ..Deed::default()
    };
    let deeds = vec![deed];
    let (broken, torn) = (vec![text()], vec![text()]);
    Logbook { deeds, lines: 3, broken, torn, head: Some(text()), ..Logbook::default() }
}

/// What can be asked by keys: every dialog, its toasts, its receipts with a hostile answer.
fn asked(model: &Model, id: &WorkloadId, dice: &mut Dice) -> Vec<(String, Model)> {
    let mut all = Vec::new();
    for verb in "PFHAURS".chars() {
        let mut model = model.clone();
        model.screens.push(Screen::Rollout(id.clone()));
        let mut press = |key| drop(update(&mut model, now(), Msg::Key { key, burst: false }));
        press(Key::Char(verb));
        press(Key::Tab);
        update(&mut model, now(), Msg::Paste(safe(dice).to_string()));
        all.push((format!("dialog of {verb}"), model.clone()));
        let later = now() + Span::seconds(2);
        for _ in 0..3 {
            update(&mut model, later, Msg::Key { key: Key::Enter, burst: false });
        }
        answer_all(&mut model, dice);
        all.push((format!("answer to {verb}"), model));
    }
    let mut leaving = model.clone();
    leaving.dialog = Some(Dialog::Quit);
    leaving.toast = Some(Toast { at: now(), good: false, text: safe(dice) });
    all.push(("quit".to_owned(), leaving));
    all
}

/// Logs, a comparison, a filter and a drill, all of them hostile.
fn dress(model: &mut Model, dice: &mut Dice) {
    for _ in 0..40 {
        model.logs.push(LogLine { pod: safe(dice), text: safe(dice) });
    }
    model.logs.state = LogState::Ended(Some(safe(dice)));
    let mut lines = || (0..6).map(|_| (safe(dice), safe(dice))).collect::<Vec<_>>();
    let templates = Some(Ok((lines(), lines())));
    model.diff = DiffView { epoch: 1, sides: Some((side(dice), side(dice))), templates };
    if dice.one_in(3) {
        model.diff.templates = Some(Err(safe(dice)));
    }
    if dice.one_in(2) {
        model.session.mode = Mode::Drill;
    }
    let goal = |dice: &mut Dice| Goal {
        title: safe(dice),
        points: 30,
        within: None,
        standing: Standing::Running(Span::seconds(4)),
    };
    let line = |dice: &mut Dice| Line {
        at: Span::zero(),
        clock: safe(dice),
        who: safe(dice),
        voice: Voice::Page,
        text: safe(dice),
    };
    let mut drill = Drill {
        name: safe(dice),
        title: safe(dice),
        story: vec![safe(dice), safe(dice)],
        notice: vec![safe(dice)],
        kubeconfig: safe(dice),
        page: Some((ago(3), safe(dice))),
        ..Drill::default()
    };
    drill.progress.goals = vec![goal(dice), goal(dice)];
    drill.progress.lines = vec![line(dice), line(dice)];
    model.drill = Some(drill);
}

#[test]
fn every_screen_with_everything_hostile() {
    let started = Instant::now();
    let (mut frames, mut seen) = (0, Seen::new());
    for seed in 0..4 {
        let mut dice = Dice::new(seed);
        let mut model = a_fresh_model();
        let id = tell_all(&mut model, usize::try_from(seed).unwrap(), &mut dice);
        dress(&mut model, &mut dice);
        frames += examine(&format!("seed {seed}: fleet"), &model, &mut seen);
        let Some(id) = id else { continue };
        let mut all = opened(&model, &id, &mut dice);
        all.extend(asked(&model, &id, &mut dice));
        for (name, model) in all {
            frames += examine(&format!("seed {seed}: {name}"), &model, &mut seen);
        }
    }
    let kinds: Vec<String> = seen.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    report(&format!(
        "hostile screens: {frames} frames, 0 offences, {:.1} s; on the wire: {}",
        started.elapsed().as_secs_f64(),
        kinds.join(", ")
    ));
    assert!(frames > 500, "{frames}");
}

/// The dialogs of a workload that can be acted on, in a hostile session.
#[test]
fn every_dialog_with_everything_around_it_hostile() {
    let mut seen = Seen::new();
    for seed in 0..3 {
        let mut dice = Dice::new(100 + seed);
        let mut craft = a_canary_at_its_gate();
        craft.workload.images[0].reference = safe(&mut dice);
        craft.workload.status.message = safe(&mut dice);
        for set in &mut craft.sets {
            set.images[0].reference = safe(&mut dice);
            set.change_cause = Some(safe(&mut dice));
        }
        let id = craft.workload.id.clone();
        let mut model = a_fleet([craft]);
        model.session.context = safe(&mut dice);
        model.session.user = safe(&mut dice);
        dress(&mut model, &mut dice);
        for (name, model) in asked(&model, &id, &mut dice) {
            examine(&name, &model, &mut seen);
        }
    }
}

/// The ordinary screens, by the same readers: what they emit is the list of what we emit.
#[test]
fn every_ordinary_screen_is_ours_alone() {
    let mut seen = Seen::new();
    for (name, model) in scenes::all() {
        for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
            let bytes = painted(model, glyphs, (80, 24));
            match lexer::read(&bytes) {
                Ok(found) => seen.extend(found),
                Err(why) => panic!("{name}: {why}"),
            }
            assert!(lexer::obeyed((80, 24), &bytes).is_empty(), "{name}");
        }
    }
    assert!(seen.len() <= 7, "{seen:?}");
}
