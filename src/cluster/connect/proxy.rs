//! Whether the cluster is reached through a proxy.
//!
//! kube 5.0.0 compares `NO_PROXY` with the proxy's own address instead of the cluster's, so the
//! decision is made here, by the rules of Go's `httpproxy`. Used by `connect` only.

use std::net::IpAddr;

/// What decides: the kubeconfig's `proxy-url` and the variables of the environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules<'a> {
    /// `proxy-url` of the cluster entry; it wins, and `NO_PROXY` does not apply to it.
    pub(crate) configured: Option<&'a str>,
    /// `HTTPS_PROXY` or `https_proxy`.
    pub(crate) environment: Option<&'a str>,
    /// `NO_PROXY` or `no_proxy`.
    pub(crate) exceptions: Option<&'a str>,
}

/// The proxy to use for this server, if any.
pub(crate) fn choose(rules: &Rules<'_>, server: &http::Uri) -> Option<http::Uri> {
    if let Some(url) = rules.configured.filter(|url| !url.is_empty()) {
        return url.parse().ok();
    }
    let url = rules.environment.filter(|url| !url.is_empty())?;
    let host = server.host().unwrap_or_default();
    // As curl and Go do: a plain connection is not for HTTPS_PROXY, and nobody's loopback is
    // somebody else's.
    if server.scheme_str() == Some("http") || is_loopback(host) {
        return None;
    }
    if rules.exceptions.is_some_and(|list| excepts(list, host, server.port_u16())) {
        return None;
    }
    let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    url.parse().ok()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || address(host).is_some_and(|ip| ip.is_loopback())
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether a `NO_PROXY` list names this host.
fn excepts(list: &str, host: &str, port: Option<u16>) -> bool {
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let Some((network, bits)) = entry.split_once('/') {
            return within(network, bits, host);
        }
        let (name, wanted) = match entry.rsplit_once(':') {
            Some((name, digits)) if address(entry).is_none() => (name, digits.parse().ok()),
            _ => (entry, None),
        };
        if wanted.is_some() && wanted != port {
            return false;
        }
        if let (Some(a), Some(b)) = (address(name), address(host)) {
            return a == b;
        }
        let host = host.to_ascii_lowercase();
        let name = name.trim_start_matches("*.").to_ascii_lowercase();
        let bare = name.trim_start_matches('.');
        let subdomain = host.ends_with(&format!(".{bare}"));
        subdomain || (host == bare && !name.starts_with('.'))
    })
}

/// Whether `host` is an address inside `network/bits`.
fn within(network: &str, bits: &str, host: &str) -> bool {
    let (Some(network), Some(host), Ok(bits)) =
        (address(network), address(host), bits.parse::<u32>())
    else {
        return false;
    };
    match (network, host) {
        (IpAddr::V4(network), IpAddr::V4(host)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            network.to_bits() & mask == host.to_bits() & mask
        }
        (IpAddr::V6(network), IpAddr::V6(host)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            network.to_bits() & mask == host.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied(server: &str, exceptions: &str) -> bool {
        let rules = Rules {
            configured: None,
            environment: Some("http://proxy:3128"),
            exceptions: Some(exceptions),
        };
        choose(&rules, &server.parse().unwrap()).is_some()
    }

    #[test]
    fn exceptions_are_about_the_cluster() {
        let cases = [
            ("https://10.1.2.3", "", true),
            ("https://10.1.2.3", "10.0.0.0/8", false),
            ("https://10.1.2.3", "10.1.2.3", false),
            ("https://10.1.2.3:6443", "10.1.2.3:6443", false),
            ("https://10.1.2.3:6443", "10.1.2.3:443", true),
            ("https://11.1.2.3", "10.0.0.0/8", true),
            ("https://11.1.2.3", "0.0.0.0/0", false),
            ("https://api.corp.example", "corp.example", false),
            ("https://api.corp.example", ".corp.example", false),
            ("https://corp.example", ".corp.example", true),
            ("https://api.corp.example", "*.corp.example", false),
            ("https://notcorp.example", "corp.example", true),
            ("https://[fd00::1]:6443", "fd00::/8", false),
            ("https://api.corp.example", "*", false),
            ("https://127.0.0.1:6443", "", false),
            ("http://10.1.2.3", "", false),
        ];
        for (server, exceptions, expected) in cases {
            assert_eq!(proxied(server, exceptions), expected, "{server} {exceptions}");
        }
    }

    #[test]
    fn a_configured_proxy_wins() {
        let rules = Rules {
            configured: Some("socks5://jump:1080"),
            environment: None,
            exceptions: Some("*"),
        };
        let chosen = choose(&rules, &"https://10.1.2.3".parse().unwrap());
        assert_eq!(chosen.unwrap().to_string(), "socks5://jump:1080/");
    }
}
