//! A stream to one port of a pod, in a WebSocket of its own, and HTTP over it.
//!
//! The task that kube runs for it ends with it, on every way out. Never sends anything twice: what
//! certainly never left is told apart. Used by `forward`.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use http::header::TRANSFER_ENCODING;
use http_body_util::Empty;
use hyper::body::{Body as _, Bytes};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, Portforwarder};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::time::timeout;

use crate::cluster::call::{self, Failure, Refusal};
use crate::cluster::kubeconfig::chain;
use crate::cluster::preview;
use crate::domain::gate::{Answer, Body};
use crate::domain::text::SafeText;

/// How long the other side may take to say why it ended: its words come before the end itself, so
/// this is only for what is on its way between tasks.
const LAST_WORDS: Duration = Duration::from_millis(50);

/// A question.
pub(super) type Request = http::Request<Empty<Bytes>>;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// The stream was over before the request left; another stream may take it.
    Unsent,
    /// The stream ended, or what came is not HTTP.
    Broken(SafeText),
    /// What the error channel said: the kubelet's words, or those of the container's runtime.
    Said(SafeText),
}

impl Fault {
    /// In words.
    pub(super) fn words(self) -> SafeText {
        match self {
            Self::Unsent => "the stream ended before the request left".into(),
            Self::Broken(words) => words,
            Self::Said(words) => format!("the kubelet answered: {words}").into(),
        }
    }
}

/// An answer, and whether it says by itself where it ends: by a length, or in chunks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) answer: Answer,
    pub(super) framed: bool,
}

/// What the error channel says, once: nothing when the stream ended without words.
type Said = Shared<BoxFuture<'static, Option<String>>>;

/// The stream.
pub(super) struct Stream {
    http: Http<DuplexStream>,
    said: Said,
    task: Task,
    /// Whether it was asked before.
    used: bool,
}

/// The task that carries bytes between the WebSocket and us.
struct Task(Option<Portforwarder>);

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(forwarder) = &self.0 {
            forwarder.abort();
        }
    }
}

impl Stream {
    /// Opens one. That somebody listens in the pod is not known by that.
    pub(super) async fn open(pods: &Api<Pod>, pod: &str, port: u16) -> Result<Self, Failure> {
        let made = pods.portforward(pod, &[port]).await;
        let mut task = Task(Some(made.map_err(|error| failure(&error))?));
        let ends =
            task.0.as_mut().and_then(|it| Some((it.take_stream(port)?, it.take_error(port)?)));
        let Some((bytes, said)) = ends else {
            return Err(Failure::Garbled("the stream has no such port".into()));
        };
        let http = Http::over(bytes).await.map_err(|e| Failure::Unsent(chain(&e).into()))?;
        Ok(Self { http, said: said.boxed().shared(), task, used: false })
    }

    /// Whether it is plain that it is over.
    pub(super) fn is_over(&self) -> bool {
        self.http.connection.is_none() || self.said.clone().now_or_never().is_some()
    }

    /// Asks, and gives the stream back where it can be asked again.
    pub(super) async fn exchange(
        mut self,
        request: Request,
    ) -> Result<(Answer, Option<Self>), Fault> {
        match self.ask(request).await {
            Ok(Received { answer: answer @ Answer { body: Body::TooLarge, .. }, .. }) => {
                Ok((answer, None))
            }
            Ok(Received { answer, framed: true }) => {
                self.used = true;
                Ok((answer, Some(self)))
            }
            // It ends where the stream does: a broken stream would make a part look whole.
            Ok(Received { answer, framed: false }) => match self.cause().await {
                None => Ok((answer, None)),
                Some(fault) => Err(fault),
            },
            Err(Fault::Unsent) if self.used => Err(Fault::Unsent),
            Err(fault) => Err(self.cause().await.unwrap_or(fault)),
        }
    }

