//! The pods of the world as scrapes see them: phase, readiness, restarts, memory.
//!
//! Called by the traffic's controller and by the services.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fault::{Fault, Harm, minutes};
use super::meter::Steps;
use super::service::Handlings;
use crate::sim::object::Document;
use crate::sim::time;

/// What a pod is at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) phase: String,
    /// Whether it passes its readiness probe; unknown before there is a word of it.
    pub(super) ready: Option<bool>,
    /// Whether its first container runs.
    pub(super) running: bool,
    /// How often each container was started again.
    pub(super) restarts: Vec<i64>,
}

impl State {
    /// How often the program was started before, while it runs.
    pub(super) fn run(&self) -> Option<i64> {
        self.running.then(|| self.restarts.first().copied().unwrap_or(0))
    }
}

/// Memory that is held, growing or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Memory {
    bytes: f64,
    per_minute: f64,
    from: i64,
}

impl Memory {
    pub(super) fn at(self, instant: i64) -> f64 {
        self.bytes + self.per_minute * minutes(self.from, instant)
    }
}

/// A pod.
#[derive(Debug, Default)]
pub(super) struct Pod {
    pub(super) uid: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) image: String,
    pub(super) containers: Vec<String>,
    pub(super) node: String,
    pub(super) address: String,
    /// The workload that it belongs to, as the mesh names it.
    pub(super) workload: String,
    /// Whether requests are sent to it.
    pub(super) serves: bool,
    /// Nothing once it is gone.
    pub(super) states: Steps<Option<State>>,
    pub(super) memory: Steps<Option<Memory>>,
}

impl Pod {
    /// Takes in what the object says now; whether that is of interest to its services.
    pub(super) fn see(&mut self, object: &Value, now: i64) -> bool {
        let before = (self.serves, self.state().cloned(), self.labels.clone());
        let new = self.states.last().is_none();
        object.uid().clone_into(&mut self.uid);
        self.labels = object.part("/metadata/labels");
        let names = object.items("/spec/containers").iter();
        self.containers = names.map(|container| container.text("/name").to_owned()).collect();
        object.text("/spec/containers/0/image").clone_into(&mut self.image);
        object.text("/spec/nodeName").clone_into(&mut self.node);
        object.text("/status/podIP").clone_into(&mut self.address);
        self.workload = workload(object, &self.labels);
        let state = state(object);
        self.serves = state.ready == Some(true) && !object.is_leaving();
        if new {
            self.remember(object, &state, now);
        }
        self.states.set(now.max(self.states.since().unwrap_or(now)), Some(state));
        before != (self.serves, self.state().cloned(), self.labels.clone())
    }

    /// What it is now, unless it is gone.
    pub(super) fn state(&self) -> Option<&State> {
        self.states.last().and_then(Option::as_ref)
    }

    /// What a pod went through that was there before anybody looked.
    fn remember(&mut self, object: &Value, state: &State, now: i64) {
        let instant = |text: &str| {
            let at = time::parse(text).map(|at| at.timestamp_millis());
            at.filter(|at| *at < now)
        };
        let created = instant(object.text("/metadata/creationTimestamp"));
        let Some(created) = created else { return };
        let started = object.text("/status/containerStatuses/0/state/running/startedAt");
        let started = instant(started).unwrap_or(created).max(created);
        let pending = State {
            phase: "Pending".to_owned(),
            ready: Some(false),
            running: false,
            restarts: vec![0; state.restarts.len()],
        };
        self.states.set(created, Some(pending));
        if state.running {
            self.states.set(started, Some(State { ready: Some(false), ..state.clone() }));
        }
        if state.ready == Some(true) {
            let ready = object.condition("Ready").map(|c| c.text("/lastTransitionTime"));
            let ready = ready.and_then(instant).unwrap_or(started).max(started);
            self.states.set(ready, Some(state.clone()));
        }
    }

    /// It is gone; whether that is news.
    pub(super) fn leave(&mut self, now: i64) -> bool {
        let news = self.state().is_some();
        self.serves = false;
        self.states.set(now.max(self.states.since().unwrap_or(now)), None);
        self.memory.set(now.max(self.memory.since().unwrap_or(now)), None);
        news
    }

    /// Since when it has been as ready as it is, or runs as it does.
    pub(super) fn running_since(&self) -> i64 {
        let run = self.state().and_then(State::run);
        let runs = |state: &Option<State>| state.as_ref().and_then(State::run) == run;
        let same = self.states.iter().rev().take_while(|(_, state)| runs(state));
        same.last().map_or(0, |(from, _)| *from)
    }

    /// Works out how much memory it holds from now on.
    pub(super) fn weigh(&mut self, handlings: &Handlings, faults: &[Fault], now: i64) {
        let Some(run) = self.state().and_then(State::run) else {
            return self.memory.set(now, None);
        };
        let since = self.running_since();
        let leaks = faults.iter().filter(|fault| fault.place.has_pod(&self.image, &self.node));
        let per_minute: f64 = leaks
            .filter(|fault| fault.holds(now))
            .filter_map(|fault| match fault.harm {
                Harm::Leak { bytes, .. } => Some(bytes),
                _ => None,
            })
            .sum();
        let held = self.memory.last().copied().flatten();
        // A container that was started anew holds what it holds at the start.
        let kept = held.filter(|memory| memory.from >= since && run >= 0);
        if kept.is_some_and(|memory| memory.per_minute.to_bits() == per_minute.to_bits()) {
            return;
        }
        let (bytes, from) = match kept {
            Some(memory) => (memory.at(now), now),
            None => (handlings.of(&self.image).memory, since),
        };
        self.memory.set(from, Some(Memory { bytes, per_minute, from }));
    }

    /// Forgets what ended before an instant; whether it is still there.
    pub(super) fn forget(&mut self, before: i64) -> bool {
        self.states.forget(before);
        self.memory.forget(before);
        let gone = self.states.last().is_some_and(Option::is_none);
        !gone || self.states.since().is_some_and(|since| since > before)
    }
}

fn state(object: &Value) -> State {
    let statuses = object.items("/status/containerStatuses");
    let ready = object.condition("Ready").map(|condition| condition.text("/status") == "True");
    let finished = matches!(object.text("/status/phase"), "Succeeded" | "Failed");
    State {
        phase: object.text("/status/phase").to_owned(),
        ready,
        running: !finished
            && statuses.first().is_some_and(|s| s.pointer("/state/running").is_some()),
        restarts: statuses.iter().map(|status| status.int("/restartCount")).collect(),
    }
}

/// The name of what made the pod's ReplicaSet, or of what made the pod.
fn workload(object: &Value, labels: &BTreeMap<String, String>) -> String {
    let owner = object.controller().map_or("", |owner| owner.text("/name"));
    let mut hashes = ["rollouts-pod-template-hash", "pod-template-hash"].iter();
    let hash = hashes.find_map(|label| labels.get(*label));
    let base = hash.and_then(|hash| owner.strip_suffix(hash.as_str()));
    let base = base.map_or(owner, |base| base.trim_end_matches('-'));
    if base.is_empty() { object.name() } else { base }.to_owned()
}

/// Whether a scrape would see a difference between two states of the object.
pub(super) fn differ(before: &Value, after: &Value) -> bool {
    state(before) != state(after)
        || before.is_leaving() != after.is_leaving()
        || ["/metadata/labels", "/metadata/uid", "/spec/nodeName", "/status/podIP"]
            .iter()
            .any(|pointer| before.pointer(pointer) != after.pointer(pointer))
}
