//! The fleet that is looked at: rollouts, each with a ReplicaSet and pods, as a server has them.
//!
//! The first rollout is a canary that waits at its gate, with a second ReplicaSet; all others are
//! healthy. A pod has about 4.5 kB, with the fields that no screen shows. Knows no server.

use serde_json::{Value, json};

/// Namespace of everything.
pub(crate) const NAMESPACE: &str = "bench";

/// The rollout that every program is asked to show.
pub(crate) const TARGET: &str = "svc-00000";

/// Pods of a rollout.
pub(crate) const PODS_EACH: usize = 10;

/// Of the target's pods, how many are of the new version.
pub(crate) const NEW_PODS: usize = 3;

const SINCE: &str = "2026-11-23T18:19:09Z";

/// Name of a rollout.
pub(crate) fn rollout_name(number: usize) -> String {
    format!("svc-{number:05}")
}

/// Hash of a rollout's version: no digits, as a marker is a number.
fn hash(number: usize, new: bool) -> String {
    let mut rest = number.wrapping_mul(2_654_435_761) % 4_294_967_291;
    let mut hash = String::from(if new { "n" } else { "s" });
    for _ in 0..8 {
        hash.push(letter(rest));
        rest /= 23;
    }
    hash
}

fn letter(number: usize) -> char {
    char::from(b"bcdfghjklmnpqrstvwxzabc".get(number % 23).copied().unwrap_or(b'z'))
}

/// The random end of a pod's name.
pub(crate) fn pod_suffix(number: usize, pod: usize) -> String {
    let mut rest = number * 31 + pod * 7 + 11;
    let mut suffix = String::new();
    for _ in 0..4 {
        suffix.push(letter(rest));
        rest = rest / 23 + 5;
    }
    suffix.push(letter(pod));
    suffix
}

fn uid(kind: u32, number: usize, pod: usize) -> String {
    format!("{kind:08x}-{:04x}-4000-8000-{number:012x}", pod & 0xffff)
}

/// Whether this pod is one of the new version.
pub(crate) fn is_new(number: usize, pod: usize) -> bool {
    number == 0 && pod < NEW_PODS
}

/// Name of a pod.
pub(crate) fn pod_name(number: usize, pod: usize) -> String {
    let hash = hash(number, is_new(number, pod));
    format!("{}-{hash}-{}", rollout_name(number), pod_suffix(number, pod))
}

fn image(number: usize, new: bool) -> String {
    format!(
        "registry.example/shop/{}:{}",
        rollout_name(number),
        if new { "1.5.0" } else { "1.4.2" }
    )
}

fn template(number: usize, new: bool) -> Value {
    json!({"containers": [{
        "image": image(number, new),
        "imagePullPolicy": "IfNotPresent",
        "name": "app",
        "env": [{"name": "PORT", "value": "8080"}, {"name": "REGION", "value": "eu-west-1"}],
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "readinessProbe": {"failureThreshold": 3, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1,
            "httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"}},
        "resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"
    }], "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
        "securityContext": {}, "terminationGracePeriodSeconds": 30})
}

/// A rollout. `ready` is the number of ready replicas that its status claims.
pub(crate) fn rollout(number: usize, ready: u64) -> Value {
    let name = rollout_name(number);
    let gate = number == 0;
    let (stable, current) = (hash(number, false), hash(number, gate));
    let mut status = json!({
        "HPAReplicas": ready, "availableReplicas": ready, "readyReplicas": ready, "replicas": ready,
        "updatedReplicas": if gate { NEW_PODS } else { PODS_EACH }, "blueGreen": {},
        "canary": {}, "currentPodHash": current, "currentStepHash": "cdbfghjkl", "currentStepIndex": if gate { 1 } else { 3 },
        "observedGeneration": "2", "phase": if gate { "Paused" } else { "Healthy" },
        "selector": format!("app={name}"), "stableRS": stable,
        "conditions": [condition("Available", "True", "AvailableReason", "Rollout has minimum availability"),
            condition("Completed", if gate { "False" } else { "True" }, "RolloutCompleted", "RolloutCompleted"),
            condition("Healthy", if gate { "False" } else { "True" }, "RolloutHealthy", "Rollout is healthy")],
    });
    if gate && let Some(status) = status.as_object_mut() {
        status.insert("controllerPause".into(), true.into());
        status.insert("message".into(), "CanaryPauseStep".into());
        status.insert(
            "pauseConditions".into(),
            json!([{"reason": "CanaryPauseStep", "startTime": SINCE}]),
        );
    }
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"annotations": {"rollout.argoproj.io/revision": if gate { "2" } else { "1" }},
            "creationTimestamp": SINCE, "generation": 2, "labels": {"app": name, "team": "payments"},
            "managedFields": managed("rollouts-controller"), "name": name, "namespace": NAMESPACE, "uid": uid(1, number, 0)},
        "spec": {"progressDeadlineSeconds": 600, "replicas": PODS_EACH, "revisionHistoryLimit": 3,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {"canary": {"steps": [{"setWeight": 30}, {"pause": {}}, {"setWeight": 60}]}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": template(number, gate)}},
        "status": status
    })
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"lastTransitionTime": SINCE, "lastUpdateTime": SINCE, "type": kind, "status": status,
        "reason": reason, "message": message})
}

