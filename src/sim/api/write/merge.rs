//! JSON patch and JSON merge patch.
//!
//! JSON patch as the API server's library has it, not as RFC 6902 has it: what is absent equals
//! null in a test and can be replaced, and indexes can count from the end. Called by patches.

use serde_json::Value;

use crate::sim::api::refusals;
use crate::sim::object::{Document, json_type};
use crate::sim::store::Refusal;

/// Operations that a JSON patch may have.
const MOST: usize = 10_000;

/// Applies a JSON patch; nothing when any operation does not apply.
pub(super) fn json_patch(document: &Value, patch: &[Value]) -> Option<Value> {
    let mut next = document.clone();
    for operation in patch {
        apply(&mut next, operation)?;
    }
    Some(next)
}

/// Checks that a body is a JSON patch at all.
pub(super) fn operations(body: Value) -> Result<Vec<Value>, Refusal> {
    let wrong = |what: &str, into: &str| {
        let of = "handlers.jsonPatchOp";
        Refusal::bad_request(format!(
            "error decoding patch: json: cannot unmarshal {what} into Go value of type {into}{of}"
        ))
    };
    let items = match body {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        other => return Err(wrong(json_type(&other), "[]")),
    };
    if let Some(other) = items.iter().find(|item| !item.is_object()) {
        return Err(wrong(json_type(other), ""));
    }
    if items.len() > MOST {
        return Err(refusals::too_large(&format!(
            "The allowed maximum operations in a JSON patch is {MOST}, got {}",
            items.len()
        )));
    }
    Ok(items)
}

/// What the server says of a JSON patch that does not apply.
pub(super) fn does_not_apply() -> Refusal {
    Refusal::new(422, "Invalid", "the server rejected our request due to an error in our request")
}

fn apply(document: &mut Value, operation: &Value) -> Option<()> {
    let path = operation.get("path")?.as_str()?;
    let value = operation.get("value").cloned().unwrap_or_default();
    match operation.text("/op") {
        "add" => Place::find(document, path)?.add(value),
        "remove" => Place::find(document, path)?.remove().map(drop),
        "replace" if path.is_empty() => {
            if !value.is_object() && !value.is_array() {
                return None;
            }
            *document = value;
            Some(())
        }
        "replace" => Place::find(document, path)?.replace(value),
        "test" if path.is_empty() => (*document == value).then_some(()),
        "test" => {
            // What is absent in an object equals null; an item that is absent fails.
            let place = Place::find(document, path)?;
            (place.get()? == value).then_some(())
        }
        "move" => {
            let from = operation.get("from")?.as_str()?;
            let moved = Place::find(document, from)?.remove()?;
            Place::find(document, path)?.add(moved)
        }
        "copy" => {
            let from = operation.get("from")?.as_str()?;
            let copied = Place::find(document, from)?.get()?;
            Place::find(document, path)?.add(copied)
        }
        _ => None,
    }
}

/// A member of an object or of a list, there or not.
struct Place<'v> {
    parent: &'v mut Value,
    key: String,
}

impl<'v> Place<'v> {
    fn find(document: &'v mut Value, path: &str) -> Option<Self> {
        let mut parts: Vec<String> = path
            .split('/')
            .skip(1)
            .map(|part| part.replace("~1", "/").replace("~0", "~"))
            .collect();
        let key = parts.pop()?;
        let mut parent = document;
        for part in parts {
            parent = match parent {
                Value::Object(members) => members.get_mut(&part)?,
                Value::Array(items) => {
                    let at = index(&part, items.len(), false)?;
                    items.get_mut(at)?
                }
                _ => return None,
            };
        }
        (parent.is_object() || parent.is_array()).then_some(Self { parent, key })
    }

    fn get(&self) -> Option<Value> {
        match &*self.parent {
            Value::Object(members) => Some(members.get(&self.key).cloned().unwrap_or_default()),
            Value::Array(items) => items.get(index(&self.key, items.len(), false)?).cloned(),
            _ => None,
        }
    }

    fn add(self, value: Value) -> Option<()> {
        match self.parent {
            Value::Object(members) => {
                members.insert(self.key, value);
            }
            Value::Array(items) if self.key == "-" => items.push(value),
            Value::Array(items) => {
                let at = index(&self.key, items.len(), true)?;
                items.insert(at, value);
            }
            _ => return None,
        }
        Some(())
    }

    fn replace(self, value: Value) -> Option<()> {
        match self.parent {
            Value::Object(members) => {
                members.insert(self.key, value);
            }
            Value::Array(items) => {
                let at = index(&self.key, items.len(), false)?;
                *items.get_mut(at)? = value;
            }
            _ => return None,
        }
        Some(())
    }

