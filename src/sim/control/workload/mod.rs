//! Stub.

use crate::sim::world::Controller;

/// The controllers of this folder.
pub(crate) fn controllers() -> Vec<Box<dyn Controller>> {
    Vec::new()
}
