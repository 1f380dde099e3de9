//! When two pod templates are the same, and the hash that names a template.
//!
//! What the API server fills in by itself makes no difference: a template that comes back from a
//! ReplicaSet by an undo finds that ReplicaSet again. Called by the sets.

use serde_json::{Value, json};

use crate::sim::control::rollout::keys;
use crate::sim::hash;
use crate::sim::object::{Document, DocumentMut, drop_nulls};

/// The hash of a template.
pub(crate) fn template_hash(template: &Value, collisions: Option<i32>) -> String {
    hash::of_document(&bare(template), collisions.map(i64::from))
}

/// Whether two templates ask for the same pods.
pub(crate) fn same_template(one: &Value, other: &Value) -> bool {
    bare(one) == bare(other)
}

/// A template without its hash and without what is filled in.
fn bare(template: &Value) -> Value {
    let mut bare = template.clone();
    bare.take_out("/metadata/creationTimestamp");
    bare.take_out(&format!("/metadata/labels/{}", keys::HASH));
    bare.take_out("/spec/serviceAccount");
    let defaults = [
        ("/spec/restartPolicy", json!("Always")),
        ("/spec/dnsPolicy", json!("ClusterFirst")),
        ("/spec/schedulerName", json!("default-scheduler")),
        ("/spec/securityContext", json!({})),
        ("/spec/terminationGracePeriodSeconds", json!(30)),
        ("/metadata/labels", json!({})),
        ("/metadata/annotations", json!({})),
        ("/metadata", json!({})),
    ];
    drop_defaults(&mut bare, &defaults);
    for list in ["/spec/containers", "/spec/initContainers"] {
        each(&mut bare, list, bare_container);
    }
    each(&mut bare, "/spec/volumes", bare_volume);
    drop_nulls(&mut bare);
    bare
}

fn bare_container(container: &mut Value) {
    let usual_policy = match container.text("/image").rsplit_once('/') {
        Some((_, name)) => name,
        None => container.text("/image"),
    };
    let pulls_always = match usual_policy.rsplit_once(':') {
        Some((_, tag)) => tag == "latest",
        None => !usual_policy.contains('@'),
    };
    let policy = if pulls_always { "Always" } else { "IfNotPresent" };
    let defaults = [
        ("/terminationMessagePath", json!("/dev/termination-log")),
        ("/terminationMessagePolicy", json!("File")),
        ("/imagePullPolicy", json!(policy)),
        ("/resources", json!({})),
    ];
    drop_defaults(container, &defaults);
    each(container, "/ports", |port| drop_defaults(port, &[("/protocol", json!("TCP"))]));
    each(container, "/env", |variable| {
        drop_defaults(variable, &[("/valueFrom/fieldRef/apiVersion", json!("v1"))]);
    });
    for probe in ["/livenessProbe", "/readinessProbe", "/startupProbe"] {
        if let Some(probe) = container.pointer_mut(probe) {
            bare_probe(probe);
        }
    }
}

fn bare_probe(probe: &mut Value) {
    let defaults = [
        ("/timeoutSeconds", json!(1)),
        ("/periodSeconds", json!(10)),
        ("/successThreshold", json!(1)),
        ("/failureThreshold", json!(3)),
        ("/httpGet/scheme", json!("HTTP")),
        ("/httpGet/path", json!("/")),
    ];
    drop_defaults(probe, &defaults);
}

fn bare_volume(volume: &mut Value) {
    let defaults = [
        ("/configMap/defaultMode", json!(420)),
        ("/secret/defaultMode", json!(420)),
        ("/downwardAPI/defaultMode", json!(420)),
        ("/projected/defaultMode", json!(420)),
        ("/hostPath/type", json!("")),
    ];
    drop_defaults(volume, &defaults);
}

fn drop_defaults(value: &mut Value, defaults: &[(&str, Value)]) {
    for (pointer, default) in defaults {
        if value.pointer(pointer) == Some(default) {
            value.take_out(pointer);
        }
    }
}

fn each(value: &mut Value, pointer: &str, change: impl Fn(&mut Value)) {
    let items = value.pointer_mut(pointer).and_then(Value::as_array_mut);
    items.into_iter().flatten().for_each(change);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_server_fills_in_makes_no_difference() {
        let asked = json!({
            "metadata": {"labels": {"app": "a"}},
            "spec": {"containers": [
                {"name": "a", "image": "r.test/a:1", "ports": [{"containerPort": 80}]},
            ]},
        });
        let filled = json!({
            "metadata": {
                "creationTimestamp": null,
                "labels": {"app": "a", "rollouts-pod-template-hash": "77"},
            },
            "spec": {
                "containers": [{
                    "name": "a",
                    "image": "r.test/a:1",
                    "imagePullPolicy": "IfNotPresent",
                    "ports": [{"containerPort": 80, "protocol": "TCP"}],
                    "resources": {},
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                }],
                "dnsPolicy": "ClusterFirst",
                "restartPolicy": "Always",
                "schedulerName": "default-scheduler",
                "securityContext": {},
                "terminationGracePeriodSeconds": 30,
            },
        });
        assert!(same_template(&asked, &filled));
        assert_eq!(template_hash(&asked, None), template_hash(&filled, None));
        let mut other = asked.clone();
        other.set("/spec/containers/0/image", "r.test/a:2");
        assert!(!same_template(&asked, &other));
        other.set("/spec/containers/0/image", "r.test/a:1");
        other.set("/spec/containers/0/imagePullPolicy", "Always");
        assert!(!same_template(&asked, &other));
    }
}
