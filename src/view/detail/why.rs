//! The Why screen: the sentence, what it rests on, and what can be done.
//!
//! Called by `detail`.

use ratatui::layout::Rect;

use crate::app::read::cockpit::verdict;
use crate::app::read::keys::verbs;
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::domain::why;
use crate::view::canvas::Canvas;
use crate::view::cockpit::Scene;
use crate::view::pane::{Set, Title};

use super::document::Document;

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, set: Set) {
    let verdict = verdict(scene.model, scene.release);
    let why = why::of(scene.release, scene.model.now);
    let mut page = Document::new(canvas.look, area, set);
    page.heading("why");
    page.paragraph(2, &Phrase::of(verdict.role, why.sentence));
    if !why.evidence.is_empty() {
        page.heading("what it rests on");
        for line in &why.evidence {
            page.paragraph(2, &Phrase::new().text(line.clone()));
        }
    }
    if let Some(next) = &why.next {
        page.heading("what can be done");
        page.paragraph(2, &Phrase::new().text(next.clone()));
    }
    page.heading("the keys now");
    for cell in verbs(scene.model) {
        let label = format!("{} {}", cell.key, cell.label);
        let text = if cell.is_ready {
            Phrase::new().text(cell.effect)
        } else {
            Phrase::of(Role::KeyDisabled, format!("({})", cell.reason))
        };
        page.labelled(&label, 14, &text);
    }
    let title = Title::new("Why").focused(true);
    page.draw(canvas, area, set, title, scene.model.scroll);
}
