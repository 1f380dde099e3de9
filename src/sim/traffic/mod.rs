//! The requests that users make, and how they fare.
//!
//! Called by the world.

mod script;
mod series;

use crate::sim::dice::Dice;
use crate::sim::store::Store;
use crate::sim::time::Moment;
use crate::sim::world::Controller;

pub(crate) use script::{Denied, Scripted};
pub(crate) use series::{Matcher, NAME, Point, STALE, Series, Tag, Tags, Text, is_stale};

/// The requests of all services.
#[derive(Debug)]
pub(crate) struct Traffic {
    _dice: Dice,
    script: script::Script,
}

impl Traffic {
    pub(crate) fn new(dice: Dice) -> Self {
        Self { _dice: dice, script: script::Script::default() }
    }

    /// Sets by hand what a series gives from an instant on.
    pub(crate) fn set_series(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        from: Moment,
        given: Scripted,
    ) {
        self.script.set(script::tags(name, labels), from.timestamp_millis(), given);
    }

    /// The series that fit, with their points in a stretch of time, both ends included.
    pub(crate) fn select(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
    ) -> Result<Vec<Series>, Denied> {
        let mut found = Vec::new();
        self.script.select(matchers, from, to, &mut found)?;
        Ok(found)
    }

    /// Lets users go on until this instant.
    pub(crate) fn until(&mut self, _now: Moment, _store: &Store) {}
}

/// The controllers that keep the traffic in step with the objects.
pub(crate) fn controllers() -> Vec<Box<dyn Controller>> {
    Vec::new()
}
