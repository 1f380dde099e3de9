//! How long to wait for what, and how much to take in.
//!
//! Never waits by itself. Used by every file of this room that waits; tests make it faster.

use std::time::Duration;

/// Requests that are under way at once.
pub(super) const AT_ONCE: usize = 4;

/// Largest answer that is taken in, in bytes.
pub(super) const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Answers above this size are decoded on a thread of their own, in bytes.
pub(super) const DECODED_HERE: usize = 256 * 1024;

/// Longest query, in bytes: it goes into an address, and proxies cut or refuse long ones.
pub(super) const LONGEST_QUERY: usize = 8 * 1024;

/// Most instants of one question: Prometheus refuses more.
pub(super) const MOST_INSTANTS: usize = 11_000;

/// Most elements of an exploration.
pub(super) const MOST_ELEMENTS: usize = 1000;

/// The times of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// Longest wait for a connection, TLS included.
    pub(super) connect: Duration,
    /// Longest wait for the whole answer.
    pub(super) answer: Duration,
    /// How long the server may work on it: less, so that it can still say that it took too long.
    pub(super) evaluation: Duration,
    /// First pause after a failure; it doubles.
    pub(super) first: Duration,
    /// Longest pause after a failure.
    pub(super) longest: Duration,
    /// Longest pause that the server may ask for.
    pub(super) asked_for: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(10),
            evaluation: Duration::from_secs(8),
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            asked_for: Duration::from_secs(60),
        }
    }
}
