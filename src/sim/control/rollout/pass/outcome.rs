//! What a pass says of the Rollout as a whole: its conditions.
//!
//! Called when a status is written.

use super::Pass;
use crate::sim::control::rollout::set::Set;
use crate::sim::control::rollout::status::{Condition, Status, is_waiting_for, reason};
use crate::sim::object::Document;
use crate::sim::time::{self, Span};

impl Pass<'_, '_> {
    /// Aborts an update that makes no progress, where that is asked for.
    pub(super) fn abort_when_late(&mut self, next: &Status) {
        let rollout = &self.rollout;
        if !rollout.spec.progress_deadline_abort
            || self.is_aborted()
            || next.is_completed()
            || self.is_progressing(next)
            || is_waiting_for(rollout)
            || self.is_draining()
            || !self.is_late(&rollout.status)
        {
            return;
        }
        let message = self.late_message();
        self.pauses.abort(message.clone());
        self.warn(reason::ABORTED, message);
    }

    /// Fills in the conditions.
    pub(super) fn judge_conditions(&mut self, next: &mut Status) {
        let healthy = self.is_healthy(next);
        let became_unhealthy = self.judge_health(next, healthy);
        if self.is_aborted() {
            self.judge_abort(next);
        } else {
            self.judge_progress(next, healthy, became_unhealthy);
        }
        self.judge_availability(next);
        self.judge_completion(next);
    }

    /// Whether it went from healthy to not healthy.
    fn judge_health(&self, next: &mut Status, healthy: bool) -> bool {
        let paused = !next.pause_conditions.is_empty() || self.rollout.spec.paused;
        let now = self.now();
        if healthy && !paused {
            let message = "Rollout is healthy";
            let condition = Condition::new("Healthy", "True", reason::HEALTHY, message, now);
            next.conditions.set(condition);
            return false;
        }
        if self.rollout.status.conditions.get("Healthy").is_none() {
            return false;
        }
        let message = "Rollout is not healthy";
        next.conditions.set(Condition::new("Healthy", "False", reason::HEALTHY, message, now))
    }

    fn judge_abort(&mut self, next: &mut Status) {
        let revision = self.rollout.revision().unwrap_or(0);
        let mut message = format!("Rollout aborted update to revision {revision}");
        if !self.pauses.abort_message().is_empty() {
            message = format!("{message}: {}", self.pauses.abort_message());
        }
        let (why, now) = (reason::ABORTED, self.now());
        let condition = Condition::new("Progressing", "False", why, message.as_str(), now);
        if next.conditions.set(condition) {
            self.warn(reason::ABORTED, message);
        }
    }

    fn judge_progress(&self, next: &mut Status, healthy: bool, became_unhealthy: bool) {
        let now = self.now();
        let name = self.sets.current().map(Set::name);
        if healthy {
            let name = name.unwrap_or_default();
            let message = format!("ReplicaSet {name:?} has successfully progressed.");
            let why = reason::NEW_AVAILABLE;
            next.conditions.set(Condition::new("Progressing", "True", why, message, now));
        } else if self.is_progressing(next) || became_unhealthy {
            let (mut why, mut message) = match name {
                Some(name) => (reason::UPDATED, format!("ReplicaSet {name:?} is progressing.")),
                None => {
                    (reason::UPDATED, format!("Rollout {:?} is progressing.", self.rollout.name()))
                }
            };
            if became_unhealthy && next.stable_rs == next.current_pod_hash {
                why = reason::NOT_AVAILABLE;
                message = "Rollout does not have minimum availability".into();
            }
            let mut condition = Condition::new("Progressing", "True", why, message, now);
            if let Some(current) = self.rollout.status.conditions.get("Progressing") {
                if current.holds() {
                    let since = &current.last_transition_time;
                    condition.last_transition_time.clone_from(since);
                }
                // Any progress counts anew, also of the same reason.
                next.conditions.remove("Progressing");
            }
            next.conditions.set(condition);
        } else if !is_waiting_for(&self.rollout) && !self.is_draining() && self.is_late(next) {
            let why = reason::TIMED_OUT;
            let message = self.late_message();
            next.conditions.set(Condition::new("Progressing", "False", why, message, now));
        }
    }

