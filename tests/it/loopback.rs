//! A small HTTP server on loopback, for whatever is asked or told in a test. Ends with the process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Request line and headers, each with its line end.
    pub(crate) head: String,
    /// What it carries.
    pub(crate) body: String,
}

impl Request {
    /// What is asked for.
    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }
}

/// Serves one request after the other by this answer: status line and body. Gives its address.
pub(crate) fn serve(
    mut answer: impl FnMut(&Request) -> (&'static str, String) + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    thread::spawn(move || {
        for mut line in listener.incoming().map_while(Result::ok) {
            let Some(request) = read(&line) else { continue };
            let (status, body) = answer(&request);
            let length = body.len();
            let _ = write!(
                line,
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
        }
    });
    url
}

fn read(line: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(line);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let before = head.len();
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
        let header = head.get(before..)?.trim_end().to_ascii_lowercase();
        if let Some(number) = header.strip_prefix("content-length:") {
            length = number.trim().parse().ok()?;
        }
        if header.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { head, body: String::from_utf8_lossy(&body).into_owned() })
}
