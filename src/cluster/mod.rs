//! Kubernetes: connecting, watching, translating into the domain, acting.
//!
//! The only room that knows kube. Never spawns a task and never asks for the time: `runtime` spawns
//! the futures found here and passes a clock in. Knows neither messages nor screens.
//!
//! Order of reading: `connect`, `watch`, `wire`, `act`.

use std::sync::Arc;

use crate::domain::time::Timestamp;

pub mod access;
pub mod act;
mod call;
pub mod connect;
mod credential;
pub mod drill;
pub mod error;
pub mod examine;
pub mod forward;
pub mod heartbeat;
pub mod inventory;
mod kubeconfig;
pub mod lease;
pub mod logs;
pub mod measure;
mod pace;
pub mod preview;
pub mod read;
mod resource;
pub mod template;
pub mod watch;
pub mod wire;

#[cfg(test)]
pub(crate) mod tests;

pub use act::{Accepted, ActError, Difference, act};
pub use connect::{Connection, Environment, Identity, Live, Options, connect};
pub use drill::Drill;
pub use error::{ClusterError, ErrorKind};
pub use heartbeat::{Beat, Pulse, heartbeat};
pub use pace::Pace;
pub use watch::{Heard, News, Report, Watch};

/// The clock, as `runtime` passes it in.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;
