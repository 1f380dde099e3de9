//! The Metrics pane: a line for each version of each value, its course, and how they compare.
//!
//! Called by `layout`.

use ratatui::text::Line;

use crate::app::read::metrics::{LineRow, PanelRow, of};
use crate::app::read::phrase::Phrase;
use crate::app::screen::Pane;
use crate::app::theme::Role;
use crate::view::chart::spark;
use crate::view::look::Look;
use crate::view::pane::Title;
use crate::view::strip::Strip;
use crate::view::text::width;

use super::Scene;
use super::block::Block;

/// Cells of a course.
const COURSE: usize = 16;

/// The pane's content.
pub(super) fn block(look: &Look, scene: &Scene<'_>, room: usize) -> Block {
    let rows = of(scene.model, scene.id);
    let focused = scene.has_keys(Pane::Metrics);
    let selected = scene.model.rollout_view.row(Pane::Metrics);
    let selected = selected.min(rows.panels.len().saturating_sub(1));
    let items = rows
        .panels
        .iter()
        .enumerate()
        .map(|(at, panel)| item(look, panel, room, focused && at == selected))
        .collect();
    Block {
        title: Title::new("Metrics").right(rows.source.clone()).focused(focused),
        head: Vec::new(),
        items,
        selected: focused.then_some(selected),
        is_old: false,
    }
}

fn item(look: &Look, panel: &PanelRow, room: usize, selected: bool) -> Vec<Line<'static>> {
    let head = Strip::new(look).caret(selected).gap(1).cell(17, Role::Title, &panel.title);
    if !panel.trouble.is_empty() {
        return vec![head.say_to(room, Role::Warn, &panel.trouble).line()];
    }
    let mut lines = Vec::new();
    let mut head = Some(head);
    for (at, line) in panel.lines.iter().enumerate() {
        let strip = head.take().unwrap_or_else(|| Strip::new(look).gap(20));
        let beside = beside(panel, at);
        lines.push(of_line(look, strip, line, &beside, room));
    }
    lines
}

/// What stands behind a version's course: the limit behind the first, the comparison behind the
/// last.
fn beside(panel: &PanelRow, at: usize) -> Phrase {
    let last = panel.lines.len().saturating_sub(1);
    if at == last && !panel.comparison.is_empty() {
        return panel.comparison.clone();
    }
    if at == 0 { Phrase::new().muted(panel.limit.clone()) } else { Phrase::new() }
}

fn of_line<'l>(
    look: &'l Look,
    strip: Strip<'l>,
    line: &LineRow,
    beside: &Phrase,
    room: usize,
) -> Line<'static> {
    let bad = if line.is_bad { "!" } else { "" };
    let value = format!("{}{bad}", line.value);
    let strip = strip.cell(6, line.role, line.word);
    let start = strip.used();
    // A word for a missing value may be longer than any value.
    let strip = strip.say(line.look, value).to(start + 9).gap(1);
    let needs = width(&beside.plain());
    let strip = if strip.used() + COURSE + 2 + needs <= room || needs == 0 {
        let cells = COURSE.min(room.saturating_sub(strip.used()));
        let start = strip.used();
        strip.say(line.role, spark(look, &line.course, cells)).to(start + cells).gap(2)
    } else {
        strip.gap(1)
    };
    strip.phrase_to(room, beside).line()
}
