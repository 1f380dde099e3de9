//! A streaming API server of our own, on loopback with TLS: lists in pages, watches with bookmarks,
//! discovery, patches. It says when the first byte of a change went out and when the last byte of a
//! request came in, by the clock of the terminals.
//!
//! It is no Kubernetes: no rule of any kind is checked, and it is quicker than a real one, which is
//! why the table has rows of both.

mod answers;
mod certificate;
mod kinds;
mod request;

use std::io::Write;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustls::{ServerConnection, StreamOwned};
use serde_json::{Value, json};

use certificate::Certificate;
use kinds::{Kinds, Stream, Watcher};
pub(crate) use request::Asked;

use crate::objects;

/// Between two bookmarks, as of a real server.
const BOOKMARKS: Duration = Duration::from_secs(60);

struct Shared {
    kinds: Kinds,
    certificate: Certificate,
    asked: Mutex<Vec<Asked>>,
    sockets: Mutex<Vec<TcpStream>>,
    closing: AtomicBool,
}

/// The server. Dropping it closes every connection.
pub(crate) struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts one with a fleet in it.
    pub(crate) fn start(rollouts: usize) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            kinds: Kinds::new(),
            certificate: Certificate::new()?,
            asked: Mutex::default(),
            sockets: Mutex::default(),
            closing: AtomicBool::new(false),
        });
        fill(&shared.kinds, rollouts);
        let doors = Arc::clone(&shared);
        let door = thread::spawn(move || admit(&listener, &doors));
        let pages = Arc::clone(&shared);
        let marker = thread::spawn(move || bookmarks(&pages));
        Ok(Self { shared, address, threads: vec![door, marker] })
    }

    /// Writes the kubeconfig that leads here.
    pub(crate) fn kubeconfig(&self, place: &Path) -> anyhow::Result<PathBuf> {
        self.shared.certificate.kubeconfig(self.address, place)
    }

    /// Changes an object; the instant before its first byte went out.
    pub(crate) fn publish(&self, resource: &str, value: Value) -> Instant {
        self.shared.kinds.publish(resource, value).unwrap_or_else(Instant::now)
    }

    /// An object as it is.
    pub(crate) fn object(&self, resource: &str, name: &str) -> Option<Value> {
        let kind = self.shared.kinds.of(resource)?;
        serde_json::from_str(&kind.object(name)?.text).ok()
    }

    /// What was asked so far, in order; it is forgotten here.
    pub(crate) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        for socket in self.shared.sockets.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = socket.shutdown(Shutdown::Both);
        }
        // The door only looks up when somebody knocks.
        let _ = TcpStream::connect(self.address);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn fill(kinds: &Kinds, rollouts: usize) {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": objects::NAMESPACE,
        "uid": "bench"}, "status": {"phase": "Active"}});
    kinds.publish("namespaces", namespace);
    for number in 0..rollouts {
        let ready = objects::PODS_EACH as u64;
        kinds.publish("rollouts", objects::rollout(number, ready));
        kinds.publish("replicasets", objects::replica_set(number, false));
        for pod in 0..objects::PODS_EACH {
            kinds.publish("pods", objects::pod(number, pod, 0));
        }
    }
    kinds.publish("replicasets", objects::replica_set(0, true));
}

fn admit(listener: &TcpListener, shared: &Arc<Shared>) {
    for socket in listener.incoming() {
        if shared.closing.load(Ordering::SeqCst) {
            return;
        }
        let Ok(socket) = socket else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            let _ = serve(&shared, socket);
        });
    }
}

/// One connection, request after request.
fn serve(shared: &Shared, socket: TcpStream) -> anyhow::Result<()> {
    socket.set_nodelay(true)?;
    // A client that does not read must not hold up the others for ever.
    socket.set_write_timeout(Some(Duration::from_secs(30)))?;
    shared.sockets.lock().unwrap_or_else(PoisonError::into_inner).push(socket.try_clone()?);
    let tls = ServerConnection::new(Arc::clone(&shared.certificate.tls))?;
    let stream = Arc::new(Mutex::new(StreamOwned::new(tls, socket)));
    loop {
        let asked = {
            let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
            Asked::read(&mut *stream)?
        };
        let Some(asked) = asked else { return Ok(()) };
        shared.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
        if asked.is_watch() {
            if !watch(shared, &stream, &asked)? {
                return Ok(());
            }
        } else {
            let (status, body) = answers::to(&shared.kinds, &asked);
            let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
            request::answer(&mut *stream, status, &body)?;
        }
    }
}

/// A watch, until its time is over; whether the connection can be used again.
fn watch(shared: &Shared, stream: &Arc<Mutex<Stream>>, asked: &Asked) -> anyhow::Result<bool> {
    let seconds = asked.query("timeoutSeconds").and_then(|s| s.parse().ok()).unwrap_or(1800);
    let until = Instant::now() + Duration::from_secs(seconds);
    let alive = Arc::new(AtomicBool::new(true));
    let resource = answers::Place::of(&asked.path).map(|place| place.resource);
    let resource = resource.unwrap_or_default();
    {
        let Some(mut kind) = shared.kinds.of(&resource) else {
            let (status, body) = answers::to(&shared.kinds, asked);
            let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
            request::answer(&mut *stream, status, &body)?;
            return Ok(true);
        };
        let opening = answers::opening(&kind, &resource, shared.kinds.version(), asked);
        let mut open = stream.lock().unwrap_or_else(PoisonError::into_inner);
        open.write_all(request::STREAM)?;
        for piece in opening {
            open.write_all(&piece)?;
        }
        open.flush()?;
        let watcher = Watcher {
            selector: asked.query("labelSelector").map(str::to_owned),
            stream: Arc::clone(stream),
            alive: Arc::clone(&alive),
        };
        kind.watchers.push(watcher);
    }
    while Instant::now() < until && alive.load(Ordering::SeqCst) {
        if shared.closing.load(Ordering::SeqCst) {
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(500));
    }
    let still = alive.swap(false, Ordering::SeqCst);
    // Nobody may be writing any more when the stream is ended.
    if let Some(mut kind) = shared.kinds.of(&resource) {
        kind.watchers.retain(|watcher| watcher.alive.load(Ordering::SeqCst));
    }
    if still {
        let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
        stream.write_all(request::END)?;
        stream.flush()?;
    }
    Ok(still)
}

fn bookmarks(shared: &Shared) {
    let mut last = Instant::now();
    while !shared.closing.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(200));
        if last.elapsed() < BOOKMARKS {
            continue;
        }
        last = Instant::now();
        for (resource, kind, version) in kinds::KINDS {
            let bookmark = json!({"kind": kind, "apiVersion": version,
                "metadata": {"resourceVersion": shared.kinds.version().to_string()}});
            let bytes = kinds::event("BOOKMARK", &bookmark.to_string());
            if let Some(mut kind) = shared.kinds.of(resource) {
                kind.tell(&bytes, None);
            }
        }
    }
}
