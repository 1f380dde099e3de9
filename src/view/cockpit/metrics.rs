//! The Metrics pane: each value with both versions, its course, and how they compare.
//!
//! Called by `layout`.

use ratatui::text::Line;

use crate::app::read::metrics::{LineRow, PanelRow, of};
use crate::app::read::phrase::Phrase;
use crate::app::screen::Pane;
use crate::app::theme::Role;
use crate::domain::measure::Reading;
use crate::view::chart::spark;
use crate::view::look::Look;
use crate::view::pane::Title;
use crate::view::strip::Strip;
use crate::view::text::width;

use super::Scene;
use super::block::Block;

/// Cells of a title.
const TITLE: usize = 13;

/// Cells of a version with its value.
const VALUE: usize = 13;

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

/// A value in one line where it has room, else with its comparison below.
fn item(look: &Look, panel: &PanelRow, room: usize, selected: bool) -> Vec<Line<'static>> {
    let head = Strip::new(look).caret(selected).gap(1).cell(TITLE, Role::Title, &panel.title);
    if !panel.trouble.is_empty() {
        return vec![head.say_to(room, Role::Warn, &panel.trouble).line()];
    }
    let mut strip = head;
    for line in &panel.lines {
        strip = value(strip, line);
    }
    let beside = beside(panel);
    let needs = width(&beside.plain());
    if strip.used() + COURSE + 2 + needs <= room {
        return vec![course(strip, look, panel).phrase_to(room, &beside).line()];
    }
    if strip.used() + needs <= room || room < TITLE + COURSE + needs {
        return vec![strip.phrase_to(room, &beside).line()];
    }
    let below = course(Strip::new(look).gap(TITLE + 3), look, panel);
    vec![strip.line(), below.phrase_to(room, &beside).line()]
}

/// The comparison, else the limit.
fn beside(panel: &PanelRow) -> Phrase {
    if panel.comparison.is_empty() {
        return Phrase::new().muted(panel.limit.clone());
    }
    panel.comparison.clone()
}

fn value<'l>(strip: Strip<'l>, line: &LineRow) -> Strip<'l> {
    let bad = if line.is_bad { "!" } else { "" };
    let start = strip.used();
    let strip = strip.say(line.role, format!("{} ", line.word));
    // A word for a missing value may be longer than any value.
    let value = match line.reading {
        // The title of the pane says why.
        Reading::Failed(_) => "failed",
        _ => &line.value,
    };
    strip.say(line.look, format!("{value}{bad}")).to(start + VALUE).gap(2)
}

/// The course of the version that matters.
fn course<'l>(strip: Strip<'l>, look: &Look, panel: &PanelRow) -> Strip<'l> {
    let Some(line) = panel.lines.first() else { return strip };
    let start = strip.used();
    strip.say(line.role, spark(look, &line.course, COURSE)).to(start + COURSE).gap(2)
}
