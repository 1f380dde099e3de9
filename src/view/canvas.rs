//! Where lines are put: the buffer of the frame, with the look and the place of the cursor.
//!
//! The last choke point before the terminal: in the ASCII set nothing else leaves it. Called by
//! every part of `view`.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Line;

use crate::app::theme::Role;

use super::glyph::Edges;
use super::look::Look;

/// The frame being painted.
#[derive(Debug)]
pub(super) struct Canvas<'f> {
    buffer: &'f mut Buffer,
    /// Theme and glyphs.
    pub(super) look: &'f Look,
    /// Where the cursor blinks, when something is typed.
    pub(super) cursor: Option<Position>,
    /// Whether this is a drill: its frames are others.
    drill: bool,
    /// The last line that a document can be scrolled to, when there is one on the screen.
    pub(super) scroll_end: Option<usize>,
}

impl<'f> Canvas<'f> {
    /// A canvas over this buffer.
    pub(super) fn new(buffer: &'f mut Buffer, look: &'f Look, drill: bool) -> Self {
        Self { buffer, look, cursor: None, drill, scroll_end: None }
    }

    /// Lines of a frame.
    pub(super) fn edges(&self, focused: bool) -> Edges {
        self.look.edges(focused, self.drill)
    }

    /// Puts one line at the top of an area.
    pub(super) fn line(&mut self, area: Rect, line: &Line<'_>) {
        self.lines(area, std::slice::from_ref(line));
    }

    /// Puts lines one below the other, as many as fit.
    pub(super) fn lines(&mut self, area: Rect, lines: &[Line<'_>]) {
        let area = area.intersection(self.buffer.area);
        for (row, line) in area.rows().zip(lines) {
            put(self.buffer, row, line);
        }
    }

    /// Lays a role over what is there.
    pub(super) fn tint(&mut self, area: Rect, role: Role) {
        let style = self.look.style(role);
        self.style(area, style);
    }

    /// Lays a style over what is there.
    pub(super) fn style(&mut self, area: Rect, style: Style) {
        let area = area.intersection(self.buffer.area);
        self.buffer.set_style(area, style);
    }

    /// Replaces every style in an area by that of one role: for what is old, or behind a dialog.
    pub(super) fn fade(&mut self, area: Rect, role: Role) {
        let style = self.look.style(role);
        for position in area.intersection(self.buffer.area).positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.set_style(Style::reset());
                cell.set_style(style);
            }
        }
    }

    /// Empties an area.
    pub(super) fn clear(&mut self, area: Rect) {
        for position in area.intersection(self.buffer.area).positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
            }
        }
    }

    /// Puts the cursor, where it is inside the frame.
    pub(super) fn cursor_at(&mut self, x: u16, y: u16) {
        let position = Position::new(x, y);
        if self.buffer.area.contains(position) {
            self.cursor = Some(position);
        }
    }

    /// Replaces what a terminal without Unicode cannot show.
    pub(super) fn finish(&mut self, area: Rect) {
        if !self.look.is_ascii() {
            return;
        }
        for position in area.intersection(self.buffer.area).positions() {
            if let Some(cell) = self.buffer.cell_mut(position)
                && !cell.symbol().is_ascii()
            {
                cell.set_symbol(substitute(cell.symbol()));
            }
        }
    }
}

/// Puts a line into one row. The library looks for clusters in every text; nearly all of ours is
/// made of characters that are one cell each, and a frame has ten thousand of them.
fn put(buffer: &mut Buffer, row: Rect, line: &Line<'_>) {
    let mut x = row.x;
    for span in &line.spans {
        let room = row.right().saturating_sub(x);
        if room == 0 {
            return;
        }
        let style = line.style.patch(span.style);
        if !span.content.chars().all(is_one_cell) {
            x = buffer.set_stringn(x, row.y, &span.content, usize::from(room), style).0;
            continue;
        }
        let from = buffer.index_of(x, row.y);
        let cells = buffer.content.get_mut(from..from + usize::from(room)).unwrap_or_default();
        for (cell, character) in cells.iter_mut().zip(span.content.chars()) {
            cell.set_char(character).set_style(style);
            x += 1;
        }
    }
}

/// Whether a character is one cell wide, whatever stands beside it.
fn is_one_cell(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{b7}' | '\u{2026}' | '\u{2500}'..='\u{25fc}')
}

/// The nearest ASCII text of the same width.
fn substitute(symbol: &str) -> &'static str {
    match symbol {
        "…" => "~",
        "–" | "—" | "‐" | "·" | "•" => "-",
        "→" => ">",
        "‘" | "’" => "'",
        "“" | "”" => "\"",
        _ if unicode_width::UnicodeWidthStr::width(symbol) == 2 => "??",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::style::Color;
    use ratatui::text::Span;

    use super::*;

    #[test]
    fn what_is_called_one_cell_is_one() {
        for character in ('\0'..=char::MAX).filter(|c| is_one_cell(*c)) {
            let text = character.to_string();
            assert_eq!(unicode_width::UnicodeWidthStr::width(text.as_str()), 1, "{character:?}");
        }
    }

    proptest! {
        #[test]
        fn a_line_is_put_as_the_library_puts_it(
            texts in prop::collection::vec("[ -~│─●…·\u{301}é界👩‍🚀\u{fe0f}\t]{0,12}", 0..6),
            (x, width) in (0u16..6, 0u16..30),
        ) {
            let colours = [Color::Red, Color::Blue, Color::Reset];
            let spans = texts.iter().enumerate();
            let spans = spans.map(|(at, text)| {
                Span::styled(text.clone(), Style::new().fg(colours[at % colours.len()]))
            });
            let line = Line::from(spans.collect::<Vec<_>>()).style(Style::new().bg(Color::Black));
            let area = Rect::new(0, 0, 36, 1);
            let (mut ours, mut theirs) = (Buffer::empty(area), Buffer::empty(area));
            put(&mut ours, Rect::new(x, 0, width, 1), &line);
            theirs.set_line(x, 0, &line, width);
            prop_assert_eq!(ours, theirs);
        }
    }
}
