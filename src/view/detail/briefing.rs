//! The Briefing screen: what a drill is about, what counts, and what has happened.
//!
//! Called by `detail`.

use ratatui::layout::Rect;

use crate::app::model::Model;
use crate::app::read::drill::{facts, goals, log};
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::view::canvas::Canvas;
use crate::view::pane::{Set, Title};

use super::document::Document;

/// Where the text of a row begins, behind how it stands.
const COLUMN: usize = 18;

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, set: Set) {
    let mut page = Document::new(canvas.look, area, set);
    let Some(drill) = &model.drill else { return };
    for paragraph in &drill.story {
        page.blank();
        page.paragraph(0, &Phrase::new().text(paragraph.as_str()));
    }
    let goals = goals(drill);
    if !goals.is_empty() {
        page.heading("what counts");
        for goal in goals {
            let (role, standing) = goal.standing;
            let text = Phrase::new().text(goal.title).muted(format!("  {} points", goal.points));
            page.marked(role, &standing, COLUMN, &text);
        }
    }
    if drill.progress.over && !drill.notice.is_empty() {
        page.heading("what there was to notice");
        for text in &drill.notice {
            page.paragraph(2, &Phrase::new().text(text.as_str()));
        }
    }
    let log = log(drill);
    if !log.is_empty() {
        page.heading("what happened, the newest first");
        for line in log {
            page.paragraph(2, &line);
        }
    }
    page.heading("this drill");
    for (label, text) in facts(drill) {
        page.labelled(label, 10, &Phrase::new().text(text));
    }
    let title = Title::new(drill.title.to_string())
        .and(&Phrase::of(Role::Muted, format!("{} points", drill.progress.points)));
    page.draw(canvas, area, set, title, model.scroll);
}
