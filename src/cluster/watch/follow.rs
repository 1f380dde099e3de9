//! One watch request: its stream of events, read and told apart.
//!
//! Never decides what to do next; the machine does. Used by `run` only.

use std::borrow::Cow;
use std::fmt;

use http::HeaderValue;
use http_body_util::BodyExt;
use kube::client::Body;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::lines::Lines;
use crate::cluster::call::{self, Failure, Refusal};
use crate::cluster::connect::Connection;
use crate::cluster::pace::{Pace, share_of};
use crate::cluster::resource;
use crate::cluster::wire::{self, Pool, Trim};
use crate::domain::id::{ResourceKind, Uid};
use crate::domain::observation::{Observation, SourceId};
use crate::domain::text::SafeText;

/// Largest event, in bytes: etcd refuses objects of more than about 1.5 MiB.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Path and query of a watch from this position.
pub(crate) fn path(
    source: &SourceId,
    selector: Option<&str>,
    position: &str,
    pace: &Pace,
) -> String {
    // A tenth more or less, so that many clients do not come back in step.
    let length = pace.watch.mul_f64(0.9) + share_of(pace.watch.mul_f64(0.2));
    let mut path = format!(
        "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}",
        resource::collection(source),
        length.as_secs().max(1),
        resource::escape(position),
    );
    if let Some(selector) = selector {
        path.push_str("&labelSelector=");
        path.push_str(&resource::escape(selector));
    }
    path
}

/// What a piece of the stream said.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Changes, in order.
    pub(crate) observations: Vec<Observation>,
    /// What could not be read.
    pub(crate) odd: Vec<SafeText>,
    /// Whether something was said of an object that nobody knows now.
    pub(crate) unread: bool,
    /// Newest position.
    pub(crate) position: Option<String>,
    /// The server ended the stream with an error, after the changes above.
    pub(crate) error: Option<Refusal>,
}

/// An open watch.
pub(crate) struct Stream {
    source: SourceId,
    pool: Pool,
    body: Body,
    lines: Lines,
}

impl Stream {
    /// Asks for a watch.
    pub(crate) async fn open(
        conn: &Connection,
        source: &SourceId,
        path: &str,
        pace: &Pace,
    ) -> Result<Self, Failure> {
        let mut request = call::get(path);
        // Newer servers compress each event by itself, which the client's decoder cannot follow
        // (tower-rs/tower-http#737).
        let identity = HeaderValue::from_static("identity");
        request.headers_mut().insert("accept-encoding", identity);
        let response = call::open(conn, request, pace.answer).await?;
        if !response.status().is_success() {
            let refused = call::body_of(response, pace.answer).await;
            return Err(refused.err().unwrap_or(Failure::Garbled("no reason given".into())));
        }
        Ok(Self {
            source: source.clone(),
            pool: conn.pool().clone(),
            body: response.into_body(),
            lines: Lines::new(MOST_BYTES),
        })
    }

    /// The next piece; `None` when the server ended the stream.
    pub(crate) async fn next(&mut self) -> Result<Option<Batch>, SafeText> {
        loop {
            let frame = match self.body.frame().await {
                None => return Ok(None),
                Some(Err(e)) => {
                    return Err(SafeText::new(&crate::cluster::kubeconfig::chain(&e)));
                }
                Some(Ok(frame)) => frame,
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let mut batch = Batch::default();
            let lines = self.lines.push(&data);
            if lines.is_empty() {
                continue;
            }
            for line in lines.iter().filter(|line| !line.is_empty()) {
                read_event(&self.source, &self.pool, line, &mut batch);
                if batch.error.is_some() {
                    break;
                }
            }
            return Ok(Some(batch));
        }
    }
}

/// Reads one line. One that makes no sense is reported; only a list can tell what it said.
fn read_event(source: &SourceId, pool: &Pool, line: &[u8], batch: &mut Batch) {
    let Event { kind, object } = match wire::parse(EventSeed(source.kind), line) {
        Ok(event) => event,
        Err(e) => {
            let text = format!("{}: an event is not JSON: {e}", source.kind.resource());
            batch.odd.push(text.into());
            batch.unread = true;
            return;
        }
    };
    let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    match kind.as_str() {
        "ADDED" | "MODIFIED" => {
            let decoded = wire::decode_with(pool, source.kind, &object);
            batch.odd.extend(decoded.odd);
            batch.observations.extend(decoded.record.map(Observation::Seen));
        }
        "DELETED" => {
            if let Some(uid) = object.pointer("/metadata/uid").and_then(Value::as_str) {
                batch.observations.push(Observation::Gone(source.kind, Uid::new(uid)));
            } else {
                batch.odd.push("a deletion does not say of what".into());
                batch.unread = true;
            }
        }
        "BOOKMARK" => {}
        "ERROR" => {
            batch.error = Some(Refusal::of_status(&object, 500));
            return;
        }
        other => batch.odd.push(format!("an event of unknown type {other}").into()),
    }
    if let Some(version) = version {
        batch.position = Some(version.to_owned());
    }
}

/// One line of a watch.
#[derive(Debug, Default)]
struct Event {
    kind: String,
    object: Value,
}

/// Reads one line of a watch of this kind. The type comes first, so that an error is read as what
/// it is; where it does not, the object is kept whole.
struct EventSeed(ResourceKind);

impl<'de> DeserializeSeed<'de> for EventSeed {
    type Value = Event;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Event, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EventSeed {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
        let mut event = Event::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "type" => event.kind = map.next_value()?,
                "object" => {
                    let plain = matches!(event.kind.as_str(), "ADDED" | "MODIFIED" | "DELETED");
                    let trim = if plain { Trim::of(self.0) } else { Trim::whole() };
                    event.object = map.next_value_seed(trim)?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(event)
    }
}

/// Whether the server went backwards: it was restored from an older copy, and what we hold may
/// never have been. Only numbers can be compared.
pub(crate) fn is_backwards(before: &str, after: &str) -> bool {
    match (before.parse::<u64>(), after.parse::<u64>()) {
        (Ok(before), Ok(after)) => after < before,
        _ => false,
    }
}
