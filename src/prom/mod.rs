//! Prometheus: asking a server, and giving domain values.
//!
//! The only room that knows its HTTP API. Never spawns a task, never asks for the time of day,
//! never writes. What an answer means is `domain::measure`'s business, who asks when `runtime`'s.
//!
//! Order of reading: `server`, `call`, `reply`, `answer`; then `hold`, for when it is down.

mod access;
mod answer;
mod call;
mod carrier;
mod direct;
mod error;
mod hold;
mod lost;
mod pace;
mod reply;
mod server;
mod wire;

#[cfg(test)]
mod tests;

pub use access::Access;
pub use carrier::{Carried, Carrier, NotCarried};
pub use error::PromError;
pub use server::{Element, Hello, Server};
