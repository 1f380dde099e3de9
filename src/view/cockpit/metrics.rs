//! The Metrics pane: each value with both versions, its course, and how they compare.
//!
//! Called by `layout`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::read::metrics::{LineRow, PanelRow, beside, chart, mark, of};
use crate::app::read::phrase::Phrase;
use crate::app::screen::Pane;
use crate::app::theme::Role;
use crate::domain::measure::Reading;
use crate::domain::time::length;
use crate::view::canvas::Canvas;
use crate::view::chart::{lines, spark};
use crate::view::look::Look;
use crate::view::pane::{Set, Title, pane};
use crate::view::screen::take_top;
use crate::view::strip::Strip;
use crate::view::text::width;

use super::Scene;
use super::block::Block;

/// Rows of a chart, the least and the most.
const CHART: u16 = 7;
const MOST_CHART: u16 = 12;

/// Cells of a title.
const TITLE: usize = 13;

/// Cells before a line that goes on.
const INDENT: usize = TITLE + 3;

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

/// As many charts as fit into an area, at least one.
pub(super) fn charts(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    if area.height < CHART + 2 {
        return;
    }
    let span = length(scene.model.metrics.view.span());
    let title = Title::new("Charts").and(&Phrase::new().muted(format!("last {span}")));
    let inner = pane(canvas, area, Set::Boxed, &title);
    let rows = of(scene.model, scene.id);
    let fit = usize::from(inner.height / CHART).min(rows.panels.len());
    let Some(each) = inner.height.checked_div(u16::try_from(fit).unwrap_or(1)) else { return };
    let mut rest = inner;
    for panel in rows.panels.iter().take(fit) {
        let own = chart::of(scene.model, scene.id, panel);
        let place = take_top(&mut rest, each);
        let drawn =
            lines(canvas.look, &own, usize::from(place.width), usize::from(each.min(MOST_CHART)));
        canvas.lines(place, &drawn);
    }
}

/// A value in one line where it has room, else with its comparison below.
fn item(look: &Look, panel: &PanelRow, room: usize, selected: bool) -> Vec<Line<'static>> {
    let head = Strip::new(look).caret(selected).gap(1).cell(TITLE, Role::Title, &panel.title);
    if !panel.trouble.is_empty() {
        return vec![head.say_to(room, Role::Warn, &panel.trouble).line()];
    }
    let beside = beside(panel);
    let mut lines = values(look, head, panel, room);
    let Some(last) = lines.pop() else { return Vec::new() };
    let needs = width(&beside.plain());
    if last.used() + COURSE + 2 + needs <= room {
        lines.push(course(last, look, panel).phrase_to(room, &beside));
    } else if last.used() + needs <= room {
        lines.push(last.phrase(&beside));
    } else {
        lines.push(last);
        let below = Strip::new(look).gap(INDENT);
        let with_course = below.used() + COURSE + 2 + needs <= room;
        let below = if with_course { course(below, look, panel) } else { below };
        lines.push(below.phrase_to(room, &beside));
    }
    lines.into_iter().map(Strip::line).collect()
}

/// The versions with their values beside each other; below each other where a word is too long.
fn values<'l>(look: &'l Look, head: Strip<'l>, panel: &PanelRow, room: usize) -> Vec<Strip<'l>> {
    let all = panel.lines.iter().fold(head.clone(), value);
    if all.used() <= room + 2 {
        return vec![all];
    }
    let mut head = Some(head);
    let one = |line| value(head.take().unwrap_or_else(|| Strip::new(look).gap(INDENT)), line);
    panel.lines.iter().map(one).collect()
}

fn value<'l>(strip: Strip<'l>, line: &LineRow) -> Strip<'l> {
    let start = strip.used();
    let strip = strip.say(line.role, format!("{} ", line.word));
    // A word for a missing value may be longer than any value.
    let value = match line.reading {
        // The title of the pane says why.
        Reading::Failed(_) => "failed",
        _ => &line.value,
    };
    strip.say(line.look, format!("{value}{}", mark(line))).to(start + VALUE).gap(2)
}

/// The course of the version that matters.
fn course<'l>(strip: Strip<'l>, look: &Look, panel: &PanelRow) -> Strip<'l> {
    let Some(line) = panel.lines.first() else { return strip };
    let start = strip.used();
    strip.say(line.role, spark(look, &line.course, COURSE)).to(start + COURSE).gap(2)
}
