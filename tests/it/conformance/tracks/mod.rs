//! From a story's record to its tracks: for each object and each group of fields the states in
//! order, without repetitions, with roles in place of names.
//!
//! Order counts inside a track only: objects change side by side. Not compared at all: what belongs
//! to machines (pods' own states and events, nodes), uids, resourceVersions and absolute times.

mod analysis;
mod events;
mod rollout;
mod traffic;
mod workload;

use std::collections::BTreeMap;

use serde_json::Value;

use super::pattern::Tracks;
use super::record::{Entry, Kind};
use super::roles::Roles;

/// The tracks of a record.
pub(crate) fn of(mut record: Vec<Entry>, namespace: &str, prometheus: &str) -> Tracks {
    // Watches of several kinds race each other; the cluster's own order does not.
    record.sort_by_key(|entry| entry.version);
    let roles = Roles::of(&record, namespace, prometheus);
    let mut scribe = Scribe { roles, tracks: Tracks::new(), turns: BTreeMap::new() };
    let mut events = events::Ledger::default();
    let mut rollouts = rollout::Watcher::new();
    let mut pods = workload::Pods::default();
    let mut sets = workload::Sets::default();
    for entry in &record {
        let object = scribe.object(entry);
        let mut desk = Desk { scribe: &mut scribe, object, entry };
        match entry.kind {
            Kind::Rollout => rollouts.note(&mut desk),
            Kind::ReplicaSet => sets.note(&mut desk, &rollouts.delays),
            Kind::Deployment => workload::deployment(&mut desk),
            Kind::Pod => pods.note(&mut desk),
            Kind::Service => traffic::service(&mut desk),
            Kind::Ingress => traffic::ingress(&mut desk),
            Kind::VirtualService => traffic::virtual_service(&mut desk),
            Kind::DestinationRule => traffic::destination_rule(&mut desk),
            Kind::AnalysisRun => analysis::run(&mut desk),
            Kind::Experiment => analysis::experiment(&mut desk),
            Kind::Event => events.note(entry),
        }
    }
    pods.close(&mut scribe);
    events.close(&mut scribe);
    for ((_, group), track) in &mut scribe.tracks {
        if group == "selector" {
            *track = by_turns(track);
        }
    }
    // What was never there was never seen.
    scribe.tracks.retain(|_, track| track.iter().any(|state| state != "-"));
    scribe.tracks
}

/// Writes tracks.
pub(super) struct Scribe {
    pub(super) roles: Roles,
    tracks: Tracks,
    turns: BTreeMap<(String, String), Vec<u64>>,
}

impl Scribe {
    /// An object's name in tracks: `rollout web`, `replicaset web-B`.
    fn object(&self, entry: &Entry) -> String {
        let kind = format!("{:?}", entry.kind).to_lowercase();
        format!("{kind} {}", self.roles.told(&entry.name))
    }

    /// Notes a state, unless it is the last one.
    pub(super) fn note(&mut self, object: &str, group: &str, state: &str) {
        let state = self.roles.told(state);
        let track = self.tracks.entry((object.to_owned(), group.to_owned())).or_default();
        if track.last() != Some(&state) {
            track.push(state);
        }
    }

    /// Notes a count. Only where it turns: how many pods become ready at once is chance.
    fn count(&mut self, object: &str, group: &str, count: u64) {
        let key = (object.to_owned(), group.to_owned());
        let turns = self.turns.entry(key.clone()).or_default();
        if turns.last() == Some(&count) {
            return;
        }
        if let [.., before, last] = turns[..]
            && (before < last) == (last < count)
        {
            turns.pop();
        }
        turns.push(count);
        self.tracks.insert(key, turns.iter().map(u64::to_string).collect());
    }
}

/// One entry on its way into the tracks.
pub(super) struct Desk<'a> {
    pub(super) scribe: &'a mut Scribe,
    /// The object's name in tracks.
    pub(super) object: String,
    pub(super) entry: &'a Entry,
}

impl Desk<'_> {
    pub(super) fn at(&self, pointer: &str) -> &Value {
        static ABSENT: Value = Value::Null;
        self.entry.object.pointer(pointer).unwrap_or(&ABSENT)
    }

    /// A value as a word; `-` when it is absent, which is how false, 0 and nothing arrive.
    pub(super) fn word(&self, pointer: &str) -> String {
        word(self.at(pointer))
    }

    pub(super) fn note(&mut self, group: &str, state: &str) {
        let object = self.object.clone();
        self.scribe.note(&object, group, state);
    }

    /// Notes a value as it is.
    pub(super) fn note_word(&mut self, group: &str, pointer: &str) {
        let state = self.word(pointer);
        self.note(group, &state);
    }

    /// Notes a count where it turns.
    pub(super) fn count(&mut self, group: &str, pointer: &str) {
        let count = self.at(pointer).as_u64().unwrap_or(0);
        let object = self.object.clone();
        self.scribe.count(&object, group, count);
    }

    /// Notes `status.conditions`, each type as a group of its own.
    pub(super) fn conditions(&mut self) {
        let now: BTreeMap<String, String> = list(self.at("/status/conditions"))
            .iter()
            .map(|c| {
                let of = |key: &str| c[key].as_str().unwrap_or_default();
                let state = format!("{} {}: {}", of("status"), of("reason"), of("message"));
                (format!("condition {}", of("type")), state)
            })
            .collect();
        let known = self.scribe.tracks.keys().filter(|(object, _)| *object == self.object);
        let known = known.filter(|(_, group)| group.starts_with("condition "));
        let lost: Vec<_> = known.filter(|(_, group)| !now.contains_key(group)).cloned().collect();
        for (_, group) in lost {
            self.note(&group, "-");
        }
        for (group, state) in now {
            self.note(&group, &state);
        }
    }
}

/// Two states by turns, more than once: how often is a matter of a controller's passes. (Between an
/// abort and the scale-down each pass of the real one turns the canary Service to the new version
/// and back, argoproj/argo-rollouts#3078.)
fn by_turns(track: &[String]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let mut rest = track;
    while let [first, second, ..] = rest {
        let turns = rest.iter().zip([first, second].into_iter().cycle());
        let length = turns.take_while(|(state, turn)| state == turn).count();
        if length < 4 {
            told.push(first.clone());
            rest = &rest[1..];
        } else {
            told.push(format!("{first} and {second} by turns"));
            // The last one is how it ended.
            rest = &rest[length - 1..];
        }
    }
    told.extend_from_slice(rest);
    told
}

/// A list, empty when it is absent.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A value as a word.
pub(super) fn word(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Words that are there, in a row; `-` when there is none.
pub(super) fn row(words: Vec<String>) -> String {
    let there: Vec<String> = words.into_iter().filter(|w| !w.is_empty()).collect();
    if there.is_empty() { "-".to_owned() } else { there.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_repeated_turns_are_put_together() {
        let told = |states: &str| {
            let track: Vec<String> = states.chars().map(String::from).collect();
            by_turns(&track).join(", ")
        };
        assert_eq!(told("ABA"), "A, B, A");
        assert_eq!(told("-ABABABA"), "-, A and B by turns, A");
        assert_eq!(told("ABABC"), "A and B by turns, B, C");
        assert_eq!(told(""), "");
    }
}
