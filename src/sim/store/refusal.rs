//! What the API server says when it says no: `metav1.Status`, with its own words.
//!
//! Never decides what is refused. Called by the store and the API.

use serde_json::{Value, json};

use super::kind::{Key, Kind};
use crate::sim::object::DocumentMut;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    /// `details`, without what is empty.
    pub(crate) details: Option<Value>,
}

impl Refusal {
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None }
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
    pub(crate) fn invalid(key: &Key, causes: &[(&str, &str)]) -> Self {
        let facts = key.kind.facts();
        let kind = match facts.group {
            "" => facts.name.to_owned(),
            group => format!("{}.{group}", facts.name),
        };
        let told: Vec<String> =
            causes.iter().map(|(field, what)| format!("{field}: {what}")).collect();
        let told = match told.as_slice() {
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let message = format!("{kind} {:?} is invalid: {told}", key.name);
        let causes: Vec<Value> = causes
            .iter()
            .map(|(field, what)| {
                json!({"reason": "FieldValueInvalid", "message": what, "field": field})
            })
            .collect();
        let mut refusal = Self::new(422, "Invalid", message);
        refusal.details = Some(json!({
            "name": key.name,
            "group": facts.group,
            "kind": facts.name,
            "causes": causes,
        }));
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
            "reason": self.reason,
            "code": self.code,
        });
        if let Some(details) = &self.details {
            status.set("/details", details.clone());
        }
        status
    }
}

/// The key of a kind as a whole, for messages that name no object.
pub(crate) fn of_kind(kind: Kind) -> Key {
    Key::new(kind, "", "")
}

#[cfg(test)]
mod tests {
    use super::*;

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
