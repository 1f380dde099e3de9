//! The controller of Experiments: pods of several templates side by side for a while, measured
//! meanwhile.
//!
//! Never knows which rollout step wants an experiment. Called by the world.

mod analysis;
mod assessment;
mod condition;
mod replica_set;
mod service;
mod state;
mod template;
mod validity;

use std::collections::BTreeMap;

use serde_json::Value;

use super::analysis::is_over;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Key, Kind, Object, Part, Store, What};
use crate::sim::world::{Controller, EventType, Turn};

/// How the real controller signs its events.
const SOURCE: &str = "rollouts-controller";

/// Which experiment and which of its templates a ReplicaSet or Service belongs to.
const EXPERIMENT_NAME: &str = "experiment.argoproj.io/name";
const TEMPLATE_NAME: &str = "experiment.argoproj.io/template-name";

/// The label that tells the pods of one template from those of another.
const POD_HASH: &str = "rollouts-pod-template-hash";

/// The controllers of this folder.
pub(crate) fn controllers() -> Vec<Box<dyn Controller>> {
    vec![Box::new(Experiments)]
}

#[derive(Debug)]
struct Experiments;

impl Controller for Experiments {
    fn name(&self) -> &'static str {
        "experiment"
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        let matters = match change.key.kind {
            Kind::Experiment => {
                if change.what != What::Deleted {
                    keys.push(change.key.clone());
                }
                return;
            }
            Kind::ReplicaSet => change.what != What::Modified || counts_differ(change),
            Kind::AnalysisRun => is_over(change.object.text("/status/phase")),
            _ => return,
        };
        let owner = change.object.controller().filter(|o| o.text("/kind") == "Experiment");
        if let Some(owner) = owner.filter(|_| matters) {
            keys.push(change.key.beside(Kind::Experiment, owner.text("/name")));
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let Some(experiment) = turn.store.get(key).cloned().filter(|e| !e.is_leaving()) else {
            return;
        };
        let status = match validity::flaw(&experiment) {
            Some(flaw) => condition::invalid(&experiment, &flaw, turn.now),
            None => Pass::new(turn, &experiment).reconciled(),
        };
        write(turn, key, &experiment, status);
    }
}

/// Whether the numbers of pods changed, wanted or there.
fn counts_differ(change: &Change) -> bool {
    let counts = |set: &Value| {
        let wanted = set.int_maybe("/spec/replicas").unwrap_or(1);
        let counted = |field| set.int(&format!("/status/{field}"));
        (wanted, counted("replicas"), counted("readyReplicas"), counted("availableReplicas"))
    };
    change.before.as_ref().is_none_or(|before| counts(before) != counts(&change.object))
}

/// One look at an experiment.
#[derive(Debug)]
struct Pass<'t, 'w> {
    turn: &'t mut Turn<'w>,
    /// As it was when the look began: everything is decided by this status.
    experiment: Object,
    /// The status that comes of it.
    status: Value,
    /// The ReplicaSets of its templates, by the templates' names.
    sets: BTreeMap<String, Object>,
    /// Nothing is begun any more, and what runs is ended.
    ending: bool,
}

impl<'t, 'w> Pass<'t, 'w> {
    fn new(turn: &'t mut Turn<'w>, experiment: &Object) -> Self {
        let mut sets = BTreeMap::new();
        for set in turn.store.owned(experiment.uid(), Kind::ReplicaSet) {
            if set.annotation(EXPERIMENT_NAME) == Some(experiment.name())
                && let Some(template) = set.annotation(TEMPLATE_NAME)
            {
                sets.insert(template.to_owned(), Object::clone(set));
            }
        }
        Self {
            turn,
            status: experiment.get("status").cloned().unwrap_or_default(),
            ending: state::is_ending(experiment),
            experiment: Object::clone(experiment),
            sets,
        }
    }

    /// The status after everything was brought nearer to what is wanted.
    fn reconciled(mut self) -> Value {
        let experiment = Object::clone(&self.experiment);
        for template in experiment.items("/spec/templates") {
            self.template(template);
        }
        for analysis in experiment.items("/spec/analyses") {
            self.analysis(analysis);
        }
        let mut status = assessment::assessed(&experiment, self.status, self.turn.now);
        condition::set(&experiment, &mut status, self.turn.now);
        if let Some(at) = state::next(&experiment, &status, self.turn.now) {
            self.turn.again_at(at);
        }
        status
    }

    fn tell(&mut self, kind: EventType, reason: &str, message: String) {
        self.turn.event(SOURCE, &self.experiment, kind, reason, message);
    }

    /// The reference by which the experiment owns what it makes.
    fn owner(&self) -> Value {
        serde_json::json!({
            "apiVersion": self.experiment.text("/apiVersion"),
            "kind": self.experiment.text("/kind"),
            "name": self.experiment.name(),
            "uid": self.experiment.uid(),
            "controller": true,
            "blockOwnerDeletion": true,
        })
    }
}

/// Writes the status, and tells of a new phase.
fn write(turn: &mut Turn<'_>, key: &Key, experiment: &Object, status: Value) {
    let before = experiment.text("/status/phase");
    let phase = status.text("/phase").to_owned();
    let written = turn.store.modify(key, Part::Main, turn.now, |object| {
        object.set("/status", status);
    });
    debug_assert!(written.is_ok(), "{written:?}");
    if before != phase {
        let kind = gravity(&phase);
        let message = format!("Experiment transitioned from {before} -> {phase}");
        turn.event(SOURCE, experiment, kind, &format!("Experiment{phase}"), message);
    }
}

/// How grave a phase of an experiment or of one of its analyses is.
fn gravity(phase: &str) -> EventType {
    match phase {
        "Failed" | "Error" | "Inconclusive" => EventType::Warning,
        _ => EventType::Normal,
    }
}

#[cfg(test)]
mod tests;
