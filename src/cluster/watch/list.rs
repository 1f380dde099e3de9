//! The whole of a source, page by page.
//!
//! Never gives out half a list as if it were whole. Used by the watch machine and, once, by
//! commands without a screen.

use serde_json::Value;

use crate::cluster::call::{self, Failure};
use crate::cluster::connect::Connection;
use crate::cluster::error::ClusterError;
use crate::cluster::pace::Pace;
use crate::cluster::{resource, wire};
use crate::domain::observation::{Record, SourceId};
use crate::domain::text::SafeText;

/// A complete list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// Objects.
    pub records: Vec<Record>,
    /// What could not be read, one text for each object.
    pub odd: Vec<SafeText>,
    /// Where to follow from.
    pub resource_version: String,
}

/// Lists a source once.
///
/// # Errors
/// `Unauthorized`, `Forbidden`, `NotFound` (kind not installed), `Unreachable` and others.
pub async fn list(
    conn: &Connection,
    source: &SourceId,
    selector: Option<&str>,
) -> Result<Listing, ClusterError> {
    let mut pages = Pages::new(source, selector, &Pace::default());
    let listed = pages.all(conn).await;
    let rule = resource::rule("list", source);
    let what = resource::group_version(source.kind);
    listed.map_err(|failure| failure.into_error(conn, &rule, what))
}

/// A list under way.
#[derive(Debug)]
pub(crate) struct Pages {
    source: SourceId,
    selector: Option<String>,
    pace: Pace,
    next: Option<String>,
    whole: bool,
    listing: Listing,
}

impl Pages {
    pub(crate) fn new(source: &SourceId, selector: Option<&str>, pace: &Pace) -> Self {
        Self {
            source: source.clone(),
            selector: selector.map(str::to_owned),
            pace: *pace,
            next: None,
            whole: false,
            listing: Listing::default(),
        }
    }

    /// Fetches the next page; the number of its records, and whether it was the last.
    pub(crate) async fn page(&mut self, conn: &Connection) -> Result<(usize, bool), Failure> {
        let path = self.path();
        let limit = self.pace.answer;
        let response = call::open(conn, call::get(&path), limit).await?;
        let value = match call::read(response, limit).await {
            Ok(value) => value,
            // The server forgot where this list was; the rest of it would not fit. Once more, and
            // then in one piece, which cannot be forgotten half-way.
            Err(Failure::Refused(refusal)) if refusal.code == 410 && self.next.is_some() => {
                self.next = None;
                self.whole = true;
                self.listing = Listing::default();
                return Ok((0, false));
            }
            Err(failure) => return Err(failure),
        };
        Ok(self.take(value))
    }

    fn take(&mut self, mut value: Value) -> (usize, bool) {
        let meta = |key: &str| {
            let text = value.get("metadata").and_then(|m| m.get(key));
            text.and_then(Value::as_str).filter(|s| !s.is_empty()).map(str::to_owned)
        };
        self.listing.resource_version = meta("resourceVersion").unwrap_or_default();
        self.next = meta("continue");
        let items = match value.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        let before = self.listing.records.len();
        for item in items {
            let decoded = wire::decode(self.source.kind, &item);
            self.listing.odd.extend(decoded.odd);
            self.listing.records.extend(decoded.record);
        }
        (self.listing.records.len() - before, self.next.is_none())
    }

    fn path(&self) -> String {
        let mut path = resource::collection(&self.source);
        let mut mark = '?';
        let mut add = |key: &str, value: &str| {
            path.push(mark);
            mark = '&';
            path.push_str(key);
            path.push('=');
            path.push_str(&resource::escape(value));
        };
        if !self.whole {
            add("limit", &self.pace.page.to_string());
        }
        if let Some(next) = &self.next {
            add("continue", next);
        }
        if let Some(selector) = &self.selector {
            add("labelSelector", selector);
        }
        path
    }

    /// Records so far.
    pub(crate) fn records(&self) -> &[Record] {
        &self.listing.records
    }

    pub(crate) fn finish(self) -> Listing {
        self.listing
    }

    async fn all(&mut self, conn: &Connection) -> Result<Listing, Failure> {
        loop {
            let (_, last) = self.page(conn).await?;
            if last {
                return Ok(std::mem::take(&mut self.listing));
            }
        }
    }
}
