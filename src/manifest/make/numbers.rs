//! The numbers that stand in manifests, and how they follow from those of the guard, the profile
//! and the order.
//!
//! Called by the other files of this folder.

use crate::domain::guard::rule::Terms;
use crate::domain::time::Span;
use crate::manifest::profile::Profile;

use super::order::{Environment, Order, Pace};

/// Seconds that a pod goes on serving after it was told to end: as long as routers and proxies may
/// take to hear that it is going.
pub(super) const PRE_STOP: i64 = 10;
/// Seconds that the program then gets for its open requests.
pub(super) const DRAIN: i64 = 50;
/// Seconds that a pod has to stay ready before it counts.
pub(super) const MIN_READY: i64 = 10;
/// Old ReplicaSets that are kept, as ways back.
pub(super) const HISTORY: i64 = 5;
/// Revisions back to which a Rollout goes without its steps.
pub(super) const WINDOW: i64 = 3;
/// Seconds between two questions of the startup probe.
pub(super) const STARTUP_EVERY: i64 = 5;
/// Measurements of an analysis that has an end.
pub(super) const MEASUREMENTS: i64 = 5;
/// Fewest pods of a version that gets traffic: one alone is none when its node goes.
pub(super) const FEWEST: i64 = 2;
/// Seconds after which Argo Rollouts asks again what ended in an error (`analysis.go`).
const AFTER_ERROR: i64 = 10;
/// Seconds that somebody needs to act on what the guard or an analysis says.
const TO_ACT: i64 = 30;
/// Seconds for an image to come.
const PULL: i64 = 60;

/// The times that fit a guard and its profile.
pub(super) fn pace(profile: &Profile, terms: &Terms) -> Pace {
    let pace = Pace {
        rungs: vec![profile.guard_window; profile.ladder.len()],
        last: profile.guard_window,
        settle: Span::minutes(1),
        every: terms.every,
        window: Span::minutes(2).max(profile.scrape * 4),
        warm: Span::minutes(10),
    };
    let warm = pace.warm.max(needed_warmth(&pace, profile));
    Pace { warm, ..pace }
}

/// How long an analysis with an end takes at most.
pub(super) fn judged(pace: &Pace) -> Span {
    pace.settle + pace.every * i32::try_from(MEASUREMENTS).unwrap_or(i32::MAX)
}

/// How long the old version has to be there after the switch (W22): the longest limit of the
/// guard, the analysis, and the time to act.
pub(super) fn needed_warmth(pace: &Pace, profile: &Profile) -> Span {
    profile.guard_window + judged(pace) + Span::seconds(TO_ACT)
}

/// How long the analysis beside the steps takes for a verdict on what is plainly bad.
pub(super) fn verdict(pace: &Pace, terms: &Terms) -> Span {
    pace.settle + pace.every * i32::try_from(tolerated(terms)).unwrap_or(i32::MAX)
}

/// Failed measurements that an analysis without an end takes: one fewer than the guard needs.
pub(super) fn tolerated(terms: &Terms) -> i64 {
    i64::from(terms.consecutive.max(1)) - 1
}

/// Failed measurements that an analysis with an end takes: no larger a share than the profile's.
pub(super) fn tolerated_of(measurements: i64, profile: &Profile) -> i64 {
    whole(profile.failure_share * as_float(measurements))
}

/// Errors in a row that an analysis takes: Prometheus may be away for the guard's window.
pub(super) fn errors_in_a_row(profile: &Profile) -> i64 {
    (profile.guard_window.num_seconds() / AFTER_ERROR).max(1)
}

/// Seconds kept free before a pod is killed.
pub(super) fn reserve(profile: &Profile) -> i64 {
    profile.reserve.num_seconds() * 2
}

/// `terminationGracePeriodSeconds`.
pub(super) fn grace(profile: &Profile) -> i64 {
    PRE_STOP + DRAIN + reserve(profile)
}

/// Failed questions that the startup probe takes.
pub(super) fn startup_failures(terms: &Terms) -> i64 {
    (terms.grace.num_seconds() + STARTUP_EVERY - 1).div_euclid(STARTUP_EVERY).max(1)
}

