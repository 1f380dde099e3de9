//! Selectors: what the screens and the commands say, made from the model.
//!
//! Pure: `&Model` in, small plain structs out; words and sums are made here so that `view` only
//! places them. Never changes the model, never paints. Called by `view`, by the commands without a
//! screen, and by `update` where it needs the order of rows.

pub mod analysis;
pub mod cockpit;
pub mod diff;
pub mod drill;
pub mod fleet;
pub mod gate;
pub mod header;
pub mod info;
pub mod keys;
pub mod logbook;
pub mod metrics;
pub mod phrase;
pub mod pods;
pub mod revisions;
pub mod timeline;
pub mod traffic;

use super::availability::{self, Freshness};
use super::model::Model;
use super::msg::Msg;
use crate::domain::id::{ResourceKind, WorkloadId};
use crate::domain::observation::{Observation, Record};
use crate::domain::time::{Timestamp, length};

/// What is to be doubted about rows of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing: they are the present.
    None,
    /// They are old; how old, in words.
    Old(String),
    /// They cannot be known; why.
    Blind(String),
}

impl Doubt {
    /// Whether the rows are old or missing.
    pub fn is_doubtful(&self) -> bool {
        *self != Self::None
    }

    /// `?` behind a value that may no longer be true.
    pub fn mark(&self) -> &'static str {
        if self.is_doubtful() { "?" } else { "" }
    }
}

/// What is to be doubted about a kind in a namespace.
pub fn doubt(model: &Model, kind: ResourceKind, namespace: &str) -> Doubt {
    match availability::of_kind(model, kind, namespace) {
        Freshness::Live => Doubt::None,
        Freshness::Old(age) => Doubt::Old(format!("{} old", length(age))),
        Freshness::Unknown(text) => Doubt::Blind(text.to_string()),
    }
}

/// How long ago, for columns; a dash where it is not known.
pub fn ago(model: &Model, at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| crate::domain::time::age(model.now - at))
}

/// Whether time alone changes what is shown: clocks and ages have whole seconds; a dialog arms
/// itself within one.
pub fn shows_time(model: &Model, before: Timestamp) -> bool {
    model.dialog.is_some() || model.now.timestamp() != before.timestamp()
}

/// Whether something on the screen or on its way may change within a second without a message.
pub fn is_lively(model: &Model) -> bool {
    let flying = model.flights.iter().any(|flight| flight.ended_at.is_none());
    model.dialog.is_some() || model.toast.is_some() || model.drill.is_some() || flying
}

/// Whether a message is only about pods and ReplicaSets of workloads other than the one that is
/// selected or open: what they come to elsewhere on the screen may wait a little.
pub fn is_far(model: &Model, msg: &Msg) -> bool {
    let Msg::Observed(observations) = msg else {
        return false;
    };
    let meant = model.meant();
    let is_other = |owner: Option<WorkloadId>| owner.is_some_and(|id| Some(&id) != meant);
    observations.iter().all(|observation| match observation {
        Observation::Seen(Record::Pod(pod)) => is_other(model.fleet.workload_of_pod(pod)),
        Observation::Seen(Record::ReplicaSet(set)) => is_other(model.fleet.workload_of(set)),
        _ => false,
    })
}
