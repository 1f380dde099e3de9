//! The watch machine: one kind, listed once, then followed for as long as somebody listens.
//!
//! Written here instead of taken from kube because it must resume after a cut without listing
//! again, must never get stuck on a lost position, and must say at every moment how fresh it is.
//! Never spawns itself. Spawned by `runtime`, one for each source.
//!
//! ```text
//!   List --complete--> Follow --cut--> Follow (same position, no list)
//!    ^                   |  410, "too large", going backwards, an event that makes no sense
//!    +-------------------+      (old rows stay until the new list is complete, and grow old)
//!   any failure --> wait (growing, spread; Retry-After; the heartbeat's return ends it) --> again
//! ```

mod follow;
mod lines;
mod list;
mod run;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::Now;
use super::connect::Connection;
use super::heartbeat::Pulse;
use super::pace::Pace;
use crate::domain::observation::{Observation, SourceId, SourceState};
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;

pub(crate) use lines::Lines;
pub use list::{Listing, list};

/// News of a source.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Objects came, went or were listed anew, in order.
    Observations(Vec<Observation>),
    /// How the source stands.
    State(SourceState),
    /// Objects that could not be read, wholly or in part.
    Odd {
        /// How many.
        count: usize,
        /// The first of them and what is wrong with it.
        text: SafeText,
    },
}

/// News with the source it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Source.
    pub source: SourceId,
    /// What it says.
    pub news: News,
}

/// When a source was heard last, once it had been listed. It outlives a watch: who begins another
/// one of the same source hands it on, and nothing looks younger for it.
#[derive(Debug, Clone, Default)]
pub struct Heard(Arc<Mutex<Option<Proof>>>);

/// A proof that what is shown is true, by the clock, and by one that nobody sets.
#[derive(Debug, Clone, Copy)]
struct Proof {
    at: Timestamp,
    instant: Instant,
}

impl Heard {
    fn last(&self) -> Option<Proof> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, proof: Proof) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(proof);
    }
}

/// One source to watch. `run` it in a task of its own.
pub struct Watch {
    /// Through what.
    pub conn: Arc<Connection>,
    /// Which kind, where.
    pub source: SourceId,
    /// Label selector, such as `app=checkout`.
    pub selector: Option<String>,
    /// The heartbeat.
    pub pulse: watch::Receiver<Pulse>,
    /// The clock.
    pub now: Now,
    /// Where reports go; the watch ends when it is closed.
    pub sink: mpsc::Sender<Report>,
    /// The times.
    pub pace: Pace,
    /// What was heard of it before.
    pub heard: Heard,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch")
            .field("source", &self.source)
            .field("selector", &self.selector)
            .finish_non_exhaustive()
    }
}

impl Watch {
    /// Watches until the sink is closed.
    pub async fn run(self) {
        run::Machine::new(self).run().await;
    }
}
