//! An HTTP answer judged: Prometheus' own, a refusal, or somebody else's page.
//!
//! The one place that turns bodies into errors; what was sent to sign in is taken out of them.
//! Knows nothing of shapes and grids. Called by `server`.

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;

use super::carrier::Carried;
use super::error::PromError;
use super::wire::Envelope;
use crate::domain::text::SafeText;

/// Longest part of somebody else's words in an error, in characters.
const MOST_WORDS: usize = 240;

/// Whom an answer is from, and what it must not repeat.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) server: SafeText,
    pub(super) secrets: Vec<String>,
}

/// An answer as it came.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) location: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) origin: Origin,
}

/// A refusal in the words of Prometheus (`error`), or of the Kubernetes API server (`message`).
#[derive(Deserialize, Default)]
#[serde(default)]
struct Refusal {
    kind: Option<String>,
    message: Option<String>,
    #[serde(rename = "errorType")]
    error_type: Option<String>,
    error: Option<String>,
}

impl Reply {
    pub(super) fn of_carried(carried: Carried, server: SafeText) -> Self {
        let Carried { status, body, location, retry_after } = carried;
        let origin = Origin { server, secrets: Vec::new() };
        Self { status, body, location, retry_after, origin }
    }

    /// What Prometheus answered; the error that it is otherwise.
    pub(super) fn envelope(&self) -> Result<Envelope, PromError> {
        match self.status {
            200..=299 => self.good(),
            300..=399 => Err(self.redirect()),
            _ => Err(self.refusal()),
        }
    }

    fn good(&self) -> Result<Envelope, PromError> {
        let origin = &self.origin;
        if self.body.trim_ascii_start().first() != Some(&b'{') {
            return Err(origin.stranger(&page(&self.body)));
        }
        let envelope: Envelope = serde_json::from_slice(&self.body)
            .map_err(|error| origin.garbled(&error, &self.body))?;
        match envelope.status.as_deref() {
            Some("success") => Ok(envelope),
            Some("error") => {
                let message = envelope.error.unwrap_or_else(|| "it does not say why".to_owned());
                Err(PromError::Refused { status: self.status, message: origin.words(&message) })
            }
            _ => Err(origin.stranger("JSON of another kind")),
        }
    }

    fn redirect(&self) -> PromError {
        let to = self.location.as_deref().unwrap_or("nowhere");
        // Only where to: what follows may be anything, a token included.
        let to = match Url::parse(to).ok().and_then(|url| url.host_str().map(str::to_owned)) {
            Some(host) => host,
            None => to.split(['?', '#']).next().unwrap_or_default().to_owned(),
        };
        self.origin.stranger(&format!("a redirect ({}) to {to}: a login page?", self.status))
    }

    fn refusal(&self) -> PromError {
        let Self { status, origin, .. } = self;
        let (status, server) = (*status, origin.server.clone());
        let told: Option<Refusal> = serde_json::from_slice(&self.body).ok();
        let told = told.unwrap_or_default();
        let by_cluster = told.kind.as_deref() == Some("Status");
        let by_prometheus = told.error_type.is_some();
        let message = match told.error.or(told.message) {
            Some(message) => message,
            None if self.body.trim_ascii().is_empty() => String::new(),
            None => page(&self.body),
        };
        let words = origin.words(&message);
        let behind =
            if words.is_empty() { SafeText::default() } else { format!(": {words}").into() };
        let down = PromError::Down {
            server: server.clone(),
            status,
            words: behind.clone(),
            again: self.retry_after,
        };
        let refused = PromError::Refused { status, message: words };
        match (status, told.error_type.as_deref()) {
            (401, _) => PromError::Unauthorized { server, words: behind },
            (403, _) => PromError::Forbidden { server, words: behind },
            // The server is well: only this query took too long.
            (503, Some("timeout" | "canceled")) => refused,
            (429 | 502 | 503 | 504, _) => down,
            _ if by_prometheus => refused,
            // The Service is gone, or cannot be reached from the API server.
            (404 | 500.., _) if by_cluster => down,
            (500.., _) => down,
            (404 | 405 | 410, _) => origin.stranger(&format!("{status}{behind}")),
            _ => refused,
        }
    }
}

impl Origin {
    /// Somebody else's words: no secret of ours, few enough, one line.
    pub(super) fn words(&self, raw: &str) -> SafeText {
        let mut text = raw.to_owned();
        for secret in self.secrets.iter().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret.as_str(), "[secret]");
        }
        let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((end, _)) = words.char_indices().nth(MOST_WORDS) {
            words.truncate(end);
            words.push('…');
        }
        words.into()
    }

    fn stranger(&self, what: &str) -> PromError {
        PromError::NotPrometheus { server: self.server.clone(), what: self.words(what) }
    }

    fn garbled(&self, error: &serde_json::Error, body: &[u8]) -> PromError {
        let cause = if error.is_eof() {
            format!("it breaks off after {} bytes", body.len())
        } else {
            error.to_string()
        };
        PromError::Garbled { cause: self.words(&cause) }
    }
}

/// The first words of a body: of a page in HTML its title.
fn page(body: &[u8]) -> String {
    // Enough for a title; each of the words that are kept may have many bytes.
    let start = body.get(..body.len().min(16 * 1024)).unwrap_or_default();
    let text = String::from_utf8_lossy(start);
    let text = text.trim();
    match text.chars().next() {
        None => "nothing".to_owned(),
        Some('<') => match title(text) {
            Some(title) => format!("a page named {title:?}"),
            None => "a page".to_owned(),
        },
        Some(_) => text.to_owned(),
    }
}

fn title(html: &str) -> Option<&str> {
    // The same length as the text, since only ASCII is changed.
    let lower = html.to_ascii_lowercase();
    let from = lower.find("<title")?;
    let from = from + lower.get(from..)?.find('>')? + 1;
    let to = from + lower.get(from..)?.find("</title")?;
    html.get(from..to).map(str::trim).filter(|title| !title.is_empty())
}
