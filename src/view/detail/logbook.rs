//! The Journal screen and that of one of its actions.
//!
//! Called by `detail`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::model::Model;
use crate::app::read::logbook::{DeedRow, fields, nothing, rows, verdict};
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::domain::id::WorkloadId;
use crate::domain::text::SafeText;
use crate::view::canvas::Canvas;
use crate::view::look::Look;
use crate::view::pane::{Set, Title, first_row, out_of_sight, pane};
use crate::view::screen::take_top;
use crate::view::strip::Strip;
use crate::view::text::wrap_phrase;

use super::document::Document;

/// Where texts begin behind their labels.
const COLUMN: usize = 12;

/// Cells of a date and a time.
const TIME: usize = 19;

/// Lines of an action in the list.
const LINES: usize = 2;

/// Draws the list; `of` is the workload that it is about.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    of: Option<&WorkloadId>,
    set: Set,
) {
    let rows = rows(model, of);
    let selected = model.logbook.selected.min(rows.len().saturating_sub(1));
    let look = canvas.look;
    let width = usize::from(area.width);
    let head: Vec<Line<'static>> = verdict(model)
        .iter()
        .flat_map(|phrase| wrap_phrase(phrase, width.saturating_sub(2)))
        .map(|part| Strip::new(look).gap(1).phrase(&part).line())
        .collect();
    let mut rest = area;
    // However much is wrong with it, half of the screen is for what was done.
    let tall = u16::try_from(head.len()).unwrap_or(u16::MAX).min(area.height / 2);
    canvas.lines(take_top(&mut rest, tall), &head);
    let edge = match set {
        Set::Rule => 1,
        Set::Boxed => 2,
    };
    let room = usize::from(rest.height).saturating_sub(edge) / LINES;
    let what = match of {
        Some(id) => Phrase::new().muted(format!("of {id} alone, o shows all")),
        None if rows.is_empty() => Phrase::new(),
        None => Phrase::new().muted(format!("{} actions, newest first", rows.len())),
    };
    let title = Title::new("Journal").and(&what).focused(true);
    let title = title.right(out_of_sight(selected, rows.len(), room));
    let inner = pane(canvas, rest, set, &title);
    if rows.is_empty() {
        let text = Phrase::new().muted(nothing(model, of).unwrap_or_default());
        let parts = wrap_phrase(&text, usize::from(inner.width).saturating_sub(2));
        let lines: Vec<_> =
            parts.iter().map(|part| Strip::new(look).gap(2).phrase(part).line()).collect();
        canvas.lines(inner, &lines);
        return;
    }
    let first = first_row(selected, rows.len(), room);
    let mut below = inner;
    for (at, row) in rows.iter().enumerate().skip(first).take(room) {
        let place = take_top(&mut below, 2);
        canvas.lines(place, &lines(look, row, usize::from(place.width), at == selected));
        if at == selected {
            canvas.tint(place, Role::Selection);
        }
    }
    if let Some(left_out) = left_out(model)
        && first + room >= rows.len()
    {
        let line = Strip::new(look).gap(2).say(Role::Muted, left_out).line();
        canvas.line(take_top(&mut below, 1), &line);
    }
}

/// What is older than what is kept.
fn left_out(model: &Model) -> Option<String> {
    let book = model.logbook.read.as_ref()?.as_ref().ok()?;
    let count = book.left_out;
    (count > 0).then(|| format!("{count} older ones: `waveoff journal` has them"))
}

fn lines(look: &Look, row: &DeedRow, width: usize, selected: bool) -> [Line<'static>; LINES] {
    let column = TIME + 4;
    let what = Strip::new(look).caret(selected).say(Role::Muted, row.at.clone()).to(column);
    let outcome = Strip::new(look).to(column);
    [what.phrase_to(width, &row.what).line(), outcome.phrase_to(width, &row.outcome).line()]
}

/// Draws one action in full.
pub(super) fn deed(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    (session, ticket): (&SafeText, u64),
    set: Set,
) {
    let mut page = Document::new(canvas.look, area, set);
    let title = Title::new("Journal").and(&Phrase::new().muted("one action")).focused(true);
    let Some(deed) = model.logbook.deed(session, ticket) else {
        page.paragraph(2, &Phrase::of(Role::Warn, "this action is not in the journal any more"));
        page.draw(canvas, area, set, title, 0);
        return;
    };
    for (label, phrase) in fields(model, deed) {
        page.labelled(label, COLUMN, &phrase);
    }
    for sent in &deed.sent {
        let part = match sent.subresource.as_str() {
            "" => String::new(),
            subresource => format!(" ({subresource})"),
        };
        page.heading(format!("sent to {}{part}", sent.object));
        for (label, texts) in [("if", &sent.asserts), ("then", &sent.changes)] {
            for text in texts {
                page.labelled(label, COLUMN, &Phrase::new().text(text.to_string()));
            }
        }
    }
    page.draw(canvas, area, set, title, model.scroll);
}