/// A ReplicaSet: the stable one, or that of the target's new version.
pub(crate) fn replica_set(number: usize, new: bool) -> Value {
    let (name, hash) = (rollout_name(number), hash(number, new));
    let count = match (number, new) {
        (0, true) => NEW_PODS,
        (0, false) => PODS_EACH - NEW_PODS,
        _ => PODS_EACH,
    };
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "annotations": {"rollout.argoproj.io/desired-replicas": count.to_string(),
                "rollout.argoproj.io/revision": if new { "2" } else { "1" }},
            "creationTimestamp": SINCE, "generation": 1,
            "labels": {"app": name, "rollouts-pod-template-hash": hash}, "managedFields": managed("rollouts-controller"),
            "name": format!("{name}-{hash}"), "namespace": NAMESPACE,
            "ownerReferences": [owner("argoproj.io/v1alpha1", "Rollout", &name, &uid(1, number, 0))],
            "uid": uid(2, number, usize::from(new))},
        "spec": {"replicas": count,
            "selector": {"matchLabels": {"app": name, "rollouts-pod-template-hash": hash}},
            "template": {"metadata": {"labels": {"app": name, "rollouts-pod-template-hash": hash}},
                "spec": template(number, new)}},
        "status": {"availableReplicas": count, "fullyLabeledReplicas": count, "observedGeneration": 1,
            "readyReplicas": count, "replicas": count}
    })
}

fn owner(version: &str, kind: &str, name: &str, uid: &str) -> Value {
    json!({"apiVersion": version, "blockOwnerDeletion": true, "controller": true, "kind": kind, "name": name, "uid": uid})
}

/// A pod with so many restarts.
pub(crate) fn pod(number: usize, pod: usize, restarts: u64) -> Value {
    let new = is_new(number, pod);
    let (name, hash) = (rollout_name(number), hash(number, new));
    let set = format!("{name}-{hash}");
    let mut spec = template(number, new);
    if let Some(spec) = spec.as_object_mut() {
        spec.insert("nodeName".into(), format!("node-{}", letter(pod)).into());
        spec.insert("priority".into(), 0.into());
        spec.insert(
            "tolerations".into(),
            json!([toleration("not-ready"), toleration("unreachable")]),
        );
    }
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "creationTimestamp": SINCE, "generateName": format!("{set}-"), "generation": 1,
            "labels": {"app": name, "rollouts-pod-template-hash": hash}, "managedFields": managed("kubelet"),
            "name": pod_name(number, pod), "namespace": NAMESPACE,
            "ownerReferences": [owner("apps/v1", "ReplicaSet", &set, &uid(2, number, usize::from(new)))],
            "uid": uid(3, number, pod)},
        "spec": spec,
        "status": pod_status(number, pod, restarts)
    })
}

fn toleration(what: &str) -> Value {
    json!({"effect": "NoExecute", "key": format!("node.kubernetes.io/{what}"), "operator": "Exists", "tolerationSeconds": 300})
}

/// The status of a pod with so many restarts.
pub(crate) fn pod_status(number: usize, pod: usize, restarts: u64) -> Value {
    let image = image(number, is_new(number, pod));
    let ip = format!("10.{}.{}.{pod}", 1 + number / 250, number % 250);
    let conditions: Vec<Value> =
        ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
            .iter()
            .map(|kind| json!({"lastProbeTime": null, "lastTransitionTime": SINCE, "status": "True", "type": kind}))
            .collect();
    json!({
        "conditions": conditions,
        "containerStatuses": [{
            "containerID": format!("containerd://{number:032x}{pod:032x}"),
            "image": image, "imageID": format!("{image}@sha256:{number:064x}"), "lastState": {}, "name": "app",
            "ready": true, "restartCount": restarts, "started": true,
            "state": {"running": {"startedAt": SINCE}}}],
        "hostIP": "127.0.0.1", "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "qosClass": "Burstable",
        "startTime": SINCE
    })
}

/// What an API server remembers of who wrote which field.
fn managed(last: &str) -> Value {
    json!([
        {"apiVersion": "v1", "fieldsType": "FieldsV1", "manager": "kube-controller-manager", "operation": "Update", "time": SINCE,
         "fieldsV1": {"f:metadata": {"f:generateName": {}, "f:labels": {".": {}, "f:app": {}, "f:rollouts-pod-template-hash": {}},
            "f:ownerReferences": {".": {}, "k:{\"uid\":\"00000002-0000-4000-8000-000000000000\"}": {}}},
          "f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {},
            "f:ports": {".": {}, "k:{\"containerPort\":8080,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}, "f:name": {}, "f:protocol": {}}},
            "f:readinessProbe": {".": {}, "f:failureThreshold": {}, "f:httpGet": {".": {}, "f:path": {}, "f:port": {}, "f:scheme": {}}},
            "f:resources": {".": {}, "f:limits": {".": {}, "f:memory": {}}}}}, "f:restartPolicy": {}, "f:schedulerName": {}}}},
        {"apiVersion": "v1", "fieldsType": "FieldsV1", "manager": last, "operation": "Update", "subresource": "status", "time": SINCE,
         "fieldsV1": {"f:status": {"f:conditions": {"k:{\"type\":\"Ready\"}": {".": {}, "f:lastProbeTime": {}, "f:status": {}, "f:type": {}},
            "k:{\"type\":\"Initialized\"}": {".": {}, "f:lastProbeTime": {}, "f:status": {}, "f:type": {}}},
            "f:containerStatuses": {}, "f:hostIP": {}, "f:phase": {}, "f:podIP": {}, "f:startTime": {}}}}
    ])
}
