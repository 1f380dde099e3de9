//! Patches of all forms: JSON patch, merge patch, strategic merge patch, apply.
//!
//! An apply merges what it says and leaves the rest alone: nobody owns fields here, so it removes
//! nothing and meets no conflict. Called for requests that patch.

use serde_json::{Map, Value};

use super::strategic::{self, go_map};
use super::{Options, Write, create_object, merge, undeterminable, write_object};
use crate::sim::api::body::{self, Misfit, json, typed};
use crate::sim::api::place::Target;
use crate::sim::api::read::{accepted, shown};
use crate::sim::api::reply::Reply;
use crate::sim::api::request::Request;
use crate::sim::api::{refusals, schema};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Cause, Kind, Object, Refusal};
use crate::sim::world::World;

/// A form of patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Merge,
    Strategic,
    Apply,
}

impl Form {
    fn of(request: &Request, kind: Kind) -> Result<Self, Refusal> {
        let custom = kind.facts().custom;
        match request.content_type() {
            "application/json-patch+json" => Ok(Self::Json),
            "application/merge-patch+json" => Ok(Self::Merge),
            "application/strategic-merge-patch+json" if !custom => Ok(Self::Strategic),
            "application/apply-patch+yaml" => Ok(Self::Apply),
            _ if custom => Err(refusals::unsupported_form(
                "application/json-patch+json, application/merge-patch+json, \
                 application/apply-patch+yaml",
            )),
            _ => Err(Refusal::new(415, "UnsupportedMediaType", "415: Unsupported Media Type")),
        }
    }
}

/// Patches an object, or its status.
pub(crate) fn patch(
    world: &mut World,
    request: &Request,
    target: &Target,
    kind: Kind,
) -> Result<Reply, Refusal> {
    let accepted = accepted(request)?;
    let form = Form::of(request, kind)?;
    let options = Options::read(request, "PatchOptions")?;
    let mut warnings = Vec::new();
    let current = world.store().get(&target.key(kind)).map(Object::clone);
    if form == Form::Apply {
        let object = applied(request, target, kind, current.as_deref(), &mut warnings, &options)?;
        let code = if current.is_some() { 200 } else { 201 };
        let written = match current {
            None if target.subresource.is_empty() => {
                create_object(world, target, kind, object, options.dry)?
            }
            None => return Err(Refusal::not_found(&target.key(kind))),
            Some(_) => write_object(world, target, kind, object, Write::patch(options.dry))?,
        };
        let reply = shown(&written, kind, accepted, request, world.now())?;
        return Ok(Reply { code, ..Reply::ok(reply) }.warn(&warnings));
    }
    let change = read(request, form)?;
    let current = current.ok_or_else(|| Refusal::not_found(&target.key(kind)))?;
    let next = changed(&current, &change, form, kind)?;
    let seen = if form == Form::Strategic { go_map(&change) } else { next.to_string() };
    let twice = Vec::new();
    let next = typed(kind, next, options.strictness, twice, &mut warnings)
        .map_err(|misfit| does_not_decode(misfit, form, &seen))?;
    if next.name().is_empty() {
        return Err(undeterminable(&target.name));
    }
    let written = write_object(world, target, kind, next, Write::patch(options.dry))?;
    let reply = shown(&written, kind, accepted, request, world.now())?;
    Ok(Reply::ok(reply).warn(&warnings))
}

/// Reads the body of a patch.
fn read(request: &Request, form: Form) -> Result<Value, Refusal> {
    let parsed = json::read(&request.body, &mut Vec::new());
    let context = if form == Form::Strategic { "" } else { "error decoding patch: " };
    let body = parsed.map_err(|why| Refusal::bad_request(format!("{context}{why}")))?;
    if form == Form::Json {
        return merge::operations(body).map(Value::Array);
    }
    let word = match &body {
        Value::Object(_) | Value::Null => return Ok(body),
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
    };
    Err(Refusal::bad_request(format!(
        "{context}json: cannot unmarshal {word} into Go value of type map[string]interface {{}}"
    )))
}