    fn remove(self) -> Option<Value> {
        match self.parent {
            Value::Object(members) => members.remove(&self.key),
            Value::Array(items) => {
                let at = index(&self.key, items.len(), false)?;
                Some(items.remove(at))
            }
            _ => None,
        }
    }
}

/// An index of a list, or of the place after it. A negative one counts from the end.
fn index(text: &str, length: usize, grows: bool) -> Option<usize> {
    let number: i64 = text.parse().ok()?;
    let places = if grows { length + 1 } else { length };
    let at = if number < 0 { i64::try_from(places).ok()? + number } else { number };
    usize::try_from(at).ok().filter(|at| *at < places)
}

/// Applies a JSON merge patch (RFC 7396).
pub(super) fn merge_patch(document: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *document = patch.clone();
        return;
    };
    if !document.is_object() {
        *document = Value::Object(serde_json::Map::new());
    }
    let Value::Object(members) = document else { return };
    for (key, change) in changes {
        if change.is_null() {
            members.remove(key);
        } else {
            merge_patch(members.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(patch: &Value) -> Option<Value> {
        let document = json!({"a": {"b": 1}, "l": [1, 2], "n": null});
        json_patch(&document, patch.as_array().unwrap())
    }

    #[test]
    fn a_test_takes_what_is_absent_for_null() {
        let holds = |path: &str, value: Value| {
            patched(&json!([{"op": "test", "path": path, "value": value}])).is_some()
        };
        let cases = [
            ("/a/b", json!(1), true),
            ("/a/b", json!(1.0), false),
            ("/a/b", json!(null), false),
            ("/a/x", json!(null), true),
            ("/a/x", json!(1), false),
            ("/x", json!(null), true),
            ("/x/y", json!(null), false),
            ("/n", json!(null), true),
            ("/a/b/c", json!(null), false),
            ("/l/1", json!(2), true),
            ("/l/-1", json!(2), true),
            ("/l/5", json!(null), false),
            ("/l/-", json!(null), false),
            ("/a", json!({"b": 1}), true),
            ("", json!({"a": {"b": 1}, "l": [1, 2], "n": null}), true),
            ("a", json!(null), false),
        ];
        for (path, value, wanted) in cases {
            assert_eq!(holds(path, value.clone()), wanted, "{path} {value}");
        }
    }

    #[test]
    fn operations_apply_all_or_not_at_all() {
        let op =
            |op: &str, path: &str, value: Value| json!({"op": op, "path": path, "value": value});
        let cases = [
            (op("add", "/a/c", json!(2)), Some(("/a/c", json!(2)))),
            (op("add", "/x/y", json!(2)), None),
            (op("replace", "/a/c", json!(2)), Some(("/a/c", json!(2)))),
            (op("replace", "/l/2", json!(2)), None),
            (op("add", "/l/2", json!(3)), Some(("/l", json!([1, 2, 3])))),
            (op("add", "/l/3", json!(3)), None),
            (op("add", "/l/-", json!(3)), Some(("/l", json!([1, 2, 3])))),
            (op("add", "/l/0", json!(3)), Some(("/l", json!([3, 1, 2])))),
            (op("add", "/l/-1", json!(3)), Some(("/l", json!([1, 2, 3])))),
            (op("remove", "/l/0", json!(null)), Some(("/l", json!([2])))),
            (op("remove", "/x", json!(null)), None),
            (op("foo", "/a", json!(null)), None),
            (json!({"op": "move", "from": "/a/b", "path": "/c"}), Some(("/c", json!(1)))),
            (json!({"op": "move", "from": "/x", "path": "/c"}), None),
            (json!({"op": "copy", "from": "/a", "path": "/c"}), Some(("/c", json!({"b": 1})))),
            (json!({"op": "copy", "from": "/x/y", "path": "/c"}), None),
            (json!({"op": "add", "value": 1}), None),
        ];
        for (operation, wanted) in cases {
            let next = patched(&json!([operation.clone()]));
            let found = next
                .as_ref()
                .zip(wanted.as_ref())
                .map(|(next, (path, _))| next.pointer(path).cloned().unwrap_or_default());
            assert_eq!(next.is_some(), wanted.is_some(), "{operation}");
            assert_eq!(found, wanted.map(|(_, value)| value), "{operation}");
        }
    }

    #[test]
    fn a_merge_patch_removes_by_null() {
        let mut document = json!({"a": {"b": 1, "c": 2}, "l": [1]});
        merge_patch(&mut document, &json!({"a": {"b": null, "d": {"e": null, "f": 1}}, "l": [2]}));
        assert_eq!(document, json!({"a": {"c": 2, "d": {"f": 1}}, "l": [2]}));
    }
}
