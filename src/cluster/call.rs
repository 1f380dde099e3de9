//! One request and its answer: time limits, and failures told apart.
//!
//! The one place that reads HTTP answers. Never repeats a request. Used by every file of this room
//! that talks to the server.

use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Bytes;
use kube::Client;
use kube::client::Body;
use serde_json::Value;

use super::connect::Connection;
use super::credential::Unsigned;
use super::error::ClusterError;
use super::kubeconfig::chain;
use crate::domain::text::SafeText;

/// Time limit of one-shot reads.
pub(crate) const READ_LIMIT: Duration = Duration::from_secs(5);

/// Time limit of writes.
pub(crate) const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// Longest wait that a server may ask for: a person is watching.
const MOST_WAIT: u64 = 60;

/// Largest answer that is taken in, in bytes.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// What audit logs and proxies of the cluster show beside the person.
const USER_AGENT: &str = concat!("waveoff/", env!("CARGO_PKG_VERSION"));

/// A refusal by the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP status, or `code` of the Status object.
    pub(crate) code: u16,
    /// `reason` of the Status object.
    pub(crate) reason: String,
    /// Its words.
    pub(crate) message: SafeText,
    /// `Retry-After`.
    pub(crate) retry_after: Option<Duration>,
}

impl Refusal {
    /// Out of a `Status` object.
    pub(crate) fn of_status(status: &Value, code: u16) -> Self {
        let text = |key: &str| status.get(key).and_then(Value::as_str).unwrap_or_default();
        let told = status.get("code").and_then(Value::as_u64);
        let seconds = status.pointer("/details/retryAfterSeconds").and_then(Value::as_u64);
        Self {
            code: told.and_then(|c| u16::try_from(c).ok()).unwrap_or(code),
            reason: text("reason").to_owned(),
            message: SafeText::new(text("message")),
            retry_after: seconds.filter(|s| *s > 0).map(wait_of),
        }
    }

    /// Whether the server is only starting, by its own words: custom kinds come some seconds after
    /// the others, and the five seconds it asks to wait then are not about load.
    pub(crate) fn is_starting(&self) -> bool {
        (self.code == 503 && self.message.contains("before all known HTTP paths"))
            || (self.code == 429 && self.message.contains("storage is (re)initializing"))
    }

    /// Whether the position to resume from is lost: expired, or ahead of the server.
    pub(crate) fn loses_position(&self) -> bool {
        self.code == 410
            || self.reason == "Expired"
            || self.reason == "Gone"
            || self.message.contains("oo large resource version")
    }
}

/// Why there is no good answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It never left: no connection, or no credentials.
    Unsent(SafeText),
    /// It left, or may have left, and no answer came.
    Silent(SafeText),
    /// The server answered no.
    Refused(Refusal),
    /// The server answered something else than JSON.
    Garbled(SafeText),
}

impl Failure {
    /// What happened, cause first.
    pub(crate) fn text(&self) -> SafeText {
        match self {
            Self::Unsent(text) | Self::Silent(text) | Self::Garbled(text) => text.clone(),
            Self::Refused(refusal) if refusal.code == 401 => {
                "the server refused the credentials (401): they may have expired, log in again"
                    .into()
            }
            Self::Refused(refusal) => {
                format!("the server answered {}: {}", refusal.code, refusal.message).into()
            }
        }
    }

    /// As an error of this room; `what` names the object or the rule.
    pub(crate) fn into_error(self, conn: &Connection, action: &str, what: &str) -> ClusterError {
        let action = SafeText::new(action);
        match self {
            Self::Unsent(cause) | Self::Silent(cause) => {
                ClusterError::Unreachable { action, server: conn.server(), cause }
            }
            Self::Garbled(cause) => ClusterError::Decode { action, cause },
            Self::Refused(refusal) => match refusal.code {
                401 => ClusterError::Unauthorized { server: conn.server() },
                403 => ClusterError::Forbidden { rule: action },
                404 => ClusterError::NotFound { what: what.into() },
                code => ClusterError::Server { action, code, message: refusal.message },
            },
        }
    }
}

