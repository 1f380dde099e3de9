//! How many pods the two versions of a canary should have next.
//!
//! Without a router the number of pods is the weight, and both move within `maxSurge` and
//! `maxUnavailable`; with one the stable version stays whole, unless `dynamicStableScale`. The
//! arithmetic is that of the real controller, rounding included. Called by the canary.

use super::weight::CanarySize;
use crate::sim::control::rollout::set::{Set, Sets};
use crate::sim::control::rollout::spec::Rollout;
use crate::sim::control::rollout::status::Weights;

/// The size of a ReplicaSet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) wanted: i32,
    pub(crate) available: i32,
}

impl Size {
    pub(crate) fn of(set: &Set) -> Self {
        Self { wanted: set.wanted(), available: set.available() }
    }

    /// The pods that can be counted on when some are scaled down. Those that go anyway do not
    /// count; those that are not available do where they are about to be drained.
    fn counted(self, ignores_availability: bool) -> i32 {
        if ignores_availability { self.wanted } else { self.available.min(self.wanted) }
    }
}

/// The sizes of all ReplicaSets of a canary.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sizes {
    pub(crate) new: Option<Size>,
    pub(crate) stable: Option<Size>,
    /// Whether there is a stable version that is not the new one.
    pub(crate) distinct: bool,
    /// Pods that all others are told to have.
    pub(crate) others: i32,
}

impl Sizes {
    pub(crate) fn of(sets: &Sets) -> Self {
        Self {
            new: sets.current().map(Size::of),
            stable: sets.stable().map(Size::of),
            distinct: sets.distinct_stable().is_some(),
            others: sets.others().map(Set::wanted).sum(),
        }
    }
}

/// Pods that go with a weight, rounded up.
pub(crate) fn share(replicas: i32, weight: i32, max: i32) -> i32 {
    ceiling(weight.saturating_mul(replicas), max)
}

fn ceiling(value: i32, by: i32) -> i32 {
    if by <= 0 { 0 } else { value.saturating_add(by - 1).div_euclid(by) }
}

/// The next sizes of the new and the stable version.
pub(crate) fn next_sizes(
    rollout: &Rollout,
    sizes: &Sizes,
    weights: Option<&Weights>,
) -> (i32, i32) {
    if rollout.routing().is_some() {
        routed(rollout, sizes, weights)
    } else {
        basic(rollout, sizes)
    }
}

/// Without a router.
fn basic(rollout: &Rollout, sizes: &Sizes) -> (i32, i32) {
    let replicas = rollout.replicas();
    let weight = match rollout.canary_size(sizes.new, sizes.stable) {
        CanarySize::Weight(weight) => weight,
        CanarySize::Pods(_) => 0,
    };
    let (surge, max) = (rollout.max_surge(), rollout.max_weight());
    let target =
        if sizes.distinct { approximate(replicas, weight, max, surge) } else { (replicas, 0) };
    let most = replicas + surge;
    let least = replicas - rollout.max_unavailable();
    let mut next = grow(sizes, target, most);
    if sizes.others > 0 {
        // Others are drained first.
        return next;
    }
    let increasing = sizes.new.is_none_or(|new| target.0 >= new.wanted);
    let counted = sizes.new.map_or(0, |new| new.counted(!increasing))
        + sizes.stable.map_or(0, |stable| stable.counted(increasing));
    let surplus = counted - least;
    if surplus <= 0 {
        return next;
    }
    if !increasing {
        next.0 = drain(sizes.new, target.0, surplus, next.0);
        within_limits(sizes.new, sizes.stable, next, (most, least))
    } else if sizes.distinct {
        next.1 = drain(sizes.stable, target.1, surplus, next.1);
        let turned = (next.1, next.0);
        let (stable, new) = within_limits(sizes.stable, sizes.new, turned, (most, least));
        (new, stable)
    } else {
        next
    }
}

/// Grows both versions towards their target as far as the surge allows, the stable one first.
fn grow(sizes: &Sizes, target: (i32, i32), most: i32) -> (i32, i32) {
    let new = sizes.new.map_or(0, |size| size.wanted);
    let stable = sizes.stable.filter(|_| sizes.distinct).map_or(0, |size| size.wanted);
    let mut room = most - (sizes.others + new + stable);
    let mut next = (new, stable);
    if sizes.distinct && stable < target.1 && room > 0 {
        next.1 = target.1.min(stable + room);
        room -= next.1 - stable;
    }
    if sizes.new.is_some() && new < target.0 && room > 0 {
        next.0 = target.0.min(new + room);
    }
    next
}

