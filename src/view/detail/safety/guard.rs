//! The Guard screen: what it watches, what it saw, what it asks, what happened.
//!
//! Called by `detail`.

use ratatui::layout::Rect;

use crate::app::read::cockpit::guard::chapters;
use crate::app::read::phrase::Phrase;
use crate::view::canvas::Canvas;
use crate::view::cockpit::Scene;
use crate::view::pane::{Set, Title};

use crate::view::detail::document::Document;

/// Where texts begin behind their labels.
const COLUMN: usize = 16;

/// Draws the screen.
pub(in crate::view::detail) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    scene: &Scene<'_>,
    set: Set,
) {
    let mut page = Document::new(canvas.look, area, set);
    let chapters = chapters(scene.model, scene.release);
    if chapters.is_empty() {
        let text = "nobody guards this release: T arms a guard that goes back by itself when errors, \
                    the 99th percentile or the pods are over their limits for long enough";
        page.paragraph(2, &Phrase::new().muted(text));
    }
    for chapter in chapters {
        page.heading(chapter.title);
        for fact in chapter.facts {
            page.labelled(&fact.label, COLUMN, &fact.text);
        }
    }
    let title = Title::new("Guard").focused(true);
    page.draw(canvas, area, set, title, scene.model.scroll);
}
