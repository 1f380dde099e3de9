//! The trade: what a rollout is, what may be done to it, and what its state means in words.
//!
//! Never does I/O, never asks the time (every function that needs it takes `now`), knows neither
//! Kubernetes clients nor screens. Called by `app`, and by the adapters that translate into it.

pub mod action;
pub mod alert;
pub mod analysis;
pub mod attention;
pub mod catalogue;
pub mod event;
pub mod experiment;
pub mod fleet;
pub mod gate;
pub mod gitops;
pub mod guard;
pub mod id;
pub mod legality;
pub mod measure;
pub mod observation;
pub mod phase;
pub mod plan;
pub mod pod;
pub mod readiness;
pub mod receipt;
pub mod release;
pub mod replica_set;
pub mod routing;
#[cfg(test)]
pub(crate) mod sample;
pub mod strategy;
pub mod text;
pub mod time;
pub mod timeline;
pub mod traffic;
pub mod way_back;
pub mod why;
pub mod workload;
