//! What the API server itself puts into new objects of some kinds.
//!
//! Never knows defaults that a client could see before: those are the API's part. Called by the
//! store.

use serde_json::{Value, json};

use super::defaults::qos_class;
use super::kind::Kind;
use crate::sim::object::{Document, DocumentMut};

/// Completes a new object, which has its name and its uid already.
pub(super) fn complete(kind: Kind, object: &mut Value) {
    match kind {
        Kind::Namespace => namespace(object),
        Kind::Job => job(object),
        Kind::Pod => pod(object),
        _ => (),
    }
}

/// A namespace stays until its finalizer has emptied it.
fn namespace(namespace: &mut Value) {
    let name = namespace.name().to_owned();
    namespace.set_label("kubernetes.io/metadata.name", &name);
    if namespace.pointer("/spec/finalizers").is_none() {
        namespace.set("/spec/finalizers", json!(["kubernetes"]));
    }
    if namespace.text("/status/phase").is_empty() {
        namespace.set("/status/phase", "Active");
    }
}

/// A Job selects its pods by its own uid.
fn job(job: &mut Value) {
    if job.flag("/spec/manualSelector") || job.pointer("/spec/selector").is_some() {
        return;
    }
    let (name, uid) = (job.name().to_owned(), job.uid().to_owned());
    let labels = [
        ("batch.kubernetes.io~1controller-uid", &uid),
        ("batch.kubernetes.io~1job-name", &name),
        ("controller-uid", &uid),
        ("job-name", &name),
    ];
    for (label, value) in labels {
        job.set(&format!("/spec/template/metadata/labels/{label}"), value.as_str());
    }
    if job.pointer("/metadata/labels").is_none()
        && let Some(labels) = job.pointer("/spec/template/metadata/labels").cloned()
    {
        job.set("/metadata/labels", labels);
    }
    let selector = json!({"batch.kubernetes.io/controller-uid": uid});
    job.set("/spec/selector/matchLabels", selector);
    let defaults = [
        ("/spec/parallelism", json!(1)),
        ("/spec/completions", json!(1)),
        ("/spec/backoffLimit", json!(6)),
        ("/spec/completionMode", json!("NonIndexed")),
        ("/spec/suspend", json!(false)),
        ("/spec/manualSelector", json!(false)),
        ("/spec/podReplacementPolicy", json!("TerminatingOrFailed")),
    ];
    for (pointer, value) in defaults {
        if job.pointer(pointer).is_none() {
            job.set(pointer, value);
        }
    }
}

/// A pod waits for a node, and is served as well as it asks to be.
fn pod(pod: &mut Value) {
    if pod.text("/status/phase").is_empty() {
        pod.set("/status/phase", "Pending");
    }
    if pod.text("/status/qosClass").is_empty() {
        pod.set("/status/qosClass", qos_class(pod));
    }
}
