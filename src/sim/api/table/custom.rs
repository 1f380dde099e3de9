//! Cells of custom kinds: what their definitions' printer columns point at.
//!
//! Called by tables.

use serde_json::Value;

use super::born;
use crate::sim::object::Document;
use crate::sim::store::Kind;
use crate::sim::time::Moment;

pub(super) fn cells(kind: Kind, object: &Value, now: Moment) -> Vec<Value> {
    let pointers: &[&str] = match kind {
        Kind::Rollout => &[
            "/spec/replicas",
            "/status/replicas",
            "/status/updatedReplicas",
            "/status/availableReplicas",
        ],
        Kind::AnalysisRun | Kind::Experiment => &["/status/phase"],
        Kind::VirtualService => &["/spec/gateways", "/spec/hosts"],
        Kind::DestinationRule => &["/spec/host"],
        _ => &[],
    };
    let mut cells = vec![Value::from(object.name())];
    cells.extend(pointers.iter().map(|at| match object.pointer(at) {
        // A list is shown as JSON, in one string.
        Some(list @ Value::Array(_)) => Value::from(list.to_string()),
        Some(value) => value.clone(),
        None => Value::Null,
    }));
    cells.push(born(object, now));
    cells
}
