//! `waveoff list`: the fleet as a table.

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::measured::share_json;
use crate::app::model::Model;
use crate::app::read::metrics::glance;
use crate::app::roster::{self, Row};
use crate::domain::phase;
use crate::domain::pod::PodState;
use crate::domain::release::Release;
use crate::domain::time::to_rfc3339;
use crate::domain::{traffic, why};

struct Line {
    cells: [String; 11],
    why: String,
}

/// The table as text, one row a workload, by risk.
pub fn list_text(model: &Model) -> String {
    let lines: Vec<Line> = roster::of(model).rows().iter().filter_map(|r| line(model, r)).collect();
    let titles = [
        "STATE",
        "NAMESPACE",
        "KIND",
        "NAME",
        "STRATEGY",
        "PHASE",
        "TRAFFIC",
        "MEASURED",
        "ERRORS",
        "P99",
        "READY",
    ]
    .map(String::from);
    let mut widths = titles.clone().map(|t| t.width());
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(&line.cells) {
            *width = (*width).max(cell.width());
        }
    }
    let mut text = String::new();
    let mut row = |cells: &[String; 11], tail: &str| {
        for (cell, width) in cells.iter().zip(widths) {
            text.push_str(cell);
            text.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        text.push_str(tail);
        text.truncate(text.trim_end().len());
        text.push('\n');
    };
    row(&titles, "WHY");
    for line in &lines {
        row(&line.cells, &line.why);
    }
    text
}

fn line(model: &Model, row: &Row) -> Option<Line> {
    let release = model.fleet.release(&row.id)?;
    let workload = release.workload;
    let (ready, wanted) = ready(&release, model);
    let traffic = traffic::of(&release, model.now);
    let share = match (traffic.wanted, traffic.router_share()) {
        (Some(want), Some(router)) => format!("{want}/{router}"),
        (Some(want), None) => format!("{want}/?"),
        (None, Some(router)) => router.to_string(),
        (None, None) => "-".into(),
    };
    let glance = glance::of(model, &row.id);
    let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    Some(Line {
        cells: [
            row.attention.word().into(),
            row.id.namespace.to_string(),
            row.id.kind.as_str().into(),
            row.id.name.to_string(),
            workload.strategy.word().into(),
            phase::of(workload).phase.as_str().into(),
            share,
            or_dash(glance.share.text),
            or_dash(glance.errors.text),
            or_dash(glance.p99.text),
            format!("{ready}/{wanted}"),
        ],
        why: why::of(&release, model.now).sentence,
    })
}

fn ready(release: &Release<'_>, model: &Model) -> (usize, i32) {
    let ready = release.pods().filter(|(_, p)| p.state(model.now) == PodState::Ready).count();
    (ready, release.workload.replicas)
}

/// The table as JSON.
pub fn list_json(model: &Model) -> Value {
    let items: Vec<Value> = roster::of(model)
        .rows()
        .iter()
        .filter_map(|row| {
            let release = model.fleet.release(&row.id)?;
            let workload = release.workload;
            let traffic = traffic::of(&release, model.now);
            let (ready, wanted) = ready(&release, model);
            let standing = phase::of(workload);
            let glance = glance::of(model, &row.id);
            Some(json!({
                "kind": row.id.kind.as_str(),
                "namespace": row.id.namespace.as_str(),
                "name": row.id.name.as_str(),
                "state": row.attention.word(),
                "strategy": workload.strategy.word(),
                "phase": standing.phase.as_str(),
                "message": standing.message.as_str(),
                "why": why::of(&release, model.now).sentence,
                "traffic": {
                    "wanted": traffic.wanted,
                    "router": traffic.router_share(),
                    "measured": share_json(model, &row.id),
                },
                "errors": glance.errors.text,
                "p99": glance.p99.text,
                "ready": ready,
                "desired": wanted,
            }))
        })
        .collect();
    json!({ "schema": 1, "items": items, "as_of": to_rfc3339(model.now) })
}