/// Shrinks a version towards its target, by at most so many pods.
fn drain(size: Option<Size>, target: i32, by: i32, next: i32) -> i32 {
    match size {
        Some(size) if size.wanted > target => target.max(size.wanted - by),
        _ => next,
    }
}

/// Keeps the version that is drained and the other one within the limits of surge and
/// availability.
fn within_limits(
    drained: Option<Size>,
    other: Option<Size>,
    next: (i32, i32),
    (most, least): (i32, i32),
) -> (i32, i32) {
    let (mut next_drained, mut next_other) = next;
    let Some(other) = other else { return next };
    next_other -= (next_other + next_drained - most).max(0);
    let available = drained.map_or(0, |size| size.available.min(next_drained))
        + other.available.min(next_other);
    let lost = (other.available - next_other).max(0);
    next_other += lost.min((least - available).max(0));
    next_drained -= (next_other + next_drained - most).max(0);
    (next_drained, next_other)
}

/// The numbers of pods whose ratio comes closest to a weight. They sum to `replicas`, or to one
/// more where a surge allows it; neither is zero between no and all traffic, unless there is only
/// one pod. A tie goes to the larger canary.
fn approximate(replicas: i32, weight: i32, max: i32, surge: i32) -> (i32, i32) {
    if replicas == 0 {
        return (0, 0);
    }
    let upper = ceiling(replicas.saturating_mul(weight), max);
    let lower = replicas.saturating_mul(weight).div_euclid(max.max(1));
    let zero_allowed = weight == max || weight == 0 || (replicas == 1 && surge == 0);
    let lower_allowed = lower != 0 || zero_allowed;
    let mut options = Vec::new();
    if upper < replicas || zero_allowed {
        options.push((upper, replicas));
    }
    if lower_allowed && !is_tied(weight, max, replicas) {
        options.push((lower, replicas));
    }
    if surge > 0 {
        options.push((upper, replicas + 1));
        if lower_allowed && !is_tied(weight, max, replicas + 1) {
            options.push((lower, replicas + 1));
        }
    }
    let distance = |(canary, total): (i32, i32)| {
        (f64::from(canary.saturating_mul(max)) / f64::from(total) - f64::from(weight)).abs()
    };
    let mut best = options.first().copied().unwrap_or((0, replicas));
    for option in options {
        if distance(option) < distance(best) {
            best = option;
        }
    }
    (best.0, best.1 - best.0)
}

/// Whether rounding up and down are equally far from a weight. In the floating point of the real
/// controller, so that both err in the same cases.
fn is_tied(weight: i32, max: i32, total: i32) -> bool {
    let exact = f64::from(total) * (f64::from(weight) / f64::from(max));
    let rest = exact.fract() - 0.5;
    rest == 0.0
}

/// With a router.
fn routed(rollout: &Rollout, sizes: &Sizes, weights: Option<&Weights>) -> (i32, i32) {
    let (replicas, max) = (rollout.replicas(), rollout.max_weight());
    let (mut canary, weight) = match rollout.canary_size(sizes.new, sizes.stable) {
        CanarySize::Pods(pods) => (pods, 0),
        CanarySize::Weight(weight) => (at_least(rollout, share(replicas, weight, max)), weight),
    };
    if !rollout.canary().is_some_and(|canary| canary.dynamic_stable_scale) {
        return (canary, replicas);
    }
    // Traffic that is still there needs its pods, and traffic that is about to come.
    let mut stable = share(replicas, max - weight, max);
    if let Some(weights) = weights {
        stable = stable.max(share(replicas, weights.stable.weight, max));
        if rollout.status.abort {
            canary = canary.max(share(replicas, weights.canary.weight, max));
        }
    }
    (at_least(rollout, canary), at_least(rollout, stable))
}

/// `minPodsPerReplicaSet`, of a version that has pods at all.
fn at_least(rollout: &Rollout, count: i32) -> i32 {
    let least = rollout.canary().and_then(|canary| canary.min_pods_per_replica_set);
    match least {
        Some(least) if count != 0 => count.max(least.min(rollout.replicas())),
        _ => count,
    }
}

#[cfg(test)]
mod tests;
