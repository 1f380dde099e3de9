//! A small world for practice: a cluster that does not exist, with the people, machines and faults
//! that make a release go wrong.
//!
//! Imports nothing of ours, so that it is a second, independent reading of the Kubernetes and Argo
//! Rollouts APIs. The world itself is pure: it is told the time, and the same seed and the same
//! requests give the same world. Only `serve` speaks HTTP. Called by `runtime`.

mod api;
mod control;
mod dice;
mod drill;
mod hash;
mod object;
mod prometheus;
pub mod serve;
mod store;
mod time;
mod traffic;
mod world;

pub use drill::{Deed, Drill, DrillError, Entry, GoalReport, OPERATOR, PILOT, Report, Standing};
pub use serve::{Clock, Metric, ServeError, Simulation};
