//! Where a Prometheus server is, as people and templates write it.
//!
//! An address inside the cluster cannot be reached from a bastion host: it is taken apart, so that
//! it can be asked through the API server's Service proxy. Called by `app`.

use crate::domain::text::SafeText;

/// A port of a Service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServicePort {
    /// Namespace.
    pub namespace: SafeText,
    /// Service.
    pub name: SafeText,
    /// Number or name of the port.
    pub port: SafeText,
    /// Whether it speaks TLS.
    pub https: bool,
}

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// `http` or `https` URL without a slash at its end.
    pub url: SafeText,
    /// The Service it is, when it names one.
    pub service: Option<ServicePort>,
    /// Path in front of `/api/v1`, with a leading slash; mostly empty.
    pub path: SafeText,
}

impl Address {
    /// Reads an address; `namespace` is where a bare Service name is looked up.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str, namespace: Option<&str>) -> Result<Self, String> {
        let text = text.trim();
        let text = text.strip_suffix('/').unwrap_or(text);
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| format!("{text:?} is no address: write http://HOST:PORT"))?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            other => return Err(format!("{other:?} is not spoken here: write http or https")),
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err("a password does not belong in an address: name a file or variable".into());
        }
        let good = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
        if authority.is_empty() || !authority.chars().all(good) {
            return Err(format!("{authority:?} is no host"));
        }
        if path.contains(['?', '#', '%']) || !path.is_ascii() || path.contains("..") {
            return Err(format!("{path:?} is no path of a server"));
        }
        Ok(Self {
            url: SafeText::new(text),
            service: service(authority, https, namespace),
            path: SafeText::new(path),
        })
    }

    /// The address of a Service.
    pub fn of_service(service: ServicePort) -> Self {
        let scheme = if service.https { "https" } else { "http" };
        let ServicePort { namespace, name, port, .. } = &service;
        let url = format!("{scheme}://{name}.{namespace}.svc:{port}");
        Self { url: url.into(), service: Some(service), path: SafeText::default() }
    }
}

/// The Service of a host: `NAME.NAMESPACE.svc`, with or without the cluster's domain; inside a
/// cluster also `NAME.NAMESPACE`, and `NAME` alone.
fn service(authority: &str, https: bool, namespace: Option<&str>) -> Option<ServicePort> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port),
        None => (authority, if https { "443" } else { "80" }),
    };
    let is_label = |label: &str| {
        let first = label.chars().next().is_some_and(|c| c.is_ascii_lowercase());
        first && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let (name, namespace) = match (labels.as_slice(), namespace) {
        ([name, namespace, "svc", ..], _) | ([name, namespace], Some(_)) => (*name, *namespace),
        ([name], Some(here)) if *name != "localhost" => (*name, here),
        _ => return None,
    };
    (is_label(name) && is_label(namespace) && port.parse::<u16>().is_ok()).then(|| ServicePort {
        namespace: namespace.into(),
        name: name.into(),
        port: port.into(),
        https,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inside_the_cluster_name_their_service() {
        let here = Some("shop");
        let cases = [
            (
                "http://prometheus.monitoring.svc.cluster.local:9090",
                None,
                Some("monitoring/prometheus:9090"),
            ),
            ("https://p.m.svc/prom/", None, Some("m/p:443")),
            ("http://prometheus.monitoring:9090", here, Some("monitoring/prometheus:9090")),
            ("http://prometheus.monitoring:9090", None, None),
            ("http://prometheus:9090", here, Some("shop/prometheus:9090")),
            ("http://localhost:9090", here, None),
            ("http://127.0.0.1:9090", here, None),
            ("http://[::1]:9090", here, None),
            ("https://prometheus.example.com", here, None),
        ];
        for (text, namespace, wanted) in cases {
            let address = Address::parse(text, namespace).unwrap();
            let service = address.service.map(|s| format!("{}/{}:{}", s.namespace, s.name, s.port));
            assert_eq!(service.as_deref(), wanted, "{text}");
        }
        assert_eq!(Address::parse("https://p.m.svc/prom/", None).unwrap().path, "/prom");
    }

    #[test]
    fn what_is_no_address_is_said() {
        for (text, word) in [
            ("prometheus:9090", "write http://HOST:PORT"),
            ("ftp://a", "not spoken here"),
            ("http:///", "no host"),
            ("http://a b/", "no host"),
            ("http://me:secret@a", "password"),
            ("http://a/x?y=1", "no path"),
            ("http://a/../b", "no path"),
        ] {
            let complaint = Address::parse(text, None).unwrap_err();
            assert!(complaint.contains(word), "{text}: {complaint}");
        }
    }
}
