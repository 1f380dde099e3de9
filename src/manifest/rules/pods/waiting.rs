//! W11 and W12: how long a new pod has to be ready before it counts, and what becomes of a release
//! whose pods do not get ready.
//!
//! Source: `minReadySeconds` and `progressDeadlineSeconds` (600) of Deployment and Rollout,
//! `progressDeadlineAbort` (false) of the Argo Rollouts API (X24). Called by `judge`.

use crate::domain::readiness::Severity;
use crate::manifest::rules::case::{Case, Said};

/// `progressDeadlineSeconds` where none is written.
const DEADLINE: i64 = 600;

pub(super) fn min_ready(case: &mut Case<'_>) {
    let object = case.workload.object;
    let spot = case.workload.spec().key("minReadySeconds");
    let seconds = if spot.is_absent() { Some(0) } else { spot.int() };
    let Some(seconds) = seconds else { return };
    let deadline = case.workload.spec().key("progressDeadlineSeconds").int().unwrap_or(DEADLINE);
    if seconds == 0 {
        let why = "a pod that is ready for one moment and then dies counts: the update goes on \
                   through all pods";
        let said = Said::of(spot.said(), "more than 0", why, "minReadySeconds: 10");
        case.broken(object, &spot, said);
    } else if seconds >= deadline {
        let measured = format!("{seconds}, progressDeadlineSeconds {deadline}");
        let wanted = format!("less than {deadline}");
        let why = "the deadline passes before any pod counts as available; a server refuses it";
        let fix = format!("progressDeadlineSeconds: {}", seconds.saturating_add(DEADLINE));
        case.broken_as(Severity::Error, object, &spot, Said::of(measured, wanted, why, fix));
    }
}

pub(super) fn abort(case: &mut Case<'_>) {
    let spot = case.workload.spec().key("progressDeadlineAbort");
    if spot.bool() == Some(true) {
        return;
    }
    let why = "pods that never get ready make the Rollout degraded and nothing more: the update \
               stands where it is until somebody comes";
    let said = Said::of(spot.said(), "true", why, "progressDeadlineAbort: true");
    case.broken(case.workload.object, &spot, said);
}
