//! The foot of the screen: verbs in fixed places, hints, toast, and why a verb is locked.
//!
//! A verb that cannot be used stays where it is, in parentheses. Called by `screen`.

use ratatui::layout::Rect;

use crate::app::model::{Model, TOAST_FOR};
use crate::app::read::keys::{Hint, VerbCell, hints, verbs};
use crate::app::read::phrase::Phrase;
use crate::app::screen::Screen;
use crate::app::theme::Role;

use super::canvas::Canvas;
use super::strip::Strip;
use super::text::{cut, width};

/// Draws one or two lines.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let cells = verbs(model);
    let total = usize::from(area.width);
    let mut strip = Strip::new(canvas.look);
    let terse = !matches!(model.screen(), Screen::Fleet | Screen::Rollout(_)) && total < 120;
    let room = if terse { 0 } else { total };
    for (cell, has_word) in cells.iter().zip(words(&cells, room)) {
        strip = verb(strip, cell, !has_word);
    }
    let toast = toast(model);
    if toast.is_none() {
        let shown = hint_phrase(&hints(model), total.saturating_sub(strip.used() + 2));
        strip = strip.right(total, &shown);
    }
    canvas.line(area, &strip.line());
    if let Some((role, text)) = toast {
        flash(canvas, area, role, &text);
    }
    if area.height > 1 {
        let second = Rect { y: area.y + 1, height: 1, ..area };
        reasons(canvas, second, &cells);
    }
}

/// A message on the right; the verbs on the left stay, a long one covers the last of them.
fn flash(canvas: &mut Canvas<'_>, area: Rect, role: Role, text: &str) {
    let most = usize::from(area.width) * 3 / 5;
    let text = format!(" {} ", cut(text, most.max(12), canvas.look.ellipsis()));
    let needs = u16::try_from(width(&text)).unwrap_or(area.width).min(area.width);
    let place = Rect { x: area.right() - needs, width: needs, height: 1, ..area };
    canvas.clear(place);
    let line = Strip::new(canvas.look).say(role, text).line();
    canvas.line(place, &line);
}

/// Which verbs have their word, so that all of them fit: a locked one goes without it first, from
/// the last on.
fn words(cells: &[VerbCell], room: usize) -> Vec<bool> {
    let mut words = vec![true; cells.len()];
    let needs = |words: &[bool]| {
        let cell = |(cell, has): (&VerbCell, &bool)| {
            width(&cell.key) + 2 + if *has { width(cell.label) + 1 } else { 0 }
        };
        cells.iter().zip(words).map(cell).sum::<usize>()
    };
    let locked = (0..cells.len()).rev().filter(|at| cells.get(*at).is_some_and(|c| !c.is_ready));
    let ready = (0..cells.len()).rev().filter(|at| cells.get(*at).is_some_and(|c| c.is_ready));
    for at in locked.chain(ready) {
        if needs(&words) <= room {
            break;
        }
        if let Some(word) = words.get_mut(at) {
            *word = false;
        }
    }
    words
}

/// A verb with its word, or its key alone where other keys matter more.
fn verb<'l>(strip: Strip<'l>, cell: &VerbCell, terse: bool) -> Strip<'l> {
    let label = if terse { String::new() } else { format!(" {}", cell.label) };
    if cell.is_ready {
        strip.gap(1).say(Role::Key, cell.key.clone()).say(Role::Text, label).gap(1)
    } else {
        strip.say(Role::KeyDisabled, format!("({}{label})", cell.key))
    }
}

fn hint_phrase(hints: &[Hint], room: usize) -> Phrase {
    let mut phrase = Phrase::new();
    let mut used = 0;
    for hint in hints {
        let needs = width(&hint.key) + width(hint.label) + 1 + if used > 0 { 2 } else { 0 };
        if used + needs > room {
            continue;
        }
        if used > 0 {
            phrase.push(Role::Text, "  ");
        }
        phrase.push(Role::Key, hint.key.clone());
        phrase.push(Role::Muted, format!(" {}", hint.label));
        used += needs;
    }
    phrase
}

fn toast(model: &Model) -> Option<(Role, String)> {
    let toast = model.toast.as_ref()?;
    if model.now - toast.at > TOAST_FOR {
        return None;
    }
    let role = if toast.good { Role::ToastOk } else { Role::ToastBad };
    Some((role, toast.text.to_string()))
}

/// Why the locked verbs are locked, as many as fit.
fn reasons(canvas: &mut Canvas<'_>, area: Rect, cells: &[VerbCell]) {
    let total = usize::from(area.width);
    let mut strip = Strip::new(canvas.look).gap(1);
    let told: Vec<&VerbCell> = cells.iter().filter(|c| !c.reason.is_empty()).collect();
    // One reason for all of them is said once.
    if let [first, rest @ ..] = told.as_slice()
        && rest.len() > 2
        && rest.iter().all(|cell| cell.reason == first.reason)
    {
        let text = format!("locked: {}", first.reason.trim_start_matches("locked: "));
        strip = strip.say_to(total, Role::Muted, &text);
        canvas.line(area, &strip.line());
        return;
    }
    for cell in told {
        if strip.used() + 12 > total {
            break;
        }
        strip = strip
            .say(Role::KeyDisabled, format!("{}: ", cell.key))
            .say_to(total, Role::Muted, &cell.reason)
            .gap(3);
    }
    canvas.line(area, &strip.line());
}
