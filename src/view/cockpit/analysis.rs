//! The Analysis pane: runs with their metrics, values against limits.
//!
//! Runs of the wanted version are told in full, older ones in a line. Called by `layout` and by the
//! analysis screen.

use ratatui::text::Line;

use crate::app::read::analysis::{MetricRow, RunRow, rows};
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
    let focused = model.rollout_view.pane == Pane::Analysis;
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
    let caret = if selected { look.caret() } else { " " };
    let took = if run.took.is_empty() { String::new() } else { format!("{}, ", run.took) };
    let strip = Strip::new(look)
        .say(Role::Accent, caret)
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
    strip.say_to(left, Role::Text, &run.sentence).right(room, &when).line()
}

/// A metric in two lines: values against the limit, and counts against what is allowed.
fn metric_lines(look: &Look, metric: &MetricRow, room: usize) -> Vec<Line<'static>> {
    let mut strip = Strip::new(look).gap(4).cell(18, Role::Text, &metric.name).cell(
        9,
        metric.look,
        &metric.verdict,
    );
    let room_for_values = room.saturating_sub(strip.used()) * 3 / 5;
    let mut shown: Vec<&crate::app::read::analysis::Value> = Vec::new();
    let mut used = 0;
    for value in metric.values.iter().rev() {
        let needs = width(&value.text) + 2;
        if used + needs > room_for_values.max(8) {
            break;
        }
        used += needs;
        shown.insert(0, value);
    }
    for value in shown {
        let bad = if value.is_bad { "!" } else { "" };
        strip = strip.say(value.look, format!("{}{bad}", value.text)).gap(1);
    }
    let first = strip.gap(1).say_to(room, Role::Muted, &metric.limit).line();
    let second = Strip::new(look).gap(23).phrase_to(room, &metric.counts).line();
    vec![first, second]
}
