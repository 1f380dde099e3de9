//! An answer that is said at once.
//!
//! Called by everything in this folder; `serve` puts it on the wire.

use serde_json::Value;

use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::Refusal;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    /// HTTP status.
    pub(crate) code: u16,
    pub(crate) content: Content,
    /// Further headers: name, value.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Json(Value),
    Text(String),
    /// Content type, bytes.
    Raw(String, Vec<u8>),
}

impl Reply {
    pub(crate) fn new(code: u16, body: Value) -> Self {
        Self { code, content: Content::Json(body), headers: Vec::new() }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::new(200, body)
    }

    pub(crate) fn text(code: u16, text: impl Into<String>) -> Self {
        Self { code, content: Content::Text(text.into()), headers: Vec::new() }
    }

    /// Where not even the group is known, the server answers as plainly as this.
    pub(crate) fn nothing_here() -> Self {
        Self::text(404, "404 page not found\n")
    }

    pub(crate) fn refusal(refusal: &Refusal) -> Self {
        let mut status = refusal.to_status();
        if let Some(proceed) = &refusal.proceed {
            status.set("/metadata/continue", proceed.as_str());
        }
        let mut reply = Self::new(refusal.code, status);
        if let Some(seconds) = refusal.details.as_ref().map(|d| d.int("/retryAfterSeconds"))
            && seconds > 0
        {
            reply.headers.push(("Retry-After", seconds.to_string()));
        }
        reply
    }

    /// Adds what the server warns of, one header each.
    pub(crate) fn warn(mut self, warnings: &[String]) -> Self {
        for warning in warnings {
            self.headers.push(("Warning", format!("299 - {warning:?}")));
        }
        self
    }

    /// The body as JSON; nothing when it is something else.
    #[cfg(test)]
    pub(crate) fn json(&self) -> &Value {
        match &self.content {
            Content::Json(body) => body,
            Content::Text(_) | Content::Raw(..) => &Value::Null,
        }
    }
}
