//! A line in the making: pieces with their looks, columns of fixed width, a right end.
//!
//! Called by every part of `view`.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;

use super::look::Look;
use super::text::{cut, cut_phrase, width};

/// A line in the making.
#[derive(Debug, Clone)]
pub(super) struct Strip<'l> {
    look: &'l Look,
    spans: Vec<Span<'static>>,
    used: usize,
}

impl<'l> Strip<'l> {
    /// An empty line.
    pub(super) fn new(look: &'l Look) -> Self {
        Self { look, spans: Vec::new(), used: 0 }
    }

    /// Cells used so far.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// Text in a role.
    pub(super) fn say(self, role: Role, text: impl Into<String>) -> Self {
        let style = self.look.style(role);
        self.styled(style, text)
    }

    /// The mark of the selected row, or its place: bare, as an underlined blank would show.
    pub(super) fn caret(self, selected: bool) -> Self {
        if !selected {
            return self.gap(1);
        }
        let caret = self.look.caret();
        self.say(Role::Accent, caret)
    }

    /// Text in a style.
    pub(super) fn styled(mut self, style: Style, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.used += width(&text);
            self.spans.push(Span::styled(text, style));
        }
        self
    }

    /// Blank cells.
    pub(super) fn gap(self, cells: usize) -> Self {
        self.styled(Style::default(), " ".repeat(cells))
    }

    /// Blank cells up to this column.
    pub(super) fn to(self, column: usize) -> Self {
        let missing = column.saturating_sub(self.used);
        self.gap(missing)
    }

    /// A column: text on the left, cut to `room`, one blank behind it.
    pub(super) fn cell(self, room: usize, role: Role, text: &str) -> Self {
        if room == 0 {
            return self;
        }
        let end = self.used + room + 1;
        let text = cut(text, room, self.look.ellipsis());
        self.say(role, text).to(end)
    }

    /// A column with text on the right.
    pub(super) fn number(self, room: usize, role: Role, text: &str) -> Self {
        if room == 0 {
            return self;
        }
        let text = cut(text, room, self.look.ellipsis());
        let blank = room - width(&text);
        self.gap(blank).say(role, text).gap(1)
    }

    /// A phrase.
    pub(super) fn phrase(mut self, phrase: &Phrase) -> Self {
        for word in &phrase.0 {
            self = self.say(word.role, word.text.clone());
        }
        self
    }

    /// A phrase, cut so that the line ends at `total`.
    pub(super) fn phrase_to(self, total: usize, phrase: &Phrase) -> Self {
        let room = total.saturating_sub(self.used);
        let kept = cut_phrase(phrase, room, self.look.ellipsis());
        self.phrase(&kept)
    }

    /// Text in a role, cut so that the line ends at `total`.
    pub(super) fn say_to(self, total: usize, role: Role, text: &str) -> Self {
        let room = total.saturating_sub(self.used);
        let text = cut(text, room, self.look.ellipsis());
        self.say(role, text)
    }

    /// A phrase at the right end of a line of `total` cells; left out where it does not fit.
    pub(super) fn right(self, total: usize, phrase: &Phrase) -> Self {
        let needs = width(&phrase.plain());
        if needs == 0 || self.used + needs + 1 > total {
            return self;
        }
        self.to(total - needs).phrase(phrase)
    }

    /// The line.
    pub(super) fn line(self) -> Line<'static> {
        Line::from(self.spans)
    }
}
