//! The passes of a blue-green update: a preview, a pause, a switch.
//!
//! Called by the pass.

use super::canary::newest_first;
use super::pass::{Outcome, Pass, Trouble, pause_reason, selected};
use super::set::Set;
use super::spec::BlueGreen;
use super::status::Status;
use crate::sim::object::Document;
use crate::sim::store::Object;

/// The Services of a blue-green update, as they are known to a pass.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    active: Object,
    preview: Option<Object>,
}

impl Pass<'_, '_> {
    /// A pass of a blue-green update.
    pub(crate) fn roll_blue_green(&mut self) -> Outcome {
        let mut services = self.find_services()?;
        self.sync_revision()?;
        let hash = self.sets.current_hash().to_owned();
        if !self.is_halted()
            && let Some(preview) = &services.preview
        {
            services.preview = Some(self.switch(&preview.clone(), &hash)?);
        }
        if self.has_new_template() {
            return self.write_blue_green_status(&services);
        }
        self.restart_pods()?;
        self.size_blue_green()?;
        self.pause_before_switch(&services.active);
        self.switch_active(&mut services)?;
        self.tend_runs()?;
        self.sync_metadata()?;
        self.write_blue_green_status(&services)
    }

    fn strategy(&self) -> BlueGreen {
        self.rollout.blue_green().cloned().unwrap_or_default()
    }

    pub(crate) fn find_services(&self) -> Result<Services, Trouble> {
        let strategy = self.strategy();
        let preview = match strategy.preview_service.as_str() {
            "" => None,
            name => Some(self.find_service(name)?),
        };
        Ok(Services { active: self.find_service(&strategy.active_service)?, preview })
    }

    /// Scales the stable version, the new one and the others.
    pub(crate) fn size_blue_green(&mut self) -> Outcome {
        self.remove_deadlines()?;
        if let Some(stable) = self.sets.stable().cloned() {
            self.scale(&stable, self.rollout.replicas())?;
        }
        self.size_new_set(self.size_of_preview())?;
        // Trouble with old ones does not hold up the others.
        let _ = self.drain_others();
        self.clean_history()
    }

    /// The size of the new version: `previewReplicaCount` until it is about to become active.
    fn size_of_preview(&self) -> i32 {
        let (rollout, status) = (&self.rollout, &self.rollout.status);
        let replicas = rollout.replicas();
        let Some(preview) = self.strategy().preview_replica_count else { return replicas };
        let active = self.sets.by_hash(&status.blue_green.active_selector);
        let new = self.sets.current();
        let is_active = active.is_none_or(|set| Some(set.name()) == new.map(Set::name));
        if is_active || status.promote_full {
            return replicas;
        }
        let fresh = self.sets.current_hash() != status.current_pod_hash;
        let resumed = !rollout.spec.paused && status.pause_conditions.is_empty();
        if !fresh && resumed && status.blue_green.scale_up_preview_check_point {
            replicas
        } else {
            preview
        }
    }

    /// Whether the new version has the pods that it needs at this point.
    fn is_ready(&self) -> bool {
        let size = self.size_of_preview();
        self.sets.current().is_some_and(|set| set.wanted() == size && set.available() == size)
    }

    /// Whether the switch needs no pause.
    fn is_fast(&self, active: &Object) -> bool {
        let selected = active.pointer("/spec/selector/rollouts-pod-template-hash");
        self.is_fast_rollback()
            || self.rollout.status.promote_full
            || selected.is_none_or(|hash| hash == self.sets.current_hash())
    }

    fn pause_before_switch(&mut self, active: &Object) {
        let status = &self.rollout.status;
        if status.abort || !self.is_ready() || self.is_halted() {
            return;
        }
        let strategy = self.strategy();
        let waits = !strategy.promotes_itself() || strategy.auto_promotion_seconds > 0;
        if self.is_fast(active) || status.blue_green.scale_up_preview_check_point || !waits {
            self.pauses.remove(pause_reason::BLUE_GREEN);
            return;
        }
        if !self.has_passed_pre_promotion() {
            return;
        }
        let Some(pause) = status.pause(pause_reason::BLUE_GREEN).cloned() else {
            // Without its condition it was either not paused yet, or a human has resumed.
            if !status.controller_pause {
                self.pauses.add(pause_reason::BLUE_GREEN);
            }
            return;
        };
        if self.has_completed_blue_green_pause() {
            self.pauses.remove(pause_reason::BLUE_GREEN);
        } else if strategy.auto_promotion_seconds > 0 {
            self.wait_until_after(&pause.start_time, strategy.auto_promotion_seconds.into());
        }
    }

