//! The requests that users make, and how they fare.
//!
//! Called by the world.

use crate::sim::dice::Dice;
use crate::sim::time::Moment;
use crate::sim::world::Controller;

/// The requests of all services.
#[derive(Debug)]
pub(crate) struct Traffic {
    _dice: Dice,
}

impl Traffic {
    pub(crate) fn new(dice: Dice) -> Self {
        Self { _dice: dice }
    }

    /// Share of a service's requests that each image gets now.
    pub(crate) fn shares(&self, _namespace: &str, _service: &str) -> Vec<(String, f64)> {
        Vec::new()
    }

    /// Lets users go on until this instant.
    pub(crate) fn until(&mut self, _now: Moment) {}
}

/// The controllers that keep the traffic in step with the objects.
pub(crate) fn controllers() -> Vec<Box<dyn Controller>> {
    Vec::new()
}
