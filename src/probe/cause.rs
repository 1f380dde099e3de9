//! Why no answer came, in words: the cause, without the library's layers around it.
//!
//! Never repeats the address. Called by `client`.

use std::error::Error;
use std::io;

/// The innermost cause.
pub(super) fn cause(error: &reqwest::Error) -> String {
    let mut last: &(dyn Error + 'static) = error;
    let mut words = None;
    loop {
        if let Some(io) = last.downcast_ref::<io::Error>() {
            words = said(io.kind()).or(words);
        }
        // An I/O error hides the one it carries from `source`.
        let carried = last.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let carried = carried.map(|inner| inner as &(dyn Error + 'static));
        match carried.or_else(|| last.source()) {
            Some(next) => last = next,
            None => break,
        }
    }
    if error.is_dns() {
        return format!("the name is not found ({last})");
    }
    match words {
        Some(words) => words.to_owned(),
        // The client's own words hold the address.
        None if last.is::<reqwest::Error>() => "the request failed".to_owned(),
        None => last.to_string(),
    }
}

fn said(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some("connection refused"),
        io::ErrorKind::ConnectionReset => Some("connection reset"),
        io::ErrorKind::NetworkUnreachable => Some("no network"),
        io::ErrorKind::HostUnreachable => Some("no route to the host"),
        _ => None,
    }
}
