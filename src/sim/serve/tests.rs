//! Over the wire: real sockets on loopback, and everything that can be wrong with them.

pub(crate) mod storm;

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::sim::object::DocumentMut;
use crate::sim::store::{Key, Kind, Part};
use crate::sim::time::{Moment, Span, parse};

const LIMIT: Duration = Duration::from_secs(20);

const MAPS: &str = "/api/v1/namespaces/shop/configmaps";

/// A simulation whose clock is moved by hand, with one map in it.
struct Rig {
    simulation: Simulation,
    seconds: Arc<AtomicI64>,
}

fn start() -> Moment {
    parse("2026-11-24T10:00:00Z").unwrap()
}

impl Rig {
    fn new() -> Self {
        let seconds = Arc::new(AtomicI64::new(0));
        let now = Arc::clone(&seconds);
        let clock = Clock::stepped(move || start() + Span::seconds(now.load(Ordering::Relaxed)));
        let world = World::new(1, clock.now(), Vec::new());
        let desk = Desk::new(vec![Person::with_all_rights("pilot", "secret")]);
        let simulation = Simulation::of(Stage::Alone(Box::new(world)), desk, clock).unwrap();
        simulation.with(|world, _| {
            let now = world.now();
            let store = world.store_mut();
            let namespace = json!({"metadata": {"name": "shop"}});
            store.insert(Kind::Namespace, namespace, now).unwrap();
            let map = json!({"metadata": {"name": "a", "namespace": "shop"}});
            store.insert(Kind::ConfigMap, map, now).unwrap();
        });
        Self { simulation, seconds }
    }

    fn pass(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::Relaxed);
        self.simulation.nudge();
    }

    /// Changes the map, to this count.
    fn count(&self, count: i64) {
        self.simulation.with(|world, _| {
            let key = Key::new(Kind::ConfigMap, "shop", "a");
            let now = world.now();
            let change = |map: &mut Value| map.set("/data/count", count.to_string());
            world.store_mut().modify(&key, Part::Main, now, change).unwrap();
        });
    }

    fn fault(&self, change: impl FnOnce(&mut crate::sim::api::Faults)) {
        self.simulation.with(|_, desk| change(&mut desk.faults));
    }

    async fn connect(&self) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        let authority = self.simulation.authority().as_bytes();
        roots.add(CertificateDer::from_pem_slice(authority).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.simulation.api_address()).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    /// Asks on a connection of its own, and reads to the end.
    async fn ask(&self, line: &str) -> String {
        let mut stream = self.connect().await;
        send(&mut stream, line, "Connection: close\r\n").await;
        let mut text = String::new();
        timeout(LIMIT, stream.read_to_string(&mut text)).await.unwrap().unwrap();
        text
    }

    /// Opens a watch and reads until it has told of the map.
    async fn watch(&self) -> TlsStream<TcpStream> {
        let mut stream = self.connect().await;
        send(&mut stream, &format!("GET {MAPS}?watch=1"), "").await;
        until(&mut stream, "\"ADDED\"").await;
        stream
    }
}

