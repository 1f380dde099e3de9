//! What a list or a watch is asked to do: the query, read and checked as the API server does.
//!
//! Called by lists, watches and deletions of collections.

use super::field::Fields;
use super::selector::Labels;
use crate::sim::api::request::Request;
use crate::sim::store::{Cause, Kind, Refusal};

/// The options.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) labels: Labels,
    pub(crate) fields: Fields,
    /// Objects on a page; zero for all.
    pub(crate) limit: usize,
    pub(crate) proceed: String,
    /// As it was said; empty when not.
    pub(crate) version: String,
    pub(crate) exact: bool,
    pub(crate) bookmarks: bool,
    pub(crate) initial: Option<bool>,
    /// Seconds.
    pub(crate) timeout: Option<i64>,
}

impl Options {
    /// Reads the query of a request for objects of this kind.
    pub(crate) fn read(request: &Request, kind: Kind, watch: bool) -> Result<Self, Refusal> {
        let text = |name| request.value(name).unwrap_or_default();
        let number = |name: &str| whole_number(request, name);
        let (limit, timeout) = (number("limit")?, number("timeoutSeconds")?);
        let labels = Labels::parse(text("labelSelector")).map_err(Refusal::bad_request)?;
        let fields = Fields::parse(text("fieldSelector"), kind).map_err(Refusal::bad_request)?;
        let options = Self {
            labels,
            fields,
            limit: limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
            proceed: text("continue").to_owned(),
            version: text("resourceVersion").to_owned(),
            exact: text("resourceVersionMatch") == "Exact",
            bookmarks: request.flag("allowWatchBookmarks"),
            initial: request.value("sendInitialEvents").map(|_| request.flag("sendInitialEvents")),
            timeout,
        };
        let causes = if watch {
            options.check_watch(text("resourceVersionMatch"))
        } else {
            options.check_list(text("resourceVersionMatch"))
        };
        if causes.is_empty() {
            return Ok(options);
        }
        Err(Refusal::broken_as("meta.k8s.io", "ListOptions", "", &causes))
    }

    /// The version that was said, as a number; zero when none was.
    pub(crate) fn version_number(&self) -> Result<u64, String> {
        match self.version.as_str() {
            "" => Ok(0),
            text => text.parse().map_err(|_| {
                format!(
                    "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing \
                     {text:?}: invalid syntax"
                )
            }),
        }
    }

    fn check_list(&self, matching: &str) -> Vec<Cause> {
        let mut causes = Vec::new();
        let mut forbid = |field, why| causes.push(Cause::forbidden(field, why));
        if self.initial.is_some() {
            forbid("sendInitialEvents", "sendInitialEvents is forbidden for list");
        }
        if matching.is_empty() {
            return causes;
        }
        if self.version.is_empty() {
            forbid(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden unless resourceVersion is provided",
            );
        }
        if !self.proceed.is_empty() {
            forbid(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden when continue is provided",
            );
        }
        if !matches!(matching, "Exact" | "NotOlderThan") {
            causes.push(Cause::unsupported(
                "resourceVersionMatch",
                &format!("{matching:?}"),
                &["Exact", "NotOlderThan", ""],
            ));
        } else if matching == "Exact" && self.version == "0" {
            causes.push(Cause::forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
            ));
        }
        causes
    }

    fn check_watch(&self, matching: &str) -> Vec<Cause> {
        let mut causes = Vec::new();
        let field = "resourceVersionMatch";
        let mut forbid = |why| causes.push(Cause::forbidden(field, why));
        if self.initial.is_some() && matching != "NotOlderThan" {
            forbid("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
        }
        if !matching.is_empty() && self.initial.is_none() {
            forbid(
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            );
        }
        if !self.proceed.is_empty() {
            forbid("resourceVersionMatch is forbidden when continue is provided");
        }
        if !matching.is_empty() && matching != "NotOlderThan" && self.initial.is_some() {
            causes.push(Cause::unsupported(field, &format!("{matching:?}"), &["NotOlderThan"]));
        }
        causes
    }
}

/// A whole number of the query, as Go reads it.
pub(crate) fn whole_number(request: &Request, name: &str) -> Result<Option<i64>, Refusal> {
    let Some(text) = request.value(name) else { return Ok(None) };
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let out_of_range = text.trim_start_matches(['+', '-']).bytes().all(|b| b.is_ascii_digit());
        let why = if out_of_range { "value out of range" } else { "invalid syntax" };
        Refusal::bad_request(format!("strconv.ParseInt: parsing {text:?}: {why}"))
    })
}
