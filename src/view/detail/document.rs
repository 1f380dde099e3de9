//! A document: chapters of lines in one pane that scrolls.
//!
//! Called by the screens of this folder.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::view::canvas::Canvas;
use crate::view::look::Look;
use crate::view::pane::{Set, Title, pane};
use crate::view::strip::Strip;
use crate::view::text::wrap_phrase;

/// Lines in the making, for a room of so many cells.
#[derive(Debug)]
pub(super) struct Document<'l> {
    /// Theme and glyphs.
    pub(super) look: &'l Look,
    /// Cells of a line.
    pub(super) room: usize,
    /// Lines so far.
    pub(super) lines: Vec<Line<'static>>,
}

impl<'l> Document<'l> {
    /// An empty one for a pane of this width.
    pub(super) fn new(look: &'l Look, area: Rect, set: Set) -> Self {
        let edge = match set {
            Set::Rule => 0,
            Set::Boxed => 4,
        };
        Self { look, room: usize::from(area.width).saturating_sub(edge), lines: Vec::new() }
    }

    /// An empty line, unless it would be the first.
    pub(super) fn blank(&mut self) {
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
    }

    /// A heading, with an empty line before it.
    pub(super) fn heading(&mut self, text: impl Into<String>) {
        self.blank();
        self.lines.push(Strip::new(self.look).say(Role::Title, text).line());
    }

    /// A paragraph, wrapped, `indent` cells in.
    pub(super) fn paragraph(&mut self, indent: usize, phrase: &Phrase) {
        for part in wrap_phrase(phrase, self.room.saturating_sub(indent)) {
            let line = Strip::new(self.look).gap(indent).phrase(&part).line();
            self.lines.push(line);
        }
    }

    /// A label and a text, wrapped behind it.
    pub(super) fn labelled(&mut self, label: &str, column: usize, phrase: &Phrase) {
        self.marked(Role::Muted, label, column, phrase);
    }

    /// The same with a label that has a meaning of its own.
    pub(super) fn marked(&mut self, role: Role, label: &str, column: usize, phrase: &Phrase) {
        if phrase.is_empty() {
            return;
        }
        let parts = wrap_phrase(phrase, self.room.saturating_sub(column));
        for (at, part) in parts.iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            self.lines
                .push(Strip::new(self.look).gap(2).say(role, label).to(column).phrase(part).line());
        }
    }

    /// Draws it from line `scroll` on, and says where in it one is.
    pub(super) fn draw(
        self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        set: Set,
        title: Title,
        scroll: usize,
    ) {
        let edge = match set {
            Set::Rule => 1,
            Set::Boxed => 2,
        };
        let room = usize::from(area.height).saturating_sub(edge);
        let last = self.lines.len().saturating_sub(room);
        canvas.scroll_end = Some(last);
        let first = scroll.min(last);
        let below = self.lines.len().saturating_sub(first + room);
        let title = match (first, below) {
            (0, 0) => title,
            (0, below) => title.right(Phrase::new().muted(format!("{below} lines below"))),
            (above, 0) => title.right(Phrase::new().muted(format!("{above} lines above"))),
            (above, below) => {
                let text = format!("{above} lines above, {below} below");
                title.right(Phrase::new().muted(text))
            }
        };
        let inner = pane(canvas, area, set, &title);
        canvas.lines(inner, self.lines.get(first..).unwrap_or_default());
    }
}
