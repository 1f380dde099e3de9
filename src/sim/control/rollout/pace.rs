//! How fast a Rollout is worked on: later and later after trouble, and not faster than a client may
//! write.
//!
//! Called by the controller.

use crate::sim::time::{Moment, Span};

/// Writes that may come at once, and how many a second after that. In the real controller all
/// Rollouts share this, so that a Service that is switched back and forth without end (as after
/// an abort with a router) is not switched more often than that.
const BURST: i64 = 80;
const EACH_SECOND: i64 = 40;

/// The longest time between two tries.
const LONGEST: Span = Span::seconds(10);

/// The pace of one Rollout.
#[derive(Debug)]
pub(super) struct Pace {
    failures: u32,
    /// When it is tried again after trouble.
    retry: Option<Moment>,
    /// When all writes so far would be allowed at the steady rate.
    paid: Moment,
}

impl Pace {
    pub(super) fn new(now: Moment) -> Self {
        Self { failures: 0, retry: None, paid: now }
    }

    /// When it may be worked on, if not now. After trouble also a change does not hurry it.
    pub(super) fn wait(&self, now: Moment) -> Option<Moment> {
        let credit = Span::milliseconds(BURST * 1_000 / EACH_SECOND);
        let allowed = self.paid - credit;
        let until = self.retry.map_or(allowed, |retry| retry.max(allowed));
        (until > now).then_some(until)
    }

    /// So many writes were made.
    pub(super) fn count(&mut self, now: Moment, writes: u64) {
        let writes = i64::try_from(writes).unwrap_or(BURST);
        let cost = Span::milliseconds(writes * 1_000 / EACH_SECOND);
        self.paid = self.paid.max(now) + cost;
    }

    pub(super) fn succeed(&mut self) {
        self.failures = 0;
        self.retry = None;
    }

    /// When to try again: after a millisecond, two, four, at most ten seconds.
    pub(super) fn fail(&mut self, now: Moment) -> Moment {
        let wait = Span::milliseconds(1 << self.failures.min(20)).min(LONGEST);
        self.failures += 1;
        let retry = now + wait;
        self.retry = Some(retry);
        retry
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::time::parse;

    #[test]
    fn tries_come_later_and_later() {
        let now = parse("2026-11-24T10:00:00Z").unwrap();
        let mut pace = Pace::new(now);
        let waits: Vec<i64> = (0..16).map(|_| (pace.fail(now) - now).num_milliseconds()).collect();
        assert_eq!(waits.get(..4), Some([1, 2, 4, 8].as_slice()));
        assert_eq!(waits.get(13..), Some([8_192, 10_000, 10_000].as_slice()));
        assert!(pace.wait(now).is_some());
        pace.succeed();
        assert_eq!(pace.wait(now), None);
    }

    #[test]
    fn a_burst_is_free_and_then_writes_cost_time() {
        let now = parse("2026-11-24T10:00:00Z").unwrap();
        let mut pace = Pace::new(now);
        pace.count(now, 80);
        assert_eq!(pace.wait(now), None);
        pace.count(now, 2);
        assert_eq!(pace.wait(now), Some(now + Span::milliseconds(50)));
        assert_eq!(pace.wait(now + Span::seconds(1)), None);
    }
}
