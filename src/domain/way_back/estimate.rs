//! How long a way back takes, in seconds, from how long pods of this workload took to start.
//!
//! An estimate, and called so: it knows nothing of nodes that are full or images that are gone.

use crate::domain::action::Verb;
use crate::domain::pod::Pod;
use crate::domain::release::{Release, Revision};
use crate::domain::strategy::{Amount, Strategy, budget};
use crate::domain::time::Span;

/// From a request to what the controller makes of it: the request, its next pass, the router.
const REACTION: Span = Span::seconds(2);

/// How long until every user is on `target`.
pub(super) fn of(
    release: &Release<'_>,
    target: Option<&Revision<'_>>,
    moves: &[Verb],
) -> Option<Span> {
    let target = target?;
    let requests = i32::try_from(moves.len().max(1)).unwrap_or(i32::MAX);
    let missing = (release.workload.replicas - target.replica_set.available).max(0);
    let waves = waves(release, missing);
    let starts = if waves == 0 { Span::zero() } else { start(release)? * waves };
    Some(REACTION * requests + starts)
}

/// How often a start has to be waited for until so many pods are there.
fn waves(release: &Release<'_>, missing: i32) -> i32 {
    let workload = release.workload;
    let (surge, unavailable) = match &workload.strategy {
        _ if missing == 0 => return 0,
        Strategy::Canary(canary) if canary.has_router() => return 1,
        Strategy::Canary(canary) => (canary.max_surge, canary.max_unavailable),
        Strategy::Rolling(rolling) => (rolling.max_surge, rolling.max_unavailable),
        // Made all at once.
        Strategy::BlueGreen(_) | Strategy::Recreate | Strategy::Unknown => return 1,
    };
    let at_once = at_once(workload.replicas, surge, unavailable);
    missing.saturating_add(at_once - 1) / at_once
}

fn at_once(replicas: i32, surge: Amount, unavailable: Amount) -> i32 {
    let budget = budget(replicas, surge, unavailable);
    budget.surge.saturating_add(budget.unavailable).max(1)
}

/// How long a pod of this workload takes from being made until it counts: the median of those that
/// are ready and were never restarted, and `minReadySeconds`.
fn start(release: &Release<'_>) -> Option<Span> {
    let mut took: Vec<Span> = release.pods().filter_map(|(_, pod)| start_of(pod)).collect();
    took.sort();
    took.get(took.len() / 2).map(|span| *span + release.workload.min_ready)
}

fn start_of(pod: &Pod) -> Option<Span> {
    if !pod.ready || pod.restarts() > 0 {
        return None;
    }
    let took = pod.ready_since? - pod.created?;
    // Both have whole seconds.
    (took >= Span::zero()).then(|| took.max(Span::seconds(1)))
}