fn changed(current: &Object, change: &Value, form: Form, kind: Kind) -> Result<Value, Refusal> {
    match form {
        Form::Json => {
            let operations = change.as_array().map(Vec::as_slice).unwrap_or_default();
            merge::json_patch(current, operations).ok_or_else(merge::does_not_apply)
        }
        Form::Merge => {
            let mut next = current.as_ref().clone();
            if change.is_object() {
                merge::merge_patch(&mut next, change);
            }
            Ok(next)
        }
        Form::Strategic | Form::Apply => {
            let (empty, facts) = (Map::new(), kind.facts());
            let original = current.as_object().unwrap_or(&empty);
            let patch = change.as_object().unwrap_or(&empty);
            let table = schema::of(facts.custom);
            strategic::merge(table, facts.name, original, patch).map(Value::Object)
        }
    }
}

/// What an apply makes of what is there, if anything is.
fn applied(
    request: &Request,
    target: &Target,
    kind: Kind,
    current: Option<&Value>,
    warnings: &mut Vec<String>,
    options: &Options,
) -> Result<Value, Refusal> {
    let facts = kind.facts();
    let wanted = body::yaml(&request.body)
        .map_err(|why| Refusal::bad_request(format!("error decoding YAML: {why}")))?;
    let (version, name) = (wanted.text("/apiVersion"), wanted.text("/kind"));
    if version != facts.api_version() || name != facts.name {
        let version =
            if version.contains('/') { version.to_owned() } else { format!("/{version}") };
        return Err(Refusal::bad_request(format!("invalid object type: {version}, Kind={name}")));
    }
    if wanted.pointer("/metadata/managedFields").is_some_and(|m| !m.is_null()) {
        return Err(Refusal::bad_request("metadata.managedFields must be nil"));
    }
    if !wanted.name().is_empty() && wanted.name() != target.name {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            wanted.name(),
            target.name
        )));
    }
    if let Some(twice) = strategic::doubled(schema::of(facts.custom), facts.name, &wanted, "") {
        return Err(refusals::unexpected(format!("{}: {twice}", untyped(target, kind))));
    }
    let mut wanted = wanted;
    wanted.set("/metadata/name", target.name.as_str());
    let next = match current {
        Some(current) => changed(&Object::new(current.clone()), &wanted, Form::Apply, kind)?,
        None => wanted,
    };
    let seen = next.to_string();
    typed(kind, next, options.strictness, Vec::new(), warnings).map_err(|misfit| match misfit {
        Misfit::Words(words) => refusals::unexpected(format!("{}: {words}", untyped(target, kind))),
        refused @ Misfit::Refused(_) => does_not_decode(refused, Form::Apply, &seen),
    })
}

fn untyped(target: &Target, kind: Kind) -> String {
    let facts = kind.facts();
    format!(
        "failed to create typed patch object ({}/{}; {}, Kind={})",
        target.namespace,
        target.name,
        facts.api_version(),
        facts.name
    )
}

/// What a patch made is no object of the kind.
fn does_not_decode(misfit: Misfit, form: Form, seen: &str) -> Refusal {
    let words = match misfit {
        Misfit::Refused(refusal) => return refusal,
        Misfit::Words(words) if form == Form::Strategic => in_strategic_words(words),
        Misfit::Words(words) => words,
    };
    Refusal::broken_as("", "", "", &[Cause::invalid("patch", &format!("{seen:?}"), &words)])
}

/// A strategic patch is converted and not decoded, which complains with other words.
fn in_strategic_words(words: String) -> String {
    let Some((what, of)) = words
        .strip_prefix("json: cannot unmarshal ")
        .and_then(|rest| Some((rest.split(' ').next()?, rest.rsplit_once("of type ")?.1)))
    else {
        return words;
    };
    if of.starts_with("[]") {
        format!("cannot restore slice from {what}")
    } else if of.starts_with("map[") {
        format!("cannot restore map from {what}")
    } else if of.starts_with("v1.") {
        format!("cannot restore struct from: {what}")
    } else {
        format!("unrecognized type: {of}")
    }
}
