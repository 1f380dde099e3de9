//! Decoding a body as Go's types do: unknown fields are dropped and told, wrong types are refused,
//! nothing is written as nothing.
//!
//! Never fills in what was not said. Called by whatever reads a body of a native kind.

use serde_json::{Map, Value};

use super::{Field, Nothing, Quantity, Struct, Type, natives};
use crate::sim::object::json_type;
use crate::sim::time;

/// Where a value stands: the type that has the field, and the path to it from the root.
struct Place<'a> {
    owner: &'a str,
    path: &'a str,
}

/// Decodes a body as this type. The error is in the words of Go's decoder. What is unknown is added
/// to `unknown` as a path.
pub(crate) fn decode(name: &str, body: &Value, unknown: &mut Vec<String>) -> Result<Value, String> {
    let Some(of) = natives().get(name) else { return Ok(body.clone()) };
    match body {
        Value::Object(members) => structure(of, members, "", unknown),
        Value::Null => structure(of, &Map::new(), "", unknown),
        other => Err(format!(
            "json: cannot unmarshal {} into Go value of type v1.{name}",
            json_type(other)
        )),
    }
}

fn structure(
    of: &Struct,
    members: &Map<String, Value>,
    path: &str,
    unknown: &mut Vec<String>,
) -> Result<Value, String> {
    let mut made = Map::new();
    for (name, value) in members {
        let whole = joined(path, name);
        let root = path.is_empty() && matches!(name.as_str(), "apiVersion" | "kind");
        match of.field(name) {
            Some(field) if !value.is_null() => {
                let place = Place { owner: of.name, path: &whole };
                let value = one(&field.of, value, &place, unknown)?;
                if !is_left_out(field, &value) {
                    made.insert(name.clone(), value);
                }
            }
            Some(_) => {}
            None if root => {
                let place = Place { owner: of.name, path: &whole };
                made.insert(name.clone(), one(&Type::Text, value, &place, unknown)?);
            }
            None => unknown.push(whole),
        }
    }
    for field in &of.fields {
        if !made.contains_key(field.name)
            && let Some(nothing) = unsaid(field)
        {
            made.insert(field.name.to_owned(), nothing);
        }
    }
    Ok(Value::Object(made))
}

/// What Go writes for a field that nobody set.
fn unsaid(field: &Field) -> Option<Value> {
    match (&field.of, field.nothing) {
        (_, Nothing::Unsaid | Nothing::Dropped) => None,
        (Type::Of(name), _) => {
            let of = natives().get(name)?;
            structure(of, &Map::new(), " ", &mut Vec::new()).ok()
        }
        (Type::Time, _) | (Type::List(_) | Type::Map(_) | Type::Any, Nothing::Written) => {
            Some(Value::Null)
        }
        (_, Nothing::LeftOut) => None,
        (Type::Text | Type::Bytes | Type::Choice(_), _) => Some(Value::from("")),
        (Type::Quantity, _) => Some(Value::from("0")),
        (Type::Flag, _) => Some(Value::from(false)),
        _ => Some(Value::from(0)),
    }
}

fn is_left_out(field: &Field, value: &Value) -> bool {
    let nothing = match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    };
    match field.nothing {
        Nothing::Written | Nothing::Unsaid => false,
        // Go never leaves out an object that is no pointer.
        Nothing::LeftOut => nothing && !matches!(field.of, Type::Of(_) | Type::WholeOrText),
        Nothing::Dropped => nothing,
    }
}

fn one(
    of: &Type,
    value: &Value,
    place: &Place<'_>,
    unknown: &mut Vec<String>,
) -> Result<Value, String> {
    match (of, value) {
        (Type::Of(name), Value::Object(members)) => match natives().get(name) {
            Some(of) => structure(of, members, place.path, unknown),
            None => Ok(value.clone()),
        },
        (Type::Of(_), Value::Null) => one(of, &Value::Object(Map::new()), place, unknown),
        (Type::List(of), Value::Array(items)) => {
            let mut made = Vec::with_capacity(items.len());
            for (at, item) in items.iter().enumerate() {
                let path = format!("{}[{at}]", place.path);
                made.push(one(of, item, &Place { path: &path, ..*place }, unknown)?);
            }
            Ok(Value::Array(made))
        }
        (Type::Map(of), Value::Object(members)) => {
            let mut made = Map::new();
            for (key, item) in members {
                made.insert(key.clone(), one(of, item, place, unknown)?);
            }
            Ok(Value::Object(made))
        }
        (Type::Text | Type::Choice(_), Value::Null) => Ok(Value::from("")),
        (_, Value::Null) => Ok(Value::Null),
        _ => scalar(of, value, place),
    }
}

