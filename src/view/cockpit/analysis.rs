//! The Analysis pane: runs with their metrics, values against limits.
//!
//! Runs of the wanted version are told in full, older ones in a line. Called by `layout` and by the
//! analysis screen.

use ratatui::text::Line;

use crate::app::read::Doubt;
use crate::app::read::analysis::{MetricRow, RunRow, Value, rows};
use crate::app::read::phrase::Phrase;
use crate::app::screen::Pane;
use crate::app::theme::Role;
use crate::domain::id::ResourceKind;
use crate::view::look::Look;
use crate::view::pane::Title;
use crate::view::strip::Strip;
use crate::view::text::width;

use super::Scene;
use super::block::Block;
use super::pods::doubt_phrase;

/// The pane's content.
pub(super) fn block(look: &Look, scene: &Scene<'_>, room: usize) -> Block {
    let model = scene.model;
    let runs = rows(model, scene.release);
    let focused = scene.has_keys(Pane::Analysis);
    let selected = model.rollout_view.row(Pane::Analysis).min(runs.len().saturating_sub(1));
    let mut items: Vec<Vec<Line<'static>>> = runs
        .iter()
        .enumerate()
        .map(|(at, run)| item(look, run, room, focused && at == selected))
        .collect();
    let doubt = crate::app::read::doubt(model, ResourceKind::AnalysisRuns, &scene.id.namespace);
    let mut title = Title::new("Analysis");
    if items.is_empty() {
        let none = if doubt.is_doubtful() { "not known" } else { "none" };
        title = title.and(&Phrase::new().muted(none));
    }
    if let (true, Some(name)) = (items.is_empty(), scene.release.experiments.first()) {
        let text = format!("experiment {} {}", name.id.name, name.verdict.as_str());
        items.push(vec![Strip::new(look).gap(2).say_to(room, Role::Text, &text).line()]);
    }
    Block {
        title: title.right(doubt_phrase(&doubt)).focused(focused),
        head: Vec::new(),
        items,
        selected: focused.then_some(selected),
        is_old: matches!(doubt, Doubt::Old(_)),
    }
}

fn item(look: &Look, run: &RunRow, room: usize, selected: bool) -> Vec<Line<'static>> {
    let mut lines = vec![head(look, run, room, selected)];
    if run.is_current {
        for metric in &run.metrics {
            lines.extend(metric_lines(look, metric, room));
        }
    }
    lines
}

fn head(look: &Look, run: &RunRow, room: usize, selected: bool) -> Line<'static> {
    let took = if run.took.is_empty() { String::new() } else { format!("{}, ", run.took) };
    let strip = Strip::new(look)
        .caret(selected)
        .gap(1)
        .say(run.look, look.verdict(&run.verdict))
        .gap(1)
        .say(Role::Title, run.role.clone())
        .gap(1)
        .say(Role::Muted, run.revision.clone())
        .gap(2)
        .say(run.look, run.verdict.clone())
        .gap(2);
    let when = Phrase::new().muted(format!("{took}{} ago", run.age));
    let left = room.saturating_sub(width(&when.plain()) + 2);
    // The metrics below say the same at length.
    let is_told_below = run.is_current && !run.metrics.is_empty();
    let strip = if is_told_below && strip.used() + width(&run.sentence) > left {
        strip
    } else {
        strip.say_to(left, Role::Text, &run.sentence)
    };
    strip.right(room, &when).line()
}

/// A metric: its last values against the limit, and counts against what is allowed. The limit
/// stands beside the values where there is room for three of them, else below.
fn metric_lines(look: &Look, metric: &MetricRow, room: usize) -> Vec<Line<'static>> {
    let mut lines = judged_lines(look, metric, room);
    if !metric.doubt.is_empty() {
        let but = format!("but {}", metric.doubt);
        lines.push(Strip::new(look).gap(21).say_to(room, Role::Warn, &but).line());
    }
    lines
}

fn judged_lines(look: &Look, metric: &MetricRow, room: usize) -> Vec<Line<'static>> {
    let first = Strip::new(look).gap(4).cell(16, Role::Text, &metric.name).cell(
        9,
        metric.look,
        &metric.verdict,
    );
    let free = room.saturating_sub(first.used());
    let limit = width(&metric.limit) + 1;
    let indent = Strip::new(look).gap(21);
    let counts = indent.clone().phrase_to(room, &metric.counts).line();
    if free >= limit + 21 {
        let first = say_values(first, &last_values(metric, free - limit));
        return vec![first.gap(1).say(Role::Muted, metric.limit.clone()).line(), counts];
    }
    let first = say_values(first, &last_values(metric, free)).line();
    let second = indent.clone().say(Role::Muted, metric.limit.clone()).gap(2);
    if second.used() + width(&metric.counts.plain()) <= room {
        return vec![first, second.phrase(&metric.counts).line()];
    }
    vec![first, indent.say_to(room, Role::Muted, &metric.limit).line(), counts]
}

fn say_values<'l>(mut strip: Strip<'l>, values: &[&Value]) -> Strip<'l> {
    for value in values {
        let bad = if value.is_bad { "!" } else { "" };
        strip = strip.say(value.look, format!("{}{bad}", value.text)).gap(1);
    }
    strip
}

/// As many of the last values as fit, oldest first.
fn last_values(metric: &MetricRow, room: usize) -> Vec<&Value> {
    let mut left = room;
    let mut shown: Vec<&Value> = Vec::new();
    for value in metric.values.iter().rev() {
        let needs = width(&value.text) + 2;
        if needs > left {
            break;
        }
        left -= needs;
        shown.push(value);
    }
    shown.reverse();
    shown
}
