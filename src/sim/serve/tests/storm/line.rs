//! A connection in memory, and everything that can be wrong with one.
//!
//! The client's end of it: whatever is wrong is wrong in both directions here, so that the server
//! needs to know nothing of it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::Chance;

/// Bytes that are on their way at most.
const ROOM: usize = 64 * 1024;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// As one that is closed.
    Closed,
    /// As one that is reset.
    Reset,
}

/// What is wrong with every connection.
#[derive(Debug)]
pub(super) struct Sky {
    pub(super) refused: bool,
    pub(super) hole: bool,
    /// Bytes that one read gives at most.
    pub(super) piece: usize,
    /// Bytes in a second.
    pub(super) rate: Option<u64>,
    /// Longest delay of a piece.
    pub(super) delay: Duration,
    chance: Chance,
    lines: Vec<Weak<Mutex<Own>>>,
    /// When a client read anything the last time.
    pub(super) heard: Instant,
}

/// The same for one connection.
#[derive(Debug, Default)]
pub(super) struct Own {
    death: Option<Death>,
    hole: bool,
    /// Dies after so many more bytes to the client.
    dies_after: Option<usize>,
    wakers: Vec<Waker>,
}

/// Every connection.
#[derive(Debug, Clone)]
pub(super) struct Lines(Arc<Mutex<Sky>>);

impl Lines {
    pub(super) fn new(chance: Chance) -> Self {
        Self(Arc::new(Mutex::new(Sky {
            refused: false,
            hole: false,
            piece: usize::MAX,
            rate: None,
            delay: Duration::ZERO,
            chance,
            lines: Vec::new(),
            heard: Instant::now(),
        })))
    }

    pub(super) fn sky(&self) -> MutexGuard<'_, Sky> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new connection: the client's end, the server's, and what can be done to it.
    pub(super) fn connect(&self) -> (Line, DuplexStream, Arc<Mutex<Own>>) {
        let (near, far) = tokio::io::duplex(ROOM);
        let own = Arc::new(Mutex::new(Own::default()));
        self.sky().lines.push(Arc::downgrade(&own));
        let line = Line {
            inner: Some(near),
            own: Arc::clone(&own),
            lines: self.clone(),
            held: Vec::new(),
            nap: None,
        };
        (line, far, own)
    }

    fn open(&self) -> Vec<Arc<Mutex<Own>>> {
        let mut sky = self.sky();
        sky.lines.retain(|line| line.strong_count() > 0);
        sky.lines.iter().filter_map(Weak::upgrade).collect()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.open().len()
    }

    /// Ends these connections, by their places.
    pub(super) fn kill(&self, death: Death, which: impl Fn(usize) -> bool) {
        for (place, own) in self.open().iter().enumerate() {
            if which(place) {
                end(own, death);
            }
        }
    }

    /// Ends one connection in the middle of what comes next.
    pub(super) fn tear(&self, place: usize, after: usize) {
        if let Some(own) = self.open().get(place) {
            lock(own).dies_after = Some(after);
        }
    }

    /// These connections swallow everything, by their places.
    pub(super) fn mute(&self, which: impl Fn(usize) -> bool) {
        for (place, own) in self.open().iter().enumerate() {
            if which(place) {
                lock(own).hole = true;
            }
        }
    }

    /// No connection does so by itself.
    pub(super) fn unmute(&self) {
        for own in self.open() {
            lock(&own).hole = false;
            wake(&own);
        }
    }

    /// Changes what is wrong with all of them.
    pub(super) fn change(&self, change: impl FnOnce(&mut Sky)) {
        change(&mut self.sky());
        for own in self.open() {
            wake(&own);
        }
    }
}

fn lock(own: &Arc<Mutex<Own>>) -> MutexGuard<'_, Own> {
    own.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(own: &Arc<Mutex<Own>>) {
    let wakers = std::mem::take(&mut lock(own).wakers);
    wakers.into_iter().for_each(Waker::wake);
}

