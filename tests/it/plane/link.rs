//! A link between the program and the API server that can be cut, delayed and swallowed.
//!
//! It passes TLS on as it comes and knows nothing of what is said. Threads of its own; they end
//! with the link.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How often a pump looks whether it is to go on.
const LOOK: Duration = Duration::from_millis(20);

/// What happens to what is sent.
#[derive(Default)]
struct State {
    /// Connections with a smaller number are swallowed: open, and silent for ever.
    swallowed_below: AtomicU64,
    /// New ones are swallowed as well.
    swallows: AtomicBool,
    /// Delay of each piece, each way, in milliseconds.
    delay: AtomicU64,
    /// Number of the next connection.
    next: AtomicU64,
    ended: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

/// A link to a server.
pub(super) struct Link {
    /// Where to connect to.
    pub(super) address: SocketAddr,
    state: Arc<State>,
}

impl Link {
    /// A link that passes everything.
    pub(super) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(State::default());
        let accepting = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if accepting.ended.load(Ordering::SeqCst) {
                    return;
                }
                let _ = join(&accepting, client, server);
            }
        });
        Self { address, state }
    }

    /// Every open connection is reset now; new ones are passed.
    pub(super) fn cut(&self) {
        for stream in self.state.open.lock().expect("no pump panics").drain(..) {
            // Without this it would end politely.
            let _ = rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO));
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// What is open now stays open and silent for ever, as after a middlebox forgot it.
    pub(super) fn forget(&self) {
        let next = self.state.next.load(Ordering::SeqCst);
        self.state.swallowed_below.store(next, Ordering::SeqCst);
    }

    /// Nothing gets through any more, also on new connections; or it does again on those.
    pub(super) fn swallow(&self, on: bool) {
        self.state.swallows.store(on, Ordering::SeqCst);
        self.forget();
    }

    /// So long each way from now on.
    pub(super) fn delay(&self, each_way: Duration) {
        let millis = u64::try_from(each_way.as_millis()).expect("short");
        self.state.delay.store(millis, Ordering::SeqCst);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

fn join(state: &Arc<State>, client: TcpStream, server: SocketAddr) -> io::Result<()> {
    let number = state.next.fetch_add(1, Ordering::SeqCst);
    let server = TcpStream::connect(server)?;
    let mut open = state.open.lock().expect("no pump panics");
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK))?;
        open.push(stream.try_clone()?);
    }
    let ways = [(client.try_clone()?, server.try_clone()?), (server, client)];
    for (from, to) in ways {
        let state = Arc::clone(state);
        thread::spawn(move || pump(&state, number, from, to));
    }
    Ok(())
}

fn pump(state: &State, number: u64, mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = vec![0; 1 << 16];
    while !state.ended.load(Ordering::SeqCst) {
        let count = match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => count,
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                continue;
            }
            Err(_) => break,
        };
        let old = number < state.swallowed_below.load(Ordering::SeqCst);
        if old || state.swallows.load(Ordering::SeqCst) {
            continue;
        }
        thread::sleep(Duration::from_millis(state.delay.load(Ordering::SeqCst)));
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