/// A request without a body.
pub(crate) fn get(path_and_query: &str) -> Request<Vec<u8>> {
    with_body("GET", path_and_query, None, Vec::new())
}

/// A request with JSON in it.
pub(crate) fn with_body(
    method: &str,
    path_and_query: &str,
    content_type: Option<&str>,
    body: Vec<u8>,
) -> Request<Vec<u8>> {
    let mut request = Request::new(body);
    // All callers build these of constants and escaped names, so neither can fail in practice; if
    // one did, the server would answer 404 or 405.
    *request.method_mut() = method.parse().unwrap_or_default();
    *request.uri_mut() = path_and_query.parse().unwrap_or_default();
    let headers = request.headers_mut();
    headers.insert("accept", http::HeaderValue::from_static("application/json"));
    headers.insert("user-agent", http::HeaderValue::from_static(USER_AGENT));
    if let Some(value) = content_type.and_then(|t| http::HeaderValue::from_str(t).ok()) {
        headers.insert("content-type", value);
    }
    request
}

/// Sends a request and waits for the head of the answer.
pub(crate) async fn open(
    conn: &Connection,
    mut request: Request<Vec<u8>>,
    within: Duration,
) -> Result<Response<Body>, Failure> {
    // A credential plugin may take half a minute, and that is not the server's silence.
    let signed = conn.signer().sign(&mut request).await;
    signed.map_err(|Unsigned(words)| Failure::Unsent(words))?;
    send(conn.client(), request, within).await
}

/// The same through this client.
pub(crate) async fn send(
    client: Client,
    request: Request<Vec<u8>>,
    within: Duration,
) -> Result<Response<Body>, Failure> {
    let sent = client.send(request.map(Body::from));
    match tokio::time::timeout(within, sent).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => Err(failure_of(&error)),
        Err(_) => Err(Failure::Silent(silence(within))),
    }
}

fn silence(within: Duration) -> SafeText {
    format!("no answer within {:.1} s", within.as_secs_f64()).into()
}

/// Whether the request can have left when this error came up.
pub(crate) fn failure_of(error: &kube::Error) -> Failure {
    if let Some(text) = super::credential::explain(error) {
        return Failure::Unsent(text);
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(http) = inner.downcast_ref::<hyper_util::client::legacy::Error>()
            && http.is_connect()
        {
            return Failure::Unsent(format!("cannot connect: {}", plain(&chain(http))).into());
        }
        cause = inner.source();
    }
    Failure::Silent(SafeText::new(plain(&chain(error))))
}

/// Without the library's own words in front.
fn plain(text: &str) -> &str {
    let mut text = text;
    for words in [
        "ServiceError: ",
        "client error (Connect): ",
        "client error (SendRequest): ",
        "tcp connect error: ",
    ] {
        text = text.strip_prefix(words).unwrap_or(text);
    }
    text
}

/// Reads the rest of an answer; a refusal becomes a [`Failure`].
pub(crate) async fn read(response: Response<Body>, within: Duration) -> Result<Value, Failure> {
    let bytes = body_of(response, within).await?;
    serde_json::from_slice(&bytes).map_err(|e| Failure::Garbled(format!("not JSON: {e}").into()))
}

/// The bytes of a good answer.
pub(crate) async fn body_of(
    response: Response<Body>,
    within: Duration,
) -> Result<Vec<u8>, Failure> {
    let status = response.status();
    let retry_after = retry_after(&response);
    let reading = collect(response.into_body(), MOST_BYTES);
    let bytes = match tokio::time::timeout(within, reading).await {
        Ok(Ok(Some(bytes))) => bytes,
        Ok(Ok(None)) => return Err(Failure::Garbled("the answer is larger than 256 MiB".into())),
        Ok(Err(cause)) => return Err(Failure::Silent(cause)),
        Err(_) => return Err(Failure::Silent(silence(within))),
    };
    if status.is_success() {
        return Ok(bytes);
    }
    Err(Failure::Refused(refusal(status, retry_after, &bytes)))
}

/// A whole body; nothing when it has more than `most` bytes, and the cause when it broke.
pub(crate) async fn collect<B>(mut body: B, most: usize) -> Result<Option<Vec<u8>>, SafeText>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + 'static,
{
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| SafeText::new(plain(&chain(&e))))?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > most {
                return Ok(None);
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(Some(bytes))
}

