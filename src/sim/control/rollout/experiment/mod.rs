//! Experiments of a canary: when they are started, ended and forgotten.
//!
//! Never runs one. Called by the passes.

mod draft;

use super::analysis::{phase_of, surplus};
use super::keys;
use super::pass::{Outcome, Pass, Trouble, pause_reason};
use super::spec::Rollout;
use super::status::is_over;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Object, Part, Store};

/// The experiments that a Rollout owns: the one that its status names, and the others.
#[derive(Debug, Default)]
pub(crate) struct Experiments {
    pub(crate) current: Option<Object>,
    others: Vec<Object>,
}

impl Experiments {
    pub(crate) fn of(rollout: &Rollout, store: &Store) -> Self {
        let name = &rollout.status.canary.current_experiment;
        let all = store.owned(rollout.uid(), Kind::Experiment).into_iter().cloned();
        let (mut current, others): (Vec<Object>, Vec<Object>) =
            all.partition(|experiment| experiment.name() == name);
        Self { current: current.pop(), others }
    }

    /// The others that were made for this version.
    pub(crate) fn of_hash(&self, hash: &str) -> Vec<Key> {
        let of = self.others.iter().filter(|object| object.label(keys::HASH) == hash);
        of.map(key_of).collect()
    }
}

fn key_of(experiment: &Object) -> Key {
    Key::new(Kind::Experiment, experiment.namespace(), experiment.name())
}

impl Pass<'_, '_> {
    /// Starts the experiment of the present step, ends others, and draws the consequences of one
    /// that ended.
    pub(crate) fn tend_experiments(&mut self) -> Outcome {
        if self.is_aborted() || self.rollout.status.promote_full {
            let all = self.experiments.others.iter().chain(&self.experiments.current);
            let all: Vec<Object> = all.cloned().collect();
            return self.end_experiments(&all);
        }
        if self.rollout.status.pause(pause_reason::INCONCLUSIVE_ANALYSIS).is_some() {
            return Ok(());
        }
        let step = self.rollout.current_step().0.and_then(|step| step.experiment.clone());
        let mut others = self.experiments.others.clone();
        match (step, self.experiments.current.clone()) {
            (Some(_), None) if self.sets.stable().is_none() => return Ok(()),
            (Some(step), current) => {
                let experiment = match current {
                    Some(current) => current,
                    None => self.start_experiment(&step)?,
                };
                others.retain(|other| other.name() != experiment.name());
                self.heed_experiment(experiment);
            }
            (None, Some(current)) => others.push(current),
            (None, None) => {}
        }
        self.end_experiments(&others)?;
        let limits = self.rollout.run_history();
        for experiment in surplus(&others, self.sets.all(), limits) {
            if !experiment.is_leaving() {
                self.delete(&key_of(&experiment))?;
            }
        }
        Ok(())
    }

    fn heed_experiment(&mut self, experiment: Object) {
        match phase_of(&experiment) {
            "Inconclusive" => self.pauses.add(pause_reason::INCONCLUSIVE_EXPERIMENT),
            "Error" | "Failed" => {
                let what = "Experiment analysis phase is error/failed";
                let message = match experiment.text("/status/message") {
                    "" => what.to_owned(),
                    message => format!("{what}: {message}"),
                };
                self.pauses.abort(message);
            }
            // One that succeeded is named no more; the step is done with it.
            "Successful" => {}
            _ => {
                let name = experiment.name();
                name.clone_into(&mut self.next.canary.current_experiment);
                self.experiments.others.retain(|other| other.name() != name);
                self.experiments.current = Some(experiment);
            }
        }
    }

    /// Creates an experiment under the first free of its names; one that is the same and still runs
    /// is taken.
    fn start_experiment(&mut self, step: &super::spec::ExperimentStep) -> Result<Object, Trouble> {
        let mut object = self.draft_experiment(step)?;
        let base = object.name().to_owned();
        let mut created = None;
        for number in 1.. {
            match self.turn.store.create(Kind::Experiment, object.clone(), self.turn.now) {
                Err(refusal) if refusal.reason == "AlreadyExists" => {
                    let known = self.turn.store.find(&key_of(&object.clone().into()))?.clone();
                    let mine = known
                        .controller()
                        .is_some_and(|owner| owner.text("/uid") == self.rollout.uid());
                    let mut spec = known.pointer("/spec").cloned().unwrap_or_default();
                    spec.take_out("/terminate");
                    if mine && !is_over(phase_of(&known)) && Some(&spec) == object.get("spec") {
                        created = Some(known);
                        break;
                    }
                    object.set("/metadata/name", format!("{base}-{number}"));
                }
                done => {
                    created = Some(done?);
                    break;
                }
            }
        }
        let created = created.ok_or_else(|| Trouble::Failed("no name is free".into()))?;
        self.tell("ExperimentCreated", format!("Created Experiment '{}'", created.name()));
        Ok(created)
    }

    fn end_experiments(&mut self, experiments: &[Object]) -> Outcome {
        for experiment in experiments {
            if !experiment.flag("/spec/terminate") && !is_over(phase_of(experiment)) {
                let key = key_of(experiment);
                self.turn.store.modify(&key, Part::Main, self.turn.now, |experiment| {
                    experiment.set("/spec/terminate", true);
                })?;
            }
        }
        Ok(())
    }
}
