//! Objects as JSON documents: reading and writing their common parts.
//!
//! Never knows what a kind means. Reading what is not there gives nothing or zero, as Go's
//! `omitempty` has it. Called by the store, the controllers and the API.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Reading a document.
pub(crate) trait Document {
    /// What is at a JSON pointer. Like `Value::pointer`, without its copies of every part.
    fn at(&self, pointer: &str) -> Option<&Value>;
    /// A text by its JSON pointer; empty when absent.
    fn text(&self, pointer: &str) -> &str;
    /// A whole number; zero when absent.
    fn int(&self, pointer: &str) -> i64;
    /// A whole number, when there is one.
    fn int_maybe(&self, pointer: &str) -> Option<i64>;
    /// A flag; false when absent.
    fn flag(&self, pointer: &str) -> bool;
    /// The members of a list; none when absent.
    fn items(&self, pointer: &str) -> &[Value];
    /// The members of an object; none when absent.
    fn members(&self, pointer: &str) -> Option<&Map<String, Value>>;
    /// A part as a typed value; its default when absent or of another shape.
    fn part<T: DeserializeOwned + Default>(&self, pointer: &str) -> T;
    /// `metadata.name`.
    fn name(&self) -> &str {
        self.text("/metadata/name")
    }
    /// `metadata.namespace`; empty for cluster-wide kinds.
    fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }
    /// `metadata.uid`.
    fn uid(&self) -> &str {
        self.text("/metadata/uid")
    }
    /// `metadata.generation`.
    fn generation(&self) -> i64 {
        self.int("/metadata/generation")
    }
    /// A label; empty when absent.
    fn label(&self, key: &str) -> &str;
    /// An annotation, when there is one.
    fn annotation(&self, key: &str) -> Option<&str>;
    /// The reference to the owner that controls it.
    fn controller(&self) -> Option<&Value> {
        self.items("/metadata/ownerReferences").iter().find(|owner| owner.flag("/controller"))
    }
    /// Whether it is being deleted.
    fn is_leaving(&self) -> bool {
        !self.text("/metadata/deletionTimestamp").is_empty()
    }
    /// The condition of this type in `status.conditions`.
    fn condition(&self, kind: &str) -> Option<&Value> {
        self.items("/status/conditions").iter().find(|c| c.text("/type") == kind)
    }
    /// Whether the condition of this type is `True`.
    fn holds(&self, kind: &str) -> bool {
        self.condition(kind).is_some_and(|c| c.text("/status") == "True")
    }
}

