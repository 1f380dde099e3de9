//! A pane's content before it has a place: a title, items of one or more lines, and which of them
//! is selected; and the sharing out of rows among several.
//!
//! Called by `layout`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::view::canvas::Canvas;
use crate::view::pane::{Set, Title, first_row, out_of_sight, pane};

/// A pane's content.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// Title line.
    pub(super) title: Title,
    /// Lines that stay while the items scroll.
    pub(super) head: Vec<Line<'static>>,
    /// Items.
    pub(super) items: Vec<Vec<Line<'static>>>,
    /// Selected item, where the pane has the keys.
    pub(super) selected: Option<usize>,
    /// Whether its content may no longer be true.
    pub(super) is_old: bool,
}

impl Block {
    /// A block that never has the keys.
    pub(super) fn plain(title: Title, items: Vec<Vec<Line<'static>>>) -> Self {
        Self { title, head: Vec::new(), items, selected: None, is_old: false }
    }

    /// Rows that it would fill.
    pub(super) fn wants(&self) -> u16 {
        let items: usize = self.items.iter().map(Vec::len).sum();
        u16::try_from(self.head.len() + items).unwrap_or(u16::MAX)
    }

    /// Whether it has the keys.
    pub(super) fn is_focused(&self) -> bool {
        self.title.focused
    }

    /// Draws it.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, set: Set) {
        if area.is_empty() {
            return;
        }
        let edge = edge_rows(set);
        let room = usize::from(area.height.saturating_sub(edge)).saturating_sub(self.head.len());
        let lines: Vec<(usize, &Line<'static>)> = self
            .items
            .iter()
            .enumerate()
            .flat_map(|(at, item)| item.iter().map(move |line| (at, line)))
            .collect();
        let selected = self.selected.map(|s| s.min(self.items.len().saturating_sub(1)));
        let row = selected.and_then(|s| lines.iter().position(|(at, _)| *at == s));
        let mut title = self.title.clone();
        let hidden = out_of_sight(row.unwrap_or(0), lines.len(), room);
        if !hidden.is_empty() {
            title.right = join(title.right, hidden);
        }
        let mut inner = pane(canvas, area, set, &title);
        let head =
            crate::view::screen::take_top(&mut inner, u16::try_from(self.head.len()).unwrap_or(0));
        canvas.lines(head, &self.head);
        let first = first_row(row.unwrap_or(0), lines.len(), usize::from(inner.height));
        let shown = lines.iter().enumerate().skip(first);
        for ((index, (_, line)), area) in shown.zip(inner.rows()) {
            canvas.line(area, line);
            if self.is_old {
                canvas.fade(area, Role::Stale);
            }
            if self.is_focused() && row == Some(index) {
                canvas.tint(area, Role::Selection);
            }
        }
    }
}

fn join(left: Phrase, right: Phrase) -> Phrase {
    if left.is_empty() {
        return right;
    }
    let mut joined = left.muted(", ");
    joined.0.extend(right.0);
    joined
}

/// Rows that the edge of a pane takes.
fn edge_rows(set: Set) -> u16 {
    match set {
        Set::Rule => 1,
        Set::Boxed => 2,
    }
}

/// Draws blocks one below the other. Each gets its edge and a line; then the one with the keys
/// gets two rows for every one of the others, until all have what they want; what is left goes to
/// the last.
pub(super) fn stack(canvas: &mut Canvas<'_>, area: Rect, set: Set, blocks: &[Block]) {
    let heights = share(area.height, set, blocks);
    let mut y = area.y;
    for (block, height) in blocks.iter().zip(heights) {
        block.draw(canvas, Rect { y, height, ..area }, set);
        y += height;
    }
}

fn share(total: u16, set: Set, blocks: &[Block]) -> Vec<u16> {
    let edge = edge_rows(set);
    let least: Vec<u16> = blocks.iter().map(|b| edge + b.wants().min(1)).collect();
    let mut heights = vec![0; blocks.len()];
    let mut left = total;
    for (height, least) in heights.iter_mut().zip(&least) {
        if left < *least {
            return heights;
        }
        *height = *least;
        left -= least;
    }
    let wants: Vec<u16> = blocks.iter().map(|b| edge + b.wants()).collect();
    // Row by row in turn, so that nobody is starved.
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    let focused = blocks.iter().position(Block::is_focused);
    if let Some(focused) = focused {
        order.insert(0, focused);
    }
    loop {
        let before = left;
        for at in &order {
            if let (Some(height), Some(want)) = (heights.get_mut(*at), wants.get(*at))
                && *height < *want
                && left > 0
            {
                *height += 1;
                left -= 1;
            }
        }
        if left == 0 || left == before {
            break;
        }
    }
    if let Some(last) = heights.last_mut() {
        *last += left;
    }
    heights
}