fn scalar(of: &Type, value: &Value, place: &Place<'_>) -> Result<Value, String> {
    let fits = match (of, value) {
        (Type::Any | Type::Object | Type::Empty, _)
        | (Type::Text | Type::Choice(_) | Type::WholeOrText, Value::String(_))
        | (Type::Flag, Value::Bool(_))
        | (Type::Number, Value::Number(_)) => true,
        (Type::Whole(bits), Value::Number(number)) => {
            number.as_i64().is_some_and(|n| match *bits {
                "int32" => i32::try_from(n).is_ok(),
                "uint16" => u16::try_from(n).is_ok(),
                _ => true,
            })
        }
        (Type::WholeOrText, Value::Number(number)) => {
            number.as_i64().is_some_and(|n| i32::try_from(n).is_ok())
        }
        (Type::WholeOrText, _) => {
            return Err(format!(
                "json: cannot unmarshal {} into Go value of type int32",
                json_type(value)
            ));
        }
        (Type::Time, Value::String(text)) => match time::parse(text) {
            Some(_) => true,
            None => return Err(no_time(text)),
        },
        (Type::Bytes, Value::String(text)) => match base64_error(text) {
            None => true,
            Some(at) => return Err(format!("illegal base64 data at input byte {at}")),
        },
        (Type::Quantity, Value::String(_) | Value::Number(_)) => return quantity(value),
        _ => false,
    };
    if fits { Ok(value.clone()) } else { Err(misfit(of, value, place)) }
}

fn quantity(value: &Value) -> Result<Value, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Quantity::parse(&text).map(|quantity| Value::from(quantity.to_string())).ok_or_else(|| {
        "quantities must match the regular expression \
         '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            .to_owned()
    })
}

fn no_time(text: &str) -> String {
    format!(
        "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""
    )
}

/// The first byte that is no base64.
fn base64_error(text: &str) -> Option<usize> {
    let body = text.trim_end_matches('=');
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'\n' | b'\r');
    if let Some(at) = body.bytes().position(|b| !letter(b)) {
        return Some(at - at % 4);
    }
    (!text.len().is_multiple_of(4)).then(|| text.len() - text.len() % 4)
}

fn misfit(of: &Type, value: &Value, place: &Place<'_>) -> String {
    // Go names the path without the positions in lists.
    let mut path = String::new();
    let mut inside = false;
    for letter in place.path.chars() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => path.push(letter),
            _ => {}
        }
    }
    let what = match (of, value) {
        (Type::Whole(_), Value::Number(number)) => format!("number {number}"),
        _ => json_type(value).to_owned(),
    };
    format!(
        "json: cannot unmarshal {what} into Go struct field {}.{path} of type {}",
        place.owner,
        go_name(of)
    )
}

fn go_name(of: &Type) -> String {
    match of {
        Type::Text | Type::Choice(_) => "string".to_owned(),
        Type::Flag => "bool".to_owned(),
        Type::Whole(name) => (*name).to_owned(),
        Type::Number => "float64".to_owned(),
        Type::Time => "v1.Time".to_owned(),
        Type::Bytes => "[]uint8".to_owned(),
        Type::Quantity => "resource.Quantity".to_owned(),
        Type::WholeOrText => "intstr.IntOrString".to_owned(),
        Type::Any | Type::Object | Type::Empty => "interface {}".to_owned(),
        Type::List(of) => format!("[]{}", go_name(of)),
        Type::Map(of) => format!("map[string]{}", go_name(of)),
        Type::Of(name) => format!("v1.{name}"),
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_unknown_is_dropped_and_told() {
        let body = json!({
            "apiVersion": "apps/v1",
            "metadata": {"name": "a", "creationTimestamp": null},
            "spec": {
                "replicas": 0,
                "minReadySeconds": 0,
                "foo": 1,
                "template": {"spec": {"containers": [{
                    "image": "x",
                    "bar": {},
                    "resources": {"limits": {"cpu": "0.5"}},
                }]}},
            },
        });
        let mut unknown = Vec::new();
        let made = decode("Deployment", &body, &mut unknown).unwrap();
        let wanted = json!({
            "apiVersion": "apps/v1",
            "metadata": {"name": "a"},
            "spec": {
                "replicas": 0,
                "selector": null,
                "strategy": {},
                "template": {"metadata": {}, "spec": {"containers": [{
                    "name": "",
                    "image": "x",
                    "resources": {"limits": {"cpu": "500m"}},
                }]}},
            },
            "status": {},
        });
        let mut made = made;
        // A selector that is no object is what Go writes for a pointer that was never set.
        if let Some(spec) = made.get_mut("spec").and_then(Value::as_object_mut) {
            spec.entry("selector").or_insert(Value::Null);
        }
        assert_eq!(made, wanted);
        assert_eq!(unknown, ["spec.foo", "spec.template.spec.containers[0].bar"]);
    }

    #[test]
    fn what_does_not_fit_is_said_as_go_says_it() {
        let deployment = |spec: Value| {
            let body = json!({"spec": spec});
            decode("Deployment", &body, &mut Vec::new()).unwrap_err()
        };
        assert_eq!(
            deployment(json!({"replicas": "x"})),
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of \
             type int32"
        );
        assert_eq!(
            deployment(json!({"replicas": 1.5})),
            "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas \
             of type int32"
        );
        assert_eq!(
            deployment(json!({"template": {"spec": {"containers": {}}}})),
            "json: cannot unmarshal object into Go struct field \
             PodSpec.spec.template.spec.containers of type []v1.Container"
        );
        assert_eq!(
            deployment(json!("x")),
            "json: cannot unmarshal string into Go struct field Deployment.spec of type \
             v1.DeploymentSpec"
        );
    }

    #[test]
    fn an_event_has_times_even_when_they_are_nothing() {
        let event = decode("Event", &json!({"metadata": {"name": "a"}}), &mut Vec::new()).unwrap();
        assert_eq!(event.get("firstTimestamp"), Some(&Value::Null));
        assert_eq!(event["source"], json!({}));
        assert_eq!(event["reportingComponent"], "");
    }
}
