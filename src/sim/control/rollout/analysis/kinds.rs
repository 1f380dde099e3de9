//! The four kinds of runs: of a step, beside the steps, before and after a promotion.
//!
//! Called when runs are tended.

use super::{has_templates, phase_of};
use crate::sim::control::rollout::keys;
use crate::sim::control::rollout::pass::{Pass, Trouble, pause_reason};
use crate::sim::control::rollout::set::Set;
use crate::sim::control::rollout::spec::{Analysis, BlueGreen};
use crate::sim::object::Document;
use crate::sim::store::Object;

type Run = Result<Option<Object>, Trouble>;

impl Pass<'_, '_> {
    pub(super) fn tend_step_run(&mut self) -> Run {
        let (rollout, current) = (&self.rollout, self.runs.step.clone());
        if !rollout.status.pause_conditions.is_empty() || rollout.status.abort {
            return Ok(current);
        }
        let (step, index) = rollout.current_step();
        let analysis = step.and_then(|step| step.analysis.clone());
        let index = index.unwrap_or(0).to_string();
        let of_other_step =
            current.as_ref().is_some_and(|run| run.label(keys::STEP_INDEX) != index);
        let Some(analysis) = analysis.filter(|a| has_templates(Some(a)) && !of_other_step) else {
            self.end(current.as_ref())?;
            return Ok(None);
        };
        if self.needs_new_run(current.as_ref()) {
            let labels = [(keys::RUN_TYPE, "Step"), (keys::STEP_INDEX, &index)];
            return self.start_run(&analysis, &index, &labels).map(Some);
        }
        if let Some(run) = &current {
            self.heed(run, "Step-based analysis");
        }
        Ok(current)
    }

    pub(super) fn tend_background_run(&mut self) -> Run {
        let (rollout, current) = (&self.rollout, self.runs.background.clone());
        let analysis = rollout.canary().and_then(|canary| canary.analysis.clone());
        let Some(analysis) = analysis.filter(|analysis| has_templates(Some(analysis))) else {
            self.end(current.as_ref())?;
            return Ok(None);
        };
        let status = &rollout.status;
        let starting = analysis.starting_step.unwrap_or(0);
        let too_early = rollout.current_step().1.is_some_and(|index| index < starting);
        if rollout.is_fully_promoted()
            || status.stable_rs.is_empty()
            || status.current_pod_hash.is_empty()
            || too_early
        {
            return Ok(None);
        }
        if status.pause(pause_reason::INCONCLUSIVE_ANALYSIS).is_some() {
            return Ok(current);
        }
        if self.needs_new_run(current.as_ref()) {
            let labels = [(keys::RUN_TYPE, "Background")];
            return self.start_run(&analysis, "", &labels).map(Some);
        }
        if let Some(run) = &current {
            self.heed(run, "Background analysis");
        }
        Ok(current)
    }

    pub(super) fn tend_pre_promotion_run(&mut self) -> Run {
        let analysis = self.rollout.blue_green().and_then(|b| b.pre_promotion_analysis.clone());
        let (current, skipped) = (self.runs.pre_promotion.clone(), self.skips_pre_promotion());
        self.tend_promotion_run(analysis, current, skipped, ("pre", "PrePromotion"))
    }

    pub(super) fn tend_post_promotion_run(&mut self) -> Run {
        let analysis = self.rollout.blue_green().and_then(|b| b.post_promotion_analysis.clone());
        let (current, skipped) = (self.runs.post_promotion.clone(), self.skips_post_promotion());
        self.tend_promotion_run(analysis, current, skipped, ("post", "PostPromotion"))
    }

    fn tend_promotion_run(
        &mut self,
        analysis: Option<Analysis>,
        current: Option<Object>,
        skipped: bool,
        (infix, kind): (&str, &str),
    ) -> Run {
        let Some(analysis) = analysis.filter(|analysis| has_templates(Some(analysis))) else {
            self.end(current.as_ref())?;
            return Ok(None);
        };
        if skipped {
            self.end(current.as_ref())?;
            return Ok(current);
        }
        let pause = self.rollout.status.pause(pause_reason::INCONCLUSIVE_ANALYSIS);
        if pause.is_none() && self.needs_new_run(current.as_ref()) {
            return self.start_run(&analysis, infix, &[(keys::RUN_TYPE, kind)]).map(Some);
        }
        Ok(current)
    }

    /// Whether there is nothing to analyse before the switch: it is done, it is the first version,
    /// or the new one has not all its pods. A run that was started goes on.
    fn skips_pre_promotion(&self) -> bool {
        let (status, hash) = (&self.rollout.status, self.sets.current_hash());
        let active = status.blue_green.active_selector.as_str();
        if status.stable_rs == hash || active.is_empty() || active == hash || hash.is_empty() {
            return true;
        }
        if self.runs.pre_promotion.is_some() {
            return false;
        }
        let preview = self.rollout.blue_green().and_then(|b: &BlueGreen| b.preview_replica_count);
        !self.sets.current().is_some_and(|set: &Set| match preview {
            Some(count) => set.wanted() == count && set.available() == count,
            None => set.is_saturated(&self.rollout),
        })
    }

    /// Whether there is nothing to analyse after the switch.
    pub(crate) fn skips_post_promotion(&self) -> bool {
        let (status, hash) = (&self.rollout.status, self.sets.current_hash());
        if status.stable_rs == hash || status.blue_green.active_selector != hash || hash.is_empty()
        {
            return true;
        }
        self.runs.post_promotion.is_none()
            && !self.sets.current().is_some_and(|set| set.is_saturated(&self.rollout))
    }

    /// Whether a run has to be started: there is none, a human resumed after one that could not
    /// decide, or the update is tried again after an abort.
    fn needs_new_run(&self, current: Option<&Object>) -> bool {
        let Some(current) = current else { return true };
        let status = &self.rollout.status;
        let waits = status.pause(pause_reason::CANARY_STEP).is_some()
            || status.pause(pause_reason::BLUE_GREEN).is_some();
        if status.controller_pause && !waits {
            return phase_of(current) == "Inconclusive";
        }
        status.aborted_at.is_some()
    }

    fn end(&mut self, run: Option<&Object>) -> super::Outcome {
        match run {
            Some(run) => self.end_runs(std::slice::from_ref(run)),
            None => Ok(()),
        }
    }
}
