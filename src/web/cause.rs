//! Why no answer came: the cause, without the libraries' own layers around it.
//!
//! Never repeats an address: a query or a secret may be in it. Called by whoever sent the request.

use std::error::Error;
use std::io;

/// The error and its causes. An I/O error hides the one it carries from `source`.
pub fn chain<'e>(error: &'e (dyn Error + 'static)) -> Vec<&'e (dyn Error + 'static)> {
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

/// The innermost of these causes in words.
pub fn innermost(chain: &[&(dyn Error + 'static)]) -> String {
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
