//! Refusals that have nothing to do with an object's content: wrong paths, methods, forms, rights.
//!
//! In the words of the API server. Called by everything in this folder.

use serde_json::{Map, Value, json};

use crate::sim::object::DocumentMut;
use crate::sim::store::Refusal;

/// Forms of a body that are read.
pub(crate) const READ: &str =
    "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// Forms of an answer. The real server also speaks protobuf.
const SPOKEN: &str = "application/json, application/yaml";

pub(crate) fn unauthorized() -> Refusal {
    Refusal::new(401, "Unauthorized", "Unauthorized")
}

/// `name` is empty for a whole collection.
pub(crate) fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Refusal {
    let qualified = match group {
        "" => resource.to_owned(),
        group => format!("{resource}.{group}"),
    };
    let message = match name {
        "" => format!("{qualified} is forbidden: {why}"),
        name => format!("{qualified} {name:?} is forbidden: {why}"),
    };
    let mut refusal = Refusal::new(403, "Forbidden", message);
    refusal.details = Some(details(group, resource, name));
    refusal
}

/// Nothing is served at this place of a group that is served.
pub(crate) fn no_such_path() -> Refusal {
    Refusal::no_such_path()
}

/// The method is not served at this place.
pub(crate) fn no_such_method() -> Refusal {
    let message = "the server does not allow this method on the requested resource";
    let mut refusal = Refusal::new(405, "MethodNotAllowed", message);
    refusal.details = Some(json!({}));
    refusal
}

/// The same, as custom resources say it.
pub(crate) fn not_supported(verb: &str, group: &str, resource: &str) -> Refusal {
    let message = format!("{verb} is not supported on resources of kind \"{resource}.{group}\"");
    let mut refusal = Refusal::new(405, "MethodNotAllowed", message);
    refusal.details = Some(details(group, resource, ""));
    refusal
}

/// The answer cannot be given in any form that is accepted.
pub(crate) fn not_acceptable() -> Refusal {
    let message = format!("only the following media types are accepted: {SPOKEN}");
    Refusal::new(406, "NotAcceptable", message)
}

/// The same, where the server did not even look who should answer.
pub(crate) fn nothing_spoken() -> Refusal {
    let message = format!(
        "406: Not Acceptable\n\nAvailable representations: {SPOKEN}, application/json;stream=watch"
    );
    let mut refusal = Refusal::new(406, "NotAcceptable", message);
    refusal.details = Some(json!({}));
    refusal
}

/// The body is in a form that is not read.
pub(crate) fn unsupported_form(forms: &str) -> Refusal {
    let message = format!(
        "the body of the request was in an unknown format - accepted media types include: {forms}"
    );
    Refusal::new(415, "UnsupportedMediaType", message)
}

pub(crate) fn too_large(why: &str) -> Refusal {
    Refusal::new(413, "RequestEntityTooLarge", format!("Request entity too large: {why}"))
}

/// What the real server says with code 500 and no reason when it did not expect an error.
pub(crate) fn unexpected(message: impl Into<String>) -> Refusal {
    Refusal::new(500, "", message)
}

pub(crate) fn unavailable(message: impl Into<String>) -> Refusal {
    Refusal::new(503, "ServiceUnavailable", message)
}

/// Too many requests; to be sent again after so many seconds.
pub(crate) fn too_many(seconds: u32) -> Refusal {
    let message = "too many requests, please try again later";
    let mut refusal = Refusal::new(429, "TooManyRequests", message);
    refusal.details = Some(json!({"retryAfterSeconds": seconds}));
    refusal
}

/// A version was asked for that does not exist yet.
pub(crate) fn too_new(asked: u64, current: u64) -> Refusal {
    let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
    let mut refusal = Refusal::new(504, "Timeout", message);
    let cause = json!({
        "reason": "ResourceVersionTooLarge",
        "message": "Too large resource version",
    });
    refusal.details = Some(json!({"causes": [cause], "retryAfterSeconds": 1}));
    refusal
}

fn details(group: &str, resource: &str, name: &str) -> Value {
    let mut details = Value::Object(Map::new());
    for (key, text) in [("name", name), ("group", group), ("kind", resource)] {
        if !text.is_empty() {
            details.set(&format!("/{key}"), text);
        }
    }
    details
}
