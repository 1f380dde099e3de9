//! Who wrote what and when: every request that changes something, in order.
//!
//! Has a size; the oldest are forgotten first. Written with every such request; read by drills and
//! tests.

use std::collections::VecDeque;

use serde_json::Value;

use super::place::Target;
use super::request::Request;
use crate::sim::time::Moment;

/// Requests that are remembered.
const KEPT: usize = 10_000;

/// Bytes of a body that are kept.
const MOST_BYTES: usize = 64 * 1024;

/// A request that wrote, or tried to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) at: Moment,
    pub(crate) who: String,
    pub(crate) verb: &'static str,
    /// With its query, as it was sent.
    pub(crate) path: String,
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    /// Empty for a creation and for a whole collection.
    pub(crate) name: String,
    pub(crate) content_type: String,
    /// As JSON, or as text when it is none; nothing when it is too large.
    pub(crate) body: Value,
    /// HTTP status of the answer.
    pub(crate) code: u16,
    pub(crate) user_agent: String,
}

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    entries: VecDeque<Entry>,
    /// All there ever were.
    count: u64,
}

impl Audit {
    /// From the oldest that is remembered on.
    #[cfg(test)]
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The last one.
    pub(crate) fn newest(&self) -> Option<&Entry> {
        self.entries.back()
    }

    /// How many there were since the beginning.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn note(
        &mut self,
        request: &Request,
        target: &Target,
        who: &str,
        code: u16,
        at: Moment,
    ) {
        let writes = ["create", "update", "patch", "delete", "deletecollection"];
        let about_oneself = target.resource.starts_with("selfsubject");
        if !writes.contains(&target.verb) || about_oneself {
            return;
        }
        let query: Vec<String> =
            request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let path = if query.is_empty() {
            request.path.clone()
        } else {
            format!("{}?{}", request.path, query.join("&"))
        };
        self.entries.push_back(Entry {
            at,
            who: who.to_owned(),
            verb: target.verb,
            path,
            group: target.group.clone(),
            resource: target.resource.clone(),
            subresource: target.subresource.clone(),
            namespace: target.namespace.clone(),
            name: target.name.clone(),
            content_type: request.content_type().to_owned(),
            body: kept(&request.body),
            code,
            user_agent: request.header("user-agent").to_owned(),
        });
        self.count += 1;
        while self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }
}

fn kept(body: &[u8]) -> Value {
    if body.is_empty() || body.len() > MOST_BYTES {
        return Value::Null;
    }
    super::body::json::read(body, &mut Vec::new())
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(body)))
}
