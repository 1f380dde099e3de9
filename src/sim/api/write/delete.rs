//! Deletions: of one object, of a collection, with grace, propagation and preconditions.
//!
//! Whatever an object owns goes with it by the garbage collector, one of the controllers. Called
//! for requests that delete.

use serde_json::Value;

use super::{done, kept, options};
use crate::sim::api::body::json;
use crate::sim::api::place::Target;
use crate::sim::api::read::{self, accepted, shown};
use crate::sim::api::reply::Reply;
use crate::sim::api::request::Request;
use crate::sim::api::{refusals, schema};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Cause, Key, Kind, Object, Part, Refusal, Store};
use crate::sim::time::Moment;
use crate::sim::world::World;

/// What becomes of what an object owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Propagation {
    Background,
    Foreground,
    Orphan,
}

/// How to delete.
#[derive(Debug, Clone)]
struct Deletion {
    grace: Option<i64>,
    propagation: Propagation,
    uid: String,
    version: String,
    dry: bool,
}

impl Deletion {
    fn read(request: &Request) -> Result<Self, Refusal> {
        let body = body_of(request)?;
        let grace = read::whole_number(request, "gracePeriodSeconds")?;
        let said = request.value("propagationPolicy").unwrap_or_default();
        let policy = match body.text("/propagationPolicy") {
            "" => said,
            policy => policy,
        };
        let orphan = body.pointer("/orphanDependents").and_then(Value::as_bool);
        let orphan = orphan.or_else(|| {
            request.value("orphanDependents").map(|_| request.flag("orphanDependents"))
        });
        let mut dry: Vec<&str> = body.items("/dryRun").iter().filter_map(Value::as_str).collect();
        dry.extend(request.query.iter().filter(|(n, _)| n == "dryRun").map(|(_, v)| v.as_str()));
        let mut causes = Vec::new();
        if orphan.is_some() && !policy.is_empty() {
            causes.push(Cause::invalid(
                "propagationPolicy",
                &format!("{policy:?}"),
                "orphanDependents and deletionPropagation cannot be both set",
            ));
        }
        let known = ["Foreground", "Background", "Orphan", "nil"];
        let propagation = match (policy, orphan) {
            ("Foreground", _) => Propagation::Foreground,
            ("Orphan", _) | ("", Some(true)) => Propagation::Orphan,
            ("Background" | "", _) => Propagation::Background,
            (other, _) => {
                causes.push(Cause::unsupported("propagationPolicy", &format!("{other:?}"), &known));
                Propagation::Background
            }
        };
        causes.extend(options::check_dry(&dry));
        if !causes.is_empty() {
            return Err(Refusal::broken_as("meta.k8s.io", "DeleteOptions", "", &causes));
        }
        Ok(Self {
            grace: body.int_maybe("/gracePeriodSeconds").or(grace),
            propagation,
            uid: body.text("/preconditions/uid").to_owned(),
            version: body.text("/preconditions/resourceVersion").to_owned(),
            dry: !dry.is_empty(),
        })
    }
}

/// The options of a deletion, when it has a body.
fn body_of(request: &Request) -> Result<Value, Refusal> {
    if request.body.is_empty() {
        return Ok(Value::Null);
    }
    let body = match request.content_type() {
        "" | "application/json" | "application/yaml" => json::read(&request.body, &mut Vec::new()),
        "application/vnd.kubernetes.protobuf" => {
            schema::from_protobuf(&request.body, "DeleteOptions")
                .ok_or_else(|| "unexpected end of JSON input".to_owned())
        }
        _ => return Err(refusals::unsupported_form(refusals::READ)),
    };
    let body = body.map_err(|why| {
        refusals::unexpected(format!("couldn't get version/kind; json parse error: {why}"))
    })?;
    let (kind, version) = (body.text("/kind"), body.text("/apiVersion"));
    if !kind.is_empty() && kind != "DeleteOptions" {
        return Err(refusals::unexpected(format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \
             \"pkg/runtime/scheme.go:110\""
        )));
    }
    Ok(body)
}

/// Deletes one object.
pub(crate) fn delete(
    world: &mut World,
    request: &Request,
    target: &Target,
    kind: Kind,
) -> Result<Reply, Refusal> {
    let form = accepted(request)?;
    let deletion = Deletion::read(request)?;
    let key = target.key(kind);
    let current = Object::clone(world.store().find(&key)?);
    check(&deletion, &key, &current)?;
    let now = world.now();
    let last = kept(world, deletion.dry, |store| remove(store, &key, &deletion, now))?;
    let shows = matches!(kind, Kind::Pod | Kind::Service | Kind::Namespace)
        || (last.is_leaving() && !last.items("/metadata/finalizers").is_empty());
    if !shows {
        return Ok(Reply::ok(done(kind, &last)));
    }
    shown(&last, kind, form, request, now).map(Reply::ok)
}

/// Deletes every object of a collection that is selected.
pub(crate) fn delete_collection(
    world: &mut World,
    request: &Request,
    target: &Target,
    kind: Kind,
) -> Result<Reply, Refusal> {
    let options = read::Options::read(request, kind, false)?;
    let deletion = Deletion::read(request)?;
    let listed = read::list(world, request, target, kind)?;
    let namespace = Some(target.namespace.as_str()).filter(|n| !n.is_empty());
    let keys: Vec<Key> = world
        .store()
        .list(kind, namespace)
        .filter(|o| options.labels.fits(o) && options.fields.fits(o))
        .map(|o| Key::new(kind, o.namespace(), o.name()))
        .collect();
    let now = world.now();
    kept(world, deletion.dry, |store| {
        for key in &keys {
            remove(store, key, &deletion, now)?;
        }
        Ok(())
    })?;
    Ok(listed)
}

fn check(deletion: &Deletion, key: &Key, current: &Object) -> Result<(), Refusal> {
    let facts = key.kind.facts();
    let qualified = match facts.group {
        "" => facts.name.to_owned(),
        group => format!("{}.{group}", facts.name),
    };
    let why = if !deletion.uid.is_empty() && deletion.uid != current.uid() {
        format!(
            "the UID in the precondition ({}) does not match the UID in record ({}). The object \
             might have been deleted and then recreated",
            deletion.uid,
            current.uid()
        )
    } else {
        let version = current.text("/metadata/resourceVersion");
        if deletion.version.is_empty() || deletion.version == version {
            return Ok(());
        }
        format!(
            "the ResourceVersion in the precondition ({}) does not match the ResourceVersion in \
             record ({version}). The object might have been modified",
            deletion.version
        )
    };
    let mut refusal = Refusal::conflict(key);
    refusal.message = format!("Operation cannot be fulfilled on {qualified} {:?}: {why}", key.name);
    if let Some(details) = &mut refusal.details {
        details.set("/kind", facts.name);
    }
    Err(refusal)
}

fn remove(
    store: &mut Store,
    key: &Key,
    deletion: &Deletion,
    now: Moment,
) -> Result<Object, Refusal> {
    // The garbage collector takes these away when it has done its part.
    let finalizer = match deletion.propagation {
        Propagation::Background => return store.delete(key, deletion.grace, now),
        Propagation::Foreground => "foregroundDeletion",
        Propagation::Orphan => "orphan",
    };
    store.modify(key, Part::Main, now, |object| {
        let mut finalizers = object.items("/metadata/finalizers").to_vec();
        if !finalizers.iter().any(|known| known == finalizer) {
            finalizers.push(finalizer.into());
        }
        object.set("/metadata/finalizers", finalizers);
    })?;
    store.delete(key, deletion.grace, now)
}
