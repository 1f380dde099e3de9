//! The passes of a canary: steps, sizes, traffic.
//!
//! Called by the pass.

mod counts;
mod drain;
mod size;
mod weight;

use super::pass::{Outcome, Pass, pause_reason};
use super::set::{Set, template_hash};
use super::spec::Rollout;
use super::status::{Status, reason};
use crate::sim::hash;
use crate::sim::object::Document;

pub(crate) use counts::Size;
pub(crate) use drain::newest_first;

/// What names the steps; empty where there can be none.
fn step_hash(rollout: &Rollout) -> String {
    if rollout.blue_green().is_some() {
        return String::new();
    }
    let steps = rollout.object.pointer("/spec/strategy/canary/steps").cloned();
    hash::of_document(&steps.unwrap_or_default(), None)
}

impl Pass<'_, '_> {
    /// A pass of a canary.
    pub(crate) fn roll_canary(&mut self) -> Outcome {
        let changed = self.has_changed();
        self.sync_revision()?;
        if changed {
            return self.write_canary_status();
        }
        if self.restart_pods()? > 0 {
            // Counts of available pods are not true any more: the next pass goes on.
            return Ok(());
        }
        self.sync_metadata()?;
        self.clean_history()?;
        self.point_canary_services()?;
        self.route_traffic()?;
        self.tend_experiments()?;
        let analysed = self.tend_runs();
        if self.pauses.has_added() {
            return self.write_canary_status();
        }
        analysed?;
        if self.size_canary()? || self.pause_at_step() {
            return self.write_canary_status();
        }
        self.call_plugin();
        self.write_canary_status()
    }

    /// Whether the template or the steps are others than at the last pass.
    fn has_changed(&self) -> bool {
        let rollout = &self.rollout;
        rollout.status.current_step_hash != step_hash(rollout) || self.has_new_template()
    }

    /// Whether the template is another one than at the last pass.
    pub(crate) fn has_new_template(&self) -> bool {
        let status = &self.rollout.status;
        let hash = match self.sets.current() {
            Some(set) => set.hash().to_owned(),
            None => template_hash(&self.rollout.spec.template, status.collision_count),
        };
        !status.current_pod_hash.is_empty() && status.current_pod_hash != hash
    }

    /// Pauses at a pause step; whether it stays there.
    fn pause_at_step(&mut self) -> bool {
        let rollout = &self.rollout;
        if rollout.spec.paused || rollout.status.promote_full {
            return false;
        }
        let pause = rollout.current_step().0.and_then(|step| step.pause.clone());
        let Some(pause) = pause else { return false };
        let Some(condition) = rollout.status.pause(pause_reason::CANARY_STEP).cloned() else {
            // Without its condition it was either not paused yet, or a human has resumed.
            if !rollout.status.controller_pause {
                self.pauses.add(pause_reason::CANARY_STEP);
            }
            return true;
        };
        if let Some(seconds) = pause.seconds() {
            self.wait_until_after(&condition.start_time, seconds);
        }
        true
    }

    /// No plugin can be called here: as in a controller that was given none.
    fn call_plugin(&mut self) {
        let rollout = &self.rollout;
        if self.is_aborted() || rollout.status.promote_full || rollout.is_fully_promoted() {
            return;
        }
        let (step, index) = rollout.current_step();
        let plugin = step.and_then(|step| step.plugin.as_ref());
        if rollout.status.phase != "Progressing" {
            return;
        }
        if let (Some(plugin), Some(index)) = (plugin, index) {
            let name = &plugin.name;
            let message = format!(
                "Reconciliation failed with error: could not create step plugin at index {index} : \
                 failed to get step plugin {name}: unable to start plugin system: unable to find \
                 plugin ({name}): plugin {name} not configured in configmap"
            );
            self.plugin_failed = true;
            self.warn("ReconciliationError", message);
            self.turn.again_after(crate::sim::time::Span::seconds(30));
        }
    }

    /// Whether the present step is done.
    fn has_completed_step(&self) -> bool {
        let rollout = &self.rollout;
        let Some(step) = rollout.current_step().0.filter(|_| !rollout.spec.paused) else {
            return false;
        };
        let weights = self.next.canary.weights.as_ref();
        if let Some(pause) = &step.pause {
            return self.has_completed_pause(pause);
        }
        if step.set_canary_scale.is_some() {
            return self.is_at_size(weights);
        }
        if step.set_weight.is_some() {
            let verified = weights.and_then(|weights| weights.verified);
            return self.is_at_size(weights) && verified != Some(false);
        }
        if step.experiment.is_some() {
            let current = self.experiments.current.as_ref();
            return current.is_some_and(|e| e.text("/status/phase") == "Successful");
        }
        if step.analysis.is_some() {
            let run = self.runs.step.as_ref();
            return run.is_some_and(|run| run.text("/status/phase") == "Successful");
        }
        step.set_header_route.is_some() || step.set_mirror_route.is_some()
    }

    /// The end of a pass: resets, promotes, aborts, or goes a step further.
    fn write_canary_status(&mut self) -> Outcome {
        let mut next = self.base_status();
        next.available_replicas = self.sets.total(Set::available);
        next.hpa_replicas = self.sets.total(Set::actual);
        next.selector = super::selector_text(self.rollout.spec.selector.as_ref());
        let before = &self.rollout.status.canary;
        next.canary.stable_ping_pong.clone_from(&before.stable_ping_pong);
        next.canary.step_plugin_statuses.clone_from(&before.step_plugin_statuses);
        next.current_step_hash = step_hash(&self.rollout);
        if self.has_changed() {
            self.reset(&mut next);
            self.skip_steps(&mut next);
            return self.persist(next);
        }
        let count = self.rollout.step_count();
        let mut index = self.rollout.current_step().1;
        if self.rollout.status.promote_full || self.is_rollback_within_window() {
            self.pauses.clear();
            self.pauses.remove_abort();
            if count > 0 {
                index = Some(count);
            }
        }
        if let Some(why) = self.why_promote(&next) {
            self.promote(&mut next, &why)?;
            return self.persist(next);
        }
        if self.is_aborted() {
            let promoted = next.stable_rs == next.current_pod_hash;
            next.current_step_index = (count > 0).then_some(if promoted { count } else { 0 });
            return self.persist(next);
        }
        if self.has_completed_step()
            && let (Some(step), Some(done)) = (self.rollout.current_step().0, index)
        {
            let message = format!("Rollout step {}/{count} completed ({step})", done + 1);
            index = Some(done + 1);
            next.canary.current_step_analysis_run_status = None;
            self.tell(reason::STEP_COMPLETED, message);
            self.pauses.remove(pause_reason::CANARY_STEP);
        }
        next.current_step_index = index;
        self.persist(next)
    }

    /// A rollback skips all steps: to the stable version always, to another within the window.
    fn skip_steps(&mut self, next: &mut Status) {
        let count = self.rollout.step_count();
        let Some(new) = self.sets.current().filter(|_| count > 0) else { return };
        let to_stable = self.rollout.status.stable_rs == new.hash();
        let within = self.is_rollback_within_window() && new.wanted() > 0;
        if to_stable {
            self.tell("SkipSteps", "Rollback to stable ReplicaSets");
        } else if within {
            self.tell("SkipSteps", "Rollback to active ReplicaSets within RollbackWindow");
        } else {
            return;
        }
        next.current_step_index = Some(count);
    }
}
