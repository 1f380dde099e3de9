//! What the API server says when it says no: `metav1.Status`, with its own words.
//!
//! Never decides what is refused. Called by the store and the API.

use std::fmt;

use serde_json::{Map, Value, json};

use super::kind::Key;
use crate::sim::object::DocumentMut;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    /// Such as `FieldValueInvalid`.
    pub(crate) reason: &'static str,
    pub(crate) field: String,
    /// Such as `Invalid value: 0: must be positive`.
    pub(crate) message: String,
}

impl Cause {
    fn new(reason: &'static str, field: &str, message: String) -> Self {
        Self { reason, field: field.to_owned(), message }
    }

    /// It is missing.
    pub(crate) fn required(field: &str, why: &str) -> Self {
        let message = if why.is_empty() { String::new() } else { format!(": {why}") };
        Self::new("FieldValueRequired", field, format!("Required value{message}"))
    }

    /// Its value, as JSON, is wrong.
    pub(crate) fn invalid(field: &str, value: &str, why: &str) -> Self {
        Self::new("FieldValueInvalid", field, format!("Invalid value: {value}: {why}"))
    }

    /// It must not be there.
    pub(crate) fn forbidden(field: &str, why: &str) -> Self {
        Self::new("FieldValueForbidden", field, format!("Forbidden: {why}"))
    }

    /// Its value, as JSON, is there already.
    pub(crate) fn duplicate(field: &str, value: &str) -> Self {
        Self::new("FieldValueDuplicate", field, format!("Duplicate value: {value}"))
    }

    /// Its value, as JSON, is none of these.
    pub(crate) fn unsupported(field: &str, value: &str, supported: &[&str]) -> Self {
        let words: Vec<String> = supported.iter().map(|word| format!("{word:?}")).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", words.join(", "));
        Self::new("FieldValueNotSupported", field, message)
    }

    /// It is larger than this many bytes.
    pub(crate) fn too_long(field: &str, most: usize) -> Self {
        let message = format!("Too long: may not be more than {most} bytes");
        Self::new("FieldValueTooLong", field, message)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    /// `details`, without what is empty.
    pub(crate) details: Option<Value>,
    /// Where a list that is refused can go on all the same.
    pub(crate) proceed: Option<String>,
}

impl Refusal {
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None, proceed: None }
    }

    /// The object is not there.
    pub(crate) fn not_found(key: &Key) -> Self {
        let message = format!("{} {:?} not found", key.kind.facts().qualified(), key.name);
        Self::new(404, "NotFound", message).about(key)
    }

    /// Nothing is served at this place.
    pub(crate) fn no_such_path() -> Self {
        let mut refusal =
            Self::new(404, "NotFound", "the server could not find the requested resource");
        refusal.details = Some(json!({}));
        refusal
    }

    pub(crate) fn already_exists(key: &Key) -> Self {
        let message = format!("{} {:?} already exists", key.kind.facts().qualified(), key.name);
        Self::new(409, "AlreadyExists", message).about(key)
    }

    /// Somebody else wrote it meanwhile.
    pub(crate) fn conflict(key: &Key) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {:?}: the object has been modified; please apply \
             your changes to the latest version and try again",
            key.kind.facts().qualified(),
            key.name
        );
        Self::new(409, "Conflict", message).about(key)
    }

    /// The object breaks rules of its kind: field, what is wrong with it.
    #[cfg(test)]
    pub(crate) fn invalid(key: &Key, causes: &[(&str, &str)]) -> Self {
        let cause = |(field, what): &(&str, &str)| Cause {
            reason: "FieldValueInvalid",
            field: (*field).to_owned(),
            message: (*what).to_owned(),
        };
        Self::broken(key, &causes.iter().map(cause).collect::<Vec<_>>())
    }

    /// The object breaks rules of its kind.
    pub(crate) fn broken(key: &Key, causes: &[Cause]) -> Self {
        let facts = key.kind.facts();
        Self::broken_as(facts.group, facts.name, &key.name, causes)
    }

    /// Something of this group, kind and name breaks rules.
    pub(crate) fn broken_as(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let qualified = match group {
            "" => kind.to_owned(),
            group => format!("{kind}.{group}"),
        };
        // A cause that is told twice is told once in the sentence, and twice in the list.
        let mut told: Vec<String> = Vec::new();
        for cause in causes {
            let text = cause.to_string();
            if !told.contains(&text) {
                told.push(text);
            }
        }
        let told = match told.as_slice() {
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let message = format!("{qualified} {name:?} is invalid: {told}");
        let causes: Vec<Value> = causes
            .iter()
            .map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field}))
            .collect();
        let mut details = Map::new();
        for (key, text) in [("name", name), ("group", group), ("kind", kind)] {
            if !text.is_empty() {
                details.insert(key.to_owned(), text.into());
            }
        }
        details.insert("causes".to_owned(), causes.into());
        let mut refusal = Self::new(422, "Invalid", message);
        refusal.details = Some(details.into());
        refusal
    }

    /// The position to read on from is forgotten.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    fn about(mut self, key: &Key) -> Self {
        let facts = key.kind.facts();
        let mut details = json!({"name": key.name, "kind": facts.plural});
        if !facts.group.is_empty() {
            details.set("/group", facts.group);
        }
        self.details = Some(details);
        self
    }

    /// As it goes over the wire.
    pub(crate) fn to_status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        });
        if !self.reason.is_empty() {
            status.set("/reason", self.reason);
        }
        if let Some(details) = &self.details {
            status.set("/details", details.clone());
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::store::Kind;

    #[test]
    fn in_the_words_of_the_real_server() {
        let key = Key::new(Kind::Rollout, "shop", "checkout");
        let missing = Refusal::not_found(&key);
        assert_eq!(missing.message, "rollouts.argoproj.io \"checkout\" not found");
        let details = json!({"name": "checkout", "group": "argoproj.io", "kind": "rollouts"});
        assert_eq!(missing.to_status()["details"], details);
        let invalid = Refusal::invalid(&key, &[("spec.replicas", "must not be negative")]);
        assert_eq!(
            invalid.message,
            "Rollout.argoproj.io \"checkout\" is invalid: spec.replicas: must not be negative"
        );
    }
}