    fn judge_availability(&self, next: &mut Status) {
        let rollout = &self.rollout;
        let active = self.sets.by_hash(&next.blue_green.active_selector);
        let available = if rollout.blue_green().is_some() {
            active.is_some_and(|set| set.is_saturated(rollout))
        } else {
            self.sets.total(Set::available) >= rollout.replicas()
        };
        let (holds, message) = if available {
            ("True", "Rollout has minimum availability")
        } else {
            ("False", "Rollout does not have minimum availability")
        };
        let now = self.now();
        next.conditions.set(Condition::new("Available", holds, reason::AVAILABLE, message, now));
        let failure = |set: &Set| {
            let found = set.object().condition("ReplicaFailure");
            found.map(Condition::of_set)
        };
        let all = self.sets.all().iter();
        match self.sets.current().into_iter().chain(all).find_map(failure) {
            Some(failure) => {
                next.conditions.set(failure);
            }
            None => next.conditions.remove("ReplicaFailure"),
        }
    }

    fn judge_completion(&mut self, next: &mut Status) {
        let completed = next.is_completed();
        let (holds, why) = (if completed { "True" } else { "False" }, reason::COMPLETED);
        let condition = Condition::new("Completed", holds, why, why, self.now());
        if next.conditions.set(condition) && !completed {
            let revision = self.rollout.revision().unwrap_or(0);
            let hash = &next.current_pod_hash;
            let message =
                format!("Rollout not completed, started update to revision {revision} ({hash})");
            self.tell(reason::NOT_COMPLETED, message);
        }
    }

    /// Whether everything that is wanted is there and nothing else.
    pub(super) fn is_healthy(&self, next: &Status) -> bool {
        let rollout = &self.rollout;
        let replicas = rollout.replicas();
        let done = if let Some(blue_green) = rollout.blue_green() {
            let selectors = &next.blue_green;
            let preview = blue_green.preview_service.is_empty()
                || selectors.preview_selector == next.current_pod_hash;
            selectors.active_selector == next.current_pod_hash && preview
        } else {
            let count = rollout.step_count();
            let stepped = count == 0 || next.current_step_index.is_none_or(|index| index == count);
            stepped && next.is_completed() && next.replicas == replicas
        };
        done && next.updated_replicas == replicas
            && next.available_replicas == replicas
            && rollout.status.observed_generation == rollout.generation()
    }

    /// Whether anything moved since the status before.
    fn is_progressing(&self, next: &Status) -> bool {
        let before = &self.rollout.status;
        let strategy = if self.rollout.blue_green().is_some() {
            let (old, new) = (&before.blue_green, &next.blue_green);
            old.active_selector != new.active_selector
                || old.preview_selector != new.preview_selector
        } else {
            let indexes = before.current_step_index.zip(next.current_step_index);
            before.stable_rs != next.stable_rs
                || indexes.is_some_and(|(old, new)| old != new)
                || before.current_step_hash != next.current_step_hash
        };
        let old = |status: &Status| status.replicas - status.updated_replicas;
        strategy
            || next.updated_replicas != before.updated_replicas
            || old(next) < old(before)
            || next.ready_replicas > before.ready_replicas
            || next.available_replicas > before.available_replicas
    }

    /// Whether the last sign of progress is longer ago than the deadline allows.
    fn is_late(&self, status: &Status) -> bool {
        let Some(condition) = status.conditions.get("Progressing") else { return false };
        match condition.reason.as_str() {
            reason::ABORTED | reason::PAUSED => return false,
            reason::TIMED_OUT => return true,
            _ => {}
        }
        let length = Span::seconds(self.rollout.progress_deadline().into());
        let since = time::parse(&condition.last_update_time);
        since.is_some_and(|since| since + length < self.turn.now)
    }

    /// Whether an old ReplicaSet waits for its deadline.
    fn is_draining(&self) -> bool {
        self.sets.others().any(|set| set.deadline().is_some())
    }

    fn late_message(&self) -> String {
        match self.sets.current() {
            Some(set) => format!("ReplicaSet {:?} has timed out progressing.", set.name()),
            None => format!("Rollout {:?} has timed out progressing.", self.rollout.name()),
        }
    }
}
