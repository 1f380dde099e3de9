//! One future for everything: time, listeners, connections, and what scripts do to them.
//!
//! Away, nobody listens and open connections are gone; frozen, they are there and nothing moves.
//! Called by the simulation.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::{Duration, sleep};
use tokio_rustls::TlsAcceptor;

use super::certificate::Identity;
use super::connection;
use super::shared::Shared;

/// Connections at once; further ones are closed at once.
const MOST: usize = 1_024;

/// After a listener failed to take a connection, as when the process has no file left.
const BREATH: Duration = Duration::from_millis(20);

/// A listener and the connections that it took.
struct Door<'a> {
    address: SocketAddr,
    listener: Option<TcpListener>,
    connections: FuturesUnordered<BoxFuture<'a, ()>>,
}

impl<'a> Door<'a> {
    fn new(listener: StdListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = Some(TcpListener::from_std(listener)?);
        Ok(Self { address, listener, connections: FuturesUnordered::new() })
    }

    /// Lets nobody in, and everybody out.
    fn close(&mut self) {
        self.listener = None;
        self.connections.clear();
    }

    /// Listens again at the same address. Fails as long as somebody else has it.
    fn open(&mut self) {
        if self.listener.is_none() {
            self.listener = listen(self.address).ok();
        }
    }

    /// Waits for the next connection, and meanwhile drives those that are there.
    async fn next(&mut self) -> TcpStream {
        loop {
            tokio::select! {
                taken = accept(self.listener.as_ref()) => return taken,
                Some(()) = self.connections.next(), if !self.connections.is_empty() => {}
            }
        }
    }

    fn take(&mut self, connection: BoxFuture<'a, ()>) {
        if self.connections.len() < MOST {
            self.connections.push(connection);
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(1_024)
}

async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    loop {
        match listener {
            None => std::future::pending().await,
            Some(listener) => match listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(_) => sleep(BREATH).await,
            },
        }
    }
}

/// Runs until it is stopped.
pub(super) async fn run(
    shared: &Arc<Shared>,
    identity: &Identity,
    api: StdListener,
    prometheus: StdListener,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let tls = TlsAcceptor::from(Arc::clone(&identity.tls));
    let (mut api, mut prometheus) = (Door::new(api)?, Door::new(prometheus)?);
    let mut wait = shared.pass();
    loop {
        let trouble = shared.trouble();
        if trouble.away {
            api.close();
        } else {
            api.open();
        }
        shared.listening.send_replace(api.listener.is_some());
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
            () = sleep(wait) => wait = shared.pass(),
            () = shared.woken.notified() => wait = shared.pass(),
            stream = api.next(), if !trouble.frozen => {
                let connection = connection::kubernetes(Arc::clone(shared), tls.clone(), stream);
                api.take(Box::pin(connection));
            }
            stream = prometheus.next() => {
                let connection = connection::prometheus(Arc::clone(shared), stream);
                prometheus.take(Box::pin(connection));
            }
        }
    }
}
