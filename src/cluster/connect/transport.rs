//! The way to the server: sockets, proxy, TLS and credentials, put together into clients.
//!
//! Made here instead of by kube, because a watch may be quiet for an hour and kube's sockets have
//! no keepalive: a flow that a middlebox forgot would stay open and silent. Never talks to the
//! server. Used by `connect`.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, Request, Uri};
use hyper::rt::{Read, Write};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{self, HttpConnector};
use hyper_util::client::legacy::{self, Client as HttpClient};
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::{Client, Config, Error};
use percent_encoding::percent_decode_str;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::decompression::DecompressionLayer;

use super::signing::Signer;

/// A connection that says nothing for so long is asked by the kernel whether it is still there.
const QUIET: Duration = Duration::from_secs(5);

/// It is asked again after so long.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// So many questions without an answer, and it is gone: 14 s in all.
const QUESTIONS: u32 = 3;

/// What was sent and not acknowledged for so long was sent in vain.
const UNACKNOWLEDGED: Duration = Duration::from_secs(14);

/// Makes clients that share credentials and TLS, and nothing else: each has connections of its
/// own. To be called in a runtime.
pub(in crate::cluster) struct Transport {
    make: Box<dyn Fn() -> Client + Send + Sync>,
    signer: Signer,
}

impl Transport {
    /// Of what makes clients that sign by this signer.
    pub(in crate::cluster) fn new(
        signer: Signer,
        make: impl Fn() -> Client + Send + Sync + 'static,
    ) -> Self {
        Self { make: Box::new(make), signer }
    }

    pub(in crate::cluster) fn client(&self) -> Client {
        (self.make)()
    }

    pub(in crate::cluster) fn signer(&self) -> &Signer {
        &self.signer
    }
}

/// The transport that a configuration asks for. A credential plugin runs in here and blocks.
///
/// # Errors
/// Credentials, certificates or proxies that are of no use.
pub(super) fn transport(config: &Config) -> Result<Transport, Error> {
    let tcp = sockets();
    let Some(proxy) = config.proxy_url.clone() else {
        return assemble(config, tcp);
    };
    match proxy.scheme_str() {
        Some("socks5") => assemble(config, SocksV5::new(proxy, tcp)),
        Some("http") => assemble(config, tunnel(proxy, tcp)),
        Some("https") => {
            let secured = config.rustls_https_connector_with_connector(tcp)?;
            assemble(config, tunnel(proxy, secured))
        }
        _ => Err(Error::ProxyProtocolUnsupported { proxy_url: Box::new(proxy) }),
    }
}

fn sockets() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(QUIET));
    tcp.set_keepalive_interval(Some(ASK_AGAIN));
    tcp.set_keepalive_retries(Some(QUESTIONS));
    #[cfg(target_os = "linux")]
    tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    tcp
}

/// Through a proxy that speaks HTTP, with the user and password of its address.
fn tunnel<C>(proxy: Uri, inner: C) -> Tunnel<C> {
    let credentials =
        proxy.authority().and_then(|a| a.as_str().rsplit_once('@')).map(|(user, _)| {
            // An address cannot hold every character as it is.
            format!(
                "Basic {}",
                BASE64_STANDARD.encode(percent_decode_str(user).collect::<Vec<u8>>())
            )
        });
    let tunnel = Tunnel::new(proxy, inner);
    match credentials.and_then(|text| HeaderValue::from_str(&text).ok()) {
        Some(credentials) => tunnel.with_auth(credentials),
        None => tunnel,
    }
}

fn assemble<C>(config: &Config, way: C) -> Result<Transport, Error>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: connect::Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: std::error::Error + Send + Sync + 'static,
{
    let mut connector = TimeoutConnector::new(config.rustls_https_connector_with_connector(way)?);
    connector.set_connect_timeout(config.connect_timeout);
    let namespace = config.default_namespace.clone();
    let base = config.base_uri_layer();
    let headers = config.extra_headers_layer()?;
    let signer = Signer::new(config.auth_layer()?.as_ref());
    let signs = signer.clone();
    Ok(Transport::new(signer, move || {
        let http: HttpClient<_, Body> =
            legacy::Builder::new(TokioExecutor::new()).build(connector.clone());
        let sent =
            ServiceBuilder::new().layer(headers.clone()).map_err(BoxError::from).service(http);
        let signs = signs.clone();
        let signed = service_fn(move |request: Request<Body>| {
            send_signed(signs.clone(), sent.clone(), request)
        });
        let service = ServiceBuilder::new()
            .layer(base.clone())
            .layer(DecompressionLayer::new().gzip(true))
            .service(signed);
        ClientBuilder::new(service, namespace.clone()).build()
    }))
}

async fn send_signed<S>(
    signer: Signer,
    service: S,
    mut request: Request<Body>,
) -> Result<S::Response, BoxError>
where
    S: Service<Request<Body>, Error = BoxError>,
{
    signer.sign(&mut request).await?;
    service.oneshot(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_kind_of_proxy_makes_a_client() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        for proxy in ["socks5://127.0.0.1:1", "http://u:p%40@127.0.0.1:1", "https://127.0.0.1:1"] {
            let mut config = Config::new("https://127.0.0.1:2".parse().unwrap());
            config.root_cert = Some(Vec::new());
            config.proxy_url = Some(proxy.parse().unwrap());
            assert!(transport(&config).is_ok(), "{proxy}");
        }
        let mut config = Config::new("https://127.0.0.1:2".parse().unwrap());
        config.proxy_url = Some("gopher://127.0.0.1:1".parse().unwrap());
        assert!(transport(&config).is_err());
    }
}
