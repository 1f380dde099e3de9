//! Writing the status: what ends a pass.
//!
//! Called by the passes.

use super::{Outcome, Pass};
use crate::sim::control::rollout::status::{
    Condition, Status, difference, is_waiting_for, phase, reason, with_difference,
};
use crate::sim::object::DocumentMut;
use crate::sim::store::Part;
use crate::sim::time::{self, Span};

impl Pass<'_, '_> {
    /// Writes a status with these conditions in it, and nothing else.
    pub(super) fn patch_conditions(
        &mut self,
        mut status: Status,
        conditions: Vec<Condition>,
    ) -> Outcome {
        for condition in conditions {
            status.conditions.set(condition);
        }
        status.observed_generation = self.rollout.generation();
        self.name_phase(&mut status);
        self.write_difference(&status).map(|_| ())
    }

    /// Says why the Rollout cannot be worked on, unless that was said already.
    pub(super) fn report_invalid(&mut self, error: &str) -> Outcome {
        let message = format!("The Rollout \"{}\" is invalid: {error}", self.rollout.name());
        let mut status = self.rollout.status.clone();
        let known = status.conditions.get(reason::INVALID_SPEC);
        let same = known.is_some_and(|condition| condition.message == message);
        if same && status.observed_generation == self.rollout.generation() {
            return Ok(());
        }
        let mut conditions = Vec::new();
        if !same {
            status.conditions.remove(reason::INVALID_SPEC);
            let (kind, now) = (reason::INVALID_SPEC, self.now());
            conditions.push(Condition::new(kind, "True", reason::INVALID_SPEC, message, now));
        }
        self.patch_conditions(status, conditions)
    }

    /// Completes a status and writes it. When nothing is new, only a timer for the progress
    /// deadline is set.
    pub(crate) fn persist(&mut self, mut status: Status) -> Outcome {
        status.observed_generation = self.rollout.generation();
        status.workload_observed_generation = self.observed_workload(&status);
        self.abort_when_late(&status);
        self.pauses.settle(&self.rollout.status, &mut status, self.turn.now);
        self.judge_conditions(&mut status);
        self.name_phase(&mut status);
        if !self.write_difference(&status)? {
            self.wait_for_deadline(&status);
            return Ok(());
        }
        let was_paused = !self.rollout.status.pause_conditions.is_empty();
        match status.pause_conditions.first() {
            Some(pause) if !was_paused => {
                let message = format!("Rollout is paused ({})", pause.reason);
                self.tell(reason::PAUSED, message);
            }
            // An abort ends pauses too, and is no resumption.
            None if was_paused && status.aborted_at.is_none() => {
                self.tell(reason::RESUMED, "Rollout is resumed");
            }
            _ => {}
        }
        Ok(())
    }

    fn name_phase(&self, status: &mut Status) {
        let (phase, message) = phase(&self.rollout.spec, status);
        status.phase = phase.into();
        status.message = message;
    }

    /// Writes what is new in a status; whether anything is.
    fn write_difference(&mut self, status: &Status) -> Result<bool, super::Trouble> {
        let Some(patch) = difference(&self.rollout.status, status) else { return Ok(false) };
        let (key, now) = (self.rollout.key.clone(), self.turn.now);
        self.turn.store.modify(&key, Part::Status, now, |object| {
            let status = with_difference(object.get("status"), &patch);
            object.set("/status", status);
        })?;
        self.written = true;
        Ok(true)
    }

    /// Writes the status that the Rollout has in memory as a whole: then also what is empty of
    /// `canary` and `blueGreen` is there, and what only others know of is not.
    pub(super) fn write_whole_status(&mut self) -> Outcome {
        let whole = self.rollout.status.to_value();
        let (key, now) = (self.rollout.key.clone(), self.turn.now);
        self.turn.store.modify(&key, Part::Status, now, |object| {
            object.set("/status", whole);
        })?;
        self.written = true;
        Ok(())
    }

    fn observed_workload(&self, status: &Status) -> String {
        use crate::sim::control::rollout::keys;
        if !self.rollout.resolved {
            return String::new();
        }
        let seen = self.rollout.annotation(keys::WORKLOAD_GENERATION).unwrap_or_default();
        let seen: i64 = seen.parse().unwrap_or(0);
        let known: i64 = status.workload_observed_generation.parse().unwrap_or(0);
        if seen == known { status.workload_observed_generation.clone() } else { seen.to_string() }
    }

    /// Nothing moves any more: comes back when that has lasted for `progressDeadlineSeconds`.
    fn wait_for_deadline(&mut self, status: &Status) {
        let before = &self.rollout.status;
        let Some(progressing) = before.conditions.get("Progressing") else { return };
        let paused = !before.pause_conditions.is_empty() || self.rollout.spec.paused;
        if self.is_healthy(status)
            || progressing.reason == reason::TIMED_OUT
            || paused
            || before.abort
            || is_waiting_for(&self.rollout)
        {
            return;
        }
        let Some(since) = time::parse(&progressing.last_update_time) else { return };
        let deadline = since + Span::seconds(self.rollout.progress_deadline().into());
        // A second more, so that the deadline has surely passed then.
        let again = deadline + Span::seconds(1);
        if again > self.turn.now {
            self.turn.again_at(again);
        }
    }
}
