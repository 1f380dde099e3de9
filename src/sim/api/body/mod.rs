//! Bodies: from bytes to an object of the kind that is expected.
//!
//! Never fills in defaults and never judges content. Called by everything that takes an object.

pub(crate) mod json;

use serde_json::Value;

use super::refusals;
use super::request::Request;
use super::schema;
use crate::sim::object::{Document, DocumentMut, json_type};
use crate::sim::store::{Cause, Kind, Refusal};

/// How strictly unknown and doubled fields are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Strictness {
    Ignore,
    #[default]
    Warn,
    Strict,
}

/// Why a value is no object of the kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// In the words of a decoder.
    Words(String),
    /// Refused as a whole.
    Refused(Refusal),
}

/// Reads the body of a creation or an update. What is to be warned of is added to `warnings`.
pub(crate) fn object(
    request: &Request,
    kind: Kind,
    strictness: Strictness,
    warnings: &mut Vec<String>,
) -> Result<Value, Refusal> {
    let facts = kind.facts();
    let mut twice = Vec::new();
    let body = value(request, facts.name, &mut twice)?;
    let body = recognized(body, kind, &request.body)?;
    let (name, version) = (facts.name, facts.version);
    typed(kind, body, strictness, twice, warnings).map_err(|misfit| match misfit {
        Misfit::Words(words) => Refusal::bad_request(format!(
            "{name} in version {version:?} cannot be handled as a {name}: {words}"
        )),
        Misfit::Refused(refusal) => refusal,
    })
}

/// Reads a body that must be an object, whatever its fields.
pub(crate) fn value(
    request: &Request,
    expected: &str,
    twice: &mut Vec<String>,
) -> Result<Value, Refusal> {
    let read = match request.content_type() {
        "" | "application/json" => {
            json::read(&request.body, twice).map_err(|why| format!("json parse error: {why}"))
        }
        "application/yaml" => yaml(&request.body),
        "application/vnd.kubernetes.protobuf" if schema::natives().contains_key(expected) => {
            schema::from_protobuf(&request.body, expected)
                .ok_or_else(|| "provided data does not appear to be a protobuf message".to_owned())
        }
        _ => return Err(refusals::unsupported_form(refusals::READ)),
    };
    let read = read.and_then(|value| match &value {
        Value::Object(_) | Value::Null => Ok(value),
        other => Err(format!(
            "json parse error: json: cannot unmarshal {} into Go value of type struct {{ \
             APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
             \"json:\\\"kind,omitempty\\\"\" }}",
            json_type(other)
        )),
    });
    read.map_err(|why| {
        Refusal::bad_request(format!(
            "the object provided is unrecognized (must be of type {expected}): couldn't get \
             version/kind; {why} ({})",
            summary(&request.body)
        ))
    })
}

/// Reads YAML as JSON.
pub(crate) fn yaml(bytes: &[u8]) -> Result<Value, String> {
    let text = String::from_utf8_lossy(bytes);
    // JSON is YAML, and is what kubectl sends as such.
    if let Ok(value) = json::read(bytes, &mut Vec::new()) {
        return Ok(value);
    }
    serde_saphyr::from_str(&text)
        .map_err(|why| format!("error converting YAML to JSON: yaml: {}", first_line(&why)))
}

fn first_line(why: &impl ToString) -> String {
    why.to_string().lines().next().unwrap_or_default().to_owned()
}

/// Checks what a body says that it is.
fn recognized(mut body: Value, kind: Kind, bytes: &[u8]) -> Result<Value, Refusal> {
    let facts = kind.facts();
    let (version, name) = (body.text("/apiVersion").to_owned(), body.text("/kind").to_owned());
    let expected = facts.api_version();
    if facts.custom && (version.is_empty() || name.is_empty()) {
        let text = String::from_utf8_lossy(bytes);
        let missing = if name.is_empty() { "Kind" } else { "apiVersion" };
        return Err(Refusal::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): Object '{missing}' is \
             missing in '{text}' ({})",
            facts.name,
            summary(bytes)
        )));
    }
    if !version.is_empty() && version != expected && Kind::of(&version, &name).is_none() {
        return Err(Refusal::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version \
             ({expected})"
        )));
    }
    let of = if version.is_empty() { expected.clone() } else { version };
    if !facts.custom && !name.is_empty() && (name != facts.name || of != expected) {
        let short = of.rsplit('/').next().unwrap_or_default();
        let why = match Kind::of(&of, &name) {
            Some(_) => format!(
                "converting ({short}.{name}) to ({}.{}): unknown conversion",
                package(facts.group),
                facts.name
            ),
            None => not_registered(&name, &of),
        };
        return Err(Refusal::bad_request(format!(
            "{name} in version {short:?} cannot be handled as a {}: {why}",
            facts.name
        )));
    }
    if body.is_null() {
        body = Value::Object(serde_json::Map::new());
    }
    if !facts.custom {
        body.set("/apiVersion", expected);
        body.set("/kind", facts.name);
    }
    Ok(body)
}