/// `Retry-After` in seconds.
pub(crate) fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let value = response.headers().get("retry-after")?.to_str().ok()?;
    value.trim().parse().ok().map(wait_of)
}

fn wait_of(seconds: u64) -> Duration {
    Duration::from_secs(seconds.min(MOST_WAIT))
}

fn refusal(status: StatusCode, retry_after: Option<Duration>, bytes: &[u8]) -> Refusal {
    let parsed: Option<Value> = serde_json::from_slice(bytes).ok();
    let mut refusal = match parsed {
        Some(value) if value.get("kind").and_then(Value::as_str) == Some("Status") => {
            Refusal::of_status(&value, status.as_u16())
        }
        // A proxy, or a path that no API serves: plain text.
        _ => Refusal {
            code: status.as_u16(),
            reason: String::new(),
            message: SafeText::new(first_words(bytes).trim()),
            retry_after: None,
        },
    };
    refusal.retry_after = retry_after.or(refusal.retry_after);
    refusal
}

fn first_words(bytes: &[u8]) -> String {
    let start = bytes.get(..bytes.len().min(300)).unwrap_or_default();
    String::from_utf8_lossy(start).into_owned()
}

/// GETs an object.
pub(crate) async fn fetch(conn: &Connection, path_and_query: &str) -> Result<Value, Failure> {
    let response = open(conn, get(path_and_query), READ_LIMIT).await?;
    read(response, READ_LIMIT).await
}

/// GETs an object; `action` and `what` name it in the error.
pub(crate) async fn ask(
    conn: &Connection,
    path_and_query: &str,
    action: &str,
    what: &str,
) -> Result<Value, ClusterError> {
    let found = fetch(conn, path_and_query).await;
    found.map_err(|failure| failure.into_error(conn, action, what))
}

/// The objects of a list.
pub(crate) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.get("items").and_then(Value::as_array).into_iter().flatten()
}

/// POSTs an object and returns what the server made of it.
pub(crate) async fn post(conn: &Connection, path: &str, body: &Value) -> Result<Value, Failure> {
    let bytes = body.to_string().into_bytes();
    let request = with_body("POST", path, Some("application/json"), bytes);
    let response = open(conn, request, READ_LIMIT).await?;
    read(response, READ_LIMIT).await
}

#[cfg(test)]
mod tests {
    use kube::client::ClientBuilder;
    use tower::{BoxError, service_fn};

    use super::*;
    use crate::cluster::connect::{Signer, Transport};
    use crate::cluster::tests::identity;

    #[tokio::test(start_paused = true)]
    async fn the_time_of_a_plugin_is_not_the_servers() {
        let answered = || {
            let at_once = service_fn(|_: Request<Body>| async {
                Ok::<_, BoxError>(Response::new(Body::empty()))
            });
            ClientBuilder::new(at_once, "default").build()
        };
        let transport = Transport::new(Signer::slow(Duration::from_secs(20)), answered);
        let conn = Connection::of_drill(identity("http://test"), transport);
        let answer = open(&conn, get("/readyz"), Duration::from_secs(1)).await;
        assert_eq!(answer.map(|response| response.status()), Ok(StatusCode::OK));
    }

    #[test]
    fn a_server_may_not_ask_for_any_wait() {
        for (asked, waited) in [("7", Some(7)), ("3600", Some(60)), ("9999999999999", Some(60))] {
            let mut response = Response::new(Body::empty());
            response.headers_mut().insert("retry-after", asked.parse().unwrap());
            assert_eq!(retry_after(&response), waited.map(Duration::from_secs), "{asked}");
        }
        let details = serde_json::json!({ "details": { "retryAfterSeconds": u64::MAX } });
        let refusal = Refusal::of_status(&details, 503);
        assert_eq!(refusal.retry_after, Some(Duration::from_secs(60)));
        let mut response = Response::new(Body::empty());
        response.headers_mut().insert("retry-after", "-1".parse().unwrap());
        assert_eq!(retry_after(&response), None);
    }
}
