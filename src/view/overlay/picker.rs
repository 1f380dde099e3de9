//! The choice of a revision to go back to: what is known of each, and which one is safest.
//!
//! Called by `overlay`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::dialog::RevisionPicker;
use crate::app::model::Model;
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::domain::legality::{Record, UndoTarget};
use crate::domain::release::number_text;
use crate::view::canvas::Canvas;
use crate::view::look::Look;
use crate::view::pane::{Title, list};
use crate::view::screen::take_top;
use crate::view::strip::Strip;
use crate::view::text::wrap;

/// Draws the choice.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, picker: &RevisionPicker) {
    let place = format!("  {}/{}", model.session.context, picker.id.namespace);
    let title = Title::new(format!("UNDO {} to...", picker.id.name))
        .and(&Phrase::new().muted(place))
        .focused(true);
    let inner = super::open(canvas, area, picker.targets.len() + 6, &title);
    let room = usize::from(inner.width);
    let look = canvas.look;
    let mut rest = inner;
    let head = Strip::new(look)
        .gap(2)
        .cell(6, Role::Muted, "rev")
        .cell(11, Role::Muted, "hash")
        .cell(22, Role::Muted, "images")
        .cell(8, Role::Muted, "pods up")
        .say_to(room, Role::Muted, "record")
        .line();
    canvas.line(take_top(&mut rest, 1), &head);
    let foot = crate::view::screen::take_bottom(&mut rest, 4);
    let rows: Vec<Line<'static>> = picker
        .targets
        .iter()
        .enumerate()
        .map(|(at, target)| row(look, target, at == picker.selected, room))
        .collect();
    list(canvas, rest, &rows, Some(picker.selected));
    let buttons = Strip::new(look)
        .say(Role::Key, "[ Esc ")
        .say(Role::Text, "leave it ]")
        .gap(4)
        .say(Role::Key, "[ Enter ")
        .say(Role::Text, "choose, then confirm ]")
        .line();
    let mut lines: Vec<Line<'static>> = picker
        .targets
        .get(picker.selected)
        .map(|target| wrap(&remark(target), room))
        .unwrap_or_default()
        .iter()
        .take(2)
        .map(|part| Strip::new(look).say(Role::Text, part.clone()).line())
        .collect();
    lines.resize(3, Line::default());
    lines.push(buttons);
    canvas.lines(foot, &lines);
}

/// What is known of a revision, in full.
fn remark(target: &UndoTarget) -> String {
    let record = match &target.record {
        Record::Stable => "the stable version: it takes the users now".to_owned(),
        Record::Left => "users were brought back from it before".to_owned(),
        Record::Completed => "it was promoted to the end once".to_owned(),
        Record::Aborted(message) => message.to_string(),
        Record::Clean => "nothing is known against it".to_owned(),
        Record::FailedAnalysis(message) => format!("an analysis of it failed: {message}"),
    };
    let plain = if target.plain { "; a plain undo would pick it" } else { "" };
    format!("{record}{plain}")
}

fn row(look: &Look, target: &UndoTarget, selected: bool, room: usize) -> Line<'static> {
    let number = number_text(target.revision);
    let mut record = match &target.record {
        Record::Stable => Phrase::of(Role::Ok, "STABLE"),
        Record::Completed => Phrase::of(Role::Ok, "COMPLETED ONCE"),
        Record::Aborted(_) => Phrase::of(Role::Bad, "ABORTED"),
        Record::Left => Phrase::of(Role::Bad, "LEFT BEFORE"),
        Record::Clean => Phrase::new().text("no failed analysis"),
        Record::FailedAnalysis(_) => Phrase::of(Role::Bad, "FAILED ANALYSIS"),
    };
    if target.plain {
        record.push(Role::Warn, "  <- plain undo");
    }
    let pods = if target.available > 0 {
        (Role::Ok, target.available.to_string())
    } else {
        (Role::Muted, "cold".to_owned())
    };
    Strip::new(look)
        .caret(selected)
        .gap(1)
        .cell(6, Role::Title, &number)
        .cell(11, Role::Text, &target.hash)
        .cell(22, Role::Text, &target.images)
        .cell(8, pods.0, &pods.1)
        .phrase_to(room, &record)
        .line()
}
