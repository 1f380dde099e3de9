//! What a write of the program says: where it goes, what it asserts, what it changes.
//!
//! Read here by itself, not by what makes patches.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::app::flight::Flight;
use crate::domain::action::Verb;
use crate::domain::id::{WorkloadId, WorkloadKind};
use crate::domain::plan::{Change, Plan};

/// Where a write goes.
pub(super) fn path(object: &WorkloadId, status: bool) -> String {
    let group = match object.kind {
        WorkloadKind::Rollout => "argoproj.io/v1alpha1",
        WorkloadKind::Deployment => "apps/v1",
    };
    let kind = match object.kind {
        WorkloadKind::Rollout => "rollouts",
        WorkloadKind::Deployment => "deployments",
    };
    let status = if status { "/status" } else { "" };
    format!("/apis/{group}/namespaces/{}/{kind}/{}{status}", object.namespace, object.name)
}

/// Whether a patch changes what this verb is for.
pub(super) fn changes(verb: Verb, body: &Value) -> bool {
    let ops = body.as_array().map_or(&[][..], Vec::as_slice);
    let mut changing = ops.iter().filter(|op| op["op"] != "test");
    changing.any(|op| {
        let path = op["path"].as_str().unwrap_or_default();
        match verb {
            Verb::Promote => ["pauseConditions", "controllerPause", "currentStepIndex"]
                .iter()
                .any(|part| path == format!("/status/{part}")),
            Verb::PromoteFull => path == "/status/promoteFull",
            Verb::Abort => path == "/status/abort" && op["value"] == true,
            Verb::Retry => path == "/status/abort" && op["op"] == "remove",
            Verb::Undo => path == "/spec/template",
            Verb::Pause => path == "/spec/paused" && op["value"] == true,
            Verb::Resume => path == "/spec/paused" && op["value"] == false,
            // It leaves as the moves that it is made of.
            Verb::WaveOff => false,
            Verb::Restart => {
                path.to_ascii_lowercase().ends_with("restartat") || path.contains("restartedAt")
            }
        }
    })
}

/// The verb as which a plan leaves: a wave-off is whichever move comes first.
pub(super) fn leaving(plan: &Plan) -> Verb {
    if plan.action.verb != Verb::WaveOff {
        return plan.action.verb;
    }
    let changes = plan.writes.iter().flat_map(|write| &write.changes);
    let mut verbs = changes.filter_map(|change| match change {
        Change::SetAbort(true) => Some(Verb::Abort),
        Change::CopyTemplate { .. } => Some(Verb::Undo),
        Change::SetPaused(false) => Some(Verb::Resume),
        Change::SetPromoteFull(true) => Some(Verb::PromoteFull),
        _ => None,
    });
    verbs.next().unwrap_or(Verb::WaveOff)
}

/// Whether an action is a later move of a wave-off, which no key was pressed for.
pub(super) fn is_carried(flight: &Flight) -> bool {
    flight.reason.starts_with("wave-off ")
}

/// The leading `test` operations of a patch: path and value.
pub(super) fn tests_of(body: &Value) -> BTreeMap<String, Value> {
    let ops = body.as_array().map_or(&[][..], Vec::as_slice);
    ops.iter()
        .take_while(|op| op["op"] == "test")
        .map(|op| (op["path"].as_str().unwrap_or_default().to_owned(), op["value"].clone()))
        .collect()
}
