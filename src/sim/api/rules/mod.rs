//! What objects must look like: the checks of the API server, as far as clients meet them.
//!
//! Each check gives its causes in the order of the real server. Called before every write of a
//! client; what controllers and drills write is believed.

mod metadata;
pub(crate) mod names;
mod network;
mod pod;
mod service;
mod workload;

use serde_json::Value;

use super::{refusals, schema};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{self, Cause, Key, Kind, Object, Part, Refusal, Store};

/// Bytes of all data of a ConfigMap or Secret.
const MOST_DATA: usize = 1024 * 1024;

/// Checks a new object, defaults filled in.
pub(crate) fn check_new(kind: Kind, object: &Value) -> Vec<Cause> {
    let mut causes = metadata::check(kind, object, true);
    if kind.facts().custom {
        causes.extend(schema::validate(kind.facts().name, object, false));
        return unchecked(causes);
    }
    causes.extend(content(kind, object));
    if kind == Kind::Service && causes.is_empty() {
        causes.extend(service::in_range(object));
    }
    causes
}

/// Checks what an object is changed to, and fills it in.
pub(crate) fn check_change(
    kind: Kind,
    part: Part,
    object: &mut Value,
    current: &Object,
) -> Vec<Cause> {
    let facts = kind.facts();
    if facts.custom {
        if part == Part::Status {
            let mut causes = schema::validate(facts.name, object, true);
            causes.retain(|cause| !cause.field.starts_with(".spec"));
            return unchecked(causes);
        }
        schema::complete(facts.name, object);
        // The server checks metadata by several rules, and lists what is wrong each time.
        let mut causes = vec![metadata::check(kind, object, false); 3].concat();
        causes.extend(schema::validate(facts.name, object, false));
        return unchecked(causes);
    }
    if part == Part::Status {
        return Vec::new();
    }
    let mut whole = object.clone();
    if kind == Kind::Service {
        // What an update does not say of addresses is kept.
        store::keep_allocated(current, &mut whole);
    }
    store::complete(kind, &mut whole);
    let mut causes = vec![metadata::check(kind, object, false); 4].concat();
    causes.extend(content(kind, &whole));
    causes.extend(immutable(kind, &whole, current));
    causes
}

/// Some errors keep the server from checking everything, and it says so.
fn unchecked(mut causes: Vec<Cause>) -> Vec<Cause> {
    let blocks = |cause: &Cause| {
        matches!(
            cause.reason,
            "FieldValueRequired"
                | "FieldValueTypeInvalid"
                | "FieldValueTooLong"
                | "FieldValueNotSupported"
        )
    };
    if causes.iter().any(blocks) {
        causes.push(Cause::invalid(
            "<nil>",
            "null",
            "some validation rules were not checked because the object was invalid; correct the \
             existing errors to complete validation",
        ));
    }
    causes
}

fn content(kind: Kind, object: &Value) -> Vec<Cause> {
    match kind {
        Kind::Pod => pod::check(object, "spec"),
        Kind::Deployment => workload::deployment(object),
        Kind::ReplicaSet => workload::replica_set(object),
        Kind::Job => workload::job(object),
        Kind::HorizontalPodAutoscaler => workload::autoscaler(object),
        Kind::PodDisruptionBudget => workload::budget(object),
        Kind::Service => service::check(object),
        Kind::Ingress => network::ingress(object),
        Kind::ConfigMap | Kind::Secret => data(object),
        _ => Vec::new(),
    }
}

/// What must not change once it is there.
fn immutable(kind: Kind, object: &Value, current: &Object) -> Vec<Cause> {
    match kind {
        Kind::Deployment | Kind::ReplicaSet => workload::same_selector(object, current),
        Kind::Job => workload::same_job(object, current),
        Kind::Pod => pod::same_spec(object, current),
        Kind::Service => service::same_address(object, current),
        Kind::ConfigMap | Kind::Secret if current.flag("/immutable") => {
            let same = object.get("data") == current.get("data");
            let what = "field is immutable when `immutable` is set";
            if same { Vec::new() } else { vec![Cause::forbidden("data", what)] }
        }
        _ => Vec::new(),
    }
}

fn data(object: &Value) -> Vec<Cause> {
    let size = |part: &str| {
        let members = object.members(part).into_iter().flatten();
        members.filter_map(|(_, value)| value.as_str()).map(str::len).sum::<usize>()
    };
    if size("/data") + size("/binaryData") > MOST_DATA {
        return vec![Cause::too_long("[]", MOST_DATA)];
    }
    Vec::new()
}

/// Whether a namespace is there and takes new objects.
pub(crate) fn namespace_takes(
    store: &Store,
    namespace: &str,
    kind: Kind,
    object: &Value,
) -> Result<(), Refusal> {
    let key = Key::new(Kind::Namespace, "", namespace);
    let found = store.find(&key)?;
    if !found.is_leaving() {
        return Ok(());
    }
    let why = format!(
        "unable to create new content in namespace {namespace} because it is being terminated"
    );
    let facts = kind.facts();
    let mut refusal = refusals::forbidden(facts.group, facts.plural, object.name(), &why);
    if let Some(details) = &mut refusal.details {
        let cause = serde_json::json!({
            "reason": "NamespaceTerminating",
            "message": format!("namespace {namespace} is being terminated"),
            "field": "metadata.namespace",
        });
        details.set("/causes", serde_json::json!([cause]));
    }
    Err(refusal)
}

/// A value as complaints quote it.
fn quoted(value: Option<&Value>) -> String {
    value.map_or_else(|| "null".to_owned(), ToString::to_string)
}
