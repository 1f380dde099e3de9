//! When something of a drill file happens: at an instant, or when a condition holds, and a while
//! after that.
//!
//! Never does it. Called by the director, for events and for the pilot's acts.

use super::condition::{Facts, holds};
use super::event::Condition;
use super::length::Length;
use crate::sim::time::{Moment, Span};

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waits for its condition.
    Waiting,
    /// Happens at this instant.
    Set(Moment),
    Done,
}

/// When something happens, once.
#[derive(Debug, Clone)]
pub(in crate::sim::drill) struct Schedule {
    when: Option<Condition>,
    after: Span,
    state: State,
}

impl Schedule {
    /// By the words of the file; `start` is the pilot's first second. Without any of them it
    /// happens then.
    pub(in crate::sim::drill) fn new(
        at: Option<Length>,
        when: Option<&Condition>,
        after: Option<Length>,
        start: Moment,
    ) -> Self {
        let after = after.map_or(Span::zero(), |after| after.0);
        let state = match (at, when) {
            (None, Some(_)) => State::Waiting,
            (at, _) => State::Set(start + at.map_or(Span::zero(), |at| at.0) + after),
        };
        Self { when: when.cloned(), after, state }
    }

    /// Sets the instant when the condition holds for the first time.
    pub(in crate::sim::drill) fn look(&mut self, facts: &Facts, now: Moment) {
        if self.state == State::Waiting && self.when.as_ref().is_some_and(|w| holds(w, facts)) {
            self.state = State::Set(now + self.after);
        }
    }

    /// The instant, once it is known and has not passed.
    pub(in crate::sim::drill) fn due(&self) -> Option<Moment> {
        match self.state {
            State::Set(at) => Some(at),
            State::Waiting | State::Done => None,
        }
    }

    /// Whether it happens now; true once.
    pub(in crate::sim::drill) fn take(&mut self, now: Moment) -> bool {
        let due = self.due().is_some_and(|at| at <= now);
        if due {
            self.state = State::Done;
        }
        due
    }

    pub(in crate::sim::drill) fn is_done(&self) -> bool {
        self.state == State::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::time::parse;

    #[test]
    fn at_an_instant_or_after_a_condition_and_once() {
        let start = parse("2026-11-24T10:00:00Z").unwrap();
        let at = |seconds| start + Span::seconds(seconds);
        let length = |seconds| Some(Length(Span::seconds(seconds)));
        let mut timed = Schedule::new(length(-30), None, None, start);
        assert_eq!(timed.due(), Some(at(-30)));
        assert!(!timed.take(at(-31)) && timed.take(at(-30)) && !timed.take(at(0)));
        let condition = Condition { event: Some("bad".into()), ..Condition::default() };
        let mut triggered = Schedule::new(None, Some(&condition), length(20), start);
        triggered.look(&Facts::default(), at(1));
        assert_eq!(triggered.due(), None);
        let facts = Facts { events: ["bad".to_owned()].into(), ..Facts::default() };
        triggered.look(&facts, at(2));
        triggered.look(&facts, at(9));
        assert_eq!(triggered.due(), Some(at(22)));
    }
}
