//! Why no answer came, in words: the cause first, without the libraries' own layers around it.
//!
//! Never repeats an address: a query may be in it. Called by `direct`.

use std::error::Error;
use std::io;

use super::error::PromError;
use super::pace::Pace;
use crate::domain::text::SafeText;

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

/// The error and its causes. An I/O error hides the one it carries from `source`.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> Vec<&'e (dyn Error + 'static)> {
    let mut chain = vec![error];
    let mut last = error;
    loop {
        let carried = last.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let carried = carried.map(|inner| inner as &(dyn Error + 'static));
        let Some(next) = carried.or_else(|| last.source()) else { return chain };
        chain.push(next);
        last = next;
    }
}

fn innermost(chain: &[&(dyn Error + 'static)]) -> String {
    if let Some(tls) = chain.iter().find_map(|error| error.downcast_ref::<rustls::Error>()) {
        return in_tls(tls);
    }
    let io = chain.iter().rev().find_map(|error| error.downcast_ref::<io::Error>());
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        Some(io::ErrorKind::ConnectionReset) => "connection reset".to_owned(),
        Some(io::ErrorKind::NetworkUnreachable) => "no network".to_owned(),
        Some(io::ErrorKind::HostUnreachable) => "no route to the host".to_owned(),
        // The HTTP client's own words hold the address.
        _ => match chain.last().filter(|last| !last.is::<reqwest::Error>()) {
            Some(last) => last.to_string(),
            None => "the request failed".to_owned(),
        },
    }
}

fn in_tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => {
            "TLS: its certificate is signed by nobody who is trusted here (name its CA file)"
                .to_owned()
        }
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
            "TLS: it does not speak TLS on this port (write http://)".to_owned()
        }
        other => format!("TLS: {other}"),
    }
}