fn not_registered(name: &str, version: &str) -> String {
    format!(
        "no kind {name:?} is registered for version {version:?} in scheme \
         \"pkg/runtime/scheme.go:110\""
    )
}

/// Decodes a value as an object of this kind: what a patch made, or a body.
pub(crate) fn typed(
    kind: Kind,
    mut body: Value,
    strictness: Strictness,
    twice: Vec<String>,
    warnings: &mut Vec<String>,
) -> Result<Value, Misfit> {
    let facts = kind.facts();
    let (version, name) = (body.text("/apiVersion").to_owned(), body.text("/kind").to_owned());
    let mut unknown = Vec::new();
    let made = if facts.custom {
        if name.is_empty() {
            return Err(Misfit::Words(format!("Object 'Kind' is missing in '{body}'")));
        }
        same_kind(kind, &body, &version, &name).map_err(Misfit::Refused)?;
        if let Some(metadata) = body.get("metadata") {
            let metadata = metadata_of(metadata, &mut unknown).map_err(Misfit::Words)?;
            body.set("/metadata", metadata);
        }
        schema::prune(facts.name, &mut body, &mut unknown);
        body
    } else {
        let other = (!name.is_empty() && name != facts.name)
            || (!version.is_empty() && version != facts.api_version());
        if other {
            return Err(Misfit::Words(not_registered(&name, &version)));
        }
        schema::decode(facts.name, &body, &mut unknown).map_err(Misfit::Words)?
    };
    judge(strictness, twice, unknown, warnings).map_err(Misfit::Words)?;
    Ok(made)
}

fn judge(
    strictness: Strictness,
    twice: Vec<String>,
    unknown: Vec<String>,
    warnings: &mut Vec<String>,
) -> Result<(), String> {
    let mut complaints: Vec<String> =
        twice.into_iter().map(|path| format!("duplicate field {path:?}")).collect();
    complaints.extend(unknown.into_iter().map(|path| format!("unknown field {path:?}")));
    match strictness {
        Strictness::Ignore => {}
        Strictness::Warn => warnings.extend(complaints),
        Strictness::Strict if complaints.is_empty() => {}
        Strictness::Strict => {
            return Err(format!("strict decoding error: {}", complaints.join(", ")));
        }
    }
    Ok(())
}

fn same_kind(kind: Kind, body: &Value, version: &str, name: &str) -> Result<(), Refusal> {
    let facts = kind.facts();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let cause = if name != facts.name {
        Cause::invalid("kind", &format!("{name:?}"), &format!("must be {}", facts.name))
    } else if version != facts.api_version() {
        let must = format!("must be {}", facts.api_version());
        Cause::invalid("apiVersion", &format!("{version:?}"), &must)
    } else {
        return Ok(());
    };
    Err(Refusal::broken_as(group, name, body.name(), &[cause]))
}

/// The metadata of a custom object are decoded as those of any other.
fn metadata_of(metadata: &Value, unknown: &mut Vec<String>) -> Result<Value, String> {
    let mut inner = Vec::new();
    let made = schema::decode("ObjectMeta", metadata, &mut inner)?;
    unknown.extend(inner.into_iter().map(|path| format!("metadata.{path}")));
    Ok(made)
}

/// The beginning of a body, as complaints quote it: readable only when it looks like JSON.
fn summary(bytes: &[u8]) -> String {
    let shown = bytes.get(..30).unwrap_or(bytes);
    let more = if bytes.len() > 30 { " ..." } else { "" };
    match bytes.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(shown)),
        Some(_) => {
            let hex: Vec<String> = shown.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{}{more}", hex.concat())
        }
    }
}

/// Where Go keeps the types of a group.
fn package(group: &str) -> &str {
    match group {
        "" => "core",
        group => group.split('.').next().unwrap_or_default(),
    }
}
