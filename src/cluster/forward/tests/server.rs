//! An API server on loopback that only forwards ports, with the kubelet and the pod behind it.
//!
//! It speaks `v4.channel.k8s.io` as the kubelet does: the port in two bytes on both channels first,
//! then bytes on channel 0 and words on channel 1. The pod's answers are written byte by byte, by
//! their path. Used by the tests of this folder.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use kube::Config;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, Notify};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use crate::cluster::connect::{Connection, set_up, transport};
use crate::cluster::tests::identity;

/// What becomes of the next port-forward.
#[derive(Clone, Debug)]
pub(super) enum Turn {
    /// It reaches the pod.
    Runs,
    /// The same, but the end of the pod's connection is told so much later, as containerd does.
    Lingers(Duration),
    /// The error channel says this, and all is closed.
    Says(&'static str),
    /// The same, and nothing is closed.
    SaysAndStays(&'static str),
    /// The API server answers this instead: status, type and body.
    Answers(u16, &'static str, String),
    /// The stream is opened, and nothing that is sent on it is heard, not even its end.
    Deaf,
    /// The API server says nothing.
    Mute,
    /// The channels begin with another port.
    Mistakes,
}

/// The whole of it.
#[derive(Debug)]
pub(super) struct Plane {
    pub(super) url: String,
    /// Where the pod's server is, without anything between.
    pub(super) pod: String,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    turn: Mutex<Turn>,
    objects: Mutex<Vec<(String, Value)>>,
    asked: Mutex<Vec<String>>,
    heads: Mutex<Vec<String>>,
    opened: AtomicUsize,
    open: AtomicUsize,
    /// Streams are cut: the kubelet is gone from one moment to the next.
    cut: Notify,
    /// Streams are closed in good order.
    end: Notify,
    together: Barrier,
}

impl Plane {
    pub(super) async fn start() -> Self {
        let state = Arc::new(State {
            turn: Mutex::new(Turn::Runs),
            objects: Mutex::default(),
            asked: Mutex::default(),
            heads: Mutex::default(),
            opened: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            cut: Notify::new(),
            end: Notify::new(),
            together: Barrier::new(10),
        });
        let pod = listen(state.clone(), |socket, state| async move {
            let _ = serve_pod(socket, &state).await;
        })
        .await;
        let behind = pod.clone();
        let api = listen(state.clone(), move |socket, state| {
            let pod = behind.clone();
            async move { serve_api(socket, &state, &pod).await }
        })
        .await;
        Self { url: format!("http://{api}"), pod, state }
    }

    /// A connection that the room would make, with its own way to the server.
    pub(super) async fn connection(&self) -> Arc<Connection> {
        let mut config = Config::new(self.url.parse().unwrap());
        config.root_cert = Some(Vec::new());
        config.auth_info.token = Some("t0ken".to_owned().into());
        set_up(&mut config);
        let identity = identity(&self.url);
        let transport = transport(config, &identity).await.unwrap();
        Arc::new(Connection::of_drill(identity, transport))
    }

    pub(super) fn turn(&self, turn: Turn) {
        *self.state.turn.lock().unwrap() = turn;
    }

    /// Puts an object at a path.
    pub(super) fn put(&self, path: &str, object: Value) {
        self.state.objects.lock().unwrap().push((path.to_owned(), object));
    }

    /// What the API server was asked: heads of requests.
    pub(super) fn asked(&self) -> Vec<String> {
        self.state.asked.lock().unwrap().clone()
    }

    /// What the pod was asked: heads of requests.
    pub(super) fn heads(&self) -> Vec<String> {
        self.state.heads.lock().unwrap().clone()
    }

    /// Streams that were ever opened.
    pub(super) fn opened(&self) -> usize {
        self.state.opened.load(Ordering::SeqCst)
    }

    /// Streams that are open.
    pub(super) fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }

    /// Waits until only so many streams are open.
    pub(super) async fn until_open(&self, wanted: usize) {
        for _ in 0..500 {
            if self.open() == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} streams are open, not {wanted}", self.open());
    }

    pub(super) fn cut(&self) {
        self.state.cut.notify_waiters();
    }

    pub(super) fn end(&self) {
        self.state.end.notify_waiters();
    }
}

async fn listen<F>(
    state: Arc<State>,
    mut serve: impl FnMut(TcpStream, Arc<State>) -> F + Send + 'static,
) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            spawn(serve(socket, state.clone()));
        }
    });
    address
}

