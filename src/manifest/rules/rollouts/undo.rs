//! The way back after a release (W30).
//!
//! Source: `spec.rollbackWindow`, `spec.revisionHistoryLimit`; X26. Called through the table of
//! rules.

use crate::manifest::rules::case::{Case, Said};

/// `revisionHistoryLimit` where none is written (Argo Rollouts).
const HISTORY: i64 = 10;

/// W30: an undo to a revision within the window skips the steps; outside it replays them all.
pub(super) fn window(case: &mut Case<'_>) {
    let spec = case.workload.spec();
    let (window, limit) = (spec.key("rollbackWindow"), spec.key("revisionHistoryLimit"));
    let revisions = window.key("revisions");
    let kept = if limit.is_absent() { Some(HISTORY) } else { limit.int() };
    let why = "an undo goes through all steps again, or waits at the switch, while users suffer";
    let fix = "rollbackWindow: {revisions: 3}";
    match (revisions.int(), kept) {
        (None | Some(..=0), _) => {
            let spot = if window.is_absent() { window } else { revisions };
            let measured = spot.said();
            let said = Said::of(measured, "a window of 1 revision or more", why, fix);
            case.broken(case.workload.object, &spot, said);
        }
        (Some(revisions_wide), Some(kept)) if revisions_wide > kept => {
            let measured = format!("{revisions_wide} revisions");
            let wanted = format!("at most {kept}, as many as are kept");
            let why = "revisions in the window are already deleted; there is nothing to go back to";
            let fix = format!("revisions: {kept} or fewer, or a larger revisionHistoryLimit");
            case.broken(case.workload.object, &revisions, Said::of(measured, wanted, why, fix));
        }
        _ => {}
    }
}
