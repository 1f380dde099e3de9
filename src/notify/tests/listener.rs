//! A receiver on 127.0.0.1 that gives one answer, and remembers what it heard.

#![expect(clippy::disallowed_methods, reason = "a server needs a task of its own")]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// What is answered to a request, as it stands on the wire; nothing hangs.
type Answer = Option<String>;

/// The server. Ends with the value that holds it.
pub(super) struct Listener {
    pub(super) url: String,
    heard: Arc<Mutex<Vec<String>>>,
    task: AbortHandle,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener {
    /// Answers so to each request.
    pub(super) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let record = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                tokio::spawn(serve(stream, answer.clone(), Arc::clone(&record)));
            }
        });
        Self { url, heard, task: task.abort_handle() }
    }

    /// A status with headers and a body.
    pub(super) async fn answering(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
        );
        Self::start(Some(text)).await
    }

    /// Requests so far, as they stood on the wire.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, answer: Answer, record: Arc<Mutex<Vec<String>>>) {
    let mut bytes = Vec::new();
    while !is_whole(&bytes) {
        let mut chunk = [0; 4096];
        let Ok(count) = stream.read(&mut chunk).await else { return };
        if count == 0 {
            return;
        }
        bytes.extend_from_slice(&chunk[..count]);
    }
    record.lock().unwrap().push(String::from_utf8_lossy(&bytes).into_owned());
    match answer {
        Some(answer) => {
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        None => std::future::pending().await,
    }
}

/// Whether a request is there with its body.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0)
}
