//! An alert as JSON and back: what a webhook is given, and what is kept on disk until then.
//!
//! Fields are added, never changed; `schema` counts what would break a reader.

use serde_json::{Value, json};

use crate::domain::alert::{Alert, Occasion};
use crate::domain::id::{WorkloadId, WorkloadKind};
use crate::domain::text::SafeText;
use crate::domain::time::{parse_rfc3339, to_rfc3339};

/// The alert with all its fields.
pub fn to_json(alert: &Alert) -> Value {
    let facts = alert.facts.iter();
    let facts = facts.map(|(name, value)| json!({ "name": &**name, "value": &**value }));
    json!({
        "schema": 1,
        "key": alert.key(),
        "incident": &*alert.incident,
        "occasion": alert.occasion.word(),
        "concern": alert.occasion.concern().word(),
        "severity": alert.occasion.severity().word(),
        "resolves": alert.occasion.resolves(),
        "at": to_rfc3339(alert.at),
        "workload": {
            "kind": alert.workload.kind.as_str(),
            "namespace": &*alert.workload.namespace,
            "name": &*alert.workload.name,
        },
        "environment": &*alert.environment,
        "summary": &*alert.summary,
        "facts": facts.collect::<Vec<_>>(),
    })
}

/// The alert that this is; nothing when it is none.
pub fn from_json(value: &Value) -> Option<Alert> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(SafeText::new);
    let workload = value.get("workload")?;
    let kind = match &*text(workload, "kind")? {
        "Rollout" => WorkloadKind::Rollout,
        "Deployment" => WorkloadKind::Deployment,
        _ => return None,
    };
    let facts = value.get("facts")?.as_array()?.iter();
    let facts = facts.map(|fact| Some((text(fact, "name")?, text(fact, "value")?)));
    Some(Alert {
        at: parse_rfc3339(&text(value, "at")?)?,
        incident: text(value, "incident")?,
        occasion: Occasion::of_word(&text(value, "occasion")?)?,
        workload: WorkloadId::new(text(workload, "namespace")?, kind, text(workload, "name")?),
        environment: text(value, "environment")?,
        summary: text(value, "summary")?,
        facts: facts.collect::<Option<Vec<_>>>()?,
    })
}