async fn send(stream: &mut TlsStream<TcpStream>, line: &str, headers: &str) {
    let request =
        format!("{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

/// Reads until this was read.
async fn until(stream: &mut TlsStream<TcpStream>, wanted: &str) -> String {
    let (mut text, mut buffer) = (String::new(), vec![0; 16_384]);
    loop {
        let read = timeout(LIMIT, stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(read > 0, "it ended before {wanted}: {text}");
        let from = text.len().saturating_sub(wanted.len());
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        if text.get(from..).unwrap_or_default().contains(wanted) {
            return text;
        }
    }
}

/// Runs a simulation beside a story, and ends it after that.
fn play<F: Future<Output = ()>>(story: impl FnOnce(Arc<Rig>) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let rig = Arc::new(Rig::new());
        let simulation = rig.simulation.clone();
        let told = async {
            story(rig).await;
            simulation.stop();
        };
        let both = futures::future::join(simulation.run(), told);
        let (ended, ()) = Box::pin(both).await;
        assert!(ended.is_ok(), "{ended:?}");
    });
}

/// Whether something is not done after a while.
async fn is_held_up(doing: &mut (impl Future + Unpin)) -> bool {
    timeout(Duration::from_millis(150), doing).await.is_err()
}

#[test]
fn it_can_run_on_any_thread() {
    fn is_send(_: &impl Send) {}
    let rig = Rig::new();
    is_send(&rig.simulation.run());
}

#[test]
fn it_answers_in_virtual_time_by_its_own_authority() {
    play(|rig| async move {
        rig.pass(3_600);
        let text = rig.ask(&format!("GET {MAPS}/a")).await;
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        assert!(text.contains("date: Tue, 24 Nov 2026 11:00:00 GMT"), "{text}");
        assert!(text.contains("content-type: application/json"), "{text}");
        let config = rig.simulation.kubeconfig("pilot", "shop").unwrap();
        assert!(config.contains("token: secret") && config.contains("namespace: shop"));
        assert_eq!(rig.simulation.kubeconfig("nobody", "shop"), None);
        assert!(rig.simulation.run().await.is_err(), "it runs once");
    });
}

#[test]
fn prometheus_has_a_port_of_its_own() {
    play(|rig| async move {
        let address = rig.simulation.prometheus_address();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        timeout(LIMIT, stream.read_to_string(&mut text)).await.unwrap().unwrap();
        assert!(text.starts_with("HTTP/1.1 404"), "{text}");
    });
}

#[test]
fn a_watch_hears_of_changes_and_of_time() {
    play(|rig| async move {
        let mut stream = rig.connect().await;
        let query = "watch=1&allowWatchBookmarks=true&timeoutSeconds=100";
        send(&mut stream, &format!("GET {MAPS}?{query}"), "").await;
        until(&mut stream, "initial-events-end").await;
        rig.count(1);
        until(&mut stream, "\"count\":\"1\"").await;
        rig.pass(61);
        until(&mut stream, "BOOKMARK").await;
        rig.pass(40);
        // The last chunk is empty: the watch ended as it should.
        until(&mut stream, "0\r\n\r\n").await;
    });
}

#[test]
fn away_frozen_slow_and_back() {
    play(|rig| async move {
        let mut watch = rig.watch().await;
        rig.fault(|faults| faults.away = true);
        let mut rest = Vec::new();
        drop(timeout(LIMIT, watch.read_to_end(&mut rest)).await.unwrap());
        let address = rig.simulation.api_address();
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
        rig.fault(|faults| faults.away = false);
        let back = async {
            while TcpStream::connect(address).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, back).await.unwrap();
        rig.fault(|faults| faults.frozen = true);
        let item = format!("GET {MAPS}/a");
        let mut answer = Box::pin(rig.ask(&item));
        assert!(is_held_up(&mut answer).await, "nothing is answered");
        rig.fault(|faults| faults.frozen = false);
        assert!(timeout(LIMIT, answer).await.unwrap().contains("200 OK"));
        rig.fault(|faults| faults.delay = Span::seconds(30));
        let mut answer = Box::pin(rig.ask(&item));
        assert!(is_held_up(&mut answer).await, "it is not late enough yet");
        rig.pass(31);
        assert!(timeout(LIMIT, answer).await.unwrap().contains("200 OK"));
    });
}

#[test]
fn watches_are_cut_by_script() {
    play(|rig| async move {
        let (mut ended, mut torn) = (rig.watch().await, rig.watch().await);
        rig.fault(|faults| faults.cut_watches(crate::sim::api::Cut::Ended));
        until(&mut ended, "0\r\n\r\n").await;
        until(&mut torn, "0\r\n\r\n").await;
        let mut torn = rig.watch().await;
        rig.fault(|faults| faults.cut_watches(crate::sim::api::Cut::Torn));
        let mut rest = Vec::new();
        let broken = timeout(LIMIT, torn.read_to_end(&mut rest)).await.unwrap();
        assert!(broken.is_err() || !rest.ends_with(b"0\r\n\r\n"), "{rest:?}");
    });
}

#[test]
fn garbage_and_half_requests_disturb_nobody() {
    play(|rig| async move {
        let address = rig.simulation.api_address();
        let mut held = Vec::new();
        for bytes in [&b"\x00\xff\xfe garbage"[..], b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", b""]
        {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            held.push(stream);
        }
        let mut half = rig.connect().await;
        half.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\nX-Slow").await.unwrap();
        let mut short = rig.connect().await;
        send(&mut short, &format!("POST {MAPS}"), "Content-Length: 500\r\n").await;
        let mut wrong = rig.connect().await;
        wrong.write_all(b"\x01\x02\x03\r\n\r\n").await.unwrap();
        let refused = until(&mut wrong, "\r\n\r\n").await;
        assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
        let mut long = rig.connect().await;
        let head = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(200_000));
        drop(long.write_all(head.as_bytes()).await);
        let refused = until(&mut long, "\r\n").await;
        assert!(refused.starts_with("HTTP/1.1 4"), "{refused}");
        let text = rig.ask(&format!("GET {MAPS}/a")).await;
        assert!(text.contains("200 OK"), "{text}");
    });
}

#[test]
fn a_body_without_end_is_refused_in_the_servers_words() {
    play(|rig| async move {
        let mut stream = rig.connect().await;
        let length = crate::sim::api::MOST_BYTES + 100;
        let headers = format!("Content-Length: {length}\r\nContent-Type: application/json\r\n");
        send(&mut stream, &format!("POST {MAPS}"), &headers).await;
        drop(stream.write_all(&vec![b' '; length]).await);
        let text = until(&mut stream, "limit is 3145728").await;
        assert!(text.starts_with("HTTP/1.1 413"), "{text}");
    });
}

#[test]
fn two_hundred_watches_hear_everything() {
    play(|rig| async move {
        let mut watches = Vec::new();
        for _ in 0..200 {
            watches.push(rig.watch().await);
        }
        for count in 1..=50 {
            rig.count(count);
        }
        for watch in &mut watches {
            until(watch, "\"count\":\"50\"").await;
        }
    });
}

#[test]
fn whoever_does_not_read_holds_up_nobody() {
    play(|rig| async move {
        let deaf = rig.watch().await;
        let mut watch = rig.watch().await;
        rig.simulation.with(|world, _| {
            let key = Key::new(Kind::ConfigMap, "shop", "a");
            let now = world.now();
            let padding = "x".repeat(200_000);
            let fill = |map: &mut Value| map.set("/data/padding", padding);
            world.store_mut().modify(&key, Part::Main, now, fill).unwrap();
        });
        // Twenty megabytes are more than the buffers between the two hold.
        for count in 1..=100 {
            rig.count(count);
            until(&mut watch, &format!("\"count\":\"{count}\"")).await;
        }
        assert!(rig.ask(&format!("GET {MAPS}/a")).await.contains("200 OK"));
        drop(deaf);
    });
}
