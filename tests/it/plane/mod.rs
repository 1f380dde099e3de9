//! The suite on the real control plane: real API server, real controllers, real audit log.
//!
//! Ignored by plain `cargo test`, as it needs the plane's binaries; `tests/run` runs it. With
//! `WAVEOFF_PLANE_DIR` it flies on a plane that is already up, else it starts its own and ends it.
//! Each test has a namespace, a journal and a person of its own, so that they do not meet.

mod analysis;
mod audit;
mod before;
mod blue_green;
mod canary;
mod clients;
mod cockpit;
mod deployment;
mod gating;
pub(crate) mod grounds;
mod guarding;
mod legal;
mod legal_blue_green;
mod legal_canary;
mod legal_rolling;
mod link;
mod link_faults;
pub(crate) mod manifests;
mod measured;
mod outage;
mod reverting;
mod rights;
mod second_operator;
mod stage;
mod undo;
mod waving_off;
mod wrong_use;
