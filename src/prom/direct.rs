//! A server that is asked by a connection of our own.
//!
//! Never follows a redirect, never repeats a request. Questions are built by
//! `prometheus-http-query`; answers are read here, bounded, since that library drops the server's
//! warnings. Used by `server`.

use std::fmt;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, HeaderMap, LOCATION, RETRY_AFTER};
use prometheus_http_query::{Client, Error};
use reqwest::Url;

use super::access::{Access, Signature};
use super::call::{Call, milliseconds};
use super::error::PromError;
use super::lost::{Route, lost};
use super::pace::{MOST_BYTES, Pace};
use super::reply::{Origin, Reply};
use crate::domain::measure::address::Address;
use crate::domain::text::SafeText;
use crate::web::{self, Making};

/// What logs and proxies of the server show beside the person.
const USER_AGENT: &str = concat!("waveoff/", env!("CARGO_PKG_VERSION"));

/// Variables that name a proxy, as the HTTP client looks for them.
const PROXIES: [(&str, [&str; 4]); 2] = [
    ("https", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
    ("http", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]),
];

/// A client for one address.
pub(super) struct Direct {
    client: Client,
    access: Access,
    server: SafeText,
    host: String,
    proxy: Option<&'static str>,
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, access, proxy, .. } = self;
        f.debug_struct("Direct")
            .field("server", server)
            .field("access", access)
            .field("proxy", proxy)
            .finish_non_exhaustive()
    }
}

impl Direct {
    /// Reads the file of certificates, or the system's: not for the loop.
    pub(super) fn new(url: &str, access: &Access, pace: &Pace) -> Result<Self, PromError> {
        let wrong = |cause: String| PromError::Address { cause: cause.into() };
        let address = Address::parse(url, None).map_err(wrong)?;
        let parsed = Url::parse(&address.url).map_err(|error| wrong(error.to_string()))?;
        access.check()?;
        let server = address.url;
        let host = parsed.host_str().unwrap_or_default().to_owned();
        let near = web::is_near(&host);
        let http = build(&parsed, access, pace)
            .map_err(|cause| PromError::Trust { server: server.clone(), cause: cause.into() })?;
        let client = Client::from(http, parsed.as_str().trim_end_matches('/'))
            .map_err(|error| wrong(error.to_string()))?;
        let proxy = if near { None } else { proxy_of(parsed.scheme()) };
        Ok(Self { client, access: access.clone(), server, host, proxy })
    }

    /// Address.
    pub(super) fn server(&self) -> &SafeText {
        &self.server
    }

    /// One request; never longer than the pace allows.
    pub(super) async fn get(&self, call: Call<'_>, pace: &Pace) -> Result<Reply, PromError> {
        match tokio::time::timeout(pace.answer, self.exchange(call, pace)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(PromError::Silent { server: self.server.clone(), within: pace.answer }),
        }
    }

    async fn exchange(&self, call: Call<'_>, pace: &Pace) -> Result<Reply, PromError> {
        let Self { server, host, proxy, .. } = self;
        let route = Route { server, host, proxy: *proxy, pace };
        let Signature { headers, secrets } = self.access.sign(self.client.inner()).await?;
        let sent = send(&self.client, call, milliseconds(pace), &headers).await;
        let mut response = sent.map_err(|error| lost(&error, 0, &route))?;
        let too_large = PromError::TooLarge { most: MOST_BYTES };
        if length(response.headers()).is_some_and(|length| length > MOST_BYTES) {
            return Err(too_large);
        }
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) if body.len() + chunk.len() > MOST_BYTES => return Err(too_large),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Err(error) => return Err(lost(&error, body.len(), &route)),
            }
        }
        let headers = response.headers();
        Ok(Reply {
            status: response.status().as_u16(),
            body,
            location: text(headers, &LOCATION).map(str::to_owned),
            retry_after: retry_after(headers),
            origin: Origin { server: server.clone(), secrets },
        })
    }
}

async fn send(
    client: &Client,
    call: Call<'_>,
    timeout: i64,
    headers: &HeaderMap,
) -> Result<reqwest::Response, Error> {
    let with = headers.iter().map(|(name, value)| (name.clone(), value.clone()));
    match call {
        Call::Range { expr, from, to, step } => {
            // Whole seconds, far below where a double has gaps.
            #[expect(clippy::cast_precision_loss, reason = "steps are short")]
            let query = client.query_range(expr, from, to, step as f64).timeout(timeout);
            with.fold(query, |query, (name, value)| query.header(name, value)).get_raw().await
        }
        Call::Now(expr) | Call::At(expr, _) => {
            let query = client.query(expr);
            let query = match call {
                Call::At(_, at) => query.at(at),
                _ => query,
            };
            let query = query.timeout(timeout);
            with.fold(query, |query, (name, value)| query.header(name, value)).get_raw().await
        }
    }
}

/// A client; what is wrong with its certificates otherwise.
fn build(url: &Url, access: &Access, pace: &Pace) -> Result<reqwest::Client, String> {
    let trusted = access.ca_file.as_deref().map(web::certificates).transpose()?;
    let (connect, answer) = (Some(pace.connect), Some(pace.answer));
    web::client(Making { url, user_agent: USER_AGENT, trusted, connect, answer })
}

/// The variable that names a proxy for a scheme.
fn proxy_of(scheme: &str) -> Option<&'static str> {
    let (_, names) = PROXIES.iter().find(|(for_scheme, _)| *for_scheme == scheme)?;
    names.iter().copied().find(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty()))
}

fn text<'h>(headers: &'h HeaderMap, name: &http::HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn length(headers: &HeaderMap) -> Option<usize> {
    text(headers, &CONTENT_LENGTH)?.parse().ok()
}

/// `Retry-After` in seconds; as a date it is not read, since clocks differ.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    text(headers, &RETRY_AFTER)?.trim().parse().ok().map(Duration::from_secs)
}
