//! Where each watched kind lives in the API.
//!
//! Only names and paths. Used by every file of this room that asks for something.

use crate::domain::id::{ResourceKind, WorkloadId, WorkloadKind};
use crate::domain::observation::SourceId;

/// Group and version, and the path in front of `namespaces/...`.
pub(crate) fn group_version(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Rollouts | ResourceKind::AnalysisRuns | ResourceKind::Experiments => {
            "argoproj.io/v1alpha1"
        }
        ResourceKind::Deployments | ResourceKind::ReplicaSets => "apps/v1",
        ResourceKind::Pods | ResourceKind::Events | ResourceKind::Services => "v1",
        ResourceKind::Ingresses => "networking.k8s.io/v1",
        ResourceKind::DisruptionBudgets => "policy/v1",
    }
}

fn root(group_version: &str) -> String {
    if group_version.contains('/') {
        format!("/apis/{group_version}")
    } else {
        format!("/api/{group_version}")
    }
}

/// Path of a source's collection.
pub(crate) fn collection(source: &SourceId) -> String {
    let root = root(group_version(source.kind));
    let resource = source.kind.resource();
    match &source.namespace {
        Some(namespace) => format!("{root}/namespaces/{}/{resource}", escape(namespace)),
        None => format!("{root}/{resource}"),
    }
}

/// Path of one object.
pub(crate) fn object(kind: ResourceKind, namespace: &str, name: &str) -> String {
    let root = root(group_version(kind));
    let resource = kind.resource();
    format!("{root}/namespaces/{}/{resource}/{}", escape(namespace), escape(name))
}

/// The kind that is watched for this kind of workload.
pub(crate) fn kind_of(kind: WorkloadKind) -> ResourceKind {
    match kind {
        WorkloadKind::Rollout => ResourceKind::Rollouts,
        WorkloadKind::Deployment => ResourceKind::Deployments,
    }
}

/// Path of a workload.
pub(crate) fn workload(id: &WorkloadId) -> String {
    object(kind_of(id.kind), &id.namespace, &id.name)
}

/// Escapes one segment of a path or one value of a query. A name with a slash in it must not become
/// another path.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The rule a source needs, in words: `list rollouts in shop`.
pub(crate) fn rule(verb: &str, source: &SourceId) -> String {
    let resource = source.kind.resource();
    match &source.namespace {
        Some(namespace) => format!("{verb} {resource} in {namespace}"),
        None => format!("{verb} {resource} in all namespaces"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let mut source = SourceId { kind: ResourceKind::Rollouts, namespace: Some("shop".into()) };
        assert_eq!(collection(&source), "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts");
        source = SourceId { kind: ResourceKind::Pods, namespace: None };
        assert_eq!(collection(&source), "/api/v1/pods");
        assert_eq!(rule("watch", &source), "watch pods in all namespaces");
        assert_eq!(
            object(ResourceKind::Pods, "shop", "../../secrets"),
            "/api/v1/namespaces/shop/pods/..%2F..%2Fsecrets"
        );
    }
}
