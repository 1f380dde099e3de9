//! Single questions: one workload now, and which ones there are.
//!
//! Used to read back after a write without an answer, and by commands without a screen.

use serde_json::Value;

use super::call;
use super::connect::Connection;
use super::error::ClusterError;
use super::{resource, wire};
use crate::domain::id::{WorkloadId, WorkloadKind};
use crate::domain::observation::{Record, SourceId};
use crate::domain::text::SafeText;
use crate::domain::workload::Workload;

/// Reads one workload.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Unauthorized`, `Unreachable` and others.
pub async fn read_workload(conn: &Connection, id: &WorkloadId) -> Result<Workload, ClusterError> {
    let action = format!("get {} in {}", id.kind.resource(), id.namespace);
    let value = call::ask(conn, &resource::workload(id), &action, &id.to_string()).await?;
    match wire::decode(resource::kind_of(id.kind), &value).record {
        Some(Record::Workload(workload)) => Ok(*workload),
        _ => Err(ClusterError::Decode {
            action: action.into(),
            cause: "it is not the object that was asked for".into(),
        }),
    }
}

/// `Flagger` where a Canary of it (`flagger.app/v1beta1`, `spec.targetRef`) moves the versions of a
/// workload; nothing where there is none, or Flagger is not installed.
///
/// # Errors
/// As for [`read_workload`], but `NotFound`.
pub async fn flagger(conn: &Connection, id: &WorkloadId) -> Result<Option<SafeText>, ClusterError> {
    let path = format!(
        "/apis/flagger.app/v1beta1/namespaces/{}/canaries",
        resource::escape(&id.namespace)
    );
    let action = format!("list canaries.flagger.app in {}", id.namespace);
    let listed = match call::ask(conn, &path, &action, "canaries.flagger.app").await {
        Ok(listed) => listed,
        Err(ClusterError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let moves_it = |canary: &Value| {
        let text = |field: &str| canary.pointer(field).and_then(Value::as_str);
        text("/spec/targetRef/kind") == Some(id.kind.as_str())
            && text("/spec/targetRef/name") == Some(id.name.as_str())
    };
    Ok(call::items(&listed).any(moves_it).then(|| "Flagger".into()))
}

/// Names of the workloads of a kind, for "did you mean".
///
/// # Errors
/// As for [`read_workload`]; `NotFound` when the kind is not installed.
pub async fn names(
    conn: &Connection,
    kind: WorkloadKind,
    namespace: Option<&SafeText>,
) -> Result<Vec<WorkloadId>, ClusterError> {
    let source = SourceId { kind: resource::kind_of(kind), namespace: namespace.cloned() };
    let rule = resource::rule("list", &source);
    let what = resource::group_version(source.kind);
    let fail = |failure: call::Failure| failure.into_error(conn, &rule, what);
    let mut request = call::get(&resource::collection(&source));
    let metadata_only =
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
    request.headers_mut().insert("accept", http::HeaderValue::from_static(metadata_only));
    let response = call::open(conn, request, call::READ_LIMIT).await.map_err(fail)?;
    let value = call::read(response, call::READ_LIMIT).await.map_err(fail)?;
    let mut ids: Vec<WorkloadId> = call::items(&value)
        .filter_map(|item| {
            let text = |path: &str| item.pointer(path).and_then(Value::as_str);
            Some(WorkloadId::new(text("/metadata/namespace")?, kind, text("/metadata/name")?))
        })
        .collect();
    ids.sort();
    Ok(ids)
}
