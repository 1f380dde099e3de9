//! What can go wrong between this program and a receiver, by the phase in which it did.
//!
//! Each is a sentence: what happened first, then where, then what to do. Never holds a token, a
//! key, or an address that is itself a secret. Made in this room, shown by `runtime`.

use std::time::Duration;

use crate::domain::text::SafeText;
use crate::web::SecretError;

/// A failure of this room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// This is no address.
    #[error("its address: {cause}")]
    Address {
        /// What is wrong with it.
        cause: SafeText,
    },
    /// There is nobody whose certificates are trusted.
    #[error("its certificates: {cause}")]
    Trust {
        /// What is wrong with them.
        cause: SafeText,
    },
    /// A file or variable with a secret cannot be used. Says which, never what is in it.
    #[error("{what} {cause}")]
    Secret {
        /// File or variable.
        what: SafeText,
        /// What is wrong with it.
        cause: SafeText,
    },
    /// No connection, or it broke.
    #[error("{cause}: {host} cannot be reached")]
    Unreachable {
        /// Host.
        host: SafeText,
        /// Refused, name not found, TLS.
        cause: SafeText,
    },
    /// It was asked and did not answer.
    #[error("no answer within {} s from {host}", within.as_secs_f64())]
    Silent {
        /// Host.
        host: SafeText,
        /// How long it had.
        within: Duration,
    },
    /// It takes no more for now (429, 503).
    #[error("{host} takes no more for now ({status}){}", asked(*again))]
    Busy {
        /// Host.
        host: SafeText,
        /// HTTP status.
        status: u16,
        /// When it wants to be asked again (`Retry-After`).
        again: Option<Duration>,
    },
    /// It failed, or somebody else answers there.
    #[error("{host} failed ({status}){words}")]
    Down {
        /// Host.
        host: SafeText,
        /// HTTP status.
        status: u16,
        /// Its own words behind a colon; empty without any.
        words: SafeText,
    },
    /// It does not take this one, now or later.
    #[error("{host} refused it ({status}){words}")]
    Refused {
        /// Host.
        host: SafeText,
        /// HTTP status.
        status: u16,
        /// Its own words behind a colon; empty without any.
        words: SafeText,
    },
}

impl From<SecretError> for NotifyError {
    fn from(error: SecretError) -> Self {
        Self::Secret { what: error.what.into(), cause: error.cause.into() }
    }
}

impl NotifyError {
    /// Whether trying again is of no use.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// Whether it may be this one alert that is not taken, while others are.
    pub fn is_of_one(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Down { .. })
    }

    /// How long the receiver wants to be left alone.
    pub fn again(&self) -> Option<Duration> {
        match self {
            Self::Busy { again, .. } => *again,
            _ => None,
        }
    }
}

fn asked(again: Option<Duration>) -> String {
    again.map_or_else(String::new, |again| format!(": again in {} s", again.as_secs()))
}
