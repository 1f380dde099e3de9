//! A connection over byte streams that somebody else makes: everything above the bytes is kube's,
//! as it is for a real server.
//!
//! It can reach nothing but what hands the streams out, and it is a drill's.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::{Request, Uri};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioIo};
use kube::Config;
use kube::client::{Body, ClientBuilder, ConfigExt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::cluster::connect::{Connection, Identity, Signer, Transport};

/// Longest wait for a stream, as for a socket.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Bytes in both directions.
pub(crate) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Bytes for S {}

/// Makes a stream.
pub(crate) type Dial =
    Arc<dyn Fn() -> BoxFuture<'static, io::Result<Box<dyn Bytes>>> + Send + Sync>;

/// A connection with this token.
pub(crate) fn connection(dial: Dial, token: &str) -> Arc<Connection> {
    let mut config = Config::new("http://storm".parse().unwrap());
    config.auth_info.token = Some(token.to_owned().into());
    let dialler = Dialler(dial);
    let auth = config.auth_layer().unwrap().unwrap();
    let clients = move || {
        let http: legacy::Client<_, Body> =
            legacy::Builder::new(TokioExecutor::new()).build(dialler.clone());
        let builder = ClientBuilder::new(Plain(http), "default").with_layer(&auth);
        builder.with_layer(&config.base_uri_layer()).build()
    };
    let identity = Identity {
        context: "storm".into(),
        cluster: "storm".into(),
        server: "http://storm".into(),
        user: "pilot".into(),
        namespace: "default".into(),
        insecure_tls: false,
        in_cluster: false,
        proxy: None,
        source: "a test".into(),
    };
    // Here kube's own layer signs.
    let transport = Transport::new(Signer::default(), clients);
    Arc::new(Connection::of_drill(identity, transport))
}

/// The client with errors of the kind that kube's own layers have.
#[derive(Clone)]
struct Plain(legacy::Client<Dialler, Body>);

impl tower::Service<Request<Body>> for Plain {
    type Response = <legacy::Client<Dialler, Body> as tower::Service<Request<Body>>>::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = self.0.request(request);
        Box::pin(async { answer.await.map_err(BoxError::from) })
    }
}

#[derive(Clone)]
struct Dialler(Dial);

impl tower::Service<Uri> for Dialler {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<TokioIo<Stream>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let dialled = (self.0)();
        Box::pin(async {
            match tokio::time::timeout(CONNECT_LIMIT, dialled).await {
                Ok(stream) => Ok(TokioIo::new(Stream(stream?))),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            }
        })
    }
}

struct Stream(Box<dyn Bytes>);

impl legacy::connect::Connection for Stream {
    fn connected(&self) -> legacy::connect::Connected {
        legacy::connect::Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
