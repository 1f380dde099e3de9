//! Where in its steps a canary is, and which weight that means.
//!
//! Only reads. Called by everything in this folder.

use crate::sim::control::rollout::set::Set;
use crate::sim::control::rollout::spec::{AbortDelay, CanaryScale, ExperimentStep, Rollout, Step};

use super::counts::{Size, share};

/// How many pods the canary should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CanarySize {
    /// So many, whatever its weight.
    Pods(i32),
    /// The share that goes with this weight.
    Weight(i32),
}

impl Rollout {
    /// The present step, if one is left, and its index, if there are steps at all.
    pub(crate) fn current_step(&self) -> (Option<&Step>, Option<i32>) {
        let steps = self.steps();
        if steps.is_empty() {
            return (None, None);
        }
        let index = self.status.current_step_index.unwrap_or(0);
        let step = usize::try_from(index).ok().and_then(|index| steps.get(index));
        (step, Some(index))
    }

    /// The steps up to the present one, backwards; none when no step is left.
    fn steps_back(&self) -> impl Iterator<Item = &Step> {
        let (step, index) = self.current_step();
        let upto = usize::try_from(index.unwrap_or(0)).unwrap_or(0);
        let count = if step.is_some() { upto + 1 } else { 0 };
        self.steps().iter().take(count).rev()
    }

    /// The weight of the last `setWeight` so far: none after an abort, all when no step is left.
    pub(crate) fn set_weight(&self) -> i32 {
        if self.status.abort {
            return 0;
        }
        if self.current_step().0.is_none() {
            return self.max_weight();
        }
        self.steps_back().find_map(|step| step.set_weight).unwrap_or(0)
    }

    /// The weight of the last `setWeight` before the present step.
    pub(crate) fn weight_before(&self) -> i32 {
        let index = self.status.current_step_index.unwrap_or(0);
        let before = usize::try_from(index).unwrap_or(0);
        let mut back = self.steps().iter().take(before).rev();
        back.find_map(|step| step.set_weight).unwrap_or(0)
    }

    /// The last experiment so far.
    pub(crate) fn last_experiment(&self) -> Option<&ExperimentStep> {
        self.steps_back().find_map(|step| step.experiment.as_ref())
    }

    /// The `setCanaryScale` that still holds. It needs a router, and an abort ends it unless the
    /// pods shall stay for ever.
    fn canary_scale(&self) -> Option<&CanaryScale> {
        self.routing()?;
        if self.status.abort && self.spec.strategy.abort_delay() != AbortDelay::Never {
            return None;
        }
        let scale = self.steps_back().find_map(|step| step.set_canary_scale.as_ref())?;
        (!scale.match_traffic_weight).then_some(scale)
    }

    /// How many pods the canary should have by its steps.
    pub(crate) fn canary_size(&self, new: Option<Size>, stable: Option<Size>) -> CanarySize {
        let status = &self.status;
        if status.promote_full || status.stable_rs.is_empty() || self.is_fully_promoted() {
            return CanarySize::Weight(self.max_weight());
        }
        match self.canary_scale() {
            Some(CanaryScale { replicas: Some(replicas), .. }) => CanarySize::Pods(*replicas),
            Some(CanaryScale { weight: Some(weight), .. }) => CanarySize::Weight(*weight),
            _ => CanarySize::Weight(self.wanted_weight(new, stable)),
        }
    }

    /// The weight that the canary should have. With `dynamicStableScale` an abort goes back down
    /// the ladder of `setWeight`, as the stable version grows again.
    pub(crate) fn wanted_weight(&self, new: Option<Size>, stable: Option<Size>) -> i32 {
        let dynamic = self.canary().is_some_and(|canary| canary.dynamic_stable_scale);
        let (true, Some(new), Some(stable)) = (self.status.abort && dynamic, new, stable) else {
            return self.set_weight();
        };
        let replicas = self.replicas();
        let needed = (replicas - stable.available).max(new.available);
        let lower = |weight: &i32| share(replicas, *weight, self.max_weight()) < needed;
        let weights = self.steps().iter().rev().filter_map(|step| step.set_weight);
        weights.into_iter().find(lower).unwrap_or(0)
    }

    /// Whether an interrupted update goes back to a stable version that had been scaled down with
    /// its traffic; the hash that still has the traffic.
    pub(crate) fn dynamic_rollback(&self, new: Option<&Set>) -> Option<String> {
        let canary = self.canary().filter(|canary| canary.dynamic_stable_scale)?;
        canary.traffic_routing.as_ref()?;
        let serving = &self.status.canary.weights.as_ref()?.canary.pod_template_hash;
        let new = new?;
        let back =
            self.is_fully_promoted() && serving != new.hash() && new.available() < self.replicas();
        back.then(|| serving.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rollout(index: i32, status: &serde_json::Value) -> Rollout {
        let steps = json!([
            {"setWeight": 10}, {"pause": {}}, {"setCanaryScale": {"replicas": 3}},
            {"setWeight": 50}, {"setCanaryScale": {"matchTrafficWeight": true}},
        ]);
        let mut object = json!({
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"replicas": 10, "strategy": {"canary": {
                "trafficRouting": {"nginx": {}},
                "steps": steps,
            }}},
            "status": {"stableRS": "a", "currentPodHash": "b", "currentStepIndex": index},
        });
        json_patch::merge(&mut object, &json!({ "status": status }));
        Rollout::read(&object).unwrap()
    }

    #[test]
    fn weight_and_size_at_each_step() {
        let cases = [
            (0, 10, CanarySize::Weight(10)),
            (1, 10, CanarySize::Weight(10)),
            (2, 10, CanarySize::Pods(3)),
            (3, 50, CanarySize::Pods(3)),
            (4, 50, CanarySize::Weight(50)),
            (5, 100, CanarySize::Weight(100)),
        ];
        for (index, weight, size) in cases {
            let rollout = rollout(index, &json!({}));
            assert_eq!((rollout.set_weight(), rollout.canary_size(None, None)), (weight, size));
        }
        assert_eq!(rollout(4, &json!({})).weight_before(), 50);
        assert_eq!(rollout(3, &json!({})).weight_before(), 10);
        let aborted = rollout(3, &json!({"abort": true}));
        assert_eq!(aborted.canary_size(None, None), CanarySize::Weight(0));
        let full = rollout(1, &json!({"promoteFull": true}));
        assert_eq!(full.canary_size(None, None), CanarySize::Weight(100));
    }
}
