//! The merged timeline: what this program saw change, and the cluster's events about the workload
//! and all that belongs to it.
//!
//! Newest first. Called by `view`.

use std::cmp::Reverse;

use crate::app::model::Model;
use crate::app::story;
use crate::app::theme::Role;
use crate::domain::event::Event;
use crate::domain::id::{Uid, WorkloadId};
use crate::domain::time::Timestamp;
use crate::domain::timeline::Tone;

use super::header::time_of_day;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineRow {
    /// When.
    pub at: Option<Timestamp>,
    /// Time of day.
    pub time: String,
    /// How long ago.
    pub age: String,
    /// What it is about.
    pub topic: &'static str,
    /// How to take it.
    pub role: Role,
    /// Text.
    pub text: String,
}

/// The look of a tone.
pub fn look(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Text,
        Tone::Good => Role::Ok,
        Tone::Warn => Role::Warn,
        Tone::Bad => Role::Bad,
    }
}

/// The whole story of a workload.
pub fn rows(model: &Model, id: &WorkloadId) -> Vec<TimelineRow> {
    story::of(model, id)
        .into_iter()
        .map(|entry| TimelineRow {
            at: Some(entry.at),
            time: time_of_day(model, entry.at),
            age: super::ago(model, Some(entry.at)),
            topic: entry.topic.word(),
            role: look(entry.tone),
            text: brief(&entry.text, &id.name),
        })
        .collect()
}

/// Objects of a workload begin with its name; on its own screens that is left out.
fn brief(text: &str, workload: &str) -> String {
    match text.split_once(": ") {
        Some((subject, rest)) => {
            let subject = subject.replacen(&format!(" {workload}-"), " ", 1);
            format!("{subject}: {rest}")
        }
        None => text.to_owned(),
    }
}

/// Events about one object.
pub fn about(model: &Model, uid: &Uid) -> Vec<TimelineRow> {
    let mut rows: Vec<TimelineRow> =
        model.fleet.events.of(uid).map(|event| of_event(model, event)).collect();
    rows.sort_by_key(|row| Reverse(row.at));
    rows
}

fn of_event(model: &Model, event: &Event) -> TimelineRow {
    let times = if event.count > 1 { format!(" (x{})", event.count) } else { String::new() };
    TimelineRow {
        at: event.at,
        time: event.at.map_or_else(|| "--:--:--".to_owned(), |at| time_of_day(model, at)),
        age: super::ago(model, event.at),
        topic: "event",
        role: if event.warning { Role::Warn } else { Role::Text },
        text: format!("{} {}{times}", event.reason, event.message),
    }
}
