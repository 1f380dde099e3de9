//! The only clock: the wall's, or that of a drill.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::domain::time::{Span, Timestamp};

/// Backward steps up to this many milliseconds are held: ages and deadlines must not flicker when
/// the time service corrects the clock.
const HOLD_MS: i64 = 5_000;

/// Where the time comes from.
#[derive(Debug, Clone, Default)]
enum Source {
    /// The machine's clock.
    #[default]
    Wall,
    /// Begins at an instant and runs so many times as fast.
    Scaled { began: Instant, start: Timestamp, speed: u32 },
    /// Stands still until it is set, in milliseconds since 1970.
    Stepped(Arc<AtomicI64>),
    /// Says what somebody else says, be it ever so wrong.
    #[cfg(test)]
    Told(crate::runtime::tests::Teller),
}

/// A difference to the server's clock up to this many milliseconds is left alone: the server says
/// its time in whole seconds, and round trips vary.
const AGREES_MS: i64 = 2_000;

/// A clock that does not step back for small corrections, and goes by the server's where that is
/// known: what the cluster wrote down is only as old as the cluster says.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    source: Source,
    last_ms: Arc<AtomicI64>,
    /// What is added to our time.
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that begins at `start` and runs `speed` times as fast.
    pub(super) fn scaled(start: Timestamp, speed: u32) -> Self {
        let source = Source::Scaled { began: Instant::now(), start, speed };
        Self { source, ..Self::default() }
    }

    /// A clock that stands at `start` until [`Clock::set`] moves it.
    pub(super) fn stepped(start: Timestamp) -> Self {
        let at = Arc::new(AtomicI64::new(start.timestamp_millis()));
        Self { source: Source::Stepped(at), ..Self::default() }
    }

    /// A clock that somebody else sets, at any time and to anything.
    #[cfg(test)]
    pub(super) fn told(teller: crate::runtime::tests::Teller) -> Self {
        Self { source: Source::Told(teller), ..Self::default() }
    }

    /// Moves a stepped clock; no other one can be moved.
    pub(super) fn set(&self, to: Timestamp) {
        if let Source::Stepped(at) = &self.source {
            at.store(to.timestamp_millis(), Ordering::Relaxed);
        }
    }

    /// The server's time was `server` at this instant of the process. Gives what is added to our
    /// time from now on, when that changed: nothing does before the two are clearly apart.
    pub(super) fn follow_server(&self, server: Timestamp, at: Instant) -> Option<Span> {
        if !matches!(self.source, Source::Wall) {
            return None;
        }
        let now = server + Span::from_std(at.elapsed()).unwrap_or(Span::zero());
        let ahead = (now - Utc::now()).num_milliseconds();
        let before = self.offset_ms.load(Ordering::Relaxed);
        if (ahead - before).abs() <= AGREES_MS {
            return None;
        }
        let offset = if ahead.abs() <= AGREES_MS { 0 } else { ahead };
        self.offset_ms.store(offset, Ordering::Relaxed);
        // This is no step of the machine's clock: it is not held.
        self.last_ms.store(0, Ordering::Relaxed);
        Some(Span::milliseconds(offset))
    }

    /// How many of its seconds pass in one.
    pub(super) fn speed(&self) -> u32 {
        match &self.source {
            Source::Scaled { speed, .. } => *speed,
            Source::Wall | Source::Stepped(_) => 1,
            #[cfg(test)]
            Source::Told(_) => 1,
        }
    }

    /// How long so much of its time takes; nothing for what is over.
    pub(super) fn real(&self, span: Span) -> std::time::Duration {
        span.to_std().unwrap_or_default() / self.speed()
    }

    /// Now.
    pub(super) fn now(&self) -> Timestamp {
        let is = self.read_ms();
        let last = self.last_ms.load(Ordering::Relaxed);
        let ms = if is < last && last - is < HOLD_MS { last } else { is };
        self.last_ms.store(ms, Ordering::Relaxed);
        DateTime::from_timestamp_millis(ms).unwrap_or_default()
    }

    fn read_ms(&self) -> i64 {
        match &self.source {
            Source::Wall => Utc::now().timestamp_millis() + self.offset_ms.load(Ordering::Relaxed),
            Source::Scaled { began, start, speed } => {
                let passed = began.elapsed().saturating_mul(*speed);
                let passed = Span::from_std(passed).unwrap_or(Span::zero());
                (*start + passed).timestamp_millis()
            }
            Source::Stepped(at) => at.load(Ordering::Relaxed),
            #[cfg(test)]
            Source::Told(teller) => teller.now_ms(),
        }
    }

    /// The clock as a function, for adapters.
    pub(super) fn as_now(&self) -> crate::cluster::Now {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::parse_rfc3339;

    #[test]
    fn it_goes_by_the_servers_time() {
        let clock = Clock::default();
        let apart = |clock: &Clock| (clock.now() - Utc::now()).num_seconds();
        let follow = |by: Span| clock.follow_server(Utc::now() + by, Instant::now()).is_some();
        assert!(!follow(Span::milliseconds(1_500)), "that is within what can be told");
        assert_eq!(apart(&clock), 0);
        assert!(follow(Span::hours(-1)));
        assert!((-3_601..=-3_599).contains(&apart(&clock)), "{}", apart(&clock));
        assert!(!follow(Span::hours(-1)), "told twice is told once");
        assert!(follow(Span::zero()));
        assert_eq!(apart(&clock), 0);
        let stepped = Clock::stepped(Utc::now());
        let before = stepped.now();
        stepped.follow_server(before + Span::hours(1), Instant::now());
        assert_eq!(stepped.now(), before, "a drill has no other time");
    }

    #[test]
    fn a_stepped_clock_stands_and_a_scaled_one_runs() {
        let start = parse_rfc3339("2026-11-24T10:00:00Z").unwrap();
        let clock = Clock::stepped(start);
        assert_eq!((clock.now(), clock.now()), (start, start));
        clock.set(start + Span::seconds(90));
        assert_eq!(clock.clone().now(), start + Span::seconds(90));
        let scaled = Clock::scaled(start, 60);
        let first = scaled.now();
        assert!(first >= start && scaled.now() >= first);
        scaled.set(start + Span::hours(1));
        assert!(scaled.now() < start + Span::minutes(30), "only a stepped clock can be set");
    }
}
