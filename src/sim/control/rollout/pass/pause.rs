//! Pauses and aborts: what a pass adds and takes away, and what becomes of the status.
//!
//! `controllerPause` without a pause means that a human has resumed. Called by the passes.

use super::Pass;
use crate::sim::control::rollout::spec::PauseStep;
use crate::sim::control::rollout::status::{Condition, PauseCondition, Status};
use crate::sim::time::{self, Moment, Span};

/// Why a Rollout pauses by itself.
pub(crate) mod reason {
    pub(crate) const INCONCLUSIVE_ANALYSIS: &str = "InconclusiveAnalysisRun";
    pub(crate) const INCONCLUSIVE_EXPERIMENT: &str = "InconclusiveExperiment";
    pub(crate) const CANARY_STEP: &str = "CanaryPauseStep";
    pub(crate) const BLUE_GREEN: &str = "BlueGreenPause";
}

/// What a pass decided about pauses and aborts.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    added: Vec<&'static str>,
    removed: Vec<&'static str>,
    cleared: bool,
    abort: Option<String>,
    abort_removed: bool,
}

impl Pauses {
    pub(crate) fn add(&mut self, reason: &'static str) {
        self.added.push(reason);
    }

    pub(crate) fn remove(&mut self, reason: &'static str) {
        self.removed.push(reason);
    }

    /// All pauses end.
    pub(crate) fn clear(&mut self) {
        self.cleared = true;
    }

    pub(crate) fn has_added(&self) -> bool {
        !self.added.is_empty()
    }

    pub(crate) fn abort(&mut self, message: String) {
        self.abort = Some(message);
    }

    pub(crate) fn remove_abort(&mut self) {
        self.abort_removed = true;
    }

    /// Why this pass aborts; empty when it does not.
    pub(crate) fn abort_message(&self) -> &str {
        self.abort.as_deref().unwrap_or_default()
    }

    pub(crate) fn is_aborted(&self, status: &Status) -> bool {
        !self.abort_removed && (self.abort.is_some() || status.abort)
    }

    /// Fills in what the new status says of pauses and aborts.
    pub(crate) fn settle(&self, before: &Status, next: &mut Status, now: Moment) {
        next.abort = self.abort.is_some() || (!self.abort_removed && before.abort);
        next.aborted_at = None;
        if next.abort {
            let since = before.aborted_at.clone();
            next.aborted_at = Some(since.unwrap_or_else(|| time::seconds(now)));
            return;
        }
        if self.cleared {
            return;
        }
        let mut controller_pause = before.controller_pause;
        let kept = before.pause_conditions.iter();
        let kept = kept.filter(|pause| !self.removed.contains(&pause.reason.as_str()));
        let mut pauses: Vec<PauseCondition> = kept.cloned().collect();
        for reason in self.added.iter().filter(|reason| before.pause(reason).is_none()) {
            let start_time = time::seconds(now);
            pauses.push(PauseCondition { reason: (*reason).to_owned(), start_time });
            controller_pause = true;
        }
        if !pauses.is_empty() {
            next.controller_pause = controller_pause;
            next.pause_conditions = pauses;
        }
    }
}

impl Pass<'_, '_> {
    /// Brings the conditions Progressing and Paused up to date before anything else, so that time
    /// spent in a pause does not count as lack of progress. A write ends the pass.
    pub(super) fn check_paused_conditions(&mut self) -> super::Outcome {
        use crate::sim::control::rollout::status::reason as why;
        let (status, now) = (&self.rollout.status, self.turn.now);
        let progressing = status.conditions.get("Progressing").map(|c| c.reason.as_str());
        let aborted = progressing == Some(why::ABORTED);
        let paused = !status.pause_conditions.is_empty() || self.rollout.spec.paused;
        let mut changed = Vec::new();
        let mut progress = |reason, message| {
            changed.push(Condition::new("Progressing", "Unknown", reason, message, now));
        };
        let known = progressing == Some(why::PAUSED);
        if paused != known && !aborted && !status.is_completed() {
            if paused {
                progress(why::PAUSED, "Rollout is paused");
            } else {
                progress(why::RESUMED, "Rollout is resumed");
            }
        }
        if !status.abort && aborted {
            progress(why::RETRY, "Retrying Rollout after abort");
        }
        let told = status.conditions.get("Paused").is_some_and(Condition::holds);
        if paused != told && !aborted {
            let holds = if paused { "True" } else { "False" };
            changed.push(Condition::new("Paused", holds, why::PAUSED, "Rollout is paused", now));
        }
        if changed.is_empty() {
            return Ok(());
        }
        self.patch_conditions(self.rollout.status.clone(), changed)
    }

