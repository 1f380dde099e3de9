//! The Readiness screen: what the rules found of a workload.
//!
//! Called by `detail`.

use ratatui::layout::Rect;

use crate::app::read::cockpit::readiness::chapters;
use crate::view::canvas::Canvas;
use crate::view::cockpit::Scene;
use crate::view::detail::document::Document;
use crate::view::pane::{Set, Title};

/// Where texts begin behind their labels.
const COLUMN: usize = 10;

/// Draws the screen.
pub(in crate::view::detail) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    scene: &Scene<'_>,
    set: Set,
) {
    let mut page = Document::new(canvas.look, area, set);
    for chapter in chapters(scene.model, scene.release) {
        page.heading(chapter.title);
        for fact in chapter.facts {
            page.labelled(&fact.label, COLUMN, &fact.text);
        }
    }
    let title = Title::new("Readiness").focused(true);
    page.draw(canvas, area, set, title, scene.model.scroll);
}
