//! PagerDuty: Events API v2.
//!
//! Never acknowledges: an acknowledgement ends the paging, and nobody knows yet whether the way
//! back will help. What happens in between is added to the same alert.

use serde_json::{Map, Value, json};

use crate::domain::alert::{Alert, Concern};
use crate::domain::time::to_rfc3339;

/// Most characters of a summary.
const MOST_SUMMARY: usize = 1024;

/// Most characters of `dedup_key`.
const MOST_KEY: usize = 255;

/// What is said; `key` is the integration key.
pub(super) fn body(alert: &Alert, key: &str) -> Value {
    let dedup_key = dedup_key(alert);
    if alert.occasion.resolves() {
        return json!({ "routing_key": key, "event_action": "resolve", "dedup_key": dedup_key });
    }
    let summary = format!("{} {}: {}", alert.workload, alert.occasion.word(), alert.summary);
    let facts = alert.facts.iter();
    let details: Map<String, Value> =
        facts.map(|(name, value)| (name.to_string(), json!(&**value))).collect();
    json!({
        "routing_key": key,
        "event_action": "trigger",
        "dedup_key": dedup_key,
        "client": "waveoff",
        "payload": {
            "summary": super::cut(&summary, MOST_SUMMARY),
            "source": source(alert),
            "severity": alert.occasion.severity().word(),
            "timestamp": to_rfc3339(alert.at),
            "component": &*alert.workload.name,
            "group": &*alert.workload.namespace,
            "class": alert.occasion.word(),
            "custom_details": details,
        },
    })
}

/// Where it happened; never empty, since that is refused.
fn source(alert: &Alert) -> String {
    if alert.environment.is_empty() { "waveoff".to_owned() } else { alert.environment.to_string() }
}

/// The incident. That the guard sees again must not resolve what it fired for.
fn dedup_key(alert: &Alert) -> String {
    let concern = alert.occasion.concern();
    let key = match concern {
        Concern::Release => alert.incident.to_string(),
        Concern::Sight | Concern::Watch => format!("{}/{}", alert.incident, concern.word()),
    };
    if key.chars().count() <= MOST_KEY {
        return key;
    }
    // Two long ones that begin alike are still two.
    let kept: String = key.chars().take(MOST_KEY - 17).collect();
    format!("{kept}-{:016x}", fnv1a(key.as_bytes()))
}

/// FNV-1a, 64 bits: the same in every version of the program.
fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
