//! The Info screen: conditions, Services, Ingresses, settings, owners.
//!
//! Called by `detail`.

use ratatui::layout::Rect;

use crate::app::read::info::chapters;
use crate::view::canvas::Canvas;
use crate::view::cockpit::{Scene, facts};
use crate::view::pane::{Set, Title};

use super::document::Document;

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, set: Set) {
    let mut page = Document::new(canvas.look, area, set);
    for chapter in chapters(scene.model, scene.release) {
        page.heading(chapter.title);
        let lines = facts(canvas.look, &chapter.facts, page.room.saturating_sub(2));
        page.lines.extend(lines.into_iter().map(|mut line| {
            line.spans.insert(0, "  ".into());
            line
        }));
    }
    let title = Title::new("Info").focused(true);
    page.draw(canvas, area, set, title, scene.model.scroll);
}
