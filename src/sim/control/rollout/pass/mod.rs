//! One pass of the rollout controller over one Rollout.
//!
//! The same order of looks and writes as in the real controller: a write of the status ends a pass,
//! and the change it makes begins the next one; that makes the states which clients see. Called by
//! the controller.

mod creation;
mod history;
mod metadata;
mod outcome;
mod pause;
mod persist;
mod promotion;
mod restart;
mod revision;
mod scale;
mod service;
mod trouble;
mod workload;

use super::analysis::Runs;
use super::experiment::Experiments;
use super::set::{Set, Sets};
use super::spec::Rollout;
use super::status::Status;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::Part;
use crate::sim::time::{self, Moment, Span};
use crate::sim::world::{EventType, Turn};

pub(crate) use pause::{Pauses, reason as pause_reason};
pub(crate) use service::selected;
pub(crate) use trouble::{Outcome, Trouble};
use workload::resolve;
pub(crate) use workload::{generation_to_note, workload_of};

/// How often a Rollout that cannot find its workload looks again.
const LOOK_AGAIN: Span = Span::seconds(20);

/// What `now > deadline` needs after a timer that ends at the deadline.
pub(crate) const A_MOMENT: Span = Span::milliseconds(1);

/// What a pass knows.
#[derive(Debug)]
pub(crate) struct Pass<'p, 'w> {
    pub(crate) turn: &'p mut Turn<'w>,
    /// The Rollout as it was read; after a write of its main part as it was written.
    pub(crate) rollout: Rollout,
    pub(crate) sets: Sets,
    pub(crate) runs: Runs,
    pub(crate) experiments: Experiments,
    /// The status to be: empty at first, but for what is carried over.
    pub(crate) next: Status,
    pub(crate) pauses: Pauses,
    /// Whether the new ReplicaSet had a deadline that is not over when the pass began.
    pub(crate) new_within_delay: bool,
    /// Whether a step plugin could not be called.
    pub(crate) plugin_failed: bool,
    /// Whether the Rollout was written.
    pub(crate) written: bool,
}

/// Passes over a Rollout. It is asked for again by its timers, by what it changed, or, in trouble,
/// by the controller.
pub(crate) fn run(turn: &mut Turn<'_>, mut rollout: Rollout) -> Outcome {
    if rollout.object.is_leaving() {
        return Ok(());
    }
    let resolved = resolve(turn.store, &mut rollout);
    let mut pass = Pass::new(turn, rollout);
    if let Err(why) = resolved {
        pass.report_invalid(&why)?;
        pass.turn.again_after(LOOK_AGAIN);
        return Ok(());
    }
    if let Err(error) = pass.validate() {
        pass.report_invalid(&error)?;
        return Err(Trouble::Failed(error));
    }
    let promoted = pass.rollout.is_fully_promoted();
    let weights = pass.rollout.status.canary.weights.clone();
    if pass.sets.current().is_none() {
        pass.create_set()?;
    }
    if promoted && pass.is_aborted() {
        pass.pauses.remove_abort();
    }
    pass.next.canary.weights = weights;
    if pass.written {
        return Ok(());
    }
    if pass.rollout.spec.replicas.is_none() {
        return pass.write_main(|object| object.set("/spec/replicas", 1));
    }
    pass.reconcile()
}

impl<'p, 'w> Pass<'p, 'w> {
    fn new(turn: &'p mut Turn<'w>, rollout: Rollout) -> Self {
        let sets = Sets::of(&rollout, turn.store);
        let left = sets.current().and_then(|set| set.time_left(turn.now));
        Self {
            runs: Runs::of(&rollout, turn.store),
            experiments: Experiments::of(&rollout, turn.store),
            next: Status { restarted_at: rollout.status.restarted_at.clone(), ..Status::default() },
            pauses: Pauses::default(),
            new_within_delay: left.is_some(),
            plugin_failed: false,
            written: false,
            sets,
            rollout,
            turn,
        }
    }

    fn reconcile(&mut self) -> Outcome {
        self.check_paused_conditions()?;
        if self.written {
            return Ok(());
        }
        if self.is_scaling_event()? {
            return self.sync_replicas_only();
        }
        if self.rollout.blue_green().is_some() {
            self.roll_blue_green()
        } else {
            self.roll_canary()
        }
    }

    pub(crate) fn now(&self) -> Moment {
        self.turn.now
    }

    /// Tells something of the Rollout.
    pub(crate) fn tell(&mut self, reason: &str, message: impl Into<String>) {
        self.event(EventType::Normal, reason, message);
    }

    /// Warns of something.
    pub(crate) fn warn(&mut self, reason: &str, message: impl Into<String>) {
        self.event(EventType::Warning, reason, message);
    }

    pub(crate) fn event(&mut self, kind: EventType, reason: &str, message: impl Into<String>) {
        let about = &self.rollout.about;
        self.turn.event("rollouts-controller", about, kind, reason, message.into());
    }

    /// Whether the update is aborted, or was aborted by this pass.
    pub(crate) fn is_aborted(&self) -> bool {
        self.pauses.is_aborted(&self.rollout.status)
    }

    /// Whether ReplicaSets and Services have to be left as they are: because a user paused, or
    /// because an analysis could not decide.
    pub(crate) fn is_halted(&self) -> bool {
        self.rollout.spec.paused
            || self.rollout.status.pause(pause_reason::INCONCLUSIVE_ANALYSIS).is_some()
    }

    /// Comes back when this length from an instant has passed, if that is still to come.
    pub(crate) fn wait_until_after(&mut self, since: &str, seconds: i64) {
        if let Some(since) = time::parse(since) {
            let until = since + Span::seconds(seconds);
            if until >= self.turn.now {
                self.turn.again_at(until + A_MOMENT);
            }
        }
    }

    /// Writes the spec and the annotations of the Rollout.
    pub(crate) fn write_main(&mut self, change: impl FnOnce(&mut serde_json::Value)) -> Outcome {
        let mut wanted = self.rollout.object.clone();
        change(&mut wanted);
        let (key, now) = (self.rollout.key.clone(), self.turn.now);
        let written = self.turn.store.modify(&key, Part::Main, now, |object| {
            for pointer in ["/spec", "/metadata/annotations"] {
                if let Some(part) = wanted.pointer(pointer) {
                    object.set(pointer, part.clone());
                }
            }
        })?;
        self.rollout.object = super::spec::normalised(&written);
        self.written = true;
        Ok(())
    }

    /// Writes a ReplicaSet as this pass knows it; a conflict when it was written meanwhile.
    pub(crate) fn write_set(&mut self, set: &Set) -> Result<Set, Trouble> {
        let object = set.object().as_ref().clone();
        let written = self.turn.store.replace(&set.key(), object, Part::Main, self.turn.now)?;
        Ok(Set::new(written))
    }
}
