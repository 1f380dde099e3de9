//! The clock of our machine, which may be wrong while the server's never is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::sim::serve::tests::storm::Server;

/// Stands for a clock that goes.
const GOES: i64 = i64::MIN;

/// Says how late it is.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct Teller {
    server: Arc<Server>,
    /// How wrong it is, in milliseconds.
    ahead: Arc<AtomicI64>,
    /// Where it stands.
    stands: Arc<AtomicI64>,
}

impl Teller {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self { server, ahead: Arc::default(), stands: Arc::new(AtomicI64::new(GOES)) }
    }

    /// Now, in milliseconds since 1970.
    pub(in crate::runtime) fn now_ms(&self) -> i64 {
        match self.stands.load(Ordering::Relaxed) {
            GOES => self.server.now_ms() + self.ahead.load(Ordering::Relaxed),
            at => at,
        }
    }

    /// It jumps to where it is so many milliseconds ahead.
    pub(super) fn jump(&self, ahead: i64) {
        self.ahead.store(ahead, Ordering::Relaxed);
    }

    /// It stops, or goes on where it should be.
    pub(super) fn stop(&self, stop: bool) {
        let at = if stop { self.now_ms() } else { GOES };
        self.stands.store(at, Ordering::Relaxed);
    }
}
