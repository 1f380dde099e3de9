//! The sizes of the versions of a canary: one ReplicaSet at a time.
//!
//! Called by the passes.

use super::counts::{Sizes, next_sizes};
use crate::sim::control::rollout::pass::{Pass, Trouble};
use crate::sim::control::rollout::set::Set;
use crate::sim::control::rollout::status::Weights;

impl Pass<'_, '_> {
    /// Scales the stable version, else the new one, else the others; whether one was scaled.
    pub(crate) fn size_canary(&mut self) -> Result<bool, Trouble> {
        if self.is_halted() {
            return Ok(false);
        }
        self.remove_deadlines()?;
        if let Some(stable) = self.sets.distinct_stable().cloned() {
            // The weights of the last pass: pods follow the traffic one pass later.
            let weights = self.rollout.status.canary.weights.clone();
            let (_, size) = next_sizes(&self.rollout, &Sizes::of(&self.sets), weights.as_ref());
            if self.scale(&stable, size)?.0 {
                return Ok(true);
            }
        }
        let weights = self.next.canary.weights.clone();
        let (size, _) = next_sizes(&self.rollout, &Sizes::of(&self.sets), weights.as_ref());
        if self.size_new_set(size)? {
            return Ok(true);
        }
        // Trouble with old ones does not hold up the others.
        Ok(self.drain_others().unwrap_or(false))
    }

    /// Whether both versions have the pods that their step asks for.
    pub(crate) fn is_at_size(&self, weights: Option<&Weights>) -> bool {
        let rollout = &self.rollout;
        let (new, stable) = next_sizes(rollout, &Sizes::of(&self.sets), weights);
        if !self.sets.current().is_some_and(|set| self.meets_threshold(set, new)) {
            return false;
        }
        let routed = rollout.routing().is_some();
        let dynamic = rollout.canary().is_some_and(|canary| canary.dynamic_stable_scale);
        let is_created = |set: &Set| set.wanted() == stable && set.actual() == stable;
        let may_shrink = routed && dynamic;
        if !may_shrink && !self.sets.stable().is_some_and(is_created) {
            return false;
        }
        // Without a router the pods of older versions have a share of the traffic.
        routed || self.sets.others().map(Set::available).sum::<i32>() == 0
    }

    /// Whether a version has its pods, or as many of them as `replicaProgressThreshold` asks for.
    pub(crate) fn meets_threshold(&self, set: &Set, wanted: i32) -> bool {
        let canary = self.rollout.canary();
        let threshold = canary.and_then(|canary| canary.replica_progress_threshold.as_ref());
        match threshold.filter(|threshold| threshold.value >= 0) {
            None => set.wanted() == wanted && set.available() == wanted,
            Some(threshold) if threshold.kind == "Percent" => {
                let (available, wanted) = (i64::from(set.available()), i64::from(wanted));
                wanted == 0 || available * 100 >= i64::from(threshold.value) * wanted
            }
            Some(threshold) => set.available() >= threshold.value,
        }
    }
}