pub(super) fn end(own: &Arc<Mutex<Own>>, death: Death) {
    lock(own).death.get_or_insert(death);
    wake(own);
}

/// The client's end of a connection.
#[derive(Debug)]
pub(crate) struct Line {
    /// Gone when it is dead, so that the server hears of its end.
    inner: Option<DuplexStream>,
    own: Arc<Mutex<Own>>,
    lines: Lines,
    /// On its way to the client.
    held: Vec<u8>,
    nap: Option<Pin<Box<Sleep>>>,
}

impl Line {
    /// Whether bytes move; how it ended when they never will again.
    fn state(&mut self, context: &mut Context<'_>) -> Poll<Option<Death>> {
        let mut own = lock(&self.own);
        if let Some(death) = own.death {
            drop(own);
            self.inner = None;
            return Poll::Ready(Some(death));
        }
        // Whatever changes later wakes this again.
        own.wakers.retain(|waker| !waker.will_wake(context.waker()));
        own.wakers.push(context.waker().clone());
        let swallowed = own.hole;
        drop(own);
        if swallowed || self.lines.sky().hole {
            return Poll::Pending;
        }
        Poll::Ready(None)
    }

    /// How long a piece is on its way.
    fn delay(&self, bytes: usize) -> Duration {
        let mut sky = self.lines.sky();
        let most = u64::try_from(sky.delay.as_millis()).unwrap();
        let late = if most > 0 { sky.chance.between(0, most) } else { 0 };
        let slow = sky.rate.map_or(0, |rate| bytes as u64 * 1_000 / rate);
        Duration::from_millis(late + slow)
    }

    /// Takes in what the server said next.
    fn fetch(&mut self, room: usize, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let most = {
            let sky = self.lines.sky();
            sky.piece.min(if sky.rate.is_some() { 512 } else { 8_192 }).min(room)
        };
        let Some(inner) = &mut self.inner else { return Poll::Ready(Ok(false)) };
        let mut piece = vec![0; most];
        let mut buffer = ReadBuf::new(&mut piece);
        std::task::ready!(Pin::new(inner).poll_read(context, &mut buffer))?;
        let bytes = buffer.filled().len();
        if bytes == 0 {
            return Poll::Ready(Ok(false));
        }
        piece.truncate(bytes);
        self.held = piece;
        let delay = self.delay(bytes);
        self.nap = (!delay.is_zero()).then(|| Box::pin(sleep(delay)));
        Poll::Ready(Ok(true))
    }

    /// Gives out what has arrived, as far as the connection still lives.
    fn deliver(&mut self, buffer: &mut ReadBuf<'_>) {
        let mut piece = std::mem::take(&mut self.held);
        let mut own = lock(&self.own);
        if let Some(left) = &mut own.dies_after {
            if *left <= piece.len() {
                piece.truncate(*left);
                own.death = Some(Death::Reset);
            } else {
                *left -= piece.len();
            }
        }
        let now = buffer.remaining().min(piece.len());
        buffer.put_slice(&piece[..now]);
        self.held = piece.split_off(now);
        if now > 0 {
            self.lines.sky().heard = Instant::now();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match std::task::ready!(this.state(context)) {
            Some(Death::Closed) => return Poll::Ready(Ok(())),
            Some(Death::Reset) => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            None => {}
        }
        if this.held.is_empty() && !std::task::ready!(this.fetch(buffer.remaining(), context))? {
            return Poll::Ready(Ok(()));
        }
        if let Some(nap) = &mut this.nap {
            std::task::ready!(nap.as_mut().poll(context));
            this.nap = None;
        }
        let before = buffer.filled().len();
        this.deliver(buffer);
        if buffer.filled().len() == before {
            // It died before the next byte.
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if std::task::ready!(self.state(context)).is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        match &mut self.inner {
            Some(inner) => Pin::new(inner).poll_write(context, bytes),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Some(inner) => Pin::new(inner).poll_shutdown(context),
            None => Poll::Ready(Ok(())),
        }
    }
}
