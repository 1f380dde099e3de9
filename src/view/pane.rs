//! Panes: a title, a frame or a rule, and the room inside; and lists whose selection stays visible.
//!
//! Called by every screen.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;

use super::canvas::Canvas;
use super::strip::Strip;
use super::text::{cut_phrase, width};

/// How a pane is set off from its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    /// A rule above it: where every line counts.
    Rule,
    /// A frame around it.
    Boxed,
}

/// A pane's title line.
#[derive(Debug, Clone)]
pub(super) struct Title {
    /// On the left.
    pub(super) left: Phrase,
    /// On the right, where it fits.
    pub(super) right: Phrase,
    /// Whether the pane has the keys.
    pub(super) focused: bool,
}

impl Title {
    /// A title of one word.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { left: Phrase::of(Role::Title, text), right: Phrase::new(), focused: false }
    }

    /// With words behind it.
    pub(super) fn and(mut self, more: &Phrase) -> Self {
        if !more.is_empty() {
            self.left.push(Role::Frame, "  ");
            self.left.0.extend(more.0.iter().cloned());
        }
        self
    }

    /// With words on the right.
    pub(super) fn right(mut self, phrase: Phrase) -> Self {
        self.right = phrase;
        self
    }

    /// With or without the keys.
    pub(super) fn focused(mut self, focused: bool) -> Self {
        self.focused = focused;
        self
    }
}

/// Draws a pane's edge; returns the room inside.
pub(super) fn pane(canvas: &mut Canvas<'_>, area: Rect, set: Set, title: &Title) -> Rect {
    if area.is_empty() {
        return area;
    }
    match set {
        Set::Rule => {
            let line = top_line(canvas, usize::from(area.width), title, ["", ""]);
            canvas.line(area, &line);
            Rect { y: area.y + 1, height: area.height - 1, ..area }
        }
        Set::Boxed => boxed(canvas, area, title),
    }
}

fn boxed(canvas: &mut Canvas<'_>, area: Rect, title: &Title) -> Rect {
    if area.width < 4 || area.height < 2 {
        return Rect { height: 0, ..area };
    }
    let edges = canvas.edges(title.focused);
    let [top_left, top_right, bottom_right, bottom_left] = edges.corners;
    let total = usize::from(area.width);
    let role = frame_role(title);
    let top = top_line(canvas, total, title, [top_left, top_right]);
    let look = canvas.look;
    let side = Strip::new(look).say(role, edges.vertical).line();
    let bottom = Strip::new(look)
        .say(role, bottom_left)
        .say(role, edges.horizontal.repeat(total - 2))
        .say(role, bottom_right)
        .line();
    canvas.line(area, &top);
    for row in area.rows().skip(1).take(usize::from(area.height) - 2) {
        canvas.line(row, &side);
        canvas.line(Rect { x: row.right() - 1, width: 1, ..row }, &side);
    }
    let last = Rect { y: area.bottom() - 1, height: 1, ..area };
    canvas.line(last, &bottom);
    Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 }
}

fn frame_role(title: &Title) -> Role {
    if title.focused { Role::FrameFocus } else { Role::Frame }
}

/// `── Pods  5 ready ───────────── 12s old ──`, between two corners.
fn top_line(
    canvas: &Canvas<'_>,
    total: usize,
    title: &Title,
    corners: [&'static str; 2],
) -> Line<'static> {
    let look = canvas.look;
    let edges = canvas.edges(title.focused);
    let role = frame_role(title);
    let lead = edges.horizontal.repeat(if corners[0].is_empty() { 2 } else { 1 });
    let mut strip = Strip::new(look).say(role, corners[0]).say(role, lead);
    let room = total.saturating_sub(strip.used() + 4);
    let left = cut_phrase(&title.left, room, look.ellipsis());
    if !left.is_empty() {
        strip = strip.gap(1).phrase(&left).gap(1);
    }
    let right = width(&title.right.plain());
    let end = total.saturating_sub(width(corners[1]));
    if right > 0 && strip.used() + right + 5 <= end {
        let fill = end - strip.used() - right - 3;
        strip = strip.say(role, edges.horizontal.repeat(fill)).gap(1).phrase(&title.right).gap(1);
    }
    let fill = end.saturating_sub(strip.used());
    strip.say(role, edges.horizontal.repeat(fill)).say(role, corners[1]).line()
}

/// First of `count` rows to show in `room`, so that the selected one is among them and the list
/// moves as little as possible.
pub(super) fn first_row(selected: usize, count: usize, room: usize) -> usize {
    if count <= room || room == 0 {
        return 0;
    }
    let half = room / 2;
    selected.saturating_sub(half).min(count - room)
}

/// Draws rows of one line each and marks the selected one.
pub(super) fn list(
    canvas: &mut Canvas<'_>,
    area: Rect,
    rows: &[Line<'static>],
    selected: Option<usize>,
) {
    let room = usize::from(area.height);
    let selected = selected.map(|row| row.min(rows.len().saturating_sub(1)));
    let first = first_row(selected.unwrap_or(0), rows.len(), room);
    let shown = rows.iter().enumerate().skip(first).take(room);
    for ((at, line), row) in shown.zip(area.rows()) {
        canvas.line(row, line);
        if selected == Some(at) {
            canvas.tint(row, Role::Selection);
        }
    }
}

/// How many rows are out of sight, for the title: `3 above, 12 below`.
pub(super) fn out_of_sight(selected: usize, count: usize, room: usize) -> Phrase {
    let first = first_row(selected.min(count.saturating_sub(1)), count, room);
    let below = count.saturating_sub(first + room);
    let parts = [(first, "above"), (below, "below")];
    let words: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    Phrase::new().muted(words.join(", "))
}
