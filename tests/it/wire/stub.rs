//! A scripted API server on loopback: it answers what a test tells it to, and remembers what it was
//! asked. It knows nothing of Kubernetes. Used by the tests of the watch machine and of writes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What to do with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// An answer with a length.
    Json(u16, String),
    /// The same with one more header line.
    With(u16, String, String),
    /// A stream of pieces, each sent by itself; then it ends as told.
    Stream(Vec<String>, Ending),
    /// The connection is closed without an answer.
    Slam,
    /// Silence until the test ends.
    Mute,
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// In good order.
    Closed,
    /// In the middle of it.
    Cut,
    /// It stays open and says nothing more.
    Open,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Header `Authorization`, in small letters.
    pub(crate) authorization: String,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn is_watch(&self) -> bool {
        self.target.contains("watch=true")
    }

    pub(crate) fn is_list(&self) -> bool {
        self.method == "GET" && !self.is_watch() && self.target.contains("limit=")
    }
}

type Script = Box<dyn FnMut(&Asked) -> Reply + Send>;

/// The server.
#[derive(Clone)]
pub(crate) struct Stub {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    news: Arc<Notify>,
}

impl Stub {
    /// Starts one whose answers come from `script`.
    pub(crate) async fn start(script: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stub = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            asked: Arc::default(),
            news: Arc::default(),
        };
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(script)));
        let shared = stub.clone();
        spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (shared, script) = (shared.clone(), script.clone());
                spawn(async move {
                    let _ = shared.serve(socket, &script).await;
                });
            }
        });
        stub
    }

    /// Starts one that gives these answers in this order to everything but the heartbeat, and then
    /// only silence.
    pub(crate) async fn in_order(replies: Vec<Reply>) -> Self {
        let mut replies: VecDeque<Reply> = replies.into();
        Self::start(move |asked| {
            if asked.target == "/readyz" {
                return Reply::Json(200, "ok".into());
            }
            replies.pop_front().unwrap_or(Reply::Mute)
        })
        .await
    }

    /// Everything asked so far, the heartbeat aside.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let all = self.asked.lock().unwrap().clone();
        all.into_iter().filter(|a| a.target != "/readyz").collect()
    }

    pub(crate) fn lists(&self) -> usize {
        self.asked().iter().filter(|a| a.is_list()).count()
    }

    /// Who asked, in order, the heartbeat among them.
    pub(crate) fn authorizations(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|a| a.authorization.clone()).collect()
    }

    pub(crate) fn watches(&self) -> Vec<String> {
        let all = self.asked();
        all.into_iter().filter(Asked::is_watch).map(|a| a.target).collect()
    }

    async fn serve(&self, mut socket: TcpStream, script: &Mutex<Script>) -> std::io::Result<()> {
        loop {
            let Some(asked) = read(&mut socket).await? else {
                return Ok(());
            };
            self.asked.lock().unwrap().push(asked.clone());
            self.news.notify_waiters();
            let reply = (script.lock().unwrap())(&asked);
            match reply {
                Reply::Json(status, body) => answer(&mut socket, status, "", &body).await?,
                Reply::With(status, header, body) => {
                    answer(&mut socket, status, &format!("{header}\r\n"), &body).await?;
                }
                Reply::Slam => return Ok(()),
                Reply::Mute => std::future::pending().await,
                Reply::Stream(pieces, ending) => {
                    stream(&mut socket, &pieces).await?;
                    match ending {
                        Ending::Cut => return Ok(()),
                        Ending::Open => std::future::pending().await,
                        Ending::Closed => socket.write_all(b"0\r\n\r\n").await?,
                    }
                }
            }
        }
    }
}

async fn stream(socket: &mut TcpStream, pieces: &[String]) -> std::io::Result<()> {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.write_all(head.as_bytes()).await?;
    for piece in pieces {
        let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
        socket.write_all(chunk.as_bytes()).await?;
        socket.flush().await?;
        // So that pieces arrive as pieces.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

async fn answer(
    socket: &mut TcpStream,
    status: u16,
    header: &str,
    body: &str,
) -> std::io::Result<()> {
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{header}content-length: {length}\r\n\r\n{body}"
    );
    socket.write_all(text.as_bytes()).await
}

/// Reads one request.
async fn read(socket: &mut TcpStream) -> std::io::Result<Option<Asked>> {
    let mut bytes = Vec::new();
    let mut piece = [0u8; 4096];
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        match socket.read(&mut piece).await? {
            0 => return Ok(None),
            n => bytes.extend_from_slice(&piece[..n]),
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let length = header("content-length:").map_or(0, |n| n.parse::<usize>().unwrap());
    let authorization = header("authorization:").unwrap_or_default().to_owned();
    while bytes.len() < head + length {
        match socket.read(&mut piece).await? {
            0 => break,
            n => bytes.extend_from_slice(&piece[..n]),
        }
    }
    let first = String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned();
    let mut words = first.split(' ');
    Ok(Some(Asked {
        method: words.next().unwrap_or_default().to_owned(),
        target: words.next().unwrap_or_default().to_owned(),
        authorization,
        body: String::from_utf8_lossy(&bytes[head..]).into_owned(),
    }))
}

#[expect(clippy::disallowed_methods, reason = "the test's own server")]
fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(future);
}
