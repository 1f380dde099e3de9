//! Writing objects: creations, updates, patches, deletions.
//!
//! A write is tried on a copy of the store when nothing is to be kept. Called for requests that
//! change something.

mod delete;
mod merge;
mod options;
mod patch;
mod scale;
mod strategic;

use serde_json::{Value, json};

use super::body;
use super::place::Target;
use super::read::{accepted, shown};
use super::reply::Reply;
use super::request::Request;
use super::rules;
use super::{refusals, schema};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{self, Kind, Object, Part, Refusal, Store};
use crate::sim::world::World;

pub(crate) use delete::{delete, delete_collection};
pub(crate) use options::Options;
pub(crate) use patch::patch;
pub(crate) use scale::scale;

/// Bytes of a body that are read.
pub(crate) const MOST_BYTES: usize = 3 * 1024 * 1024;

/// Creates an object.
pub(crate) fn create(
    world: &mut World,
    request: &Request,
    target: &Target,
    kind: Kind,
) -> Result<Reply, Refusal> {
    let form = accepted(request)?;
    let options = Options::read(request, "CreateOptions")?;
    let mut warnings = Vec::new();
    let object = body::object(request, kind, options.strictness, &mut warnings)?;
    let made = create_object(world, target, kind, object, options.dry)?;
    let reply = shown(&made, kind, form, request, world.now())?;
    Ok(Reply { code: 201, ..Reply::ok(reply) }.warn(&warnings))
}

