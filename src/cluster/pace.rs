//! How long to wait for what, and how to spread many clients.
//!
//! Never waits by itself. Used by the watches and the heartbeat; tests make it faster.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// The times of a watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Objects in a page of a list.
    pub page: usize,
    /// Longest wait for a page, or for the first byte of a watch.
    pub answer: Duration,
    /// Length of a watch request before the server ends it; spread by a tenth.
    pub watch: Duration,
    /// A stream without even a bookmark for this long is dropped and resumed. Servers send a
    /// bookmark about every minute.
    pub silence: Duration,
    /// First pause after a failure; it doubles.
    pub first: Duration,
    /// Longest pause after a failure: short, since a person is watching.
    pub longest: Duration,
    /// Pause before something forbidden or missing is tried again.
    pub recheck: Duration,
    /// Longest random delay before resuming when the server is back.
    pub spread: Duration,
    /// For this long after a cut, a refusal may only mean that the server is starting.
    pub settle: Duration,
    /// A dead heartbeat makes a stream stale once nothing was heard for this long.
    pub doubt: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            page: 500,
            answer: Duration::from_secs(15),
            watch: Duration::from_secs(240),
            silence: Duration::from_secs(90),
            first: Duration::from_millis(800),
            longest: Duration::from_secs(5),
            recheck: Duration::from_secs(30),
            spread: Duration::from_millis(300),
            settle: Duration::from_secs(10),
            doubt: Duration::from_secs(6),
        }
    }
}

impl Pace {
    /// The same for a world in which `speed` seconds pass in one: what is late there is early here.
    #[must_use]
    pub fn at_speed(self, speed: u32) -> Self {
        let scaled =
            |span: Duration| (span / speed.max(1)).max(Duration::from_millis(20).min(span));
        Self {
            silence: scaled(self.silence),
            first: scaled(self.first),
            longest: scaled(self.longest),
            recheck: scaled(self.recheck),
            spread: scaled(self.spread),
            settle: scaled(self.settle),
            ..self
        }
    }
}

/// A random share of `span`, evenly spread from zero to all of it.
pub(crate) fn share_of(span: Duration) -> Duration {
    let random = chance() >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    let share = random as f64 / (1u64 << 53) as f64;
    span.mul_f64(share)
}

/// 64 random bits.
fn chance() -> u64 {
    #[cfg(test)]
    if let Some(drawn) = seeded::draw() {
        return drawn;
    }
    // The standard library's per-instance hash keys are the only randomness needed here.
    RandomState::new().build_hasher().finish()
}

/// Chance that can be repeated, for a test that has a thread of its own.
#[cfg(test)]
pub(crate) mod seeded {
    use std::cell::Cell;

    thread_local! {
        static STATE: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// From here on this thread draws what follows from `seed`; with nothing, as before.
    pub(crate) fn sow(seed: Option<u64>) {
        STATE.set(seed);
    }

    pub(super) fn draw() -> Option<u64> {
        let next = STATE.get()?.wrapping_add(0x9e37_79b9_7f4a_7c15);
        STATE.set(Some(next));
        let z = (next ^ (next >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Some(z ^ (z >> 31))
    }
}

/// Pauses after failures: doubling, capped, with full jitter.
#[derive(Debug, Clone)]
pub(crate) struct BackOff {
    first: Duration,
    longest: Duration,
    attempt: u32,
}

impl BackOff {
    pub(crate) fn new(pace: &Pace) -> Self {
        Self { first: pace.first, longest: pace.longest, attempt: 0 }
    }

    /// Failures in a row so far.
    pub(crate) fn attempt(&self) -> u32 {
        self.attempt
    }

    /// It worked.
    pub(crate) fn reset(&mut self) {
        self.attempt = 0;
    }

    /// It failed once more; how long to wait.
    pub(crate) fn next(&mut self) -> Duration {
        let doubled = 2u32.saturating_pow(self.attempt.min(16));
        self.attempt = self.attempt.saturating_add(1);
        share_of(self.first.saturating_mul(doubled).min(self.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_cap_and_are_spread() {
        let pace = Pace::default();
        let mut back_off = BackOff::new(&pace);
        for _ in 0..20 {
            assert!(back_off.next() <= pace.longest);
        }
        let many: Vec<Duration> = (0..200).map(|_| share_of(pace.longest)).collect();
        assert!(many.iter().any(|d| *d < pace.longest.mul_f64(0.2)));
        assert!(many.iter().any(|d| *d > pace.longest.mul_f64(0.8)));
        back_off.reset();
        assert!(back_off.next() <= pace.first);
    }
}
