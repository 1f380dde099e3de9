//! Brings a message to one receiver and judges the answer.
//!
//! One request for each message; never follows a redirect, never tries again. Secrets are read for
//! the request and taken out of whatever comes back. Called by `runtime`.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, Url};

use super::error::NotifyError;
use super::letter::letter;
use super::receiver::{Receiver, Target};
use crate::domain::alert::Alert;
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;
use crate::web::{self, Making};

/// What logs and proxies of the receiver show.
const USER_AGENT: &str = concat!("waveoff/", env!("CARGO_PKG_VERSION"));

/// Most of an answer that is read, in bytes.
const MOST_ANSWER: usize = 4 * 1024;

/// Longest part of somebody else's words in an error, in characters.
const MOST_WORDS: usize = 240;

/// Longest that a receiver may ask to be left alone.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Until there is a connection.
    pub(super) connect: Duration,
    /// Until there is an answer.
    pub(super) answer: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), answer: Duration::from_secs(10) }
    }
}

/// A way to a receiver.
pub trait Post: fmt::Debug + Send + Sync {
    /// Tells it of the alert; `now` is by the same clock as the alert's times.
    ///
    /// # Errors
    /// Why it was not taken.
    fn post<'p>(
        &'p self,
        alert: &'p Alert,
        now: Timestamp,
    ) -> BoxFuture<'p, Result<(), NotifyError>>;
}

/// The way over HTTP.
#[derive(Clone)]
pub struct Courier {
    receiver: Receiver,
    pace: Pace,
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").field("receiver", &self.receiver).finish_non_exhaustive()
    }
}

/// What a request is made with.
struct Bag {
    url: Url,
    host: SafeText,
    key: String,
    headers: HeaderMap,
    /// What must not be repeated from an answer.
    secrets: Vec<String>,
}

impl Post for Courier {
    fn post<'p>(
        &'p self,
        alert: &'p Alert,
        now: Timestamp,
    ) -> BoxFuture<'p, Result<(), NotifyError>> {
        self.send(alert, now).boxed()
    }
}

impl Courier {
    /// A way to this receiver.
    pub fn new(receiver: Receiver) -> Self {
        Self { receiver, pace: Pace::default() }
    }

    #[cfg(test)]
    pub(super) fn paced(receiver: Receiver, pace: Pace) -> Self {
        Self { receiver, pace }
    }

    /// Whom it leads to.
    pub fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// Whether all that is needed is there and somebody answers at the address, whatever they say.
    /// Nothing is told, and no secret is shown: only the front page is asked for. Gives the host.
    ///
    /// # Errors
    /// What is missing, or why it cannot be reached.
    pub async fn reach(&self) -> Result<SafeText, NotifyError> {
        let Bag { url, host, .. } = self.bag().await?;
        let mut front = url.clone();
        front.set_path("/");
        front.set_query(None);
        front.set_fragment(None);
        let sent = self.client(&url).await?.head(front).send().await;
        sent.map_err(|error| self.lost(&error, &host))?;
        Ok(host)
    }

    async fn send(&self, alert: &Alert, now: Timestamp) -> Result<(), NotifyError> {
        let bag = self.bag().await?;
        let letter = letter(self.receiver.kind, bag.url.as_str(), &bag.key, alert, now);
        let url = Url::parse(&letter.url).map_err(|error| wrong_address(&error.to_string()))?;
        let mut headers = bag.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in letter.headers {
            // A text without control bytes is always a value of a header.
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        let client = self.client(&url).await?;
        let request = client.post(url).headers(headers).body(letter.body.to_string());
        let mut response = request.send().await.map_err(|error| self.lost(&error, &bag.host))?;
        let status = response.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(());
        }
        let again = retry_after(response.headers());
        let mut body = Vec::new();
        while body.len() < MOST_ANSWER {
            // What was said until it broke is still worth something.
            let Ok(Some(chunk)) = response.chunk().await else { break };
            body.extend_from_slice(&chunk);
        }
        body.truncate(MOST_ANSWER);
        Err(judge(status, again, &bag, &body))
    }

