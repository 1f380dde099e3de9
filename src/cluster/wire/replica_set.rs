//! ReplicaSets.

use super::meta::{self, Meta};
use super::node::Node;
use crate::domain::replica_set::ReplicaSet;

pub(super) fn replica_set(object: Node<'_>) -> Option<ReplicaSet> {
    let meta = Meta::of(object)?;
    let spec = object.at("spec");
    let status = object.at("status");
    let failure = status
        .list("conditions")
        .find(|c| c.str("type") == Some("ReplicaFailure") && c.str("status") == Some("True"));
    Some(ReplicaSet {
        id: meta.id(),
        uid: meta.uid(),
        owner: meta.owner(),
        hash: meta.hash().unwrap_or_default(),
        revision: meta.revision(),
        created: meta.created(),
        images: meta::images(spec.at("template")),
        desired: spec.int("replicas").unwrap_or(1),
        replicas: status.count("replicas"),
        ready: status.count("readyReplicas"),
        available: status.count("availableReplicas"),
        scale_down_deadline: meta.node().at("annotations").time("scale-down-deadline"),
        failure: failure.map(|c| c.text_or_empty("message")),
        change_cause: meta.annotation("kubernetes.io/change-cause"),
    })
}
