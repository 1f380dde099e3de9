//! A workload's whole story: what was observed, what people did, what the cluster's events say.
//!
//! Merges [`Model::stories`] with the events about the workload and all that belongs to it.

use super::model::Model;
use crate::domain::event::Event;
use crate::domain::id::{Uid, WorkloadId};
use crate::domain::timeline::{Entry, Tone, Topic};

/// The story, newest first.
pub fn of(model: &Model, id: &WorkloadId) -> Vec<Entry> {
    let mut entries: Vec<Entry> = model.stories.get(id).into_iter().flatten().cloned().collect();
    for uid in family(model, id) {
        entries.extend(model.fleet.events.of(&uid).filter_map(from_event));
    }
    entries.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.topic.cmp(&b.topic)));
    entries
}

/// The workload, its ReplicaSets, pods, analysis runs and experiments.
fn family(model: &Model, id: &WorkloadId) -> Vec<Uid> {
    let Some(release) = model.fleet.release(id) else { return Vec::new() };
    let mut uids = vec![release.workload.uid.clone()];
    uids.extend(release.referenced.map(|w| w.uid.clone()));
    uids.extend(release.revisions.iter().map(|r| r.replica_set.uid.clone()));
    uids.extend(release.pods().map(|(_, p)| p.uid.clone()));
    uids.extend(release.analysis.iter().map(|a| a.uid.clone()));
    uids.extend(release.experiments.iter().map(|e| e.uid.clone()));
    uids
}

fn from_event(event: &Event) -> Option<Entry> {
    let times = if event.count > 1 { format!(" (x{})", event.count) } else { String::new() };
    let about = match event.about_kind.as_str() {
        "Rollout" | "Deployment" => String::new(),
        kind => format!("{} {}: ", kind.to_lowercase(), event.about_name),
    };
    Some(Entry {
        at: event.at?,
        topic: Topic::Event,
        tone: if event.warning { Tone::Warn } else { Tone::Plain },
        text: format!("{about}{} {}{times}", event.reason, event.message).into(),
    })
}
