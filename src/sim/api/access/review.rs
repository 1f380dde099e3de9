//! What one may do, asked of the API itself: the reviews about oneself.
//!
//! Called for creations of the three kinds of review.

use serde_json::{Value, json};

use super::Person;
use crate::sim::api::refusals;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Cause, Refusal};
use crate::sim::time::{self, Moment};

/// Answers a review, given its body.
pub(crate) fn review(
    person: &Person,
    resource: &str,
    body: &Value,
    now: Moment,
) -> Result<Value, Refusal> {
    match resource {
        "selfsubjectaccessreviews" => access(person, body),
        "selfsubjectrulesreviews" => rules(person, body),
        "selfsubjectreviews" => Ok(oneself(person, now)),
        _ => Err(refusals::no_such_path()),
    }
}

fn access(person: &Person, body: &Value) -> Result<Value, Refusal> {
    let resource = body.pointer("/spec/resourceAttributes").filter(|part| part.is_object());
    let path = body.pointer("/spec/nonResourceAttributes").filter(|part| part.is_object());
    let cause = match (resource, path) {
        (Some(_), None) | (None, Some(_)) => None,
        (None, None) => Some(Cause::invalid(
            "spec.resourceAttributes",
            "null",
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        )),
        (Some(_), Some(path)) => Some(Cause::invalid(
            "spec.nonResourceAttributes",
            &format!("{{\"Path\":{:?},\"Verb\":{:?}}}", path.text("/path"), path.text("/verb")),
            "cannot be specified in combination with resourceAttributes",
        )),
    };
    if let Some(cause) = cause {
        return Err(Refusal::broken_as("authorization.k8s.io", "", "", &[cause]));
    }
    let allowed = match (resource, path) {
        (Some(asked), _) => {
            let resource = match asked.text("/subresource") {
                "" => asked.text("/resource").to_owned(),
                subresource => format!("{}/{subresource}", asked.text("/resource")),
            };
            let (verb, group) = (asked.text("/verb"), asked.text("/group"));
            person.may(verb, group, &resource, asked.text("/namespace"))
        }
        (None, Some(asked)) => person.may_everything() || is_open(asked.text("/path")),
        (None, None) => false,
    };
    Ok(json!({
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": body.get("spec"),
        "status": {"allowed": allowed},
    }))
}

fn is_open(path: &str) -> bool {
    ["/api", "/apis", "/healthz", "/livez", "/readyz", "/version", "/openapi"]
        .iter()
        .any(|root| path == *root || path.starts_with(&format!("{root}/")))
}

fn rules(person: &Person, body: &Value) -> Result<Value, Refusal> {
    let namespace = body.text("/spec/namespace");
    if namespace.is_empty() {
        return Err(Refusal::bad_request("no namespace on request"));
    }
    let here = |rule: &&super::Rule| {
        rule.namespaces.as_ref().is_none_or(|list| list.iter().any(|n| n == namespace))
    };
    let mut told: Vec<Value> = person
        .rules
        .iter()
        .filter(here)
        .map(|rule| {
            json!({"verbs": rule.verbs, "apiGroups": rule.groups, "resources": rule.resources})
        })
        .collect();
    told.push(json!({
        "verbs": ["create"],
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    }));
    told.push(json!({
        "verbs": ["create"],
        "apiGroups": ["authentication.k8s.io"],
        "resources": ["selfsubjectreviews"],
    }));
    let paths = [
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
    ];
    let mut status = json!({
        "resourceRules": told,
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": paths}],
        "incomplete": false,
    });
    if !person.taken.is_empty() {
        // What was taken away cannot be said in rules that only give.
        status.set("/incomplete", true);
        status.set("/evaluationError", "some rules were taken away by script");
    }
    Ok(json!({
        "kind": "SelfSubjectRulesReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": {},
        "status": status,
    }))
}

fn oneself(person: &Person, now: Moment) -> Value {
    json!({
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"creationTimestamp": time::seconds(now)},
        "status": {"userInfo": {"username": person.name, "groups": person.groups}},
    })
}