async fn serve_api(mut socket: TcpStream, state: &State, pod: &str) {
    let head = peek(&socket).await;
    state.asked.lock().unwrap().push(head.clone());
    let turn = state.turn.lock().unwrap().clone();
    if !head.contains("/portforward?") {
        let found = state.objects.lock().unwrap().clone();
        let found = found.iter().find(|(path, _)| head.starts_with(&format!("GET {path} ")));
        let (status, body) = match found {
            Some((_, object)) => (200, object.to_string()),
            None => (404, "404 page not found".to_owned()),
        };
        return answer(&mut socket, status, "application/json", &body).await;
    }
    match turn {
        Turn::Mute => std::future::pending().await,
        Turn::Answers(status, kind, body) => answer(&mut socket, status, kind, &body).await,
        turn => {
            state.opened.fetch_add(1, Ordering::SeqCst);
            state.open.fetch_add(1, Ordering::SeqCst);
            forward(socket, state, pod, &turn, &head).await;
            state.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// The head of a request, which stays to be read.
async fn peek(socket: &TcpStream) -> String {
    let mut bytes = vec![0; 8192];
    loop {
        let length = socket.peek(&mut bytes).await.unwrap_or(0);
        let head = String::from_utf8_lossy(&bytes[..length]);
        if length == 0 || head.contains("\r\n\r\n") {
            return head.into_owned();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn answer(socket: &mut TcpStream, status: u16, kind: &str, body: &str) {
    let _ = socket.read(&mut [0; 8192]).await;
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n"
    );
    let _ = socket.write_all(format!("{head}{body}").as_bytes()).await;
}

async fn forward(socket: TcpStream, state: &State, pod: &str, turn: &Turn, head: &str) {
    #[expect(clippy::result_large_err, reason = "the crate's own type")]
    let protocol = |request: &Request, mut response: Response| {
        let offered = request.headers()["sec-websocket-protocol"].to_str().unwrap();
        assert!(offered.split(", ").any(|one| one == "v4.channel.k8s.io"), "{offered}");
        let headers = response.headers_mut();
        headers.insert("sec-websocket-protocol", "v4.channel.k8s.io".parse().unwrap());
        Ok(response)
    };
    let port = head.split_once("ports=").unwrap().1.split([' ', '&']).next().unwrap();
    let mut port: u16 = port.parse().unwrap();
    if let Turn::Mistakes = turn {
        port += 1;
    }
    let Ok(mut ws) = accept_hdr_async(socket, protocol).await else { return };
    if let Turn::Deaf = turn {
        let mut socket = ws.into_inner();
        while let Ok(1..) = socket.read(&mut [0; 1024]).await {}
        return;
    }
    let [low, high] = port.to_le_bytes();
    for channel in [0, 1] {
        let _ = ws.send(Message::binary(vec![channel, low, high])).await;
    }
    if let Turn::Says(words) | Turn::SaysAndStays(words) = turn {
        let _ = ws.send(Message::binary([b"\x01", words.as_bytes()].concat())).await;
        if let Turn::Says(_) = turn {
            let _ = ws.close(None).await;
        }
        // Until the other side is gone.
        while let Some(Ok(_)) = ws.next().await {}
        return;
    }
    let tcp = TcpStream::connect(pod).await.unwrap();
    let linger = if let Turn::Lingers(linger) = turn { *linger } else { Duration::ZERO };
    carry(ws, tcp, state, linger).await;
}

/// Carries bytes until one side ends; `linger` is how long the pod's end is kept to oneself.
async fn carry(
    mut ws: WebSocketStream<TcpStream>,
    mut tcp: TcpStream,
    state: &State,
    linger: Duration,
) {
    let mut bytes = vec![0; 32 * 1024];
    loop {
        tokio::select! {
            message = ws.next() => match message {
                Some(Ok(Message::Binary(data))) => {
                    assert_eq!(data[0], 0);
                    if tcp.write_all(&data[1..]).await.is_err() {
                        return;
                    }
                }
                Some(Ok(message)) if !message.is_close() => {}
                _ => return,
            },
            read = tcp.read(&mut bytes) => {
                let Ok(length @ 1..) = read else {
                    tokio::time::sleep(linger).await;
                    let _ = ws.close(None).await;
                    return;
                };
                let data = [b"\x00", &bytes[..length]].concat();
                if ws.send(Message::binary(data)).await.is_err() {
                    return;
                }
            }
            () = state.cut.notified() => return,
            () = state.end.notified() => {
                let _ = ws.close(None).await;
                return;
            }
        }
    }
}

/// Whole answers of the pod, by their path.
fn scripted(path: &str) -> Option<String> {
    let json = |status: &str, more: &str, body: &str| {
        let length = body.len();
        Some(format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{more}\
             content-length: {length}\r\n\r\n{body}"
        ))
    };
    match path {
        "/ok" => json("200 OK", "", r#"{"status":"healthy"}"#),
        "/503" => json("503 Service Unavailable", "", r#"{"status":"unhealthy"}"#),
        "/302" => json("302 Found", "location: http://elsewhere/ok\r\n", ""),
        "/204" => Some("HTTP/1.1 204 No Content\r\n\r\n".to_owned()),
        "/gzip" => json("200 OK", "content-encoding: gzip\r\n", "\u{1f}\u{8b}"),
        "/status" => json("500 X", "", r#"{"kind":"Status","apiVersion":"v1","message":"mine"}"#),
        "/bye" => json("200 OK", "connection: close\r\n", "{}"),
        "/html" => Some(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>"
                .to_owned(),
        ),
        "/chunked" => Some(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nwhol\r\n1\r\ne\r\n0\r\n\r\n"
                .to_owned(),
        ),
        "/limit" => json("200 OK", "", &"x".repeat(64 * 1024)),
        _ => None,
    }
}

async fn serve_pod(mut socket: TcpStream, state: &State) -> std::io::Result<()> {
    loop {
        let head = peek(&socket).await;
        if head.is_empty() {
            return Ok(());
        }
        let _ = socket.read(&mut vec![0; head.len()]).await?;
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        state.heads.lock().unwrap().push(head);
        if let Some(text) = scripted(&path) {
            socket.write_all(text.as_bytes()).await?;
            if path == "/bye" {
                return Ok(());
            }
            continue;
        }
        match path.as_str() {
            "/together" => {
                state.together.wait().await;
                socket.write_all(scripted("/ok").unwrap().as_bytes()).await?;
            }
            "/big" => {
                socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10485760\r\n\r\n").await?;
                socket.write_all(&vec![b'x'; 10_485_760]).await?;
            }
            "/drip" => {
                socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await?;
                loop {
                    socket.write_all(b"x").await?;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            // It says nothing about its length, and is closed behind the last byte.
            "/old" => return socket.write_all(b"HTTP/1.0 200 OK\r\n\r\nold but whole").await,
            // The same, but its last byte never comes.
            "/torn" => {
                socket.write_all(b"HTTP/1.0 200 OK\r\n\r\nthe first half").await?;
                std::future::pending::<()>().await;
            }
            "/short" => {
                return socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal").await;
            }
            "/noise" => return socket.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").await,
            "/close" => return Ok(()),
            _ => std::future::pending().await,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the test's own servers")]
fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(future);
}
