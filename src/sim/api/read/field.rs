//! Field selectors: `metadata.name=a,status.phase!=Running`.
//!
//! Each kind has the few fields that the API server allows. Called by lists, watches and deletions
//! of collections.

use serde_json::Value;

use crate::sim::object::Document;
use crate::sim::store::Kind;

/// What must hold of an object's fields. Nothing for all objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<Term>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: String,
    value: String,
    equal: bool,
}

impl Fields {
    /// Reads a selector for objects of this kind.
    pub(crate) fn parse(text: &str, kind: Kind) -> Result<Self, String> {
        let mut terms = Vec::new();
        for piece in split(text) {
            let parts = [("!=", false), ("==", true), ("=", true)]
                .into_iter()
                .filter_map(|(sign, equal)| {
                    piece.split_once(sign).map(|(field, value)| (field, value, equal))
                })
                .min_by_key(|(field, ..)| field.len());
            let Some((field, value, equal)) = parts else {
                return Err(format!("invalid selector: '{text}'; can't understand '{piece}'"));
            };
            allowed(kind, field)?;
            let value = value.replace("\\,", ",").replace("\\=", "=").replace("\\\\", "\\");
            terms.push(Term { field: field.to_owned(), value, equal });
        }
        Ok(Self(terms))
    }

    /// Whether an object's fields satisfy it.
    pub(crate) fn fits(&self, object: &Value) -> bool {
        self.0.iter().all(|term| (read(object, &term.field) == term.value) == term.equal)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The terms of a selector: at commas that are not escaped.
fn split(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut escaped = false;
    for letter in text.chars() {
        if letter == ',' && !escaped {
            pieces.push(String::new());
            continue;
        }
        escaped = letter == '\\' && !escaped;
        if let Some(last) = pieces.last_mut() {
            last.push(letter);
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn allowed(kind: Kind, field: &str) -> Result<(), String> {
    let general = matches!(field, "metadata.name" | "metadata.namespace");
    let own: &[&str] = match kind {
        Kind::Pod => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        Kind::Event => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        Kind::Node => &["spec.unschedulable"],
        Kind::Namespace => &["status.phase"],
        Kind::Secret => &["type"],
        Kind::Service => &["spec.clusterIP", "spec.type"],
        Kind::Job => &["status.successful"],
        _ => &[],
    };
    if general || own.contains(&field) {
        return Ok(());
    }
    if own.is_empty() && !kind.facts().custom {
        return Err(format!(
            "\"{field}\" is not a known field selector: only \"metadata.name\", \
             \"metadata.namespace\""
        ));
    }
    if kind == Kind::Job {
        return Err(format!("field label {field:?} not supported for Job"));
    }
    Err(format!("field label not supported: {field}"))
}

fn read(object: &Value, field: &str) -> String {
    let pointer = format!("/{}", field.replace('.', "/"));
    match field {
        "source" => match object.text("/source/component") {
            "" => object.text("/reportingComponent").to_owned(),
            component => component.to_owned(),
        },
        "status.successful" => object.int("/status/succeeded").to_string(),
        "spec.unschedulable" | "spec.hostNetwork" => object.flag(&pointer).to_string(),
        _ => object.text(&pointer).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_choose_by_fields() {
        let pod = json!({
            "metadata": {"name": "a", "namespace": "shop"},
            "spec": {"nodeName": "n"},
            "status": {"phase": "Running"},
        });
        let cases = [
            ("", true),
            ("metadata.name=a", true),
            ("metadata.name==b", false),
            ("status.phase!=Running,spec.nodeName=n", false),
            ("status.phase=Running,spec.nodeName=n", true),
            ("status.podIP=", true),
        ];
        for (text, fits) in cases {
            assert_eq!(Fields::parse(text, Kind::Pod).unwrap().fits(&pod), fits, "{text}");
        }
    }

    #[test]
    fn complaints_are_those_of_the_server() {
        let complaint = |text, kind| Fields::parse(text, kind).unwrap_err();
        assert_eq!(
            complaint("spec.foo=bar", Kind::ConfigMap),
            "\"spec.foo\" is not a known field selector: only \"metadata.name\", \
             \"metadata.namespace\""
        );
        assert_eq!(complaint("spec.foo=x", Kind::Rollout), "field label not supported: spec.foo");
        assert_eq!(complaint("spec.foo=x", Kind::Pod), "field label not supported: spec.foo");
        assert_eq!(
            complaint("metadata.name", Kind::Pod),
            "invalid selector: 'metadata.name'; can't understand 'metadata.name'"
        );
    }
}
