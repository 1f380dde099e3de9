//! What counts, its clocks, and the points.
//!
//! Never looks at the world: it is given the facts. Called by the director.

use super::script::{self, Facts, holds};
use crate::sim::time::{Moment, Span};

/// How a goal stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum State {
    /// Its event has not happened.
    Waiting,
    /// Its clock runs.
    Running { since: Moment },
    /// Reached, after that long; late when beyond its limit.
    Reached { took: Span },
    /// What must never be has not been so far.
    Kept,
    /// Not reached, or what must never be has been.
    Lost { at: Moment },
}

/// A goal in play.
#[derive(Debug, Clone)]
pub(super) struct Goal {
    pub(super) told: script::Goal,
    pub(super) state: State,
}

impl Goal {
    pub(super) fn new(told: script::Goal) -> Self {
        let state = if told.never.is_some() { State::Kept } else { State::Waiting };
        Self { told, state }
    }

    /// Takes the facts in; whether the state changed.
    pub(super) fn look(&mut self, facts: &Facts, now: Moment) -> bool {
        let next = self.next(facts, now);
        let changed = next != self.state;
        self.state = next;
        changed
    }

    fn next(&self, facts: &Facts, now: Moment) -> State {
        let begun = self.told.since.as_ref().is_none_or(|name| facts.events.contains(name));
        match &self.state {
            State::Waiting if begun => State::Running { since: now }.then_reached(self, facts, now),
            State::Running { .. } => self.state.clone().then_reached(self, facts, now),
            State::Kept if begun => {
                let broken = self.told.never.as_ref().is_some_and(|never| holds(never, facts));
                if broken { State::Lost { at: now } } else { State::Kept }
            }
            state => state.clone(),
        }
    }

    /// When its limit passes, or the time after which it is too late altogether.
    pub(super) fn due(&self) -> Option<Moment> {
        let State::Running { since } = self.state else { return None };
        self.told.within.map(|within| since + within.0)
    }

    /// Whether its limit has passed without its being reached.
    #[cfg(test)]
    pub(super) fn is_late(&self, now: Moment) -> bool {
        self.due().is_some_and(|due| now > due)
    }

    /// Its points when the drill ends now: all within the limit, half within twice the limit.
    pub(super) fn points(&self) -> u32 {
        match &self.state {
            State::Kept => self.told.points,
            State::Reached { took } => match self.told.within {
                Some(within) if *took > within.0 * 2 => 0,
                Some(within) if *took > within.0 => self.told.points / 2,
                _ => self.told.points,
            },
            State::Waiting | State::Running { .. } | State::Lost { .. } => 0,
        }
    }

    /// Whether nothing can change it any more, short of the end.
    pub(super) fn is_decided(&self) -> bool {
        matches!(self.state, State::Reached { .. } | State::Lost { .. } | State::Kept)
    }

    /// The drill is over.
    pub(super) fn close(&mut self, now: Moment) {
        if matches!(self.state, State::Waiting | State::Running { .. }) {
            self.state = State::Lost { at: now };
        }
    }
}

impl State {
    fn then_reached(self, goal: &Goal, facts: &Facts, now: Moment) -> Self {
        let reached = goal.told.reach.as_ref().is_some_and(|reach| holds(reach, facts));
        match self {
            Self::Running { since } if reached => Self::Reached { took: now - since },
            state => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::time::parse;

    fn goal(text: &str) -> Goal {
        Goal::new(toml::from_str(text).unwrap())
    }

    fn facts(events: &[&str]) -> Facts {
        Facts { events: events.iter().map(|e| (*e).to_owned()).collect(), ..Facts::default() }
    }

    #[test]
    fn reached_in_time_late_and_never() {
        let start = parse("2026-11-24T10:00:00Z").unwrap();
        let at = |seconds| start + Span::seconds(seconds);
        let text = "title = 'x'\npoints = 10\nsince = 'bad'\nwithin = '30s'\nreach.event = 'good'";
        for (second, points) in [(20, 10), (45, 5), (70, 0)] {
            let mut goal = goal(text);
            assert!(!goal.look(&facts(&[]), at(0)));
            assert!(goal.look(&facts(&["bad"]), at(5)));
            assert_eq!(goal.due(), Some(at(35)));
            assert!(goal.look(&facts(&["bad", "good"]), at(5 + second)));
            assert_eq!(goal.points(), points, "after {second} s");
        }
        let mut missed = goal(text);
        missed.look(&facts(&["bad"]), at(0));
        assert!(missed.is_late(at(31)) && !missed.is_decided());
        missed.close(at(99));
        assert_eq!((missed.points(), missed.is_decided()), (0, true));
    }

    #[test]
    fn what_must_never_be_is_lost_at_once_and_for_good() {
        let start = parse("2026-11-24T10:00:00Z").unwrap();
        let mut goal = goal("title = 'x'\npoints = 10\nnever.event = 'bad'");
        assert!(!goal.look(&facts(&[]), start));
        assert_eq!(goal.points(), 10);
        assert!(goal.look(&facts(&["bad"]), start));
        assert!(!goal.look(&facts(&[]), start));
        assert_eq!(goal.points(), 0);
    }
}
