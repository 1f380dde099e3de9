//! The Lease by which guards agree on who acts (`coordination.k8s.io/v1`).
//!
//! Each write carries the resource version that was read, so of two guards that reach for it at
//! once one is refused. Never acts on a workload. Called by `runtime` for each guard, every few
//! seconds.

use http::Request;
use serde_json::{Value, json};

use super::call::{self, Failure, READ_LIMIT};
use super::connect::Connection;
use super::error::ClusterError;
use super::resource::escape;
use crate::domain::id::WorkloadId;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp, parse_rfc3339};

/// Who holds it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// We do, from this instant on.
    Ours,
    /// Somebody else does.
    Others(SafeText),
}

/// The name of a workload's Lease: `waveoff-guard-rollout-checkout`.
pub fn name(id: &WorkloadId) -> String {
    let kind = id.kind.as_str().to_ascii_lowercase();
    format!("waveoff-guard-{kind}-{}", id.name)
}

/// Takes the Lease of a workload, or renews it, or says who holds it. It is free when nobody ever
/// held it, when its holder gave it back, and `leaseDurationSeconds` after `renewTime`.
pub async fn hold(
    conn: &Connection,
    id: &WorkloadId,
    holder: &str,
    lasts: Span,
    now: Timestamp,
) -> Result<Held, ClusterError> {
    let wrong = |failure: Failure| failure.into_error(conn, &rule(id), &name(id));
    let Some(found) = read(conn, id).await.map_err(wrong)? else {
        let lease = fresh(id, holder, lasts, now);
        return match write(conn, "POST", &collection(id), &lease).await {
            Ok(()) => Ok(Held::Ours),
            Err(failure) if is_conflict(&failure) => lost(conn, id).await,
            Err(failure) => Err(wrong(failure)),
        };
    };
    let other = held_by(&found).filter(|other| *other != holder);
    if let Some(other) = other
        && stands_until(&found).is_some_and(|until| until > now)
    {
        return Ok(Held::Others(SafeText::new(other)));
    }
    let lease = renewed(found.clone(), holder, lasts, now);
    match write(conn, "PUT", &path(id), &lease).await {
        Ok(()) => Ok(Held::Ours),
        Err(failure) if is_conflict(&failure) => lost(conn, id).await,
        Err(failure) => Err(wrong(failure)),
    }
}

/// Gives it back, when it is ours.
pub async fn release(conn: &Connection, id: &WorkloadId, holder: &str) -> Result<(), ClusterError> {
    let wrong = |failure: Failure| failure.into_error(conn, &rule(id), &name(id));
    let Some(mut found) = read(conn, id).await.map_err(wrong)? else { return Ok(()) };
    if held_by(&found) != Some(holder) {
        return Ok(());
    }
    if let Some(spec) = found.get_mut("spec") {
        spec["holderIdentity"] = json!("");
        spec["leaseDurationSeconds"] = json!(1);
    }
    write(conn, "PUT", &path(id), &found).await.map_err(wrong)
}

/// Somebody was faster.
async fn lost(conn: &Connection, id: &WorkloadId) -> Result<Held, ClusterError> {
    let found = read(conn, id).await;
    let found = found.map_err(|failure| failure.into_error(conn, &rule(id), &name(id)))?;
    let other = found.as_ref().and_then(held_by).unwrap_or("another guard");
    Ok(Held::Others(SafeText::new(other)))
}

fn rule(id: &WorkloadId) -> String {
    format!("get, create and update leases in {}", id.namespace)
}

fn collection(id: &WorkloadId) -> String {
    format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", escape(&id.namespace))
}

fn path(id: &WorkloadId) -> String {
    format!("{}/{}", collection(id), escape(&name(id)))
}

async fn read(conn: &Connection, id: &WorkloadId) -> Result<Option<Value>, Failure> {
    let answer = async {
        let response = call::open(conn, call::get(&path(id)), READ_LIMIT).await?;
        call::read(response, READ_LIMIT).await
    };
    match answer.await {
        Ok(lease) => Ok(Some(lease)),
        Err(Failure::Refused(refusal)) if refusal.code == 404 => Ok(None),
        Err(failure) => Err(failure),
    }
}