/// `progressDeadlineSeconds`: twice what a pod may take to become ready, and its image.
pub(super) fn deadline(terms: &Terms) -> i64 {
    terms.grace.num_seconds().max(MIN_READY) * 2 + PULL
}

/// Fewest replicas that can lose a pod and stay above the floor.
pub(super) fn enough(floor: f64) -> i64 {
    (2..=1000).find(|&replicas| spare(replicas, floor) > 0).unwrap_or(1000)
}

/// Pods that may be away without breaking the floor.
pub(super) fn spare(replicas: i64, floor: f64) -> i64 {
    whole(as_float(replicas) * (1.0 - floor))
}

/// What a disruption budget says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Budget {
    /// There is none: a single pod is either locked to its node or not protected at all.
    None,
    /// `minAvailable`, in percent.
    Least(i64),
    /// `maxUnavailable`, in pods.
    Most(i64),
}

/// The budget that fits each environment.
pub(super) fn budget(order: &Order, of_rollout: bool) -> Budget {
    let Some(fewest) = fewest(order) else { return Budget::None };
    let floor = order.profile.healthy_floor;
    match spare(fewest, floor) {
        spare if spare > 0 && !of_rollout => Budget::Least(100 - whole((1.0 - floor) * 100.0)),
        spare => Budget::Most(spare.max(1)),
    }
}

/// The fewest replicas of an environment that has more than one.
pub(super) fn fewest(order: &Order) -> Option<i64> {
    let environments = order.shape.environments();
    let more_than_one = |one: &Environment| (one.replicas > 1).then(|| i64::from(one.replicas));
    environments.into_iter().filter_map(|(_, one)| more_than_one(one)).min()
}

/// A length as Go and PromQL read it: `90s`, `5m`.
pub(super) fn go(span: Span) -> String {
    match span.num_seconds() {
        seconds if seconds >= 120 && seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

/// The whole part; what is a hair below a whole number is that number.
fn whole(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "shares of at most a million")]
    let whole = (value + 1e-9).floor() as i64;
    whole
}

fn as_float(number: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of pods and measurements")]
    let float = number as f64;
    float
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_that_may_be_away() {
        let cases =
            [(1, 0), (2, 0), (4, 0), (5, 1), (9, 1), (10, 2), (15, 3), (20, 4), (1000, 200)];
        for (replicas, away) in cases {
            assert_eq!(spare(replicas, 0.8), away, "{replicas}");
        }
        assert_eq!(enough(0.8), 5);
        assert_eq!(enough(0.5), 2);
        assert_eq!(enough(0.99), 100);
    }

    #[test]
    fn the_old_version_outlives_guard_and_analysis() {
        let (profile, terms) = (Profile::default(), Terms::default());
        let usual = pace(&profile, &terms);
        assert_eq!(usual.warm, Span::minutes(10));
        assert_eq!(needed_warmth(&usual, &profile), Span::seconds(300 + 60 + 150 + 30));
        let patient = Profile { guard_window: Span::minutes(20), ..profile };
        let long = pace(&patient, &terms);
        assert_eq!(long.warm, needed_warmth(&long, &patient));
        assert!(long.warm > Span::minutes(20));
    }

    #[test]
    fn what_an_analysis_takes() {
        let (profile, terms) = (Profile::default(), Terms::default());
        assert_eq!(tolerated(&terms), 2);
        assert_eq!(tolerated_of(MEASUREMENTS, &profile), 1);
        assert_eq!(tolerated_of(4, &profile), 0);
        assert_eq!(errors_in_a_row(&profile), 30);
        assert_eq!(verdict(&pace(&profile, &terms), &terms), Span::minutes(2));
        assert_eq!((grace(&profile), deadline(&terms), startup_failures(&terms)), (70, 300, 24));
    }

    #[test]
    fn lengths_that_go_reads() {
        let cases = [(1, "1s"), (60, "60s"), (90, "90s"), (120, "2m"), (86_400, "1440m")];
        for (seconds, text) in cases {
            assert_eq!(go(Span::seconds(seconds)), text);
            let read = crate::domain::time::parse_go_duration(text);
            assert_eq!(read, Some(Span::seconds(seconds)));
        }
    }
}
