//! HTTP by a connection of our own: clients, whom they trust, secrets, and why no answer came.
//!
//! What every room that asks a server by itself needs; never knows whom is asked or what for.
//! Called by the adapters that speak HTTP.

mod cause;
mod client;
mod secret;

pub use cause::{chain, innermost};
pub use client::{Making, certificates, certificates_in, client, is_near};
pub use secret::{Secret, SecretError};
