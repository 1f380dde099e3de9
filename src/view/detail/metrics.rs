//! The Metrics screen: charts below each other, the chosen one with its query; or its numbers.
//!
//! Called by `detail`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::read::header::time_of_day;
use crate::app::read::metrics::{PanelRow, chart, of};
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::domain::time::length;
use crate::view::canvas::Canvas;
use crate::view::chart::lines;
use crate::view::cockpit::Scene;
use crate::view::look::Look;
use crate::view::pane::{Set, Title, pane};
use crate::view::screen::take_top;
use crate::view::strip::Strip;
use crate::view::text::wrap;

/// Rows of a chart: no fewer, no more.
const LOW: usize = 7;
const HIGH: usize = 18;

/// Rows for the query of the chosen chart.
const QUERY: usize = 3;

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, set: Set) {
    let model = scene.model;
    let rows = of(model, scene.id);
    let view = &model.metrics.view;
    let chosen = view.panel.min(rows.panels.len().saturating_sub(1));
    let span = length(view.span());
    let count = rows.panels.len();
    let about = match count {
        0 => format!("last {span}"),
        _ => format!("{} of {count}, last {span}", chosen + 1),
    };
    let title = Title::new("Metrics")
        .and(&Phrase::new().muted(about))
        .right(rows.source.clone())
        .focused(true);
    let inner = pane(canvas, area, set, &title);
    let Some(panel) = rows.panels.get(chosen) else {
        empty(canvas, inner, &rows.source, &rows.reason);
        return;
    };
    let mut inner = inner;
    if !rows.reason.is_empty() {
        let total = usize::from(inner.width);
        let line = Strip::new(canvas.look).gap(1).say_to(total, Role::Warn, &rows.reason).line();
        canvas.line(take_top(&mut inner, 1), &line);
    }
    if view.raw {
        numbers(canvas, inner, scene, panel);
        return;
    }
    charts(canvas, inner, scene, &rows.panels, chosen);
}

fn empty(canvas: &mut Canvas<'_>, area: Rect, source: &Phrase, reason: &str) {
    let look = canvas.look;
    let line = Strip::new(look).gap(1).phrase(source).line();
    let hint = "named by --prometheus, the configuration, the annotation waveoff/prometheus, \
                an AnalysisTemplate, or a Service of the cluster";
    let mut all = vec![Line::default(), line];
    for part in wrap(reason, usize::from(area.width).saturating_sub(2)) {
        all.push(Strip::new(look).gap(1).say(Role::Text, part).line());
    }
    all.push(Line::default());
    for part in wrap(hint, usize::from(area.width).saturating_sub(2)) {
        all.push(Strip::new(look).gap(1).say(Role::Muted, part).line());
    }
    canvas.lines(area, &all);
}

/// As many charts as have room, the chosen one among them.
fn charts(
    canvas: &mut Canvas<'_>,
    area: Rect,
    scene: &Scene<'_>,
    panels: &[PanelRow],
    chosen: usize,
) {
    let room = usize::from(area.width);
    let height = usize::from(area.height);
    let free = height.saturating_sub(QUERY);
    let fit = (free / LOW).clamp(1, panels.len());
    let each = (free / fit).clamp(LOW.min(free), HIGH);
    let first = (chosen + 1).saturating_sub(fit).min(panels.len() - fit);
    let mut rest = area;
    for (at, panel) in panels.iter().enumerate().skip(first).take(fit) {
        let own = chart::of(scene.model, scene.id, panel);
        let mut drawn = lines(canvas.look, &own, room, each);
        if at == chosen {
            drawn.extend(query(canvas.look, panel, room));
        }
        let place = take_top(&mut rest, u16::try_from(drawn.len()).unwrap_or(u16::MAX));
        canvas.lines(place, &drawn);
        if at == chosen {
            canvas.tint(Rect { height: 1, ..place }, Role::Selection);
        }
    }
}

/// Where the value comes from, and how it is asked.
fn query(look: &Look, panel: &PanelRow, room: usize) -> Vec<Line<'static>> {
    let Some(line) = panel.lines.first() else { return Vec::new() };
    // The title says it where it says nothing of more weight.
    let is_told = panel.comparison.is_empty() || panel.limit.is_empty();
    let limit = if is_told { String::new() } else { format!("  {}", panel.limit) };
    let head = Strip::new(look).gap(1).say(Role::Muted, format!("{}{limit}", panel.source)).line();
    let wrapped = wrap(&line.query, room.saturating_sub(2));
    let more = wrapped.len() > QUERY - 1;
    let mut lines = vec![head];
    for (at, part) in wrapped.iter().take(QUERY - 1).enumerate() {
        let strip = Strip::new(look).gap(1);
        let strip = if at + 2 == QUERY && more {
            let rest = wrapped.get(at..).map(|rest| rest.join(" ")).unwrap_or_default();
            strip.say_to(room, Role::Text, &rest)
        } else {
            strip.say(Role::Text, part.clone())
        };
        lines.push(strip.line());
    }
    lines
}

/// The numbers of a panel, newest first.
fn numbers(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, panel: &PanelRow) {
    let look = canvas.look;
    let room = usize::from(area.width);
    let mut head = Strip::new(look).gap(1).cell(10, Role::Muted, "time");
    for line in &panel.lines {
        head = head.number(12, line.role, line.word);
    }
    let title = Strip::new(look).gap(1).say(Role::Title, panel.title.clone()).gap(2);
    let mut all = vec![title.say_to(room, Role::Muted, &panel.limit).line(), head.line()];
    let Some(first) = panel.lines.first() else { return canvas.lines(area, &all) };
    let rows = usize::from(area.height).saturating_sub(all.len() + QUERY);
    for (at, _) in first.course.iter().rev().take(rows) {
        let mut strip =
            Strip::new(look).gap(1).cell(10, Role::Muted, &time_of_day(scene.model, *at));
        for line in &panel.lines {
            let value = line.course.iter().rev().find(|(own, _)| own == at).and_then(|(_, v)| *v);
            let text = value.map_or_else(|| "-".to_owned(), |value| format!("{value}"));
            strip = strip.number(12, Role::Text, &text);
        }
        all.push(strip.line());
    }
    all.extend(query(look, panel, room));
    canvas.lines(area, &all);
}
