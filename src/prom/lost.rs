//! Why no answer came, in words: the cause first, without the libraries' own layers around it.
//!
//! Never repeats an address: a query may be in it. Called by `direct`.

use std::error::Error;

use super::error::PromError;
use super::pace::Pace;
use crate::domain::text::SafeText;
use crate::web::{chain, innermost};

/// What is known of the way.
pub(super) struct Route<'r> {
    /// Address.
    pub(super) server: &'r SafeText,
    /// Name or number in it.
    pub(super) host: &'r str,
    /// Variable of the environment that names a proxy for it, if one may be used.
    pub(super) proxy: Option<&'static str>,
    /// Its limits.
    pub(super) pace: &'r Pace,
}

/// The error of a request that was not answered; `taken` bytes of a body came before.
pub(super) fn lost(error: &(dyn Error + 'static), taken: usize, route: &Route<'_>) -> PromError {
    let server = route.server.clone();
    let chain = chain(error);
    let http = chain.iter().find_map(|error| error.downcast_ref::<reqwest::Error>());
    let connecting = http.is_some_and(reqwest::Error::is_connect);
    let late = http.is_some_and(reqwest::Error::is_timeout);
    let mut cause = match (connecting, late) {
        (true, true) => {
            format!("no connection within {:.1} s", route.pace.connect.as_secs_f64())
        }
        (false, true) => return PromError::Silent { server, within: route.pace.answer },
        _ if http.is_some_and(reqwest::Error::is_dns) => {
            format!("the name {} is not found ({})", route.host, innermost(&chain))
        }
        _ => innermost(&chain),
    };
    if taken > 0 {
        cause = format!("the answer breaks off after {taken} bytes ({cause})");
    }
    if let Some(variable) = route.proxy.filter(|_| connecting) {
        cause = format!("{cause} ({variable} is set)");
    }
    PromError::Unreachable { server, cause: cause.into() }
}
