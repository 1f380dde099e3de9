//! The whole of a source, page by page.
//!
//! Never gives out half a list as if it were whole. Used by the watch machine and, once, by
//! commands without a screen.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::cluster::call::{self, Failure};
use crate::cluster::connect::Connection;
use crate::cluster::error::ClusterError;
use crate::cluster::pace::Pace;
use crate::cluster::resource;
use crate::cluster::wire::{self, Pool, Trim};
use crate::domain::id::ResourceKind;
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

/// How far a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There are more pages.
    More,
    /// That was the last page.
    Last,
    /// The server lost the thread: what came so far does not count, the list begins anew.
    Anew,
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

    /// Fetches the next page.
    pub(crate) async fn page(&mut self, conn: &Connection) -> Result<Progress, Failure> {
        let path = self.path();
        let limit = self.pace.answer;
        let response = call::open(conn, call::get(&path), limit).await?;
        let bytes = match call::body_of(response, limit).await {
            Ok(bytes) => bytes,
            // The server forgot where this list was; the rest of it would not fit. Once more, and
            // then in one piece, which cannot be forgotten half-way.
            Err(Failure::Refused(refusal)) if refusal.code == 410 && self.next.is_some() => {
                self.next = None;
                self.whole = true;
                self.listing = Listing::default();
                return Ok(Progress::Anew);
            }
            Err(failure) => return Err(failure),
        };
        self.read(&bytes, conn.pool())?;
        Ok(if self.next.is_some() { Progress::More } else { Progress::Last })
    }

    /// Reads a page, object by object: a page as a tree would be many times its records.
    fn read(&mut self, bytes: &[u8], pool: &Pool) -> Result<(), Failure> {
        let page = Page { kind: self.source.kind, pool, listing: &mut self.listing };
        let meta = wire::parse(page, bytes)
            .map_err(|e| Failure::Garbled(format!("not JSON: {e}").into()))?;
        self.listing.resource_version = meta.resource_version.unwrap_or_default();
        self.next = meta.next.filter(|next| !next.is_empty());
        Ok(())
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

    /// What came since this was last asked.
    pub(crate) fn take(&mut self) -> Listing {
        std::mem::take(&mut self.listing)
    }

    async fn all(&mut self, conn: &Connection) -> Result<Listing, Failure> {
        loop {
            if self.page(conn).await? == Progress::Last {
                return Ok(self.take());
            }
        }
    }
}

/// `metadata` of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ListMeta {
    #[serde(rename = "resourceVersion")]
    resource_version: Option<String>,
    #[serde(rename = "continue")]
    next: Option<String>,
}

/// Reads a list into a listing.
struct Page<'a> {
    kind: ResourceKind,
    pool: &'a Pool,
    listing: &'a mut Listing,
}

impl<'de> DeserializeSeed<'de> for Page<'_> {
    type Value = ListMeta;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ListMeta, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Page<'_> {
    type Value = ListMeta;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<ListMeta, A::Error> {
        let mut meta = ListMeta::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "metadata" => meta = map.next_value::<Option<ListMeta>>()?.unwrap_or_default(),
                "items" => map.next_value_seed(Items(&mut self))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(meta)
    }
}

/// Reads the objects of a list.
struct Items<'a, 'b>(&'a mut Page<'b>);

impl<'de> DeserializeSeed<'de> for Items<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    /// An empty list may be written as null.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Page { kind, pool, listing } = self.0;
        while let Some(object) = seq.next_element_seed(Trim::of(*kind))? {
            let decoded = wire::decode_with(pool, *kind, &object);
            listing.odd.extend(decoded.odd);
            listing.records.extend(decoded.record);
        }
        Ok(())
    }
}
