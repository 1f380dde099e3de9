//! Receivers of alerts: Slack, Alertmanager, PagerDuty, and any webhook that takes JSON.
//!
//! The only room that knows their APIs. Never spawns a task, never asks for the time of day, never
//! decides what is told. When to try again, and in which order, is `runtime`'s business.
//!
//! Order of reading: `receiver`, `letter`, `courier`, `error`.

mod courier;
mod error;
mod letter;
mod receiver;
mod record;
#[cfg(test)]
mod tests;

pub use courier::{Courier, Post};
pub use error::NotifyError;
pub use receiver::{Kind, Receiver, Target};
pub use record::{from_json, to_json};