async fn write(conn: &Connection, method: &str, path: &str, lease: &Value) -> Result<(), Failure> {
    let body = lease.to_string().into_bytes();
    let request: Request<Vec<u8>> = call::with_body(method, path, Some("application/json"), body);
    let response = call::open(conn, request, READ_LIMIT).await?;
    call::read(response, READ_LIMIT).await.map(drop)
}

fn is_conflict(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(refusal) if refusal.code == 409)
}

fn held_by(lease: &Value) -> Option<&str> {
    let holder = lease.pointer("/spec/holderIdentity").and_then(Value::as_str);
    holder.filter(|holder| !holder.is_empty())
}

/// Until when it stands; nothing where it does not say, and then it does not.
fn stands_until(lease: &Value) -> Option<Timestamp> {
    let renewed = lease.pointer("/spec/renewTime").and_then(Value::as_str)?;
    let seconds = lease.pointer("/spec/leaseDurationSeconds").and_then(Value::as_i64)?;
    Some(parse_rfc3339(renewed)? + Span::try_seconds(seconds.clamp(0, 3600))?)
}

/// `MicroTime`.
fn micro(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

fn fresh(id: &WorkloadId, holder: &str, lasts: Span, now: Timestamp) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": name(id),
            "namespace": id.namespace.as_str(),
            "labels": { "app.kubernetes.io/managed-by": "waveoff" },
        },
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": lasts.num_seconds().max(1),
            "acquireTime": micro(now),
            "renewTime": micro(now),
            "leaseTransitions": 0,
        },
    })
}

fn renewed(mut lease: Value, holder: &str, lasts: Span, now: Timestamp) -> Value {
    let is_ours = held_by(&lease) == Some(holder);
    let Some(fields) = lease.as_object_mut() else { return lease };
    let spec = fields.entry("spec").or_insert_with(|| json!({}));
    if !spec.is_object() {
        *spec = json!({});
    }
    if !is_ours {
        let before = spec.get("leaseTransitions").and_then(Value::as_i64).unwrap_or(0);
        spec["acquireTime"] = json!(micro(now));
        spec["leaseTransitions"] = json!(before.saturating_add(1));
    }
    spec["holderIdentity"] = json!(holder);
    spec["leaseDurationSeconds"] = json!(lasts.num_seconds().max(1));
    spec["renewTime"] = json!(micro(now));
    lease
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::WorkloadKind;

    #[test]
    fn it_stands_as_long_as_it_says() {
        let id = WorkloadId::new("shop", WorkloadKind::Rollout, "checkout");
        let now = parse_rfc3339("2026-11-28T12:00:00Z").unwrap();
        let lease = fresh(&id, "ana", Span::seconds(30), now);
        assert_eq!(name(&id), "waveoff-guard-rollout-checkout");
        assert_eq!(held_by(&lease), Some("ana"));
        assert_eq!(stands_until(&lease), Some(now + Span::seconds(30)));
        let later = now + Span::seconds(40);
        let own = renewed(lease.clone(), "ana", Span::seconds(30), later);
        assert_eq!(own["spec"]["leaseTransitions"], 0);
        assert_eq!(own["spec"]["acquireTime"], "2026-11-28T12:00:00.000000Z");
        let taken = renewed(lease, "bob", Span::seconds(30), later);
        assert_eq!(taken["spec"]["leaseTransitions"], 1);
        assert_eq!(stands_until(&taken), Some(later + Span::seconds(30)));
        for odd in [json!({}), json!({ "spec": null }), json!({ "spec": { "renewTime": 3 } })] {
            assert_eq!((held_by(&odd), stands_until(&odd)), (None, None), "{odd}");
            assert_eq!(held_by(&renewed(odd, "bob", Span::seconds(30), now)), Some("bob"));
        }
    }
}
