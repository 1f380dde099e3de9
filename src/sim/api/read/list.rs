//! Lists, whole or page by page, of now or of an earlier version.
//!
//! A page tells in its token where the next one begins and of which version it is; the store's
//! history is wound back to that version, or it is said that it is forgotten. Called for requests
//! that list, and by deletions of collections.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{Form, Options, accepted, not_from_the_future};
use crate::sim::api::place::Target;
use crate::sim::api::reply::Reply;
use crate::sim::api::request::Request;
use crate::sim::api::table::{self, Include};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Kind, Object, Refusal, Store};
use crate::sim::world::World;

/// Answers a list.
pub(crate) fn list(
    world: &World,
    request: &Request,
    target: &Target,
    kind: Kind,
) -> Result<Reply, Refusal> {
    let form = accepted(request)?;
    let options = Options::read(request, kind, false)?;
    let page = page(world, &options, target, kind)?;
    let mut metadata = json!({"resourceVersion": page.version.to_string()});
    if let Some(next) = &page.next {
        metadata.set("/continue", next.as_str());
        if options.labels.is_empty() && options.fields.is_empty() {
            metadata.set("/remainingItemCount", page.remaining);
        }
    }
    let facts = kind.facts();
    Ok(Reply::ok(match form {
        Form::Whole => json!({
            "kind": format!("{}List", facts.name),
            "apiVersion": facts.api_version(),
            "metadata": metadata,
            "items": page.objects.iter().map(|o| member(o, facts.custom)).collect::<Vec<_>>(),
        }),
        Form::Metadata(version) => json!({
            "kind": "PartialObjectMetadataList",
            "apiVersion": version.api_version(),
            "metadata": metadata,
            "items": page
                .objects
                .iter()
                .map(|o| table::metadata_alone(o, version))
                .collect::<Vec<_>>(),
        }),
        Form::Table(version) => {
            let include = Include::read(request.value("includeObject").unwrap_or_default())?;
            let objects = page.objects.iter().map(AsRef::as_ref);
            table::table(kind, objects, &metadata, (version, include), true, world.now())
        }
    }))
}

/// An object as it stands in a list: natives do not repeat their kind.
fn member(object: &Object, custom: bool) -> Value {
    let mut members = object.as_object().cloned().unwrap_or_else(Map::new);
    if !custom {
        members.remove("kind");
        members.remove("apiVersion");
    }
    Value::Object(members)
}

struct Page {
    objects: Vec<Object>,
    version: u64,
    next: Option<String>,
    remaining: usize,
}

fn page(world: &World, options: &Options, target: &Target, kind: Kind) -> Result<Page, Refusal> {
    let store = world.store();
    let namespace = Some(target.namespace.as_str()).filter(|n| !n.is_empty());
    let (version, after) = position(world, options)?;
    let mut all = if version == store.version() {
        store.list(kind, namespace).map(Object::clone).collect()
    } else {
        wound_back(store, kind, namespace, version, options, &after)?
    };
    all.retain(|object| {
        let place = (object.namespace(), object.name());
        let further = (after.0.as_str(), after.1.as_str());
        (after.0.is_empty() && after.1.is_empty() || place > further)
            && options.labels.fits(object)
            && options.fields.fits(object)
    });
    let limit = if options.limit == 0 { all.len() } else { options.limit };
    let remaining = all.len().saturating_sub(limit);
    all.truncate(limit);
    let last = all.last().filter(|_| remaining > 0);
    let next = last.map(|last| token(version, last.namespace(), last.name()));
    Ok(Page { objects: all, version, next, remaining })
}

/// The version that a list is of, and the object after which it begins.
fn position(world: &World, options: &Options) -> Result<(u64, (String, String)), Refusal> {
    let current = world.store().version();
    let start = (String::new(), String::new());
    if !options.proceed.is_empty() {
        if !options.version.is_empty() && options.version != "0" {
            return Err(Refusal::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        let (version, namespace, name) = read_token(&options.proceed).map_err(|why| {
            Refusal::bad_request(format!(
                "invalid continue token: continue key is not valid: {why}"
            ))
        })?;
        // A token of an inconsistent list goes on with what is there now.
        let version = if version == 0 { current } else { version };
        return Ok((version, (namespace, name)));
    }
    let asked = options
        .version_number()
        .map_err(|why| Refusal::bad_request(format!("invalid resource version: {why}")))?;
    not_from_the_future(world, asked)?;
    Ok((if options.exact { asked } else { current }, start))
}

/// The objects as they were at an earlier version.
fn wound_back(
    store: &Store,
    kind: Kind,
    namespace: Option<&str>,
    version: u64,
    options: &Options,
    after: &(String, String),
) -> Result<Vec<Object>, Refusal> {
    let Ok(changes) = store.history().since(version) else {
        if options.proceed.is_empty() {
            return Err(Refusal::expired("The resourceVersion for the provided list is too old."));
        }
        let mut refusal = Refusal::expired(
            "The provided continue parameter is too old to display a consistent list result. You \
             can start a new list without the continue parameter, or use the continue token in \
             this response to retrieve the remainder of the results. Continuing with the provided \
             token results in an inconsistent list - objects that were created, modified, or \
             deleted between the time the first chunk was returned and now may show up in the \
             list.",
        );
        refusal.proceed = Some(token(0, &after.0, &after.1));
        return Err(refusal);
    };
    let place = |object: &Object| (object.namespace().to_owned(), object.name().to_owned());
    let mut all: BTreeMap<(String, String), Object> =
        store.list(kind, namespace).map(|object| (place(object), Object::clone(object))).collect();
    // The first change of an object since then knows how it was.
    let mut seen = std::collections::BTreeSet::new();
    for change in changes.filter(|change| change.key.kind == kind) {
        let key = (change.key.namespace.clone(), change.key.name.clone());
        if namespace.is_some_and(|n| n != key.0) || !seen.insert(key.clone()) {
            continue;
        }
        match &change.before {
            Some(before) => all.insert(key, Object::clone(before)),
            None => all.remove(&key),
        };
    }
    Ok(all.into_values().collect())
}

/// Where a list goes on, as clients get it: they do not look inside.
fn token(version: u64, namespace: &str, name: &str) -> String {
    let inner =
        json!({"v": "meta.k8s.io/v1", "rv": version, "start": format!("{namespace}/{name}")});
    BASE64_URL_SAFE_NO_PAD.encode(inner.to_string())
}

fn read_token(token: &str) -> Result<(u64, String, String), String> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.trim_end_matches('='));
    let bytes = bytes.map_err(|_| "illegal base64 data at input byte 0".to_owned())?;
    let inner = crate::sim::api::body::json::read(&bytes, &mut Vec::new())?;
    let start = inner.text("/start");
    let (namespace, name) = start.split_once('/').unwrap_or(("", start));
    if inner.text("/v") != "meta.k8s.io/v1" {
        return Err(format!(
            "server does not recognize this encoded version {:?}",
            inner.text("/v")
        ));
    }
    let version = inner.pointer("/rv").and_then(Value::as_u64).unwrap_or(0);
    Ok((version, namespace.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written() {
        for (namespace, name) in [("shop", "checkout"), ("", "node-a"), ("ö", "x/y")] {
            let token = token(42, namespace, name);
            assert!(!token.contains(['=', '+', '/']), "{token}");
            let read = read_token(&token).unwrap();
            assert_eq!(read, (42, namespace.to_owned(), name.to_owned()));
        }
        assert!(read_token("abc").is_err() && read_token("ä").is_err() && read_token("").is_err());
    }
}
