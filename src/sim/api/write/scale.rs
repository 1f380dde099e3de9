//! The scale subresource: replicas of anything that has them, in one form.
//!
//! Called for requests to `scale`.

use serde_json::{Value, json};

use super::{Options, Write, merge, write_object};
use crate::sim::api::body::{self, json};
use crate::sim::api::place::Target;
use crate::sim::api::reply::Reply;
use crate::sim::api::request::Request;
use crate::sim::api::{refusals, schema};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Cause, Kind, Object, Refusal};
use crate::sim::world::World;

/// Answers a request to `scale`.
pub(crate) fn scale(
    world: &mut World,
    request: &Request,
    target: &Target,
    kind: Kind,
) -> Result<Reply, Refusal> {
    let current = Object::clone(world.store().find(&target.key(kind))?);
    let shown = of(&current, kind);
    let (next, dry) = match target.verb {
        "get" => return Ok(Reply::ok(shown)),
        "update" => {
            let options = Options::read(request, "UpdateOptions")?;
            (replaced(request, target)?, options.dry)
        }
        "patch" => {
            let options = Options::read(request, "PatchOptions")?;
            (patched(request, shown)?, options.dry)
        }
        _ => return Err(refusals::no_such_method()),
    };
    let replicas = next.int("/spec/replicas");
    if replicas < 0 && !kind.facts().custom {
        let why = "must be greater than or equal to 0";
        let cause = Cause::invalid("spec.replicas", &replicas.to_string(), why);
        return Err(Refusal::broken_as("autoscaling", "Scale", &target.name, &[cause]));
    }
    let mut object = current.as_ref().clone();
    object.set("/spec/replicas", replicas);
    match next.text("/metadata/resourceVersion") {
        "" => {}
        version => object.set("/metadata/resourceVersion", version),
    }
    let main = Target { subresource: String::new(), ..target.clone() };
    let written = write_object(world, &main, kind, object, Write::patch(dry))?;
    Ok(Reply::ok(of(&written, kind)))
}

/// An object's scale.
fn of(object: &Object, kind: Kind) -> Value {
    let mut scale = json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {},
        "spec": {},
        "status": {"replicas": 0},
    });
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        scale.set(&format!("/metadata/{field}"), object.text(&format!("/metadata/{field}")));
    }
    if object.int("/spec/replicas") != 0 {
        scale.set("/spec/replicas", object.int("/spec/replicas"));
    }
    let (replicas, selector) = match kind {
        Kind::Rollout => ("/status/HPAReplicas", object.text("/status/selector").to_owned()),
        _ => ("/status/replicas", selector(object)),
    };
    scale.set("/status/replicas", object.int(replicas));
    if !selector.is_empty() {
        scale.set("/status/selector", selector);
    }
    scale
}

fn selector(object: &Object) -> String {
    let labels = object.members("/spec/selector/matchLabels").into_iter().flatten();
    let labels: Vec<String> = labels
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    labels.join(",")
}

fn replaced(request: &Request, target: &Target) -> Result<Value, Refusal> {
    let body = body::value(request, "Scale", &mut Vec::new())?;
    let kind = body.text("/kind");
    if !kind.is_empty() && kind != "Scale" {
        return Err(Refusal::bad_request(format!(
            "{kind} in version \"v1\" cannot be handled as a Scale: converting (v1.{kind}) to \
             (autoscaling.Scale): unknown conversion"
        )));
    }
    if !body.name().is_empty() && body.name() != target.name {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            body.name(),
            target.name
        )));
    }
    schema::decode("Scale", &body, &mut Vec::new()).map_err(|why| {
        let why = format!("Scale in version \"v1\" cannot be handled as a Scale: {why}");
        Refusal::bad_request(why)
    })
}

fn patched(request: &Request, mut scale: Value) -> Result<Value, Refusal> {
    let change = json::read(&request.body, &mut Vec::new())
        .map_err(|why| Refusal::bad_request(format!("error decoding patch: {why}")))?;
    match request.content_type() {
        "application/json-patch+json" => {
            let operations = merge::operations(change)?;
            scale = merge::json_patch(&scale, &operations).ok_or_else(merge::does_not_apply)?;
        }
        // A scale has no lists: merging is the same for all these forms.
        "application/merge-patch+json"
        | "application/strategic-merge-patch+json"
        | "application/apply-patch+yaml" => merge::merge_patch(&mut scale, &change),
        _ => return Err(Refusal::new(415, "UnsupportedMediaType", "415: Unsupported Media Type")),
    }
    let seen = scale.to_string();
    schema::decode("Scale", &scale, &mut Vec::new()).map_err(|why| {
        Refusal::broken_as("", "", "", &[Cause::invalid("patch", &format!("{seen:?}"), &why)])
    })
}
