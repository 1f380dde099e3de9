//! What commands without a screen print: the same facts and words as the panes, as text or JSON.
//!
//! Every JSON document carries `"schema": 1`; fields are only ever added to it. Pure; printed by
//! `runtime`.

pub mod doctor;
mod drill;
mod journal;
mod measured;
mod preflight;
mod revert;
mod status;
mod table;

pub use drill::{drill_json, drill_score, drill_text};
pub use journal::{Asked, journal_json, journal_text};
pub use preflight::{finding_line, preflight_json, preflight_text};
pub use revert::{proposal_text, revert_json};
pub use status::{status_json, status_text};
pub use table::{list_json, list_text};

use serde_json::{Value, json};

use super::flight::{Flight, Stage};
use super::model::Model;
use crate::domain::id::WorkloadId;
use crate::domain::plan::Plan;
use crate::domain::time::to_rfc3339;
use crate::domain::why;

/// `waveoff why` as text.
pub fn why_text(model: &Model, id: &WorkloadId) -> Option<String> {
    let release = model.fleet.release(id)?;
    let why = why::of(&release, model.now);
    let mut text = format!("{}\n", why.sentence);
    for line in &why.evidence {
        text.push_str(&format!("  - {line}\n"));
    }
    if let Some(next) = &why.next {
        text.push_str(&format!("next: {next}\n"));
    }
    Some(text)
}

/// `waveoff why -o json`.
pub fn why_json(model: &Model, id: &WorkloadId) -> Option<Value> {
    let release = model.fleet.release(id)?;
    let why = why::of(&release, model.now);
    Some(json!({
        "schema": 1,
        "kind": id.kind.as_str(),
        "namespace": id.namespace.as_str(),
        "name": id.name.as_str(),
        "why": why.sentence,
        "evidence": why.evidence,
        "next": why.next,
        "as_of": to_rfc3339(model.now),
    }))
}

/// A plan as it is shown before it is confirmed.
pub fn plan_text(plan: &Plan) -> String {
    let mut text = format!("{} {}\n", plan.action.verb.name(), plan.id);
    for note in &plan.notes {
        let mark = if note.warning { "!" } else { " " };
        text.push_str(&format!("{mark} {:<6}{}\n", note.label, note.text));
    }
    for write in &plan.writes {
        let place = if write.status { "/status" } else { "" };
        let asserts: Vec<String> =
            write.asserts.iter().map(super::super::domain::plan::Assert::words).collect();
        text.push_str(&format!(
            "  patch {}{place}, only if {}\n",
            write.object,
            asserts.join(", ")
        ));
    }
    text.push_str(&format!("  same as: {}\n", plan.command));
    text
}

/// A plan as JSON.
pub fn plan_json(plan: &Plan) -> Value {
    let notes = plan
        .notes
        .iter()
        .map(|n| json!({ "label": n.label, "text": n.text.as_str(), "warning": n.warning }));
    let writes = plan.writes.iter().map(|w| {
        json!({
            "object": w.object.to_string(),
            "subresource": if w.status { "status" } else { "" },
            "only_if": w.asserts.iter().map(super::super::domain::plan::Assert::words).collect::<Vec<_>>(),
        })
    });
    json!({
        "verb": plan.action.verb.name(),
        "target": plan.action.target.as_ref().map(super::super::domain::text::SafeText::as_str),
        "kind": plan.id.kind.as_str(),
        "namespace": plan.id.namespace.as_str(),
        "name": plan.id.name.as_str(),
        "notes": notes.collect::<Vec<_>>(),
        "writes": writes.collect::<Vec<_>>(),
        "command": plan.command.as_str(),
    })
}

/// The receipt of an action as JSON.
pub fn receipt_json(flight: &Flight, dry_run: bool) -> Value {
    let ms = |at: Option<crate::domain::time::Timestamp>| {
        at.map(|at| (at - flight.sent_at).num_milliseconds())
    };
    json!({
        "schema": 1,
        "plan": plan_json(&flight.plan),
        "dry_run": dry_run,
        "stage": flight.stage.word(),
        "detail": flight.stage.detail(),
        "in_effect": matches!(flight.stage, Stage::InEffect(_)),
        "sent_at": to_rfc3339(flight.sent_at),
        "accepted_ms": ms(flight.accepted_at),
        "observed_ms": ms(flight.observed_at),
        "ended_ms": ms(flight.ended_at),
        "receipt": flight.receipt(),
    })
}
