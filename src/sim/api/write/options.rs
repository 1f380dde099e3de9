//! What a write is asked to do: the query, read and checked as the API server does.
//!
//! Called by every write.

use crate::sim::api::body::Strictness;
use crate::sim::api::request::Request;
use crate::sim::store::{Cause, Refusal};

/// The options.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Nothing is kept.
    pub(crate) dry: bool,
    pub(crate) strictness: Strictness,
}

impl Options {
    /// Reads the query. `name` is the kind of the options, for messages.
    pub(crate) fn read(request: &Request, name: &str) -> Result<Self, Refusal> {
        let dry: Vec<&str> = request
            .query
            .iter()
            .filter(|(name, value)| name == "dryRun" && !value.is_empty())
            .map(|(_, value)| value.as_str())
            .collect();
        let mut causes = check_dry(&dry);
        let validation = request.value("fieldValidation").unwrap_or_default();
        let strictness = match validation {
            "Ignore" => Strictness::Ignore,
            "Strict" => Strictness::Strict,
            "" | "Warn" => Strictness::Warn,
            other => {
                let known = ["", "Ignore", "Strict", "Warn"];
                causes.push(Cause::unsupported("fieldValidation", &format!("{other:?}"), &known));
                Strictness::Warn
            }
        };
        if name == "PatchOptions" {
            causes.splice(0..0, check_apply(request));
        }
        if !causes.is_empty() {
            return Err(Refusal::broken_as("meta.k8s.io", name, "", &causes));
        }
        Ok(Self { dry: !dry.is_empty(), strictness })
    }
}

/// Checks `dryRun`, from a query or from the options of a deletion.
pub(super) fn check_dry(dry: &[&str]) -> Vec<Cause> {
    if dry.iter().all(|value| *value == "All") {
        return Vec::new();
    }
    let said: Vec<String> = dry.iter().map(|value| format!("{value:?}")).collect();
    vec![Cause::unsupported("dryRun", &format!("[{}]", said.join(",")), &["All"])]
}

fn check_apply(request: &Request) -> Vec<Cause> {
    let manager = request.value("fieldManager").unwrap_or_default();
    let apply = request.content_type() == "application/apply-patch+yaml";
    if apply && manager.is_empty() {
        return vec![Cause::required("fieldManager", "is required for apply patch")];
    }
    if !apply && request.value("force").is_some() {
        return vec![Cause::forbidden("force", "may not be specified for non-apply patch")];
    }
    Vec::new()
}
