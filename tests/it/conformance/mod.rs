//! Conformance: the same stories on the real control plane and on the embedded cluster, and the
//! sequences of states that both show, compared.
//!
//! One driver for both. What is real is recorded in `recorded/`; what is accepted as different is in
//! a table with reasons.

mod pattern;
mod plane;
mod play;
mod record;
mod recording;
mod roles;
mod scenery;
mod stage;
mod stories;
mod theatre;
mod tracks;
mod verbs;
mod waits;
