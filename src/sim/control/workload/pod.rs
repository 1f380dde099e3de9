//! What controllers read of a pod, and how one begins.
//!
//! Never writes a pod that is there already. Called by the controllers of this folder.

use serde_json::{Value, json};

use crate::sim::object::{Document, DocumentMut, escaped};
use crate::sim::store::{Key, Kind, Object, Refusal};
use crate::sim::time::{self, Moment, Span};
use crate::sim::world::Turn;

/// Whether it passed its readiness probe.
pub(super) fn is_ready(pod: &Value) -> bool {
    pod.holds("Ready")
}

/// Since when it is ready or not, in whole seconds as its condition has it.
pub(super) fn ready_since(pod: &Value) -> Option<Moment> {
    time::parse(pod.condition("Ready")?.text("/lastTransitionTime"))
}

/// Whether it will never run again.
pub(super) fn has_ended(pod: &Value) -> bool {
    matches!(pod.text("/status/phase"), "Succeeded" | "Failed")
}

/// Whether it counts for its controller.
pub(super) fn is_active(pod: &Value) -> bool {
    !has_ended(pod) && !pod.is_leaving()
}

/// Whether it was ready for this many seconds.
pub(super) fn is_available(pod: &Value, min_ready: i64, now: Moment) -> bool {
    let long_enough = |since: Moment| min_ready == 0 || since + Span::seconds(min_ready) <= now;
    is_ready(pod) && ready_since(pod).map_or(min_ready == 0, long_enough)
}

/// The restarts of its container that was restarted most.
pub(super) fn restarts(pod: &Value) -> i64 {
    let counts = pod.items("/status/containerStatuses").iter().map(|c| c.int("/restartCount"));
    counts.max().unwrap_or(0)
}

/// The reference to an owner that controls what it makes.
pub(super) fn reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner.text("/apiVersion"),
        "kind": owner.text("/kind"),
        "name": owner.name(),
        "uid": owner.uid(),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// A pod of a controller, as the API server completes it: it has no node yet.
pub(super) fn draft(owner: &Value, template: &Value) -> Value {
    let mut metadata = json!({
        "generateName": format!("{}-", owner.name()),
        "namespace": owner.namespace(),
        "ownerReferences": [reference(owner)],
    });
    for part in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template.get("metadata").and_then(|given| given.get(part)) {
            metadata.set(&format!("/{part}"), value.clone());
        }
    }
    let mut spec = template.get("spec").cloned().unwrap_or_else(|| json!({}));
    complete(&mut spec);
    let status = json!({"phase": "Pending", "qosClass": quality(&spec)});
    json!({"metadata": metadata, "spec": spec, "status": status})
}

/// What the API server's defaults and admission add to the spec of a pod.
fn complete(spec: &mut Value) {
    let tolerated = |key: &str| {
        json!({
            "key": format!("node.kubernetes.io/{key}"),
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 300,
        })
    };
    let defaults = [
        ("restartPolicy", json!("Always")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("securityContext", json!({})),
        ("schedulerName", json!("default-scheduler")),
        ("priority", json!(0)),
        ("enableServiceLinks", json!(true)),
        ("preemptionPolicy", json!("PreemptLowerPriority")),
        ("tolerations", json!([tolerated("not-ready"), tolerated("unreachable")])),
    ];
    let Some(members) = spec.as_object_mut() else { return };
    for (name, value) in defaults {
        members.entry(name).or_insert(value);
    }
}

/// `status.qosClass`.
pub(super) fn quality(spec: &Value) -> &'static str {
    let containers = spec.items("/containers").iter().chain(spec.items("/initContainers"));
    let (mut any, mut all) = (false, true);
    for container in containers {
        for resource in ["cpu", "memory"] {
            let limit = container.at(&format!("/resources/limits/{resource}"));
            let request = container.at(&format!("/resources/requests/{resource}"));
            any |= limit.is_some() || request.is_some();
            all &= limit.is_some() && (request.is_none() || request == limit);
        }
    }
    match (any, all) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

/// Why a pod was not created.
#[derive(Debug)]
pub(super) enum Denied {
    /// Its namespace is being deleted: nobody needs to hear of it.
    NamespaceLeaves,
    Refused(Refusal),
}

/// Creates a pod where the namespace and its quota allow it.
pub(super) fn create(turn: &mut Turn<'_>, pod: Value) -> Result<Object, Denied> {
    let namespace = pod.namespace().to_owned();
    let place = Key::new(Kind::Namespace, "", &namespace);
    if turn.store.get(&place).is_some_and(|namespace| namespace.is_leaving()) {
        return Err(Denied::NamespaceLeaves);
    }
    if let Some(quota) = turn.ground.faults.quotas.get(&namespace) {
        let pods = turn.store.list(Kind::Pod, Some(&namespace));
        let used = pods.filter(|pod| !has_ended(pod)).count();
        if used >= quota.pods {
            let base = pod.text("/metadata/generateName");
            let suffix =
                turn.dice.suffix(&["refused", base], turn.now.timestamp_micros().unsigned_abs(), 5);
            let message = format!(
                "pods \"{base}{suffix}\" is forbidden: exceeded quota: {}, requested: pods=1, \
                 used: pods={used}, limited: pods={}",
                quota.name, quota.pods
            );
            return Err(Denied::Refused(Refusal::new(403, "Forbidden", message)));
        }
    }
    turn.store.insert(Kind::Pod, pod, turn.now).map_err(Denied::Refused)
}

/// What a label of a pod says, or the annotation of the same name.
pub(super) fn mark<'a>(pod: &'a Value, name: &str) -> Option<&'a str> {
    let label = pod.at(&format!("/metadata/labels/{}", escaped(name)));
    label.and_then(Value::as_str).or_else(|| pod.annotation(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_is_ready_for_long_enough() {
        let pod = json!({"status": {"conditions": [
            {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-24T10:00:00Z"},
        ]}});
        let at = |text| time::parse(text).unwrap();
        assert!(is_available(&pod, 0, at("2026-11-24T10:00:00Z")));
        assert!(!is_available(&pod, 5, at("2026-11-24T10:00:04.999Z")));
        assert!(is_available(&pod, 5, at("2026-11-24T10:00:05Z")));
        assert!(!is_available(&json!({}), 0, at("2026-11-24T10:00:05Z")));
    }

    #[test]
    fn quality_follows_requests_and_limits() {
        let with = |resources: Value| json!({"containers": [{"resources": resources}]});
        let whole = json!({"limits": {"cpu": "1", "memory": "1Gi"}});
        let cases = [
            (json!({"containers": [{}]}), "BestEffort"),
            (with(json!({"requests": {"cpu": "1"}})), "Burstable"),
            (with(whole), "Guaranteed"),
            (with(json!({"limits": {"cpu": "1"}})), "Burstable"),
        ];
        for (spec, wanted) in cases {
            assert_eq!(quality(&spec), wanted, "{spec}");
        }
    }
}