    async fn ask(&mut self, request: Request) -> Result<Received, Fault> {
        let said = self.said.clone();
        let mut asked = pin!(self.http.ask(request));
        tokio::select! {
            biased;
            came = asked.as_mut() => came,
            Some(words) = said => {
                // A whole answer may have come before these words, and be on its way.
                match timeout(LAST_WORDS, asked).await {
                    Ok(Ok(received)) if received.framed => Ok(received),
                    _ => Err(Fault::Said(words.into())),
                }
            }
        }
    }

    /// Why the stream ended, unless it ended in good order or is still open.
    async fn cause(mut self) -> Option<Fault> {
        match timeout(LAST_WORDS, self.said.clone()).await {
            Ok(Some(words)) => Some(Fault::Said(words.into())),
            // Only a task that is over drops its end without words.
            Ok(None) => {
                let ended = self.task.0.take()?.join().await;
                let cause = ended.err().map_or_else(String::new, |error| chain(&error));
                Some(Fault::Broken(format!("the stream to the pod broke: {cause}").into()))
            }
            Err(_) => None,
        }
    }
}

/// HTTP over a stream of bytes, without a task of its own: it is carried by whoever asks.
pub(super) struct Http<S: AsyncRead + AsyncWrite + Unpin> {
    sender: SendRequest<Empty<Bytes>>,
    /// Until it ends.
    connection: Option<Connection<TokioIo<S>, Empty<Bytes>>>,
    /// The stream after that. To close it would end the task behind it, and hide whether the other
    /// side had closed or broken it.
    held: Option<TokioIo<S>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http<S> {
    pub(super) async fn over(bytes: S) -> hyper::Result<Self> {
        let (sender, connection) = http1::handshake(TokioIo::new(bytes)).await?;
        Ok(Self { sender, connection: Some(connection), held: None })
    }

    /// Asks, and reads the answer.
    pub(super) async fn ask(&mut self, request: Request) -> Result<Received, Fault> {
        let Self { sender, connection, held } = self;
        let mut asked = pin!(ask(sender, request));
        poll_fn(|context| {
            // First, so that an end is seen before anything is sent. What it means is said by the
            // question.
            let end = connection.as_mut().map(|it| it.poll_without_shutdown(context).is_ready());
            if end == Some(true) {
                *held = connection.take().map(|it| it.into_parts().io);
            }
            asked.as_mut().poll(context)
        })
        .await
    }
}

async fn ask(sender: &mut SendRequest<Empty<Bytes>>, request: Request) -> Result<Received, Fault> {
    if sender.ready().await.is_err() {
        return Err(Fault::Unsent);
    }
    let response = match sender.try_send_request(request).await {
        Ok(response) => response,
        Err(mut error) => {
            let unsent = error.take_message().is_some();
            let broken = || Fault::Broken(cause(&error.into_error()));
            return Err(if unsent { Fault::Unsent } else { broken() });
        }
    };
    let known = response.body().size_hint().exact().is_some();
    let framed = known || response.headers().contains_key(TRANSFER_ENCODING);
    let broken = |cause| Fault::Broken(format!("the answer is not whole: {cause}").into());
    let answer = preview::read(response).await.map_err(broken)?;
    Ok(Received { answer, framed })
}

fn cause(error: &hyper::Error) -> SafeText {
    if error.is_parse() {
        return format!("what the pod answered is not HTTP: {}", chain(error)).into();
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return "the pod closed the connection without an answer".into();
    }
    chain(error).into()
}

/// Why no stream was opened.
fn failure(error: &kube::Error) -> Failure {
    match error {
        kube::Error::Api(status) => Failure::Refused(Refusal {
            code: status.code,
            reason: status.reason.clone(),
            message: SafeText::new(&status.message),
            retry_after: None,
        }),
        kube::Error::UpgradeConnection(cause) => {
            Failure::Garbled(format!("it does not become a WebSocket: {}", chain(cause)).into())
        }
        other => call::failure_of(other),
    }
}
