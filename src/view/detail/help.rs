//! The Help screen: the key table, and what the glyphs say.
//!
//! Called by `detail`.

use ratatui::layout::Rect;

use crate::app::model::Model;
use crate::app::read::fleet::Mark;
use crate::app::read::keys::help;
use crate::app::read::phrase::Phrase;
use crate::app::read::pods::PodMark;
use crate::app::theme::Role;
use crate::domain::pod::PodState;
use crate::view::canvas::Canvas;
use crate::view::pane::{Set, Title};

use super::document::Document;

/// Where texts begin behind the keys.
const COLUMN: usize = 16;

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, set: Set) {
    let look = canvas.look;
    let mut page = Document::new(look, area, set);
    page.paragraph(
        0,
        &Phrase::new()
            .muted("lower case looks, UPPER CASE acts; (in parentheses) is locked and says why"),
    );
    for chapter in help(model) {
        page.heading(chapter.title);
        for row in &chapter.rows {
            let mut text = Phrase::new().text(row.help);
            if row.is_overridden {
                text = text.say(Role::Accent, "  (your configuration)");
            }
            let keys = Phrase::of(Role::Key, row.keys.clone());
            let strip = crate::view::strip::Strip::new(look)
                .gap(2)
                .phrase_to(COLUMN - 1, &keys)
                .to(COLUMN)
                .phrase_to(page.room, &text);
            page.lines.push(strip.line());
        }
    }
    page.heading("glyphs");
    for (mark, text) in [
        (Mark::Failed, "failed: degraded, or broken pods under traffic"),
        (Mark::NeedsPerson, "waits for a person"),
        (Mark::Moving, "moves by itself"),
        (Mark::Unknown, "not known"),
        (Mark::Quiet, "quiet"),
    ] {
        page.labelled(look.mark(mark), COLUMN, &Phrase::new().text(text));
    }
    for state in [
        PodState::Ready,
        PodState::Starting,
        PodState::Unscheduled,
        PodState::Unready,
        PodState::Broken,
        PodState::Terminating,
        PodState::Completed,
        PodState::Unknown,
    ] {
        let glyph = look.pod(PodMark { state, restarted: false });
        page.labelled(glyph, COLUMN, &Phrase::new().text(format!("pod {}", state.word())));
    }
    let restarted = look.pod(PodMark { state: PodState::Ready, restarted: true });
    let text = Phrase::new().text("pod ready, but restarted within 5 minutes");
    page.labelled(restarted, COLUMN, &text);
    page.draw(canvas, area, set, Title::new("Help").focused(true), model.scroll);
}
