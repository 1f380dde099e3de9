//! What runs pods: ReplicaSets, Deployments, and pods by number.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;

use super::{Desk, Scribe, row};

const REVISION: &str = "/metadata/annotations/rollout.argoproj.io~1revision";
const PLAIN_REVISION: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";

/// Follows ReplicaSets through a record.
#[derive(Default)]
pub(super) struct Sets {
    /// The deadline of each as it was written, and what was noted of it.
    deadlines: BTreeMap<String, (String, String)>,
}

impl Sets {
    /// `delays` are those that were told, in seconds.
    pub(super) fn note(&mut self, desk: &mut Desk<'_>, delays: &[f64]) {
        if desk.entry.gone {
            return desk.note("wanted", "deleted");
        }
        desk.note_word("wanted", "/spec/replicas");
        desk.count("count ready", "/status/readyReplicas");
        desk.count("count available", "/status/availableReplicas");
        desk.note_word("owner", "/metadata/ownerReferences/0/kind");
        let revisions = [REVISION, PLAIN_REVISION].map(|p| desk.at(p).as_str().unwrap_or_default());
        let history = "/metadata/annotations/rollout.argoproj.io~1revision-history";
        let history = desk.at(history).as_str().map(|h| format!("before {h}"));
        let mut words: Vec<String> = revisions.iter().map(|r| (*r).to_owned()).collect();
        words.extend(history);
        desk.note("revision", &row(words));
        desk.note_word("desired", "/metadata/annotations/rollout.argoproj.io~1desired-replicas");
        self.deadline(desk, delays);
        desk.conditions();
    }

    fn deadline(&mut self, desk: &mut Desk<'_>, delays: &[f64]) {
        let text = desk.word("/metadata/annotations/scale-down-deadline");
        let known = self.deadlines.entry(desk.object.clone()).or_default();
        if known.0 != text {
            let state = distance(&text, desk, delays);
            *known = (text, state);
        }
        desk.note("scale-down deadline", &known.1);
    }
}

/// How far away a deadline is, as one of the delays that were told.
fn distance(deadline: &str, desk: &Desk<'_>, delays: &[f64]) -> String {
    let Ok(deadline) = DateTime::parse_from_rfc3339(deadline) else { return deadline.to_owned() };
    let left = (deadline.to_utc() - desk.entry.at).as_seconds_f64();
    // It is in whole seconds, and we hear of it a little later.
    let told = |delay: &&f64| (**delay - 2.5..**delay + 0.5).contains(&left);
    match delays.iter().find(told) {
        Some(delay) => format!("in {delay} s"),
        None => "at another time than any that was told".to_owned(),
    }
}

/// A Deployment.
pub(super) fn deployment(desk: &mut Desk<'_>) {
    if desk.entry.gone {
        return desk.note("wanted", "deleted");
    }
    desk.note_word("wanted", "/spec/replicas");
    desk.note_word("held", "/spec/paused");
    desk.note_word("observed generation", "/status/observedGeneration");
    desk.note_word("revision", PLAIN_REVISION);
    for (group, pointer) in [
        ("count replicas", "/status/replicas"),
        ("count updated", "/status/updatedReplicas"),
        ("count ready", "/status/readyReplicas"),
        ("count available", "/status/availableReplicas"),
        ("count unavailable", "/status/unavailableReplicas"),
    ] {
        desk.count(group, pointer);
    }
    desk.conditions();
}

/// Pods of each version, by number.
#[derive(Default)]
pub(super) struct Pods {
    /// Names of those created and of those deleted, by their role.
    seen: BTreeMap<String, [BTreeSet<String>; 2]>,
}

impl Pods {
    pub(super) fn note(&mut self, desk: &mut Desk<'_>) {
        let [created, deleted] = self.seen.entry(desk.object.clone()).or_default();
        created.insert(desk.entry.name.clone());
        if desk.entry.gone {
            deleted.insert(desk.entry.name.clone());
        }
    }

    pub(super) fn close(self, scribe: &mut Scribe) {
        for (role, [created, deleted]) in self.seen {
            let (created, deleted) = (created.len(), deleted.len());
            scribe.note(&role, "number", &format!("{created} created, {deleted} deleted"));
        }
    }
}
