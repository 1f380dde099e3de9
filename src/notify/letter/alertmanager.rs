//! Alertmanager: `POST /api/v2/alerts`.
//!
//! It knows an alert by its labels alone, so that they are the same for all of an incident; what
//! changes is an annotation. It takes one that is not said again in time as resolved.

use serde_json::{Value, json};

use crate::domain::alert::{Alert, Concern};
use crate::domain::time::{Span, Timestamp, to_rfc3339};

const PATH: &str = "/api/v2/alerts";

/// How long it holds without being said again: a few repetitions may be lost.
const HOLDS: Span = Span::minutes(5);

/// The same for what nobody will say again, since nobody is left.
const LAST_HOLDS: Span = Span::hours(1);

/// Where to post, when the address of the server or of its API was given.
pub(super) fn url(server: &str) -> String {
    let server = server.trim_end_matches('/');
    if server.ends_with(PATH) { server.to_owned() } else { format!("{server}{PATH}") }
}

/// What is said.
pub(super) fn body(alert: &Alert, now: Timestamp) -> Value {
    let concern = alert.occasion.concern();
    let ends = match concern {
        _ if alert.occasion.resolves() => alert.at.min(now),
        Concern::Watch => alert.at + LAST_HOLDS,
        Concern::Release | Concern::Sight => now + HOLDS,
    };
    json!([{
        "labels": {
            "alertname": name(concern),
            "service": &*alert.workload.name,
            "namespace": &*alert.workload.namespace,
            "env": &*alert.environment,
            "severity": concern.severity().word(),
            "incident": &*alert.incident,
        },
        "annotations": {
            "summary": &*alert.summary,
            "description": super::lines(alert),
            "occasion": alert.occasion.word(),
            "workload": alert.workload.to_string(),
        },
        // An end before the beginning would be refused.
        "startsAt": to_rfc3339(alert.at.min(ends)),
        "endsAt": to_rfc3339(ends),
    }])
}

fn name(concern: Concern) -> &'static str {
    match concern {
        Concern::Release => "WaveoffGuardFired",
        Concern::Sight => "WaveoffGuardBlind",
        Concern::Watch => "WaveoffGuardEnded",
    }
}
