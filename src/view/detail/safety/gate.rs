//! The Gate screen: the checks of the new version, and what they rest on.
//!
//! Called by `detail`.

use ratatui::layout::Rect;

use crate::app::read::gate::{about, is_after, rows, sentence};
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::view::canvas::Canvas;
use crate::view::cockpit::Scene;
use crate::view::pane::{Set, Title};

use crate::view::detail::document::Document;

/// Where the states begin.
const STATE: usize = 16;

/// Where what is said of them begins.
const SAID: usize = 26;

/// Draws the screen.
pub(in crate::view::detail) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    scene: &Scene<'_>,
    set: Set,
) {
    let mut page = Document::new(canvas.look, area, set);
    let after = is_after(scene.model, scene.release);
    let label = if after { "after switch" } else { "gate" };
    page.labelled(label, STATE, &sentence(scene.model, scene.release));
    page.labelled("version", STATE, &about(scene.model, scene.release));
    let rows = rows(scene.model, scene.release);
    if rows.is_empty() {
        page.blank();
        page.paragraph(2, &Phrase::new().muted("Enter runs the checks."));
    } else {
        page.blank();
    }
    for row in rows {
        let state = Phrase::of(row.role, format!("{:<width$}", row.state, width = SAID - STATE));
        let mut lines = row.lines.into_iter();
        let first = match lines.next() {
            Some(first) if row.cost.is_empty() => first,
            Some(first) => format!("{}  {first}", row.cost),
            None => row.cost,
        };
        page.marked(Role::Text, row.check.name(), STATE, &state.text(first));
        for line in lines {
            page.labelled("", SAID, &Phrase::new().muted(line));
        }
    }
    let title = Title::new("Gate").focused(true);
    page.draw(canvas, area, set, title, scene.model.scroll);
}
