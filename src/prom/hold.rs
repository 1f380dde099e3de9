//! A server that was found to be down is left alone for a while, and then asked by one request.
//!
//! Never waits, and never has a clock: instants are passed in. Shared by all clones of a server.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::error::PromError;
use super::pace::Pace;
use crate::domain::text::SafeText;

/// Whether requests may leave.
#[derive(Debug)]
pub(super) struct Hold {
    state: Mutex<State>,
    first: Duration,
    longest: Duration,
    asked_for: Duration,
}

#[derive(Debug, Default)]
struct State {
    /// Grows whenever the server goes down or comes back: who left before says nothing about now.
    epoch: u64,
    down: Option<Down>,
}

#[derive(Debug)]
struct Down {
    /// In a row.
    failures: u32,
    /// No request leaves before.
    until: Instant,
    /// Whether one is under way.
    probing: bool,
    last: SafeText,
}

/// Leave to send one request. Dropped without a word, it has found out nothing.
#[derive(Debug)]
pub(super) struct Pass<'h> {
    hold: &'h Hold,
    epoch: u64,
    probe: bool,
}

impl Hold {
    pub(super) fn new(pace: &Pace) -> Self {
        let Pace { first, longest, asked_for, .. } = *pace;
        Self { state: Mutex::default(), first, longest, asked_for }
    }

    /// Nothing in here can panic half-way, so a poisoned lock holds a good state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request would be let through now.
    pub(super) fn look(&self, now: Instant) -> Result<(), PromError> {
        self.state().refusal(now).map_or(Ok(()), Err)
    }

    /// Lets a request through; one at a time while the server is down.
    pub(super) fn enter(&self, now: Instant) -> Result<Pass<'_>, PromError> {
        let mut state = self.state();
        if let Some(refusal) = state.refusal(now) {
            return Err(refusal);
        }
        let epoch = state.epoch;
        let probe = state.down.as_mut().map(|down| down.probing = true).is_some();
        Ok(Pass { hold: self, epoch, probe })
    }

    /// The next request is let through at once, and pauses are short again. One that is under way
    /// stays the only one.
    pub(super) fn retry_now(&self, now: Instant) {
        if let Some(down) = self.state().down.as_mut() {
            down.failures = 0;
            down.until = now;
        }
    }

    fn pause(&self, failures: u32, again: Option<Duration>) -> Duration {
        let doubled = 2u32.saturating_pow(failures.saturating_sub(1).min(16));
        let own = self.first.saturating_mul(doubled).min(self.longest);
        own.max(again.unwrap_or_default().min(self.asked_for))
    }
}

impl State {
    fn refusal(&self, now: Instant) -> Option<PromError> {
        let down = self.down.as_ref()?;
        let again_in = match down.probing {
            true => Duration::ZERO,
            false if now < down.until => down.until - now,
            false => return None,
        };
        Some(PromError::Held { last: down.last.clone(), again_in })
    }
}

impl Pass<'_> {
    /// The server answered, whatever it said.
    pub(super) fn answered(mut self) {
        self.probe = false;
        let mut state = self.hold.state();
        if state.epoch == self.epoch && state.down.take().is_some() {
            state.epoch += 1;
        }
    }

    /// The server is down.
    pub(super) fn failed(mut self, error: &PromError, now: Instant) {
        self.probe = false;
        let mut state = self.hold.state();
        if state.epoch != self.epoch {
            return;
        }
        let again = match error {
            PromError::Down { again, .. } => *again,
            _ => None,
        };
        let before = state.down.as_ref().map(|down| down.failures);
        let failures = before.unwrap_or_default().saturating_add(1);
        if before.is_none() {
            state.epoch += 1;
        }
        let until = now + self.hold.pause(failures, again);
        let last = error.to_string().into();
        state.down = Some(Down { failures, until, probing: false, last });
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut state = self.hold.state();
        if self.probe
            && state.epoch == self.epoch
            && let Some(down) = state.down.as_mut()
        {
            down.probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn refused(again: Option<u64>) -> PromError {
        let again = again.map(Duration::from_secs);
        PromError::Down { server: "x".into(), status: 503, words: SafeText::default(), again }
    }

    fn wait(hold: &Hold, now: Instant) -> Option<Duration> {
        match hold.look(now) {
            Ok(()) => None,
            Err(PromError::Held { again_in, last }) => {
                assert!(last.contains("503"), "{last}");
                Some(again_in)
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn pauses_double_to_the_longest_and_end_with_an_answer() {
        let hold = Hold::new(&Pace::default());
        let mut now = Instant::now();
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            hold.enter(now).unwrap().failed(&refused(None), now);
            assert_eq!(wait(&hold, now), Some(SECOND * seconds));
            now += SECOND * (seconds - 1);
            assert_eq!(wait(&hold, now), Some(SECOND));
            now += SECOND;
            assert_eq!(wait(&hold, now), None);
        }
        hold.enter(now).unwrap().answered();
        hold.enter(now).unwrap().failed(&refused(None), now);
        assert_eq!(wait(&hold, now), Some(SECOND), "it begins again");
    }

    #[test]
    fn the_server_may_ask_for_a_longer_pause_up_to_a_minute() {
        for (asked, seconds) in [(0, 1), (5, 5), (60, 60), (3600, 60)] {
            let hold = Hold::new(&Pace::default());
            let now = Instant::now();
            hold.enter(now).unwrap().failed(&refused(Some(asked)), now);
            assert_eq!(wait(&hold, now), Some(SECOND * seconds), "{asked}");
        }
    }

    #[test]
    fn one_probe_at_a_time_and_a_dropped_one_makes_room() {
        let hold = Hold::new(&Pace::default());
        let now = Instant::now();
        let (one, two) = (hold.enter(now).unwrap(), hold.enter(now).unwrap());
        one.failed(&refused(None), now);
        two.failed(&refused(None), now);
        assert_eq!(wait(&hold, now), Some(SECOND), "what left before counts once");
        let later = now + SECOND;
        let probe = hold.enter(later).unwrap();
        assert_eq!(wait(&hold, later), Some(Duration::ZERO));
        assert!(hold.enter(later).is_err());
        drop(probe);
        let probe = hold.enter(later).unwrap();
        probe.failed(&refused(None), later);
        assert_eq!(wait(&hold, later), Some(SECOND * 2));
    }

    #[test]
    fn what_left_before_says_nothing_about_now() {
        let hold = Hold::new(&Pace::default());
        let now = Instant::now();
        let (old, slow) = (hold.enter(now).unwrap(), hold.enter(now).unwrap());
        let first = hold.enter(now).unwrap();
        first.failed(&refused(None), now);
        old.answered();
        assert_eq!(wait(&hold, now), Some(SECOND), "an old answer");
        hold.enter(now + SECOND).unwrap().answered();
        slow.failed(&refused(None), now + SECOND);
        assert_eq!(wait(&hold, now + SECOND), None, "an old failure");
    }

    #[test]
    fn a_person_can_shorten_the_pause_but_not_send_two() {
        let hold = Hold::new(&Pace::default());
        let mut now = Instant::now();
        for _ in 0..5 {
            hold.enter(now).unwrap().failed(&refused(None), now);
            now += SECOND * 30;
        }
        hold.enter(now).unwrap().failed(&refused(None), now);
        hold.retry_now(now);
        let probe = hold.enter(now).unwrap();
        hold.retry_now(now);
        assert!(hold.enter(now).is_err(), "a second probe");
        probe.failed(&refused(None), now);
        assert_eq!(wait(&hold, now), Some(SECOND), "pauses are short again");
    }
}
