//! The client for one address.
//!
//! Each request has one time limit for head and body together: a body that drips is no answer.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION,
};
use reqwest::{Response, Url};

use super::ProbeError;
use crate::domain::gate::{Answer, Body, Lost, MOST_BODY};
use crate::domain::measure::address::Address;
use crate::domain::text::SafeText;
use crate::web::{self, Making};

/// What the asked service's logs show.
const USER_AGENT: &str = concat!("waveoff/", env!("CARGO_PKG_VERSION"), " preflight");

/// What is understood. Codings are not offered: what is judged is what was sent.
const ACCEPTED: &str = "application/json, text/plain;q=0.9, */*;q=0.1";

/// A client for one address.
pub struct Probe {
    client: reqwest::Client,
    base: SafeText,
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Probe {
    /// Reads the file of certificates, or the system's: not for the loop.
    ///
    /// # Errors
    /// What is wrong with the address or the certificates.
    pub fn new(url: &str, ca_file: Option<&Path>) -> Result<Self, ProbeError> {
        let wrong = |cause: String| ProbeError::Address { cause: cause.into() };
        let address = Address::parse(url, None).map_err(wrong)?;
        let parsed = Url::parse(&address.url).map_err(|error| wrong(error.to_string()))?;
        let client = build(&parsed, ca_file).map_err(|c| ProbeError::Trust { cause: c.into() })?;
        Ok(Self { client, base: address.url })
    }

    /// GETs a path, which begins with a slash.
    ///
    /// # Errors
    /// Why there is no whole answer within this time.
    pub async fn get(&self, path: &str, within: Duration) -> Result<Answer, Lost> {
        match tokio::time::timeout(within, self.exchange(path)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Lost::Silent(u64::try_from(within.as_millis()).unwrap_or(u64::MAX))),
        }
    }

    async fn exchange(&self, path: &str) -> Result<Answer, Lost> {
        let unreachable = |error: &reqwest::Error| Lost::Unreachable(cause(error).into());
        let request = self.client.get(format!("{}{path}", self.base)).header(ACCEPT, ACCEPTED);
        let mut response = request.send().await.map_err(|error| unreachable(&error))?;
        let body = read(&mut response).await.map_err(|error| unreachable(&error))?;
        let headers = response.headers();
        Ok(Answer {
            status: response.status().as_u16(),
            content_type: text(headers, &CONTENT_TYPE),
            encoding: text(headers, &CONTENT_ENCODING),
            location: text(headers, &LOCATION),
            body,
        })
    }
}

async fn read(response: &mut Response) -> Result<Body, reqwest::Error> {
    let told = response.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    if told.is_some_and(|length: usize| length > MOST_BODY) {
        return Ok(Body::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > MOST_BODY {
            return Ok(Body::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Body::Whole(bytes))
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<SafeText> {
    let value = headers.get(name)?;
    Some(SafeText::new(&String::from_utf8_lossy(value.as_bytes())))
}

/// A client; what is wrong with its certificates otherwise. Whoever asks says how long it may take.
fn build(url: &Url, ca_file: Option<&Path>) -> Result<reqwest::Client, String> {
    let trusted = ca_file.map(web::certificates).transpose()?;
    web::client(Making { url, user_agent: USER_AGENT, trusted, connect: None, answer: None })
}

/// Why no answer came.
fn cause(error: &reqwest::Error) -> String {
    let chain = web::chain(error);
    if error.is_dns() {
        let last = chain.last().map(ToString::to_string).unwrap_or_default();
        return format!("the name is not found ({last})");
    }
    web::innermost(&chain)
}
