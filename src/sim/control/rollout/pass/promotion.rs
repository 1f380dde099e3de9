//! When the new version becomes the stable one, and what happens then.
//!
//! Called when a pass writes its status.

use super::{Outcome, Pass};
use crate::sim::control::rollout::keys;
use crate::sim::control::rollout::spec::BlueGreen;
use crate::sim::control::rollout::status::{Status, reason};
use crate::sim::object::Document;

impl Pass<'_, '_> {
    /// The status as far as both strategies have it in common.
    pub(crate) fn base_status(&mut self) -> Status {
        use crate::sim::control::rollout::set::{Set, template_hash};
        let before = &self.rollout.status;
        let current_pod_hash = match self.sets.current() {
            Some(set) => set.hash().to_owned(),
            None => template_hash(&self.rollout.spec.template, before.collision_count),
        };
        let mut conditions = before.conditions.clone();
        // The pass would not be here if the spec were not valid.
        conditions.remove(reason::INVALID_SPEC);
        Status {
            current_pod_hash,
            replicas: self.sets.total(Set::actual),
            updated_replicas: self.sets.current().map_or(0, Set::actual),
            ready_replicas: self.sets.total(Set::ready),
            collision_count: before.collision_count,
            conditions,
            promote_full: before.promote_full,
            stable_rs: before.stable_rs.clone(),
            ..self.next.clone()
        }
    }

    /// Back to the beginning of an update.
    pub(crate) fn reset(&mut self, next: &mut Status) {
        self.pauses.clear();
        self.pauses.remove_abort();
        next.promote_full = false;
        next.blue_green.pre_promotion_analysis_run_status = None;
        next.blue_green.post_promotion_analysis_run_status = None;
        next.blue_green.scale_up_preview_check_point = false;
        next.canary.current_step_analysis_run_status = None;
        next.canary.current_background_analysis_run_status = None;
        next.canary.step_plugin_statuses.clear();
        next.current_step_index = (self.rollout.step_count() > 0).then_some(0);
    }

    /// Whether it goes back to an older version by a short way. Also true of every Rollout that is
    /// fully promoted.
    pub(crate) fn is_fast_rollback(&self) -> bool {
        let (Some(new), Some(stable)) = (self.sets.current(), self.sets.stable()) else {
            return false;
        };
        let to_stable = self.rollout.status.stable_rs == new.hash();
        if !to_stable && !new.is_older_than(stable) {
            return false;
        }
        let within_delay = self.new_within_delay && self.rollout.blue_green().is_some();
        to_stable || within_delay || self.is_rollback_within_window()
    }

    /// Whether the new version is older than the stable one, with fewer than
    /// `rollbackWindow.revisions` versions made between them. By age, not by revision.
    pub(crate) fn is_rollback_within_window(&self) -> bool {
        let (Some(new), Some(stable)) = (self.sets.current(), self.sets.stable()) else {
            return false;
        };
        let window = self.rollout.spec.rollback_window.as_ref().map_or(0, |w| w.revisions);
        if window <= 0 || !new.is_older_than(stable) {
            return false;
        }
        let between = self.sets.all().iter().filter(|set| {
            set.object().annotation(keys::EXPERIMENT).unwrap_or_default().is_empty()
                && set.is_older_than(stable)
                && new.is_older_than(set)
        });
        i32::try_from(between.count()).is_ok_and(|between| between < window)
    }

    /// Why the new version becomes the stable one now, if it does.
    pub(crate) fn why_promote(&self, next: &Status) -> Option<String> {
        if self.sets.stable().is_none() {
            return Some("Initial deploy".into());
        }
        match self.rollout.blue_green() {
            Some(blue_green) => self.why_promote_blue_green(blue_green, next),
            None => self.why_promote_canary(),
        }
    }

    fn why_promote_canary(&self) -> Option<String> {
        let new = self.sets.current()?;
        let replicas = self.rollout.replicas();
        if self.is_aborted() || (new.available() < replicas && !self.meets_threshold(new, replicas))
        {
            return None;
        }
        if let Some(why) = self.why_promote_fast() {
            return Some(why.into());
        }
        let count = self.rollout.step_count();
        let (_, index) = self.rollout.current_step();
        let done = count == 0 || index == Some(count);
        done.then(|| format!("Completed all {count} canary steps"))
    }

    fn why_promote_blue_green(&self, strategy: &BlueGreen, next: &Status) -> Option<String> {
        let active = next.blue_green.active_selector.as_str();
        if active.is_empty() {
            return Some("Initial deploy".into());
        }
        if active != next.current_pod_hash {
            return None;
        }
        if let Some(why) = self.why_promote_fast() {
            return Some(why.into());
        }
        if self.is_aborted() {
            return None;
        }
        let analysed = self
            .runs
            .post_promotion
            .as_ref()
            .is_some_and(|run| run.text("/status/phase") == "Successful");
        let done = strategy.post_promotion_analysis.is_none() || analysed;
        done.then(|| "Completed blue-green update".into())
    }

    fn why_promote_fast(&self) -> Option<&'static str> {
        if self.rollout.status.promote_full {
            return Some("Full promotion requested");
        }
        if !self.is_fast_rollback() {
            return None;
        }
        let within = self.is_rollback_within_window();
        Some(if within { "Rollback within window" } else { "Fast rollback" })
    }

    /// Makes the new version the stable one. Done in every pass of a Rollout that is promoted.
    pub(crate) fn promote(&mut self, next: &mut Status, why: &str) -> Outcome {
        self.pauses.clear();
        self.pauses.remove_abort();
        next.promote_full = false;
        next.blue_green.scale_up_preview_check_point = false;
        if self.rollout.canary().is_some() {
            let count = self.rollout.step_count();
            next.current_step_index = (count > 0).then_some(count);
        }
        let revision = self.rollout.revision().unwrap_or(0);
        if next.stable_rs != next.current_pod_hash {
            let canary = self.rollout.canary();
            if canary.is_some_and(|canary| canary.ping_pong.is_some()) {
                let ping = self.rollout.status.canary.stable_ping_pong == "ping";
                next.canary.stable_ping_pong = if ping { "pong" } else { "ping" }.into();
            }
            next.stable_rs.clone_from(&next.current_pod_hash);
            let hash = &next.current_pod_hash;
            let message =
                format!("Rollout completed update to revision {revision} ({hash}): {why}");
            self.tell(reason::COMPLETED, message);
        }
        if revision == 1 && self.rollout.status.phase == "Healthy" {
            self.retire_workload()?;
        }
        Ok(())
    }
}
