//! What the API server fills in when nobody said it, so that objects of clients, of controllers and
//! of drills look alike.
//!
//! Never changes what was said. Called by the store with every write.

mod network;
mod pod;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::Kind;
use crate::sim::object::{Document, DocumentMut};

pub(crate) use network::keep_allocated;
pub(crate) use pod::{pod_template, qos_class};

/// Fills in an object. `allocate` finds a free cluster IP.
pub(super) fn complete(kind: Kind, object: &mut Value, allocate: impl FnOnce() -> String) {
    match kind {
        Kind::Pod => pod::complete(object),
        Kind::Deployment => deployment(object),
        Kind::ReplicaSet => replica_set(object),
        Kind::Job => job(object),
        Kind::Service => network::service(object, allocate),
        Kind::EndpointSlice => network::endpoint_slice(object),
        Kind::HorizontalPodAutoscaler => autoscaler(object),
        Kind::Secret => secret(object),
        _ => {}
    }
}

/// The status of a new object that has none.
pub(super) fn first_status(kind: Kind, object: &mut Value) {
    if object.get("status").is_some_and(|status| status.as_object().is_some_and(|s| !s.is_empty()))
    {
        return;
    }
    let status = match kind {
        Kind::ReplicaSet => json!({"replicas": 0}),
        Kind::Service | Kind::Ingress => json!({"loadBalancer": {}}),
        Kind::Deployment | Kind::Job | Kind::Node => json!({}),
        Kind::HorizontalPodAutoscaler => json!({"desiredReplicas": 0, "currentMetrics": null}),
        Kind::PodDisruptionBudget => json!({
            "disruptionsAllowed": 0,
            "currentHealthy": 0,
            "desiredHealthy": 0,
            "expectedPods": 0,
        }),
        _ => return,
    };
    object.set("/status", status);
}

/// Sets what is not there.
fn fill(object: &mut Value, pointer: &str, value: impl Into<Value>) {
    if object.pointer(pointer).is_none_or(Value::is_null) {
        object.set(pointer, value);
    }
}

/// Sets a text that is absent or empty.
fn fill_text(object: &mut Value, pointer: &str, value: &str) {
    if object.text(pointer).is_empty() {
        object.set(pointer, value);
    }
}

/// Members of an object that is there, or nothing.
fn inside<'a>(object: &'a mut Value, pointer: &str) -> Option<&'a mut Map<String, Value>> {
    object.pointer_mut(pointer)?.as_object_mut()
}

fn each(object: &mut Value, pointer: &str, mut change: impl FnMut(&mut Value)) {
    if let Some(items) = object.pointer_mut(pointer).and_then(Value::as_array_mut) {
        items.iter_mut().for_each(&mut change);
    }
}

fn deployment(object: &mut Value) {
    fill(object, "/spec/replicas", 1);
    fill_text(object, "/spec/strategy/type", "RollingUpdate");
    if object.text("/spec/strategy/type") == "RollingUpdate" {
        fill(object, "/spec/strategy/rollingUpdate/maxUnavailable", "25%");
        fill(object, "/spec/strategy/rollingUpdate/maxSurge", "25%");
    }
    fill(object, "/spec/revisionHistoryLimit", 10);
    fill(object, "/spec/progressDeadlineSeconds", 600);
    template(object);
}

fn replica_set(object: &mut Value) {
    fill(object, "/spec/replicas", 1);
    template(object);
}

fn template(object: &mut Value) {
    if let Some(template) = object.pointer_mut("/spec/template") {
        pod_template(template);
    }
}

fn job(object: &mut Value) {
    if object.pointer("/spec/completions").is_none()
        && object.pointer("/spec/parallelism").is_none()
    {
        fill(object, "/spec/completions", 1);
    }
    for (field, value) in [
        ("parallelism", json!(1)),
        ("backoffLimit", json!(6)),
        ("completionMode", json!("NonIndexed")),
        ("suspend", json!(false)),
        ("podReplacementPolicy", json!("TerminatingOrFailed")),
        ("manualSelector", json!(false)),
    ] {
        fill(object, &format!("/spec/{field}"), value);
    }
    template(object);
}

fn autoscaler(object: &mut Value) {
    fill(object, "/spec/minReplicas", 1);
    if object.items("/spec/metrics").is_empty() {
        let target = json!({"type": "Utilization", "averageUtilization": 80});
        let resource = json!({"name": "cpu", "target": target});
        object.set("/spec/metrics", json!([{"type": "Resource", "resource": resource}]));
    }
}

/// `stringData` is for writing only.
fn secret(object: &mut Value) {
    fill_text(object, "/type", "Opaque");
    if let Some(Value::Object(texts)) = object.take_out("/stringData") {
        for (key, text) in texts {
            let coded = BASE64_STANDARD.encode(text.as_str().unwrap_or_default());
            object.set(&format!("/data/{}", crate::sim::object::escaped(&key)), coded);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(kind: Kind, mut object: Value) -> Value {
        complete(kind, &mut object, || "10.96.0.9".to_owned());
        first_status(kind, &mut object);
        object
    }

    #[test]
    fn a_deployment_as_the_server_shows_it() {
        let object = json!({"spec": {"template": {"spec": {"containers": [
            {"name": "app", "image": "shop/app:1"},
        ]}}}});
        let made = completed(Kind::Deployment, object);
        let container = json!({
            "name": "app",
            "image": "shop/app:1",
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent",
        });
        let wanted = json!({
            "replicas": 1,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
            },
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
            "template": {"spec": {
                "containers": [container],
                "restartPolicy": "Always",
                "terminationGracePeriodSeconds": 30,
                "dnsPolicy": "ClusterFirst",
                "securityContext": {},
                "schedulerName": "default-scheduler",
            }},
        });
        assert_eq!(made["spec"], wanted);
        assert_eq!(completed(Kind::Deployment, made.clone()), made);
    }

    #[test]
    fn a_service_gets_an_address_of_its_own() {
        let object = json!({"spec": {"ports": [{"port": 80}], "selector": {"a": "b"}}});
        let made = completed(Kind::Service, object.clone());
        let wanted = json!({
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
            "selector": {"a": "b"},
            "clusterIP": "10.96.0.9",
            "clusterIPs": ["10.96.0.9"],
            "type": "ClusterIP",
            "sessionAffinity": "None",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
        });
        assert_eq!(made["spec"], wanted);
        let mut headless = object;
        headless.set("/spec/clusterIP", "None");
        assert_eq!(completed(Kind::Service, headless)["spec"]["clusterIPs"], json!(["None"]));
    }

    #[test]
    fn texts_of_a_secret_are_coded() {
        let object = json!({"stringData": {"a": "b", "c": "", "d": "xyz", "e": "light w"}});
        let made = completed(Kind::Secret, object);
        let wanted = json!({"a": "Yg==", "c": "", "d": "eHl6", "e": "bGlnaHQgdw=="});
        assert_eq!(made["data"], wanted);
        assert_eq!(made.get("stringData"), None);
    }
}
