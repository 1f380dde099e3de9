//! What a Rollout and a Deployment have in common, and Deployments.

use super::meta::{self, Meta};
use super::node::Node;
use super::strategy;
use crate::domain::id::{WorkloadId, WorkloadKind};
use crate::domain::time::Span;
use crate::domain::workload::{Status, Workload};

/// Default of `progressDeadlineSeconds` of both kinds.
const PROGRESS_DEADLINE: Span = Span::seconds(600);

/// Annotation of ours that says where a workload's metrics are.
const PROMETHEUS: &str = "waveoff/prometheus";

/// Everything but strategy and status.
pub(super) fn common(object: Node<'_>, kind: WorkloadKind) -> Option<Workload> {
    let meta = Meta::of(object)?;
    let spec = object.at("spec");
    Some(Workload {
        id: WorkloadId { namespace: meta.namespace(), kind, name: meta.name() },
        uid: meta.uid(),
        generation: meta.node().long("generation").unwrap_or(0),
        resource_version: meta.node().text_or_empty("resourceVersion"),
        created: meta.created(),
        deleting: meta.node().part("deletionTimestamp").is_some(),
        revision: meta.revision(),
        replicas: spec.int("replicas").unwrap_or(1),
        paused: spec.flag("paused"),
        images: meta::images(spec.at("template")),
        strategy: crate::domain::strategy::Strategy::Unknown,
        workload_ref: None,
        selector: spec.at("selector").pairs("matchLabels"),
        restart_at: spec.time("restartAt"),
        progress_deadline: spec.seconds("progressDeadlineSeconds").unwrap_or(PROGRESS_DEADLINE),
        progress_deadline_abort: spec.flag("progressDeadlineAbort"),
        rollback_window: spec
            .at("rollbackWindow")
            .int("revisions")
            .and_then(|n| u32::try_from(n).ok()),
        min_ready: spec.seconds("minReadySeconds").unwrap_or(Span::zero()),
        labels: meta.node().pairs("labels"),
        prometheus: meta.annotation(PROMETHEUS),
        gitops: meta.gitops(),
        status: Status::default(),
    })
}

/// The counters of both kinds.
pub(super) fn counters(status: Node<'_>) -> Status {
    Status {
        replicas: status.count("replicas"),
        updated: status.count("updatedReplicas"),
        ready: status.count("readyReplicas"),
        available: status.count("availableReplicas"),
        conditions: meta::conditions(status),
        ..Status::default()
    }
}

/// `apps/v1` Deployment.
pub(super) fn deployment(object: Node<'_>) -> Option<Workload> {
    let mut workload = common(object, WorkloadKind::Deployment)?;
    let spec = object.at("spec");
    let status = object.at("status");
    workload.strategy = strategy::of_deployment(spec.at("strategy"));
    workload.status = Status {
        observed_generation: status.long("observedGeneration"),
        unavailable: status.count("unavailableReplicas"),
        ..counters(status)
    };
    // A restart of a Deployment is an annotation of its template.
    let annotations = spec.at("template").at("metadata").at("annotations");
    workload.restart_at = annotations.time("kubectl.kubernetes.io/restartedAt");
    Some(workload)
}
