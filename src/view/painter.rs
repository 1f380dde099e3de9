//! The terminal library's own machine: keeps the frame before, writes what changed.
//!
//! Never asks the terminal for its size or its cursor: that would go around our tty or take keys
//! from its only reader. Called by `runtime`, which knows nothing of the library.

use std::io::{self, Write};

use ratatui::layout::{Rect, Size};
use ratatui::{Terminal, TerminalOptions, Viewport};

use crate::app::model::Model;

use super::Look;
use super::encode::Encoder;

/// Draws frames of a fixed size onto a writer.
#[derive(Debug)]
pub struct Painter<W: Write> {
    terminal: Terminal<Encoder<W>>,
}

impl<W: Write> Painter<W> {
    /// A painter of frames with this many columns and rows.
    pub fn new(writer: W, size: (u16, u16)) -> io::Result<Self> {
        let options = TerminalOptions { viewport: Viewport::Fixed(area(size)) };
        let encoder = Encoder::new(writer, Size::new(size.0, size.1));
        let terminal = Terminal::with_options(encoder, options)?;
        Ok(Self { terminal })
    }

    /// Clears the screen; the next frame is of this size and drawn whole.
    pub fn repaint(&mut self, size: (u16, u16)) -> io::Result<()> {
        let encoder = self.terminal.backend_mut();
        // Whoever asks for this does not know what is on the screen.
        encoder.forget();
        encoder.resize(Size::new(size.0, size.1));
        self.terminal.resize(area(size))
    }

    /// Draws one frame; gives what [`super::draw`] gives.
    pub fn draw(&mut self, model: &Model, look: &Look) -> io::Result<Option<usize>> {
        let mut scroll_end = None;
        self.terminal.draw(|frame| scroll_end = super::draw(frame, model, look))?;
        Ok(scroll_end)
    }
}

fn area((columns, rows): (u16, u16)) -> Rect {
    Rect::new(0, 0, columns, rows)
}
