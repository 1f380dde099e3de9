//! The Timeline screen: the whole story of a workload.
//!
//! Called by `detail`.

use ratatui::layout::Rect;

use crate::app::read::phrase::Phrase;
use crate::app::read::timeline::rows;
use crate::view::canvas::Canvas;
use crate::view::cockpit::{Scene, story_line};
use crate::view::pane::{Set, Title};

use super::document::Document;

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, set: Set) {
    let rows = rows(scene.model, scene.id);
    let mut page = Document::new(canvas.look, area, set);
    if rows.is_empty() {
        let text = "nothing was seen to change since this session began, and no event is left";
        page.paragraph(2, &Phrase::new().muted(text));
    }
    for row in &rows {
        let line = story_line(canvas.look, row, page.room, false);
        page.lines.push(line);
    }
    let count = Phrase::new().muted(format!("{} entries, newest first", rows.len()));
    let title = Title::new("Timeline").and(&count).focused(true);
    page.draw(canvas, area, set, title, scene.model.scroll);
}
