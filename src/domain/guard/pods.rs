//! How healthy the pods of one version are, as the guard reads them.
//!
//! Never counts pods of other versions: a node that takes the old version's pods with it is no
//! reason to send users there. Called by `app` each time the guard looks.

use crate::domain::measure::Reading;
use crate::domain::pod::{Pod, PodState};
use crate::domain::release::Release;
use crate::domain::time::{Span, Timestamp};

/// Ready pods of the version as a share of those that its ReplicaSet wants (`spec.replicas`).
///
/// Pods that go do not count; those that are younger than `grace` and not broken are still starting
/// and are left out of both. With nothing left there is nothing to tell yet. A version without a
/// ReplicaSet, or whose ReplicaSet was not listed, cannot be told.
pub fn reading(release: &Release<'_>, hash: &str, grace: Span, now: Timestamp) -> Reading {
    let Some(revision) = release.by_hash(hash) else {
        return Reading::Failed("the ReplicaSet of this version is not known".into());
    };
    let desired = revision.replica_set.desired;
    let count = |is: &dyn Fn(&Pod) -> bool| {
        let pods = revision.pods.iter().filter(|pod| is(pod)).count();
        i32::try_from(pods).unwrap_or(i32::MAX)
    };
    let starting = count(&|pod| is_starting(pod, grace, now));
    let ready = count(&|pod| pod.state(now) == PodState::Ready);
    let expected = desired.saturating_sub(starting);
    if expected <= 0 {
        return Reading::Loading;
    }
    // A pod more than wanted, while one is replaced, does not make up for a broken one elsewhere.
    Reading::Value(f64::from(ready.min(expected)) / f64::from(expected))
}

fn is_starting(pod: &Pod, grace: Span, now: Timestamp) -> bool {
    let waits =
        matches!(pod.state(now), PodState::Starting | PodState::Unready | PodState::Unscheduled);
    waits && pod.restarts() == 0 && pod.created.is_some_and(|created| now - created < grace)
}