impl Document for Value {
    fn at(&self, pointer: &str) -> Option<&Value> {
        // Byte by byte: the parts are so short that every search for them costs more.
        if pointer.is_empty() || pointer.bytes().any(|byte| byte == b'~') {
            return self.pointer(pointer);
        }
        let mut rest = pointer.strip_prefix('/')?;
        let mut place = self;
        loop {
            let end = rest.bytes().position(|byte| byte == b'/').unwrap_or(rest.len());
            let (part, tail) = rest.split_at_checked(end)?;
            place = match place {
                Value::Object(members) => members.get(part)?,
                Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
            match tail.get(1..) {
                Some(next) => rest = next,
                None => return Some(place),
            }
        }
    }

    fn text(&self, pointer: &str) -> &str {
        self.at(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    fn int(&self, pointer: &str) -> i64 {
        self.int_maybe(pointer).unwrap_or(0)
    }

    fn int_maybe(&self, pointer: &str) -> Option<i64> {
        self.at(pointer).and_then(Value::as_i64)
    }

    fn flag(&self, pointer: &str) -> bool {
        self.at(pointer).and_then(Value::as_bool).unwrap_or(false)
    }

    fn items(&self, pointer: &str) -> &[Value] {
        self.at(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    fn members(&self, pointer: &str) -> Option<&Map<String, Value>> {
        self.at(pointer).and_then(Value::as_object)
    }

    fn part<T: DeserializeOwned + Default>(&self, pointer: &str) -> T {
        let found = self.at(pointer).map(T::deserialize).and_then(Result::ok);
        found.unwrap_or_default()
    }

    fn label(&self, key: &str) -> &str {
        let labels = self.members("/metadata/labels");
        labels.and_then(|labels| labels.get(key)).and_then(Value::as_str).unwrap_or_default()
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.members("/metadata/annotations")?.get(key)?.as_str()
    }
}

/// Writing a document.
pub(crate) trait DocumentMut {
    /// Sets what is at a JSON pointer, and makes the objects on the way to it.
    fn set(&mut self, pointer: &str, value: impl Into<Value>);
    /// Takes out what is at a JSON pointer.
    fn take_out(&mut self, pointer: &str) -> Option<Value>;
    /// Sets a label.
    fn set_label(&mut self, key: &str, value: &str);
    /// Sets an annotation; whether it was another before.
    fn set_annotation(&mut self, key: &str, value: &str) -> bool;
    /// Removes an annotation; whether there was one.
    fn remove_annotation(&mut self, key: &str) -> bool;
}

impl DocumentMut for Value {
    fn set(&mut self, pointer: &str, value: impl Into<Value>) {
        let mut place = self;
        for part in pointer.split('/').skip(1) {
            let key = if part.contains('~') {
                part.replace("~1", "/").replace("~0", "~")
            } else {
                part.to_owned()
            };
            place = child(place, key);
        }
        *place = value.into();
    }

    fn take_out(&mut self, pointer: &str) -> Option<Value> {
        let (parent, key) = pointer.rsplit_once('/')?;
        let key = key.replace("~1", "/").replace("~0", "~");
        match self.pointer_mut(parent)? {
            Value::Object(members) => members.remove(&key),
            Value::Array(items) => {
                let index: usize = key.parse().ok()?;
                (index < items.len()).then(|| items.remove(index))
            }
            _ => None,
        }
    }

    fn set_label(&mut self, key: &str, value: &str) {
        self.set(&format!("/metadata/labels/{}", escaped(key)), value);
    }

    fn set_annotation(&mut self, key: &str, value: &str) -> bool {
        let same = self.annotation(key) == Some(value);
        if !same {
            self.set(&format!("/metadata/annotations/{}", escaped(key)), value);
        }
        !same
    }

    fn remove_annotation(&mut self, key: &str) -> bool {
        self.take_out(&format!("/metadata/annotations/{}", escaped(key))).is_some()
    }
}

/// The member of this name, made if need be. A list is entered by an index that it has, and grows
/// by one at any other.
fn child(place: &mut Value, key: String) -> &mut Value {
    if let Value::Array(items) = place {
        let at = key.parse().unwrap_or(items.len()).min(items.len());
        if at == items.len() {
            items.push(Value::Null);
        }
        return &mut place[at];
    }
    if !place.is_object() {
        *place = json!({});
    }
    &mut place[key]
}

/// The type of a JSON value, as Go's decoder names it in its errors.
pub(crate) fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Takes out what is null, at any depth.
pub(crate) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// A key as part of a JSON pointer.
pub(crate) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_reads_as_nothing() {
        let object = json!({"metadata": {"name": "a"}, "spec": {"replicas": 3}});
        assert_eq!(object.name(), "a");
        assert_eq!(object.text("/metadata/uid"), "");
        assert_eq!((object.int("/spec/replicas"), object.int("/spec/x")), (3, 0));
        assert!(object.items("/spec/containers").is_empty());
        assert!(!object.is_leaving());
        assert_eq!(object.part::<Vec<String>>("/spec/replicas"), Vec::<String>::new());
        for pointer in ["", "/spec", "/spec/replicas", "/spec/x", "/x~1y", "/metadata/name/z"] {
            assert_eq!(object.at(pointer), object.pointer(pointer), "{pointer}");
        }
    }

    #[test]
    fn writing_makes_its_way() {
        let mut object = json!({"list": [{"a": 1}]});
        object.set("/metadata/labels/app.kubernetes.io~1name", "x");
        object.set("/list/0/b", 2);
        object.set("/list/9", 3);
        object.set("/scalar", 1);
        object.set("/scalar/inner", 4);
        let wanted = json!({
            "metadata": {"labels": {"app.kubernetes.io/name": "x"}},
            "list": [{"a": 1, "b": 2}, 3],
            "scalar": {"inner": 4},
        });
        assert_eq!(object, wanted);
        assert_eq!(object.label("app.kubernetes.io/name"), "x");
        assert!(object.set_annotation("k/v", "1") && !object.set_annotation("k/v", "1"));
        assert!(object.remove_annotation("k/v") && !object.remove_annotation("k/v"));
        assert_eq!(object.take_out("/list/1"), Some(json!(3)));
        assert_eq!(object.take_out("/list/7"), None);
    }
}
