//! The merged timeline: what this program saw change, and the cluster's events about the workload
//! and all that belongs to it.
//!
//! Newest first. Called by `view`.

use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::event::Event;
use crate::domain::id::{Uid, WorkloadId};
use crate::domain::time::Timestamp;
use crate::domain::timeline::Tone;

use super::header::time_of_day;
use super::pods::short_name;

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
    let mut rows: Vec<TimelineRow> = model
        .stories
        .get(id)
        .into_iter()
        .flatten()
        .map(|entry| TimelineRow {
            at: Some(entry.at),
            time: time_of_day(model, entry.at),
            age: super::ago(model, Some(entry.at)),
            topic: entry.topic.word(),
            role: look(entry.tone),
            text: entry.text.to_string(),
        })
        .collect();
    rows.extend(
        subjects(model, id)
            .iter()
            .flat_map(|uid| model.fleet.events.of(uid))
            .map(|event| of_event(model, event)),
    );
    // Stories are kept oldest first: of two of the same instant the later one is newer.
    rows.reverse();
    rows.sort_by(|a, b| b.at.cmp(&a.at));
    rows
}

/// Events about one object.
pub fn about(model: &Model, uid: &Uid) -> Vec<TimelineRow> {
    let mut rows: Vec<TimelineRow> = model
        .fleet
        .events
        .of(uid)
        .map(|event| of_event(model, event))
        .collect();
    rows.sort_by(|a, b| b.at.cmp(&a.at));
    rows
}

fn subjects(model: &Model, id: &WorkloadId) -> Vec<Uid> {
    let Some(release) = model.fleet.release(id) else {
        return Vec::new();
    };
    let sets = release.revisions.iter().map(|r| r.replica_set.uid.clone());
    let pods = release.pods().map(|(_, pod)| pod.uid.clone());
    let runs = release.analysis.iter().map(|run| run.uid.clone());
    let experiments = release.experiments.iter().map(|e| e.uid.clone());
    std::iter::once(release.workload.uid.clone())
        .chain(sets)
        .chain(pods)
        .chain(runs)
        .chain(experiments)
        .collect()
}

fn of_event(model: &Model, event: &Event) -> TimelineRow {
    let subject = match event.about_kind.as_str() {
        "Pod" => format!("pod {}: ", short_name(&event.about_name)),
        "AnalysisRun" => "analysis: ".to_owned(),
        "ReplicaSet" => format!("rs {}: ", short_name(&event.about_name)),
        _ => String::new(),
    };
    let times = if event.count > 1 {
        format!(" (x{})", event.count)
    } else {
        String::new()
    };
    TimelineRow {
        at: event.at,
        time: event
            .at
            .map_or_else(|| "--:--:--".to_owned(), |at| time_of_day(model, at)),
        age: super::ago(model, event.at),
        topic: "event",
        role: if event.warning {
            Role::Warn
        } else {
            Role::Text
        },
        text: format!("{subject}{} {}{times}", event.reason, event.message),
    }
}
