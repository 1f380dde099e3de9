//! The paint: puts what the selectors say where the eye looks for it.
//!
//! Never changes the model, does no I/O, asks no clock, decides nothing: words and sums come from
//! `app::read`. The only room that knows ratatui. Called by `runtime`, once per frame.

mod canvas;
mod chart;
mod cockpit;
mod detail;
mod encode;
mod fleet;
mod footer;
mod glyph;
mod header;
mod look;
mod overlay;
mod painter;
mod pane;
mod screen;
mod strip;
mod text;

use ratatui::Frame;

use crate::app::model::Model;
use crate::app::session::Mode;

pub use look::{Glyphs, Look};
pub use painter::Painter;

/// Draws the whole screen, whatever its size. Gives the last line that the document on it can be
/// scrolled to, which only who wraps the lines can know; nothing where no document is shown.
pub fn draw(frame: &mut Frame<'_>, model: &Model, look: &Look) -> Option<usize> {
    let area = frame.area();
    let drill = model.session.mode == Mode::Drill;
    let mut canvas = canvas::Canvas::new(frame.buffer_mut(), look, drill);
    screen::draw(&mut canvas, area, model);
    canvas.finish(area);
    let scroll_end = canvas.scroll_end;
    if let Some(position) = canvas.cursor {
        frame.set_cursor_position(position);
    }
    scroll_end
}
