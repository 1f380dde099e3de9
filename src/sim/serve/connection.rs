//! One connection: requests off the wire, answers onto it.
//!
//! Called for every connection that is taken.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::guard::Guarded;
use super::shared::Shared;
use super::stream::{self, Body};
use crate::sim::api::{self, Answer, Content, Reply};

/// For the handshake of TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// For the head of a request, and between two requests.
const HEAD: Duration = Duration::from_secs(120);

/// For the body of a request.
const BODY: Duration = Duration::from_secs(60);

/// Bytes of a request's head.
const MOST_HEAD: usize = 64 * 1024;

/// Speaks the Kubernetes API.
pub(super) async fn kubernetes(shared: Arc<Shared>, tls: TlsAcceptor, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = timeout(HANDSHAKE, tls.accept(stream)).await else { return };
    speak(stream, |request| answer(Arc::clone(&shared), request)).await;
}

/// Speaks the API of Prometheus.
pub(super) async fn prometheus(shared: Arc<Shared>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    speak(stream, |request| series(Arc::clone(&shared), request)).await;
}

pub(super) async fn speak<S, A, F>(stream: S, answer: A)
where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<Body>>,
{
    let service = service_fn(|request| {
        let answer = answer(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MOST_HEAD)
        .serve_connection(TokioIo::new(Guarded::new(stream)), service)
        .await;
    if let Err(why) = served {
        tracing::debug!("a connection of a drill ended: {why}");
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Response<Body> {
    let asked = taken(request).await;
    let (answer, now) = shared.act(|world, desk| (api::handle(world, desk, &asked), world.now()));
    let delay = shared.delay();
    if !delay.is_zero() {
        shared.until(now + delay).await;
    }
    let mut response = match answer {
        Answer::Reply(reply) => spoken(reply, api::wants_yaml(&asked)),
        Answer::Watch(follow) => {
            of_type("application/json", stream::body(Arc::clone(&shared), follow))
        }
        Answer::Log(tail) => of_type("text/plain", stream::body(Arc::clone(&shared), tail)),
    };
    stamp(&shared, &mut response);
    let cached = HeaderValue::from_static("no-cache, private");
    response.headers_mut().insert(header::CACHE_CONTROL, cached);
    if asked.body.len() > api::MOST_BYTES {
        // What is left of the body would be taken for the next request.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

async fn series(shared: Arc<Shared>, request: Request<Incoming>) -> Response<Body> {
    let asked = taken(request).await;
    let reply = shared.act(|world, _| api::prometheus(world, &asked));
    let mut response = spoken(reply, false);
    stamp(&shared, &mut response);
    response
}

/// A request with its body. One that is too large or too slow becomes one that is refused.
pub(super) async fn taken(request: Request<Incoming>) -> api::Request {
    let (head, body) = request.into_parts();
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let limited = Limited::new(body, api::MOST_BYTES).collect();
    let body = match timeout(BODY, limited).await {
        Ok(Ok(body)) => body.to_bytes().to_vec(),
        Ok(Err(_)) | Err(_) => vec![0; api::MOST_BYTES + 1],
    };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut asked = api::Request::new(head.method.as_str(), target);
    asked.headers = headers;
    asked.body = body;
    asked
}

pub(super) fn spoken(reply: Reply, yaml: bool) -> Response<Body> {
    let (form, bytes) = match reply.content {
        // JSON is YAML.
        Content::Json(body) if yaml => {
            ("application/yaml".to_owned(), body.to_string().into_bytes())
        }
        Content::Json(body) => ("application/json".to_owned(), body.to_string().into_bytes()),
        Content::Text(text) => ("text/plain; charset=utf-8".to_owned(), text.into_bytes()),
        Content::Raw(form, bytes) => (form, bytes),
    };
    let body = Full::new(Bytes::from(bytes)).map_err(|never| match never {});
    let mut response = of_type(&form, UnsyncBoxBody::new(body));
    if let Ok(status) = http::StatusCode::from_u16(reply.code) {
        *response.status_mut() = status;
    }
    for (name, value) in reply.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

pub(super) fn of_type(form: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    if let Ok(form) = HeaderValue::from_str(form) {
        response.headers_mut().insert(header::CONTENT_TYPE, form);
    }
    response
}

/// Every answer says how late it is, in virtual time.
pub(super) fn stamp(shared: &Shared, response: &mut Response<Body>) {
    let now = shared.clock.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&now) {
        response.headers_mut().insert(header::DATE, date);
    }
}
