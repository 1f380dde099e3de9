//! The way to a new version by port-forward: to one of its pods, past every Service.
//!
//! Only reads. Needs `get pods/portforward` and, since Kubernetes 1.35, `create pods/portforward`
//! too (`kubectl port-forward` needs the same); [`pod_port`] needs `get pods`, and `get services`
//! where a Service is named. TLS is not spoken in the pod. A redirect is an answer, never followed.
//! Called by `runtime`.

mod port;
mod stream;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};
use http_body_util::Empty;
use kube::Api;
use tokio::time::{Instant, timeout};

use self::stream::{Fault, Request, Stream};
use super::call::{Failure, READ_LIMIT, Refusal};
use super::connect::Connection;
use super::error::ClusterError;
use super::preview;
use super::resource::escape;
use crate::domain::gate::{Answer, Lost};
use crate::domain::text::SafeText;

pub use port::pod_port;

/// A stream that nobody asked anything for so long is not trusted any more. Shorter than servers
/// keep a quiet connection, so that a request hardly ever meets one that is just being closed.
const MOST_IDLE: Duration = Duration::from_secs(1);

/// So many streams are kept for the next request.
const MOST_STREAMS: usize = 32;

/// A port of a pod, through the API server and the kubelet. Each request has a stream of its own
/// while it runs; those that are free again within a second are used again. Nothing of it outlives
/// this value.
pub struct Forward {
    conn: Arc<Connection>,
    namespace: SafeText,
    pod: SafeText,
    port: u16,
    host: HeaderValue,
    idle: Mutex<Vec<(Instant, Stream)>>,
    most_idle: Duration,
}

impl fmt::Debug for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, pod, port, .. } = self;
        let mut told = f.debug_struct("Forward");
        told.field("namespace", namespace).field("pod", pod).field("port", port);
        told.finish_non_exhaustive()
    }
}

impl Forward {
    /// Opens the way to a port of a pod, and with it the first stream. Whether somebody listens
    /// there is only known by the first answer.
    ///
    /// # Errors
    /// `Forbidden` with the missing right, `NotFound` where the pod is gone, and others.
    pub async fn open(
        conn: &Arc<Connection>,
        namespace: &str,
        pod: &str,
        port: u16,
    ) -> Result<Self, ClusterError> {
        let it = Self {
            conn: conn.clone(),
            namespace: SafeText::new(namespace),
            pod: SafeText::new(pod),
            port,
            host: host(&conn.server()),
            idle: Mutex::default(),
            most_idle: MOST_IDLE,
        };
        let late = format!("no answer within {} s", READ_LIMIT.as_secs());
        let opened = timeout(READ_LIMIT, it.stream()).await;
        let opened = opened.unwrap_or_else(|_| Err(Failure::Silent(late.into())));
        let what = format!("pod {namespace}/{pod}");
        let stream = opened.map_err(|failure| {
            let action = match &failure {
                Failure::Refused(refusal) if refusal.code == 403 => it.right(refusal),
                _ => format!("open a port-forward to {what}"),
            };
            failure.into_error(conn, &action, &what)
        })?;
        it.keep(stream);
        Ok(it)
    }

    /// The way in words: `by port-forward to pod NAME:PORT`.
    pub fn words(&self) -> SafeText {
        format!("by port-forward to pod {}:{}", self.pod, self.port).into()
    }

    /// Opens so many streams, to be used within a second: the first requests of a load would
    /// otherwise count the opening as latency. What cannot be opened is said by those requests.
    pub async fn warm(&self, streams: usize, within: Duration) {
        let missing = streams.min(MOST_STREAMS).saturating_sub(self.free().len());
        let opened = join_all((0..missing).map(|_| timeout(within, self.stream()))).await;
        for stream in opened.into_iter().flatten().flatten() {
            self.keep(stream);
        }
    }

    /// GETs a path, which begins with a slash. The time is for all of it, the opening of a stream
    /// included. An answer that has neither a length nor chunks comes as late as the container's
    /// runtime closes the stream behind it: containerd does so after one second.
    ///
    /// # Errors
    /// Why there is no whole answer of the pod within this time.
    pub async fn ask(&self, path: &str, within: Duration) -> Result<Answer, Lost> {
        let request = self.request(path)?;
        match timeout(within, self.exchange(request)).await {
            Ok(ended) => ended,
            Err(_) => Err(Lost::Silent(u64::try_from(within.as_millis()).unwrap_or(u64::MAX))),
        }
    }

    fn request(&self, path: &str) -> Result<Request, Lost> {
        let path: PathAndQuery = path
            .parse()
            .map_err(|e| Lost::Unreachable(format!("{path:?} is no path: {e}").into()))?;
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = Uri::from(path);
        preview::sign(request.headers_mut());
        request.headers_mut().insert("host", self.host.clone());
        Ok(request)
    }

    async fn exchange(&self, request: Request) -> Result<Answer, Lost> {
        while let Some(stream) = self.take() {
            match stream.exchange(request.clone()).await {
                // Closed while it was kept, and nothing has left yet.
                Err(Fault::Unsent) => {}
                ended => return self.ended(ended),
            }
        }
        let stream = self.stream().await.map_err(|failure| self.lost(failure))?;
        self.ended(stream.exchange(request).await)
    }

    fn ended(&self, ended: Result<(Answer, Option<Stream>), Fault>) -> Result<Answer, Lost> {
        let (answer, stream) = ended.map_err(|fault| Lost::Unreachable(fault.words()))?;
        if let Some(stream) = stream {
            self.keep(stream);
        }
        Ok(answer)
    }

    fn take(&self) -> Option<Stream> {
        self.free().pop().map(|(_, stream)| stream)
    }

    async fn stream(&self) -> Result<Stream, Failure> {
        // A name must not become another path.
        let pods = Api::namespaced(self.conn.client(), &escape(&self.namespace));
        Stream::open(&pods, &escape(&self.pod), self.port).await
    }

    /// The streams that may be used again. The others are closed by this look.
    fn free(&self) -> MutexGuard<'_, Vec<(Instant, Stream)>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(since, stream)| since.elapsed() < self.most_idle && !stream.is_over());
        idle
    }

    fn keep(&self, stream: Stream) {
        let mut free = self.free();
        if free.len() < MOST_STREAMS {
            free.push((Instant::now(), stream));
        }
    }

    /// The right that this refusal is about. A WebSocket begins as a GET, so servers ask for `get`
    /// first, and for `create` since 1.35.
    fn right(&self, refusal: &Refusal) -> String {
        let verb = if refusal.message.contains("cannot get ") { "get" } else { "create" };
        format!("{verb} pods/portforward in {}", self.namespace)
    }

    fn lost(&self, failure: Failure) -> Lost {
        match failure {
            Failure::Refused(refusal) if refusal.code == 403 => {
                Lost::Forbidden(self.right(&refusal).into())
            }
            Failure::Refused(refusal) if refusal.code != 401 => {
                let Refusal { code, message, .. } = refusal;
                Lost::Unreachable(format!("the API server answered {code}: {message}").into())
            }
            other => Lost::Unreachable(other.text()),
        }
    }
}

/// What the pod is told that it is called: what the API server's proxy tells it too, which hands
/// on the name that the API server is asked by.
fn host(server: &str) -> HeaderValue {
    let authority = server.parse::<Uri>().ok().and_then(|uri| uri.into_parts().authority);
    let value = authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    value.unwrap_or_else(|| HeaderValue::from_static("localhost"))
}
