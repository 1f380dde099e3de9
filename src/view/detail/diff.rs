//! The Diff screen: what differs between two revisions' templates.
//!
//! Called by `detail`.

use ratatui::layout::Rect;

use crate::app::read::diff::{Comparison, DiffLine, of};
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::view::canvas::Canvas;
use crate::view::cockpit::Scene;
use crate::view::pane::{Set, Title};

use super::document::Document;

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, set: Set) {
    let model = scene.model;
    let mut page = Document::new(canvas.look, area, set);
    let mut title = Title::new("Diff").focused(true);
    if let Some((older, newer)) = &model.diff.sides {
        title = title.and(
            &Phrase::of(Role::Stable, older.label.to_string())
                .muted(" to ")
                .say(Role::Canary, newer.label.to_string()),
        );
    }
    match of(model) {
        Comparison::NoSides => {
            page.paragraph(2, &Phrase::new().muted("there are no two revisions to compare"));
        }
        Comparison::Waiting => {
            page.paragraph(2, &Phrase::of(Role::Moving, "fetching both templates"));
        }
        Comparison::Failed(text) => {
            page.paragraph(
                2,
                &Phrase::of(Role::Bad, format!("the templates cannot be had: {text}")),
            );
        }
        Comparison::Done(lines, same) => {
            if lines.is_empty() {
                page.paragraph(2, &Phrase::of(Role::Ok, "the templates are the same"));
            }
            for line in &lines {
                change(&mut page, line);
            }
            page.blank();
            page.paragraph(2, &Phrase::new().muted(format!("the same in both: {same}")));
        }
    }
    page.draw(canvas, area, set, title, model.scroll);
}

/// A path, and below it what it was and what it is.
fn change(page: &mut Document<'_>, line: &DiffLine) {
    let word = match (&line.old, &line.new) {
        (Some(_), Some(_)) => "changed",
        (None, _) => "added",
        (_, None) => "removed",
    };
    page.paragraph(2, &Phrase::of(Role::Title, line.path.clone()).muted(format!("  {word}")));
    if let Some(old) = &line.old {
        page.paragraph(4, &Phrase::of(Role::Bad, format!("- {old}")));
    }
    if let Some(new) = &line.new {
        page.paragraph(4, &Phrase::of(Role::Ok, format!("+ {new}")));
    }
}
