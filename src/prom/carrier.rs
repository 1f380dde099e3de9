//! A way to a server that somebody else carries: the API server's Service proxy.
//!
//! Knows nothing of Kubernetes: `runtime` implements it over the connection to the cluster, which
//! has its own credentials, proxy and trust.

use std::fmt::Debug;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::domain::text::SafeText;

/// Carries requests.
pub trait Carrier: Send + Sync + Debug {
    /// GETs a path with its query, such as `/api/v1/query?query=up`, and gives the answer whatever
    /// its status. `most` is in bytes. Dropping the future ends the request.
    ///
    /// # Errors
    /// Why there is no answer.
    fn get(
        &self,
        path_and_query: String,
        most: usize,
        within: Duration,
    ) -> BoxFuture<'_, Result<Carried, NotCarried>>;
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// HTTP status.
    pub status: u16,
    /// All of it.
    pub body: Vec<u8>,
    /// `Location`, where the status is a redirect.
    pub location: Option<String>,
    /// `Retry-After`, when it is in seconds.
    pub retry_after: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotCarried {
    /// No connection, or it broke; the cause in words.
    Unreachable(SafeText),
    /// No answer in time.
    Silent,
    /// The body is larger than what was to be taken in.
    TooLarge,
}
