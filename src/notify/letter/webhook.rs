//! Any webhook: all fields as JSON, and a key by which it can tell a repetition.

use serde_json::Value;

use crate::domain::alert::Alert;
use crate::notify::record::to_json;

/// `Idempotency-Key`: the same alert has the same one, whenever and however often it comes.
pub(super) fn headers(alert: &Alert) -> Vec<(&'static str, String)> {
    vec![("idempotency-key", alert.key())]
}

/// What is said.
pub(super) fn body(alert: &Alert) -> Value {
    to_json(alert)
}
