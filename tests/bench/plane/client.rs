//! A client of a real API server: one connection that stays open, one request at a time.
//!
//! Of our own, so that the instant before the first byte is known and nothing is sent twice.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Where a plane is and who one is there.
#[derive(Clone)]
pub(crate) struct Door {
    address: String,
    token: String,
    tls: Arc<ClientConfig>,
}

impl Door {
    /// Reads the files of a plane: its address, its authority, the token of whoever sets it up.
    pub(crate) fn of(plane: &Path) -> anyhow::Result<Self> {
        let read = |name: &str| {
            std::fs::read_to_string(plane.join(name)).with_context(|| format!("no {name}"))
        };
        let (env, tokens) = (read("env")?, read("pki/tokens.csv")?);
        let url = env.lines().find_map(|line| line.strip_prefix("export PLANE_API_URL='https://"));
        let address = url.context("no address")?.trim_end_matches('\'').to_owned();
        let line = tokens.lines().find(|line| line.split(',').nth(1) == Some("plane-setup"));
        let token = line.and_then(|line| line.split(',').next()).context("no token")?.to_owned();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(plane.join("pki/ca.crt"))?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { address, token, tls: Arc::new(tls) })
    }
}

/// A connection that rested for longer is made anew before it is used: the server closes those that
/// rest for a minute and a half.
const RESTED: Duration = Duration::from_secs(30);

/// A connection.
pub(crate) struct Client {
    door: Door,
    used: Instant,
    stream: StreamOwned<ClientConnection, TcpStream>,
    head: String,
    rest: Vec<u8>,
}

impl Client {
    pub(crate) fn dial(door: &Door) -> anyhow::Result<Self> {
        let mut socket = TcpStream::connect(&door.address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_secs(60)))?;
        let host = door.address.split(':').next().unwrap_or_default().to_owned();
        let mut tls = ClientConnection::new(Arc::clone(&door.tls), ServerName::try_from(host)?)?;
        // Now, so that no change has to wait for it.
        while tls.is_handshaking() {
            tls.complete_io(&mut socket)?;
        }
        let head = format!("Host: {}\r\nAuthorization: Bearer {}\r\n", door.address, door.token);
        Ok(Self {
            door: door.clone(),
            used: Instant::now(),
            stream: StreamOwned::new(tls, socket),
            head,
            rest: Vec::new(),
        })
    }

    /// Sends a request and reads its answer; the body, and the instant just before it was sent.
    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &str,
    ) -> anyhow::Result<(Vec<u8>, Instant)> {
        let (head, before) = self.begin(method, path, content_type, body)?;
        let body = self.body(&head)?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        if !status.starts_with('2') {
            let text = String::from_utf8_lossy(&body).into_owned();
            bail!("{method} {path}: {status}: {}", text.chars().take(400).collect::<String>());
        }
        Ok((body, before))
    }

    /// Sends a request and reads the head of its answer; what follows it comes in pieces.
    pub(crate) fn begin(
        &mut self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &str,
    ) -> anyhow::Result<(String, Instant)> {
        if self.used.elapsed() > RESTED {
            let door = self.door.clone();
            *self = Self::dial(&door)?;
        }
        let text = format!(
            "{method} {path} HTTP/1.1\r\n{}Content-Type: {content_type}\r\nAccept: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.head,
            body.len()
        );
        let before = Instant::now();
        self.stream.write_all(text.as_bytes())?;
        self.stream.flush()?;
        let head = self.head_of_answer()?;
        self.used = Instant::now();
        Ok((head, before))
    }

    fn head_of_answer(&mut self) -> anyhow::Result<String> {
        loop {
            if let Some(at) = self.rest.windows(4).position(|w| w == b"\r\n\r\n") {
                let tail = self.rest.split_off(at + 4);
                let head = std::mem::replace(&mut self.rest, tail);
                return Ok(String::from_utf8_lossy(&head).to_ascii_lowercase());
            }
            self.more()?;
        }
    }

    fn body(&mut self, head: &str) -> anyhow::Result<Vec<u8>> {
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
        if let Some(length) = header("content-length: ") {
            return self.take(length.trim().parse()?);
        }
        let mut body = Vec::new();
        loop {
            let piece = self.piece()?;
            if piece.is_empty() {
                return Ok(body);
            }
            body.extend(piece);
        }
    }

    /// The next piece of an answer that comes in pieces; an empty one is its end.
    pub(crate) fn piece(&mut self) -> anyhow::Result<Vec<u8>> {
        let line = self.line()?;
        let size = usize::from_str_radix(line.trim(), 16)?;
        let piece = self.take(size)?;
        self.take(2)?;
        Ok(piece)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        loop {
            if let Some(at) = self.rest.iter().position(|b| *b == b'\n') {
                let line = self.take(at + 1)?;
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            self.more()?;
        }
    }

    fn take(&mut self, count: usize) -> anyhow::Result<Vec<u8>> {
        while self.rest.len() < count {
            self.more()?;
        }
        let tail = self.rest.split_off(count);
        Ok(std::mem::replace(&mut self.rest, tail))
    }

    fn more(&mut self) -> anyhow::Result<()> {
        let mut piece = [0; 16384];
        let count = self.stream.read(&mut piece)?;
        if count == 0 {
            bail!("the API server closed the connection");
        }
        self.rest.extend_from_slice(piece.get(..count).unwrap_or_default());
        Ok(())
    }
}
