//! The Analysis screen: every metric of a run with its limit, its query and all measurements.
//!
//! Called by `detail`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::read::analysis::{MetricRow, Value, row};
use crate::app::read::header::time_of_day;
use crate::app::read::phrase::Phrase;
use crate::app::read::timeline::about;
use crate::app::theme::Role;
use crate::domain::id::Uid;
use crate::view::canvas::Canvas;
use crate::view::cockpit::{Scene, story_line};
use crate::view::look::Look;
use crate::view::pane::{Set, Title};
use crate::view::strip::Strip;

use super::document::Document;

/// Where texts begin behind their labels.
const COLUMN: usize = 12;

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, uid: &Uid, set: Set) {
    let mut page = Document::new(canvas.look, area, set);
    let Some(run) = scene.model.fleet.analysis_runs.get(uid) else {
        page.paragraph(2, &Phrase::of(Role::Warn, "this run is gone"));
        page.draw(canvas, area, set, Title::new("Analysis").focused(true), 0);
        return;
    };
    let run = row(scene.model, scene.release, run);
    let verdict =
        Phrase::of(run.look, format!("{} {}", canvas.look.verdict(&run.verdict), run.verdict))
            .muted(format!(
                "  {} analysis of {}, took {}, began {} ago",
                run.role, run.revision, run.took, run.age
            ));
    page.labelled("verdict", COLUMN, &verdict);
    page.labelled("found", COLUMN, &Phrase::of(run.look, run.sentence.clone()));
    for metric in &run.metrics {
        metric_chapter(&mut page, scene, metric);
    }
    let events = about(scene.model, uid);
    if !events.is_empty() {
        page.heading("events");
        for event in &events {
            let line = story_line(canvas.look, event, page.room, false);
            page.lines.push(line);
        }
    }
    let title = Title::new(format!("Analysis {}", run.name)).focused(true);
    page.draw(canvas, area, set, title, scene.model.scroll);
}

fn metric_chapter(page: &mut Document<'_>, scene: &Scene<'_>, metric: &MetricRow) {
    page.blank();
    let look = page.look;
    let head = Strip::new(look)
        .say(Role::Title, metric.name.clone())
        .gap(2)
        .say(metric.look, metric.verdict.clone())
        .gap(2)
        .say_to(page.room, Role::Muted, &metric.rhythm)
        .line();
    page.lines.push(head);
    page.labelled("limit", COLUMN, &Phrase::new().text(metric.limit.clone()));
    for (label, condition) in [("success", &metric.success), ("failure", &metric.failure)] {
        if !condition.is_empty() {
            page.labelled(label, COLUMN, &Phrase::new().muted(condition.clone()));
        }
    }
    page.labelled("counts", COLUMN, &metric.counts);
    if !metric.sentence.is_empty() {
        page.labelled("found", COLUMN, &Phrase::of(metric.look, metric.sentence.clone()));
    }
    if !metric.doubt.is_empty() {
        page.labelled("but", COLUMN, &Phrase::of(Role::Warn, metric.doubt.clone()));
    }
    let query = Phrase::new().muted(format!("{}  ", metric.provider)).text(metric.query.clone());
    page.labelled("query", COLUMN, &query);
    for (at, value) in metric.values.iter().rev().enumerate() {
        let label = if at == 0 { "measured" } else { "" };
        let time =
            value.at.map_or_else(|| "--:--:--".to_owned(), |at| time_of_day(scene.model, at));
        let line = measurement(look, label, &time, value, page.room);
        page.lines.push(line);
    }
}

fn measurement(look: &Look, label: &str, time: &str, value: &Value, room: usize) -> Line<'static> {
    Strip::new(look)
        .gap(2)
        .say(Role::Muted, label)
        .to(COLUMN)
        .cell(8, Role::Muted, time)
        .say(value.look, look.verdict(&value.verdict))
        .gap(1)
        .cell(10, value.look, &value.verdict)
        .cell(12, Role::Text, &value.text)
        .say_to(room, Role::Muted, &value.message)
        .line()
}
