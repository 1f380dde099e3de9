//! A client for one address: whom it trusts, whether a proxy is used, how long it waits.
//!
//! Never follows a redirect. Called by the adapters, each with its own name and limits.

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Url};

use super::cause::{chain, innermost};

/// Largest file of certificates, in bytes.
const MOST_CERTIFICATES: u64 = 4 * 1024 * 1024;

/// What a client is made with.
#[derive(Debug)]
pub struct Making<'m> {
    /// The address that it is for.
    pub url: &'m Url,
    /// What logs and proxies of the server show beside the person.
    pub user_agent: &'static str,
    /// Whose certificates are trusted instead of the system's.
    pub trusted: Option<Vec<Certificate>>,
    /// Until there is a connection; nothing leaves that to the whole.
    pub connect: Option<Duration>,
    /// Until there is an answer; nothing leaves that to whoever asks.
    pub answer: Option<Duration>,
}

/// A client. Reads the system's certificates where no others are trusted: not for the loop.
///
/// # Errors
/// Why there is none: mostly that the system's certificates cannot be read.
pub fn client(making: Making<'_>) -> Result<Client, String> {
    let Making { url, user_agent, trusted, connect, answer } = making;
    // The HTTP client panics without one. Somebody else's choice, made earlier, is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder =
        Client::builder().user_agent(user_agent).redirect(Policy::none()).referer(false);
    if let Some(limit) = connect {
        builder = builder.connect_timeout(limit);
    }
    if let Some(limit) = answer {
        builder = builder.timeout(limit);
    }
    // What runs on this machine is never asked through a proxy.
    if is_near(url.host_str().unwrap_or_default()) {
        builder = builder.no_proxy();
    }
    if let Some(trusted) = trusted {
        builder = builder.tls_certs_only(trusted);
    } else if url.scheme() != "https" {
        // Otherwise a machine without any certificates could not even speak plain HTTP.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| innermost(&chain(&error)))
}

/// The certificates of a file (PEM). Reads it: not for the loop.
///
/// # Errors
/// What is wrong with it, with its name.
pub fn certificates(path: &Path) -> Result<Vec<Certificate>, String> {
    let named = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut pem = Vec::new();
    let file = File::open(path).map_err(named)?;
    file.take(MOST_CERTIFICATES).read_to_end(&mut pem).map_err(named)?;
    certificates_in(path, &pem)
}

/// The same of what was read already.
///
/// # Errors
/// What is wrong with it, with its name.
pub fn certificates_in(path: &Path, pem: &[u8]) -> Result<Vec<Certificate>, String> {
    let name = path.display();
    let found = Certificate::from_pem_bundle(pem).map_err(|error| format!("{name}: {error}"))?;
    if found.is_empty() {
        return Err(format!("{name} has no certificate (PEM) in it"));
    }
    Ok(found)
}

/// Whether a host is this machine.
pub fn is_near(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    let number = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    number || host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others() {
        for near in ["localhost", "a.localhost", "127.0.0.1", "127.8.9.1", "[::1]"] {
            assert!(is_near(near), "{near}");
        }
        for far in ["localhost.example.com", "10.0.0.1", "[2001:db8::1]", "prometheus", "128.0.0.1"]
        {
            assert!(!is_near(far), "{far}");
        }
    }
}
