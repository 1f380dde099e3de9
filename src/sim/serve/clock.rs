//! How virtual time passes, as `runtime` says it.
//!
//! Never reads a clock of its own. Called by everything in this folder.

use std::fmt;
use std::time::Duration;

use crate::sim::time::{Moment, Span};

/// A virtual clock.
pub struct Clock {
    now: Box<dyn Fn() -> Moment + Send + Sync>,
    /// Virtual seconds in a second of wall time; nothing when that cannot be known.
    pace: Option<f64>,
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("now", &self.now()).field("pace", &self.pace).finish()
    }
}

impl Clock {
    /// A clock that passes evenly, so many virtual seconds in a second.
    pub fn paced(pace: f64, now: impl Fn() -> Moment + Send + Sync + 'static) -> Self {
        let pace = Some(pace).filter(|pace| *pace > 0.0 && pace.is_finite());
        Self { now: Box::new(now), pace }
    }

    /// A clock that is moved by hand.
    pub fn stepped(now: impl Fn() -> Moment + Send + Sync + 'static) -> Self {
        Self { now: Box::new(now), pace: None }
    }

    /// How late it is.
    pub fn now(&self) -> Moment {
        (self.now)()
    }

    /// The number of the look at what time alone changes: one in a virtual second, and at most five
    /// in a second of wall time.
    pub(super) fn look(&self, at: Moment) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "a pace is far below 2^53")]
        let seconds = self.pace.map_or(1, |pace| (pace / 5.0).ceil() as i64);
        at.timestamp() / seconds.max(1)
    }

    /// Wall time until a virtual instant, if that can be known.
    pub(super) fn wait(&self, until: Moment) -> Option<Duration> {
        let span = (until - self.now()).max(Span::zero()).to_std().ok()?;
        Duration::try_from_secs_f64(span.as_secs_f64() / self.pace?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::time::parse;

    #[test]
    fn a_wait_is_as_long_as_the_pace_makes_it() {
        let now = parse("2026-11-24T10:00:00Z").unwrap();
        let later = now + Span::seconds(10);
        assert_eq!(Clock::paced(1.0, move || now).wait(later), Some(Duration::from_secs(10)));
        assert_eq!(Clock::paced(10.0, move || now).wait(later), Some(Duration::from_secs(1)));
        assert_eq!(Clock::paced(10.0, move || later).wait(now), Some(Duration::ZERO));
        assert_eq!(Clock::stepped(move || now).wait(later), None);
        assert_eq!(Clock::paced(0.0, move || now).wait(later), None);
        let looks = |clock: Clock| clock.look(now + Span::seconds(60)) - clock.look(now);
        assert_eq!(looks(Clock::paced(1.0, move || now)), 60);
        assert_eq!(looks(Clock::paced(60.0, move || now)), 5);
        assert_eq!(looks(Clock::stepped(move || now)), 60);
    }
}