    /// Whether a pause of a canary is over: because a human resumed, or because its time is up.
    pub(crate) fn has_completed_pause(&self, pause: &PauseStep) -> bool {
        let status = &self.rollout.status;
        let Some(condition) = status.pause(reason::CANARY_STEP) else {
            return status.controller_pause;
        };
        let since = time::parse(&condition.start_time);
        pause
            .seconds()
            .zip(since)
            .is_some_and(|(length, since)| self.turn.now > since + Span::seconds(length))
    }

    /// Whether a blue-green update may go on: because a human resumed, because its time is up, or
    /// because it never had to wait.
    pub(crate) fn has_completed_blue_green_pause(&self) -> bool {
        let (status, strategy) = (&self.rollout.status, self.rollout.blue_green());
        let Some(strategy) = strategy else { return true };
        if self.pauses.has_added() {
            return false;
        }
        if status.blue_green.scale_up_preview_check_point {
            return true;
        }
        let pause = status.pause(reason::BLUE_GREEN);
        if !strategy.promotes_itself() {
            return status.controller_pause && pause.is_none();
        }
        if strategy.auto_promotion_seconds == 0 {
            return true;
        }
        let since = pause.and_then(|pause| time::parse(&pause.start_time));
        let length = Span::seconds(strategy.auto_promotion_seconds.into());
        since.is_some_and(|since| self.turn.now > since + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(pauses: &[&str], controller_pause: bool) -> Status {
        let pause = |reason: &&str| PauseCondition {
            reason: (*reason).to_owned(),
            start_time: "2026-11-24T09:00:00Z".into(),
        };
        let pause_conditions = pauses.iter().map(pause).collect();
        Status { pause_conditions, controller_pause, ..Status::default() }
    }

    fn settled(pauses: &Pauses, before: &Status) -> Status {
        let mut next = Status::default();
        pauses.settle(before, &mut next, time::parse("2026-11-24T10:00:00.7Z").unwrap());
        next
    }

    #[test]
    fn a_pause_is_added_once_and_ends_with_the_last_reason() {
        let mut pauses = Pauses::default();
        pauses.add(reason::CANARY_STEP);
        let next = settled(&pauses, &status(&[], false));
        assert!(next.controller_pause);
        assert_eq!(next.pause_conditions.first().unwrap().start_time, "2026-11-24T10:00:00Z");
        let next = settled(&pauses, &status(&[reason::CANARY_STEP], true));
        assert_eq!(next.pause_conditions.first().unwrap().start_time, "2026-11-24T09:00:00Z");
        let mut pauses = Pauses::default();
        pauses.remove(reason::CANARY_STEP);
        let next = settled(&pauses, &status(&[reason::CANARY_STEP], true));
        assert!(!next.controller_pause && next.pause_conditions.is_empty());
    }

    #[test]
    fn an_abort_keeps_its_time_and_ends_all_pauses() {
        let mut pauses = Pauses::default();
        pauses.abort("why".into());
        let mut before = status(&[reason::CANARY_STEP], true);
        let next = settled(&pauses, &before);
        assert!(next.abort && next.pause_conditions.is_empty() && !next.controller_pause);
        assert_eq!(next.aborted_at.as_deref(), Some("2026-11-24T10:00:00Z"));
        before.aborted_at = Some("2026-11-24T09:00:00Z".into());
        assert_eq!(settled(&pauses, &before).aborted_at, before.aborted_at);
        pauses = Pauses::default();
        pauses.remove_abort();
        before.abort = true;
        let next = settled(&pauses, &before);
        assert!(!next.abort && next.aborted_at.is_none() && next.controller_pause);
    }
}
