//! HTTP checks of a new version at an address of its own.
//!
//! Never follows a redirect, never repeats a request, never reads more of a body than a gate
//! judges. What an answer means is `domain::gate`'s. Called by `runtime`.

mod client;

pub use client::Probe;

use crate::domain::text::SafeText;

/// Why an address cannot be asked at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// It is no address.
    #[error("address: {cause}")]
    Address {
        /// What is wrong with it.
        cause: SafeText,
    },
    /// The certificates to trust cannot be had.
    #[error("certificates: {cause}")]
    Trust {
        /// Why.
        cause: SafeText,
    },
}