    /// Reads all secrets.
    async fn bag(&self) -> Result<Bag, NotifyError> {
        let mut secrets = Vec::new();
        let address = match &self.receiver.target {
            Target::Open(url) => url.clone(),
            Target::Hidden(secret) => {
                let url = secret.read().await?;
                secrets.push(url.clone());
                url
            }
        };
        // The words of the parser do not repeat what it was given.
        let url = Url::parse(&address).map_err(|error| wrong_address(&error.to_string()))?;
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"));
        let host = host.ok_or_else(|| wrong_address("it does not begin with http:// or https://"));
        let host = SafeText::name(host?);
        secrets.extend(long_parts(&url));
        let mut key = String::new();
        if let Some(secret) = &self.receiver.key {
            key = secret.read().await?;
            secrets.push(key.clone());
        }
        let mut headers = HeaderMap::new();
        if let Some(secret) = &self.receiver.token {
            let token = secret.read().await?;
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| secret.wrong("holds characters that no header can carry"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
            secrets.push(token);
        }
        Ok(Bag { url, host, key, headers, secrets })
    }

    /// A client for an address. Made anew each time: alerts are rare, and certificates change.
    async fn client(&self, url: &Url) -> Result<Client, NotifyError> {
        let trust = |cause: String| NotifyError::Trust { cause: cause.into() };
        let trusted = match &self.receiver.ca_file {
            Some(file) => Some(certificates(file).await.map_err(trust)?),
            None => None,
        };
        let (connect, answer) = (Some(self.pace.connect), Some(self.pace.answer));
        web::client(Making { url, user_agent: USER_AGENT, trusted, connect, answer }).map_err(trust)
    }

    /// Why no answer came. Never repeats the address.
    fn lost(&self, error: &reqwest::Error, host: &SafeText) -> NotifyError {
        let host = host.clone();
        match (error.is_timeout(), error.is_connect()) {
            (true, true) => {
                let within = self.pace.connect.as_secs_f64();
                let cause = format!("no connection within {within} s").into();
                NotifyError::Unreachable { host, cause }
            }
            (true, false) => NotifyError::Silent { host, within: self.pace.answer },
            _ => NotifyError::Unreachable { host, cause: cause(error).into() },
        }
    }
}

fn wrong_address(cause: &str) -> NotifyError {
    NotifyError::Address { cause: cause.into() }
}

/// Parts of an address that are long enough to be a secret: an answer may repeat them alone.
fn long_parts(url: &Url) -> Vec<String> {
    let values = url.query_pairs().map(|(_, value)| value.into_owned());
    let parts = url.path_segments().into_iter().flatten().map(str::to_owned);
    parts.chain(values).chain(url.password().map(str::to_owned)).filter(|p| p.len() >= 8).collect()
}

/// The error that an answer is.
fn judge(status: u16, again: Option<Duration>, bag: &Bag, body: &[u8]) -> NotifyError {
    let host = bag.host.clone();
    let words = words(bag, body);
    match status {
        429 | 503 => NotifyError::Busy { host, status, again },
        300..400 => {
            let words = ": it sends us elsewhere, and we do not go there: a login page?".into();
            NotifyError::Down { host, status, words }
        }
        400..500 if status != 408 => NotifyError::Refused { host, status, words },
        _ => NotifyError::Down { host, status, words },
    }
}

/// Somebody else's words: no secret of ours, few enough, one line.
fn words(bag: &Bag, body: &[u8]) -> SafeText {
    let mut text = String::from_utf8_lossy(body).into_owned();
    for secret in bag.secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret.as_str(), "[secret]");
    }
    if text.trim_start().starts_with('<') {
        return ": a page of HTML".into();
    }
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = words.char_indices().nth(MOST_WORDS) {
        words.truncate(end);
        words.push('…');
    }
    if words.is_empty() { SafeText::default() } else { format!(": {words}").into() }
}

/// `Retry-After` in seconds; as a date it is not read, since clocks differ.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// The innermost cause, since the outer ones hold the address.
fn cause(error: &reqwest::Error) -> String {
    web::innermost(&web::chain(error))
}

async fn certificates(path: &Path) -> Result<Vec<Certificate>, String> {
    let pem = tokio::fs::read(path).await;
    let pem = pem.map_err(|error| format!("{}: {error}", path.display()))?;
    web::certificates_in(path, &pem)
}
