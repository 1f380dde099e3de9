//! `waveoff preflight`: the checklist, as text or JSON.
//!
//! The same rows as the Gate screen. Printed by `runtime`.

use serde_json::{Value, json};

use crate::app::gate::{End, Run, Standing, standing};
use crate::app::model::Model;
use crate::app::read::gate::{Row, about, is_after, rows, sentence};
use crate::domain::action::Verb;
use crate::domain::gate::{Evidence, Finding};
use crate::domain::id::WorkloadId;
use crate::domain::release::Release;
use crate::domain::text::SafeText;
use crate::domain::time::to_rfc3339;

/// The checklist as text.
pub fn preflight_text(model: &Model, id: &WorkloadId) -> Option<String> {
    let release = model.fleet.release(id)?;
    let what = if is_after(model, &release) { "after the switch of" } else { "gate of" };
    let mut text = format!("{what} {id}: {}\n", sentence(model, &release).plain());
    text.push_str(&format!("  {}\n", about(model, &release).plain()));
    for row in rows(model, &release) {
        text.push_str(&row_text(&row));
    }
    let run = model.gates.runs.get(id);
    if let Some(pass) = run.and_then(Run::pass) {
        text.push_str(&format!("  counts until {}\n", to_rfc3339(pass.until())));
    }
    Some(text)
}

fn row_text(row: &Row) -> String {
    let name = row.check.name();
    let mut text = format!("  {name:<13} {:<8} {}", row.state, row.cost).trim_end().to_owned();
    text.push('\n');
    for line in &row.lines {
        text.push_str(&format!("  {:<13} {line}\n", ""));
    }
    text
}

/// How the gate before a promotion stands; null where there is none to pass.
pub(super) fn gate_json(model: &Model, release: &Release<'_>) -> Value {
    match standing(model, release, Verb::Promote) {
        Standing::None => Value::Null,
        Standing::Open(left) => json!({ "state": "open", "counts_seconds": left.num_seconds() }),
        Standing::Shut(why) => json!({ "state": "shut", "why": why.as_str() }),
    }
}

/// A check that has just ended, for who waits.
pub fn finding_line(finding: &Finding) -> String {
    let why = finding.verdict.why().map_or_else(String::new, |why| format!(": {why}"));
    format!("{} {}{why}", finding.check.name(), finding.verdict.word())
}

/// The checklist as JSON.
pub fn preflight_json(model: &Model, id: &WorkloadId) -> Option<Value> {
    let run = model.gates.runs.get(id)?;
    let (ended, outcome, void) = match &run.end {
        Some((at, End::Judged(outcome))) => (Some(at), outcome.word(), None),
        Some((at, End::Void(why))) => (Some(at), "void", Some(why.as_str())),
        None => (None, "running", None),
    };
    Some(json!({
        "schema": 1,
        "kind": id.kind.as_str(),
        "namespace": id.namespace.as_str(),
        "name": id.name.as_str(),
        "uid": run.uid.as_str(),
        "hash": run.hash.as_str(),
        "stage": run.stage.word(),
        "switched": run.switched.map(to_rfc3339),
        "route": run.route.as_str(),
        "outcome": outcome,
        "void": void,
        "started": to_rfc3339(run.started),
        "ended": ended.map(|at| to_rfc3339(*at)),
        "valid_until": run.pass().map(|pass| to_rfc3339(pass.until())),
        "checks": run.findings.values().map(finding_json).collect::<Vec<_>>(),
    }))
}

fn finding_json(finding: &Finding) -> Value {
    let Evidence { tries, status, latency_ms, excerpt, pointer, load, availability } =
        &finding.evidence;
    json!({
        "check": finding.check.name(),
        "verdict": finding.verdict.word(),
        "why": finding.verdict.why().map(SafeText::as_str),
        "tries": tries,
        "status": status,
        "latency_ms": latency_ms,
        "excerpt": excerpt.as_ref().map(SafeText::as_str),
        "pointer": pointer.as_ref().map(|pointer| json!({
            "path": pointer.path.as_str(),
            "found": pointer.found.as_str(),
            "wanted": pointer.wanted.as_str(),
        })),
        "load": load.as_ref().map(|load| json!({
            "sent": load.sent,
            "bad": load.bad,
            "lost": load.lost,
            "p50_ms": load.p50_ms,
            "p95_ms": load.p95_ms,
            "most_ms": load.most_ms,
        })),
        "availability": availability.as_ref().map(|seen| json!({
            "sent": seen.sent,
            "bad": seen.bad,
            "lost": seen.lost,
            "gap_ms": seen.gap_ms,
            "first": seen.first.as_ref().map(SafeText::as_str),
        })),
    })
}
