//! The template of an older revision, as it was before the controller added to it.
//!
//! Only reads. Source: the plugin's `undo`, plus what it forgets: metadata that the controller
//! injects into a canary's or a stable version's pods and remembers in an annotation. Called by
//! `act`.

use serde_json::Value;

use super::ActError;
use crate::cluster::call::{self, Failure};
use crate::cluster::connect::Connection;
use crate::cluster::resource;
use crate::domain::id::{ResourceKind, Uid, WorkloadKind};
use crate::domain::plan::Write;
use crate::domain::text::SafeText;

/// Labels that the controllers add to each version's template.
const HASH_LABELS: [&str; 2] = ["rollouts-pod-template-hash", "pod-template-hash"];

/// Annotation of a ReplicaSet with the metadata that the controller injected, as JSON.
const INJECTED: &str = "rollout.argoproj.io/ephemeral-metadata";

/// Reads the ReplicaSet and returns its template for the object of `write`, whose present state is
/// `current`.
pub(super) async fn copy(
    conn: &Connection,
    write: &Write,
    current: &Value,
    replica_set: &SafeText,
    uid: &Uid,
) -> Result<Value, ActError> {
    let namespace = &write.object.namespace;
    let path = resource::object(ResourceKind::ReplicaSets, namespace, replica_set);
    let found = fetch(conn, &path, "replicasets", write).await?;
    let gone = || ActError::NotFound {
        what: format!("ReplicaSet {replica_set} of the chosen revision").into(),
    };
    let found = found.ok_or_else(gone)?;
    if at(&found, "/metadata/uid") != Some(uid.as_str()) {
        return Err(gone());
    }
    if !belongs(conn, write, current, &found).await? {
        let message = format!("ReplicaSet {replica_set} does not belong to {}", write.object);
        return Err(ActError::Invalid { message: message.into() });
    }
    strip(&found).ok_or_else(gone)
}

fn at<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(Value::as_str)
}

/// Reads an object; `None` when it does not exist.
async fn fetch(
    conn: &Connection,
    path: &str,
    resource: &str,
    write: &Write,
) -> Result<Option<Value>, ActError> {
    match call::fetch(conn, path).await {
        Ok(value) => Ok(Some(value)),
        Err(Failure::Refused(refusal)) => match refusal.code {
            404 => Ok(None),
            401 => Err(ActError::Unauthorized),
            403 => Err(ActError::Forbidden {
                rule: format!("get {resource} in {}", write.object.namespace).into(),
            }),
            code => Err(ActError::Server { code, message: refusal.message }),
        },
        Err(failure) => Err(ActError::Unreachable { cause: failure.text() }),
    }
}

/// Whether the ReplicaSet is a version of the object, or, for a Deployment that a Rollout refers
/// to, of that Rollout.
async fn belongs(
    conn: &Connection,
    write: &Write,
    current: &Value,
    replica_set: &Value,
) -> Result<bool, ActError> {
    let owners = replica_set.pointer("/metadata/ownerReferences");
    let owners = owners.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let own = at(current, "/metadata/uid");
    if own.is_some() && owners.iter().any(|owner| at(owner, "/uid") == own) {
        return Ok(true);
    }
    if write.object.kind != WorkloadKind::Deployment {
        return Ok(false);
    }
    for owner in owners.iter().filter(|owner| at(owner, "/kind") == Some("Rollout")) {
        let name = at(owner, "/name").unwrap_or_default();
        let path = resource::object(ResourceKind::Rollouts, &write.object.namespace, name);
        let Some(rollout) = fetch(conn, &path, "rollouts", write).await? else {
            continue;
        };
        if at(&rollout, "/metadata/uid") == at(owner, "/uid")
            && at(&rollout, "/spec/workloadRef/kind") == Some("Deployment")
            && at(&rollout, "/spec/workloadRef/name") == Some(write.object.name.as_str())
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The template without what the controller added to it.
pub(super) fn strip(replica_set: &Value) -> Option<Value> {
    let mut template = replica_set.pointer("/spec/template")?.clone();
    let injected: Value = replica_set
        .pointer("/metadata/annotations")
        .and_then(|a| a.get(INJECTED))
        .and_then(Value::as_str)
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let Some(metadata) = template.get_mut("metadata").and_then(Value::as_object_mut) else {
        return Some(template);
    };
    metadata.retain(|_, value| !value.is_null());
    for part in ["labels", "annotations"] {
        let added: Vec<&String> = injected
            .get(part)
            .and_then(Value::as_object)
            .map(|map| map.keys().collect())
            .unwrap_or_default();
        let Some(map) = metadata.get_mut(part).and_then(Value::as_object_mut) else {
            continue;
        };
        map.retain(|key, _| !HASH_LABELS.contains(&key.as_str()) && !added.contains(&key));
        if map.is_empty() {
            metadata.remove(part);
        }
    }
    Some(template)
}