    fn has_passed_pre_promotion(&self) -> bool {
        let run = self.runs.pre_promotion.as_ref();
        self.strategy().pre_promotion_analysis.is_none()
            || run.is_some_and(|run| run.text("/status/phase") == "Successful")
    }

    /// Switches the active Service, when the new version is complete. An abort switches back, but
    /// only then too: that is how the real controller is.
    fn switch_active(&mut self, services: &mut Services) -> Outcome {
        let saturated = self.sets.current().is_some_and(|set| set.is_saturated(&self.rollout));
        if self.is_halted() || !self.is_ready() || !saturated {
            return Ok(());
        }
        let mut hash = selected(&services.active).to_owned();
        let passed = self.has_completed_blue_green_pause() && self.has_passed_pre_promotion();
        if passed || self.is_fast(&services.active) {
            self.sets.current_hash().clone_into(&mut hash);
        }
        if self.rollout.status.abort {
            hash.clone_from(&self.rollout.status.stable_rs);
        }
        services.active = self.switch(&services.active.clone(), &hash)?;
        Ok(())
    }

    /// Scales down what is left of other versions; whether anything was.
    pub(crate) fn drain_blue_green(&mut self, mut others: Vec<Set>) -> Result<bool, Trouble> {
        let (status, strategy) = (&self.rollout.status, self.strategy());
        if status.pause(pause_reason::INCONCLUSIVE_ANALYSIS).is_some() {
            return Ok(false);
        }
        let run = self.runs.post_promotion.as_ref();
        let analysed = run.is_some_and(|run| run.text("/status/phase") == "Successful");
        if strategy.post_promotion_analysis.is_some()
            && strategy.scale_down_delay_seconds.is_none()
            && !self.skips_post_promotion()
            && !analysed
        {
            return Ok(false);
        }
        newest_first(&mut others);
        let (replicas, mut waiting, mut drained) = (self.rollout.replicas(), 0, false);
        for set in others {
            if self.is_referenced(&set) || set.wanted() == 0 {
                continue;
            }
            let size = self.size_until_deadline(&set, &mut waiting, replicas)?;
            if size != set.wanted() {
                self.scale(&set, size)?;
                drained = true;
            }
        }
        Ok(drained)
    }

    fn write_blue_green_status(&mut self, services: &Services) -> Outcome {
        let mut next = self.base_status();
        if self.has_new_template() {
            self.reset(&mut next);
        }
        if self.rollout.status.promote_full || self.is_rollback_within_window() {
            self.pauses.clear();
            self.pauses.remove_abort();
        }
        let preview = services.preview.as_ref().map(selected).unwrap_or_default();
        preview.clone_into(&mut next.blue_green.preview_selector);
        selected(&services.active).clone_into(&mut next.blue_green.active_selector);
        if let Some(why) = self.why_promote(&next) {
            // Trouble with a workload does not matter here.
            self.promote(&mut next, &why).unwrap_or_default();
        } else {
            let reached = self.has_reached_check_point();
            next.blue_green.scale_up_preview_check_point = reached;
        }
        self.count_active(&mut next);
        self.persist(next)
    }

    /// Counts are those of the active version, where there is one.
    fn count_active(&self, next: &mut Status) {
        let active = self.sets.by_hash(&next.blue_green.active_selector);
        if let Some(active) = active {
            next.hpa_replicas = active.actual();
            next.selector = super::selector_text(active.object().pointer("/spec/selector"));
            next.available_replicas = active.available();
            next.ready_replicas = active.ready();
        } else {
            next.hpa_replicas = self.sets.total(Set::actual);
            next.selector = super::selector_text(self.rollout.spec.selector.as_ref());
            next.available_replicas = self.sets.total(Set::available);
        }
    }

    /// Whether the smaller preview has served its purpose: from then on the new version grows.
    fn has_reached_check_point(&self) -> bool {
        let Some(preview) = self.strategy().preview_replica_count else { return false };
        self.rollout.status.blue_green.scale_up_preview_check_point
            || (self.has_passed_pre_promotion()
                && self.has_completed_blue_green_pause()
                && self.sets.current().map_or(0, Set::available) == preview)
    }
}