/// Creates an object that was read already.
fn create_object(
    world: &mut World,
    target: &Target,
    kind: Kind,
    mut object: Value,
    dry: bool,
) -> Result<Object, Refusal> {
    let facts = kind.facts();
    in_its_namespace(&mut object, target, kind)?;
    if !object.text("/metadata/resourceVersion").is_empty() && !dry {
        return Err(refusals::unexpected(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    for field in [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
        "managedFields",
    ] {
        object.take_out(&format!("/metadata/{field}"));
    }
    if facts.namespaced {
        rules::namespace_takes(world.store(), &target.namespace, kind, &object)?;
    }
    let mut whole = object.clone();
    if facts.custom {
        schema::complete(facts.name, &mut object);
        whole.clone_from(&object);
    } else {
        store::complete(kind, &mut whole);
    }
    let causes = rules::check_new(kind, &whole);
    if !causes.is_empty() {
        let key = target.key(kind);
        let name = if object.name().is_empty() { &key.name } else { object.name() };
        return Err(Refusal::broken_as(facts.group, facts.name, name, &causes));
    }
    let now = world.now();
    let made = kept(world, dry, |store| store.create(kind, object, now))?;
    Ok(if dry { unkept(&made, "") } else { made })
}

/// Writes to the store, or to a copy of it.
fn kept<T>(
    world: &mut World,
    dry: bool,
    write: impl FnOnce(&mut Store) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    if dry { write(&mut world.store().clone()) } else { write(world.store_mut()) }
}

/// What was not kept has the version that it had before, if it had any.
fn unkept(object: &Object, version: &str) -> Object {
    let mut shown = object.as_ref().clone();
    shown.take_out("/metadata/resourceVersion");
    if !version.is_empty() {
        shown.set("/metadata/resourceVersion", version);
    }
    Object::new(shown)
}

fn in_its_namespace(object: &mut Value, target: &Target, kind: Kind) -> Result<(), Refusal> {
    let own = object.namespace();
    if !own.is_empty() && own != target.namespace && kind.facts().namespaced {
        return Err(Refusal::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if kind.facts().namespaced {
        object.set("/metadata/namespace", target.namespace.as_str());
    } else {
        object.take_out("/metadata/namespace");
    }
    Ok(())
}

/// Replaces an object, or its status.
pub(crate) fn update(
    world: &mut World,
    request: &Request,
    target: &Target,
    kind: Kind,
) -> Result<Reply, Refusal> {
    let form = accepted(request)?;
    let options = Options::read(request, "UpdateOptions")?;
    let mut warnings = Vec::new();
    let object = body::object(request, kind, options.strictness, &mut warnings)?;
    if object.name().is_empty() {
        return Err(undeterminable(&target.name));
    }
    let written = write_object(world, target, kind, object, Write::update(options.dry))?;
    let reply = shown(&written, kind, form, request, world.now())?;
    Ok(Reply::ok(reply).warn(&warnings))
}

/// How an object is written that is there already.
#[derive(Debug, Clone, Copy)]
struct Write {
    dry: bool,
    /// By a patch: the version need not be said, and identity is checked as a field.
    patch: bool,
}

impl Write {
    fn update(dry: bool) -> Self {
        Self { dry, patch: false }
    }

    fn patch(dry: bool) -> Self {
        Self { dry, patch: true }
    }
}

fn undeterminable(name: &str) -> Refusal {
    Refusal::bad_request(format!(
        "the name of the object ({name} based on URL) was undeterminable: name must be provided"
    ))
}

/// Writes an object that was read or patched.
fn write_object(
    world: &mut World,
    target: &Target,
    kind: Kind,
    mut object: Value,
    how: Write,
) -> Result<Object, Refusal> {
    let (facts, key) = (kind.facts(), target.key(kind));
    if object.name() != target.name {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            object.name(),
            target.name
        )));
    }
    in_its_namespace(&mut object, target, kind)?;
    let version = object.text("/metadata/resourceVersion");
    if !version.is_empty() && version.parse::<u64>().is_err() {
        return Err(refusals::unexpected(format!(
            "strconv.ParseUint: parsing {version:?}: invalid syntax"
        )));
    }
    let current = Object::clone(world.store().find(&key)?);
    let version = version.to_owned();
    same_uid(&mut object, &current, target, kind, how)?;
    let unsaid = version.is_empty() || version == "0";
    if facts.custom && unsaid && !how.patch {
        let why = "must be specified for an update";
        let cause = store::Cause::invalid("metadata.resourceVersion", "0", why);
        return Err(Refusal::broken_as(facts.group, facts.plural, &key.name, &[cause]));
    }
    if unsaid {
        object.take_out("/metadata/resourceVersion");
    } else if version != current.text("/metadata/resourceVersion") {
        return Err(Refusal::conflict(&key));
    }
    object.take_out("/metadata/managedFields");
    object.take_out("/metadata/selfLink");
    let part = if target.subresource == "status" { Part::Status } else { Part::Main };
    let causes = rules::check_change(kind, part, &mut object, &current);
    if !causes.is_empty() {
        return Err(Refusal::broken(&key, &causes));
    }
    let now = world.now();
    let written = kept(world, how.dry, |store| store.replace(&key, object, part, now))?;
    let version = current.text("/metadata/resourceVersion");
    Ok(if how.dry { unkept(&written, version) } else { written })
}

/// An object keeps its uid. A patch that changes it breaks a rule; an update meant another object.
fn same_uid(
    object: &mut Value,
    current: &Object,
    target: &Target,
    kind: Kind,
    how: Write,
) -> Result<(), Refusal> {
    let (said, is) = (object.uid().to_owned(), current.uid());
    if said.is_empty() || said == is {
        return Ok(());
    }
    let key = target.key(kind);
    if how.patch {
        let cause =
            store::Cause::invalid("metadata.uid", &format!("{said:?}"), "field is immutable");
        return Err(Refusal::broken(&key, &[cause.clone(), cause]));
    }
    let facts = kind.facts();
    let group = if facts.group.is_empty() { String::new() } else { format!("{}/", facts.group) };
    let place = if facts.namespaced { format!("{}/", key.namespace) } else { String::new() };
    let message = format!(
        "Operation cannot be fulfilled on {} {:?}: StorageError: invalid object, Code: 4, Key: \
         /registry/{group}{}/{place}{}, ResourceVersion: 0, AdditionalErrorMsg: Precondition \
         failed: UID in precondition: {said}, UID in object meta: {is}",
        facts.qualified(),
        key.name,
        facts.plural,
        key.name,
    );
    let mut refusal = Refusal::conflict(&key);
    refusal.message = message;
    Err(refusal)
}

/// What the real server answers when something was done and there is nothing to show.
fn done(kind: Kind, object: &Object) -> Value {
    let facts = kind.facts();
    let mut details = json!({"name": object.name(), "kind": facts.plural, "uid": object.uid()});
    if !facts.group.is_empty() {
        details.set("/group", facts.group);
    }
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    })
}
