//! The list of what went wrong in this session, newest first.
//!
//! Called by `detail`.

use ratatui::layout::Rect;

use crate::app::model::Model;
use crate::app::read::header::time_of_day;
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::view::canvas::Canvas;
use crate::view::pane::{Set, Title};

use super::document::Document;

/// Where texts begin behind the time.
const COLUMN: usize = 12;

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, set: Set) {
    let mut page = Document::new(canvas.look, area, set);
    if model.troubles.is_empty() {
        page.paragraph(2, &Phrase::of(Role::Ok, "nothing went wrong in this session"));
    }
    for trouble in model.troubles.iter() {
        let times =
            if trouble.count > 1 { format!("  ({} times)", trouble.count) } else { String::new() };
        let text = Phrase::of(Role::Bad, trouble.source.to_string())
            .muted(times)
            .text("  ")
            .text(trouble.text.to_string());
        page.labelled(&time_of_day(model, trouble.at), COLUMN, &text);
    }
    page.blank();
    let log = format!("the log file has more: {}", model.session.log_path);
    page.paragraph(2, &Phrase::new().muted(log));
    let title = Title::new(format!("Errors {}", model.troubles.len())).focused(true);
    page.draw(canvas, area, set, title, model.scroll);
}
