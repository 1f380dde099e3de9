//! A server on 127.0.0.1 that answers by a script, and remembers what it heard.
//!
//! One request for each connection. Ends with the value that holds it, or after a minute.

#![expect(clippy::disallowed_methods, reason = "a server needs a task of its own")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Url;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

/// What the server does with a request.
#[derive(Clone)]
pub(super) enum Play {
    /// Status, further headers, body.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Says that so many bytes come, sends these and closes.
    Cut(usize, Vec<u8>),
    /// So many bytes, without saying so before.
    Endless(usize),
    /// A byte after each pause.
    Drip(Duration),
    /// Nothing.
    Hang,
    /// The same, later.
    Late(Duration, Box<Play>),
}

impl Play {
    pub(super) fn json(body: impl Into<String>) -> Self {
        Self::status(200, body)
    }

    pub(super) fn status(status: u16, body: impl Into<String>) -> Self {
        let json = vec![("content-type", "application/json".to_owned())];
        Self::Answer(status, json, body.into().into_bytes())
    }

    pub(super) fn late(self, after: u64) -> Self {
        Self::Late(Duration::from_millis(after), Box::new(self))
    }
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
}

impl Heard {
    fn parse(head: &str) -> Self {
        let mut lines = head.lines();
        let mut first = lines.next().unwrap().split(' ');
        let (method, target) = (first.next().unwrap().into(), first.next().unwrap().into());
        let pair = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        let headers = lines.filter(|line| !line.is_empty()).map(pair).collect();
        Self { method, target, headers }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn url(&self) -> Url {
        // A proxy hears the whole address.
        let whole = Url::parse(&self.target);
        whole.or_else(|_| Url::parse(&format!("http://server{}", self.target))).unwrap()
    }

    pub(super) fn path(&self) -> String {
        self.url().path().to_owned()
    }

    pub(super) fn param(&self, name: &str) -> Option<String> {
        let url = self.url();
        url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }
}

#[derive(Default)]
struct Record {
    heard: Mutex<Vec<Heard>>,
    busy: AtomicUsize,
    peak: AtomicUsize,
}

type Script = Arc<dyn Fn(usize, &Heard) -> Play + Send + Sync>;

pub(super) struct Scripted {
    address: SocketAddr,
    record: Arc<Record>,
    task: AbortHandle,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Scripted {
    /// Answers each request in the same way.
    pub(super) async fn always(play: Play) -> Self {
        Self::start(move |_, _| play.clone()).await
    }

    /// Answers by number (from zero) and request.
    pub(super) async fn start(
        script: impl Fn(usize, &Heard) -> Play + Send + Sync + 'static,
    ) -> Self {
        Self::with_tls(None, script).await
    }

    pub(super) async fn with_tls(
        tls: Option<TlsAcceptor>,
        script: impl Fn(usize, &Heard) -> Play + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let record = Arc::<Record>::default();
        let serving = serve(listener, tls, Arc::new(script), record.clone());
        let limited = tokio::time::timeout(Duration::from_secs(60), serving);
        let task = tokio::spawn(limited).abort_handle();
        Self { address, record, task }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.record.heard.lock().unwrap().clone()
    }

    /// The highest number of requests that were under way at once.
    pub(super) fn peak(&self) -> usize {
        self.record.peak.load(Ordering::SeqCst)
    }
}

async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    script: Script,
    record: Arc<Record>,
) {
    // Dropped with this future, and all connections with it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, script, record) = (tls.clone(), script.clone(), record.clone());
        connections.spawn(async move {
            match tls {
                None => attend(stream, script, record).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        attend(stream, script, record).await;
                    }
                }
            }
        });
    }
}

async fn attend<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    script: Script,
    record: Arc<Record>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) if head.len() < 64 * 1024 => head.push(byte),
            _ => return,
        }
    }
    let heard = Heard::parse(&String::from_utf8(head).unwrap());
    let number = {
        let mut all = record.heard.lock().unwrap();
        all.push(heard.clone());
        all.len() - 1
    };
    let busy = record.busy.fetch_add(1, Ordering::SeqCst) + 1;
    record.peak.fetch_max(busy, Ordering::SeqCst);
    let mut play = script(number, &heard);
    while let Play::Late(after, then) = play {
        sleep(after).await;
        play = *then;
    }
    // Counted as done before the answer: the client may send the next one at its last byte.
    record.busy.fetch_sub(1, Ordering::SeqCst);
    let _ = perform(&mut stream, play).await;
    let _ = stream.shutdown().await;
}

async fn perform<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    play: Play,
) -> std::io::Result<()> {
    match play {
        Play::Answer(status, headers, body) => {
            let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head.push_str("connection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await
        }
        Play::Cut(promised, body) => {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {promised}\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await
        }
        Play::Endless(bytes) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"a\":\"").await?;
            for _ in 0..bytes / 8192 {
                stream.write_all(&[b'x'; 8192]).await?;
            }
            Ok(())
        }
        Play::Drip(pause) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{").await?;
            loop {
                sleep(pause).await;
                stream.write_all(b" ").await?;
            }
        }
        Play::Hang => {
            sleep(Duration::from_secs(60)).await;
            Ok(())
        }
        Play::Late(..) => Ok(()),
    }
}
