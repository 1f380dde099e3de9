//! Keys: to the dialog, to the text field, or by the key table.

use crate::app::command::Command;
use crate::app::dialog::Dialog;
use crate::app::effect::Effect;
use crate::app::key::Key;
use crate::app::keymap;
use crate::app::model::Model;
use crate::app::screen::Screen;
use crate::app::text_field;
use crate::domain::action::Verb;

use super::{arming, dialogs, gate, logbook, looking, metrics, readiness, revert, toast};

pub(super) fn key(model: &mut Model, key: Key, burst: bool) -> Vec<Effect> {
    model.fleet_view.kept = true;
    if model.dialog.is_some() {
        return in_dialog(model, key, burst);
    }
    if typing(model) {
        return type_filter(model, key, burst);
    }
    match keymap::command(&model.overrides, model.screen(), key) {
        Some(command) if burst && command.comes_alone() => {
            toast(model, false, format!("{key} came in a burst: press it once, by itself"));
            Vec::new()
        }
        Some(command) => obey(model, command),
        None => Vec::new(),
    }
}

fn in_dialog(model: &mut Model, key: Key, burst: bool) -> Vec<Effect> {
    match key {
        // What confirms must come alone: not from a paste, a held key or a noisy line. So must what
        // stops the program.
        Key::Enter | Key::Ctrl('z') if burst => noise(model),
        Key::Ctrl('z') => vec![Effect::Suspend],
        Key::Ctrl('l') => vec![Effect::Redraw],
        Key::Enter => dialogs::key(model, key),
        _ => {
            dialogs::hurried(model, burst);
            dialogs::key(model, key)
        }
    }
}

/// Bytes that no key sends: who sent them may send an Enter next.
pub(super) fn noise(model: &mut Model) -> Vec<Effect> {
    dialogs::hurried(model, true);
    Vec::new()
}

/// Pasted text never acts: it goes to a text field or nowhere.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if model.dialog.is_some() {
        dialogs::paste(model, text);
    } else if let Some(filter) = active_filter(model) {
        for c in text.chars().take(200) {
            text_field::insert(filter, c);
        }
        looking::keep_selection(model);
    }
    Vec::new()
}

fn typing(model: &Model) -> bool {
    match model.screen() {
        Screen::Fleet => model.fleet_view.typing,
        Screen::Logs(_) => model.logs.typing,
        _ => false,
    }
}

fn active_filter(model: &mut Model) -> Option<&mut tui_input::Input> {
    match model.screen() {
        Screen::Fleet if model.fleet_view.typing => Some(&mut model.fleet_view.filter),
        Screen::Logs(_) if model.logs.typing => Some(&mut model.logs.filter),
        _ => None,
    }
}

fn type_filter(model: &mut Model, key: Key, burst: bool) -> Vec<Effect> {
    match key {
        Key::Enter | Key::Down | Key::Up => stop_typing(model),
        Key::Esc => {
            if let Some(filter) = active_filter(model) {
                filter.reset();
            }
            stop_typing(model);
        }
        Key::Ctrl('c') if burst => {}
        Key::Ctrl('c') => return quit(model),
        key => {
            if let Some(filter) = active_filter(model) {
                text_field::edit(filter, key);
            }
        }
    }
    looking::keep_selection(model);
    Vec::new()
}

fn stop_typing(model: &mut Model) {
    model.fleet_view.typing = false;
    model.logs.typing = false;
}

fn quit(model: &mut Model) -> Vec<Effect> {
    // An action without a verdict yet: leaving is possible, but not by accident.
    if model.flights.iter().any(|f| !f.stage.is_over() && f.accepted_at.is_none()) {
        model.dialog = Some(Dialog::Quit);
        return Vec::new();
    }
    // Leaving leaves nobody at the post.
    if model.posts.values().any(|post| post.guard.is_on()) {
        model.dialog = Some(Dialog::Quit);
        return Vec::new();
    }
    vec![Effect::Quit]
}

fn obey(model: &mut Model, command: Command) -> Vec<Effect> {
    match command {
        Command::Up => looking::move_by(model, -1),
        Command::Down => looking::move_by(model, 1),
        Command::Top => looking::move_by(model, isize::MIN / 2),
        Command::Bottom => looking::move_by(model, isize::MAX / 2),
        Command::PageUp => looking::move_by(model, -page(model)),
        Command::PageDown => looking::move_by(model, page(model)),
        Command::NextPane => looking::pane(model, true),
        Command::PreviousPane => looking::pane(model, false),
        Command::Zoom => looking::zoom(model),
        Command::Open => looking::open(model),
        Command::Back => looking::back(model),
        Command::Fleet => looking::to_fleet(model),
        Command::Rollout => looking::to_rollout(model),
        Command::Filter => start_typing(model),
        Command::Sort => sort(model),
        Command::Logs => looking::logs(model, false),
        Command::PreviousLogs => looking::toggle_previous_logs(model),
        Command::Follow => looking::follow_log(model),
        Command::Timeline => looking::show(model, Screen::Timeline),
        Command::Why => looking::show(model, Screen::Why),
        Command::Diff => looking::diff(model),
        Command::Info => looking::show(model, Screen::Info),
        Command::Metrics => metrics::open(model),
        Command::Gate => gate::open(model),
        Command::Readiness => readiness::open(model),
        Command::Span => metrics::span(model),
        Command::Cursor => metrics::cursor(model),
        Command::Earlier => metrics::move_cursor(model, -1),
        Command::Later => metrics::move_cursor(model, 1),
        Command::Raw => metrics::raw(model),
        Command::Copy => match model.screen().clone() {
            Screen::Metrics(id) => metrics::copy_query(model, &id),
            _ => looking::copy(model),
        },
        Command::Refresh => refresh(model),
        Command::Journal => logbook::open(model),
        Command::Troubles => looking::troubles(model),
        Command::Briefing => looking::briefing(model),
        Command::Help => looking::help(model),
        Command::Redraw => vec![Effect::Redraw],
        Command::Suspend => vec![Effect::Suspend],
        Command::Quit => quit(model),
        Command::Guard => arming::ask(model),
        Command::Watch => looking::show(model, Screen::Guard),
        Command::Act(verb) => dialogs::ask(model, verb),
        Command::Switch => gate::switch(model),
        Command::Revert => revert::ask(model),
        Command::Hold => {
            let held = model
                .meant()
                .and_then(|id| model.fleet.workload(id))
                .is_some_and(|workload| workload.paused);
            dialogs::ask(model, if held { Verb::Resume } else { Verb::Pause })
        }
    }
}

fn refresh(model: &mut Model) -> Vec<Effect> {
    let mut effects = vec![Effect::Refresh];
    if matches!(model.screen(), Screen::Journal(_) | Screen::Deed(..)) {
        effects.extend(logbook::read(model));
    }
    if let Screen::Readiness(id) = model.screen().clone() {
        effects.extend(readiness::ask(model, &id));
    }
    effects
}

fn page(model: &Model) -> isize {
    isize::from(model.size.1.saturating_sub(8).max(1).cast_signed())
}

fn start_typing(model: &mut Model) -> Vec<Effect> {
    match model.screen() {
        Screen::Fleet => model.fleet_view.typing = true,
        Screen::Logs(_) => model.logs.typing = true,
        _ => {}
    }
    Vec::new()
}

fn sort(model: &mut Model) -> Vec<Effect> {
    model.fleet_view.sort = model.fleet_view.sort.next();
    looking::keep_selection(model);
    Vec::new()
}
