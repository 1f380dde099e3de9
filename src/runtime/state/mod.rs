//! What is kept on disk between two runs: the journal, guards as they stand, passed gates, and the
//! last view of each
//! cluster.
//!
//! Used by the rest of `runtime`.

mod guards;
mod journal;
mod last_view;
mod passes;
pub(super) mod record;
pub(super) mod whole;

pub(super) use guards::Guards;
pub(super) use journal::Journal;
#[cfg(test)]
pub(super) use journal::{chained, hash};
pub(super) use last_view::Keep;
pub(super) use passes::Passes;
