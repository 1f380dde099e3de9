//! A request as it is read from a connection, and answers as they are written to it.
//!
//! HTTP/1.1 with lengths; knows nothing of Kubernetes.

use std::io::{self, Read, Write};
use std::time::Instant;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// When its last byte had been read.
    pub(crate) at: Instant,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// Reads the next one; `None` when the client is done.
    pub(crate) fn read(stream: &mut impl Read) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            if !more(stream, &mut bytes)? {
                return Ok(None);
            }
        };
        let text = String::from_utf8_lossy(bytes.get(..head).unwrap_or_default()).into_owned();
        let header = |name: &str| {
            text.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let length = header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
        while bytes.len() < head + length && more(stream, &mut bytes)? {}
        let at = Instant::now();
        let mut words = text.lines().next().unwrap_or_default().split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let query = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Ok(Some(Self {
            at,
            method,
            path: decoded(path),
            query: query.map(|(key, value)| (decoded(key), decoded(value))).collect(),
            content_type: header("content-type").unwrap_or_default(),
            body: bytes.split_off(head),
        }))
    }

    /// A value of the query.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let pair = self.query.iter().find(|(key, _)| key == name)?;
        Some(pair.1.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether it asks for a stream.
    pub(crate) fn is_watch(&self) -> bool {
        matches!(self.query("watch"), Some("true" | "1"))
    }
}

fn more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let mut piece = [0; 16384];
    let count = stream.read(&mut piece)?;
    bytes.extend_from_slice(piece.get(..count).unwrap_or_default());
    Ok(count > 0)
}

/// Without `%41` and `+`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes().iter();
    while let Some(&byte) = rest.next() {
        let digits = rest.as_slice();
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let code = digits.get(..2).and_then(|d| std::str::from_utf8(d).ok());
                bytes.push(code.and_then(|c| u8::from_str_radix(c, 16).ok()).unwrap_or(b'?'));
                rest.nth(1);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes an answer with a length.
pub(crate) fn answer(stream: &mut impl Write, status: u16, body: &[u8]) -> io::Result<()> {
    let mut text = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    text.extend_from_slice(body);
    stream.write_all(&text)?;
    stream.flush()
}

/// The head of an answer that comes in pieces.
pub(crate) const STREAM: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";

/// The end of one.
pub(crate) const END: &[u8] = b"0\r\n\r\n";

/// A piece.
pub(crate) fn chunk(piece: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
    chunk.extend_from_slice(piece);
    chunk.extend_from_slice(b"\r\n");
    chunk
}
