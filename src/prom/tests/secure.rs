//! TLS: who is trusted, and what is said when nobody is.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::scripted::{Play, Scripted};
use super::{now, one, quick};
use crate::prom::{Access, PromError, Server};

pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(super) fn acceptor(&self, host: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

pub(super) fn trusting(folder: &Path, name: &str, pem: &str) -> Access {
    let path: PathBuf = folder.join(name);
    std::fs::write(&path, pem).unwrap();
    Access { ca_file: Some(path), ..Access::default() }
}

#[tokio::test]
async fn any_authority_of_a_file_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let acceptor = ours.acceptor("127.0.0.1");
    let scripted = Scripted::with_tls(Some(acceptor), |_, _| Play::json(one())).await;
    let url = format!("https://{}", scripted.address());
    let both = format!("{}\n# and\n{}", other.pem(), ours.pem());
    let access = trusting(folder.path(), "both", &both);
    Server::direct(&url, &access).unwrap().ask(&now()).await.unwrap();
    assert_eq!(scripted.heard().len(), 1);

    let access = trusting(folder.path(), "other", &other.pem());
    let error = Server::direct(&url, &access).unwrap().ask(&now()).await.unwrap_err();
    let words = format!(
        "TLS: its certificate is signed by nobody who is trusted here (name its CA file): \
         Prometheus cannot be reached at {url}"
    );
    assert_eq!((error.to_string(), error.is_down()), (words, true));
    assert_eq!(scripted.heard().len(), 1, "nothing was sent");
}

#[tokio::test]
async fn another_host_and_no_tls_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new("ours");
    let access = trusting(folder.path(), "ours", &ours.pem());
    let acceptor = ours.acceptor("prometheus.example.com");
    let scripted = Scripted::with_tls(Some(acceptor), |_, _| Play::json(one())).await;
    let url = format!("https://{}", scripted.address());
    let error = Server::direct(&url, &access).unwrap().ask(&now()).await.unwrap_err();
    assert!(error.to_string().starts_with("TLS: invalid peer certificate"), "{error}");

    // A server that speaks plain HTTP answers at the first bytes it cannot read.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let plain = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.unwrap();
        stream
    };
    let server = Server::direct(&url, &access).unwrap();
    let asked = now();
    let (_stream, outcome) = tokio::join!(plain, server.ask(&asked));
    let error = outcome.unwrap_err();
    assert!(error.to_string().starts_with("TLS: it does not speak TLS"), "{error}");
}

#[tokio::test]
async fn a_handshake_that_hangs_is_no_connection() {
    let folder = tempfile::tempdir().unwrap();
    let access = trusting(folder.path(), "ours", &Authority::new("ours").pem());
    // Accepted by the system, and never read.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let mut pace = quick();
    pace.connect = Duration::from_millis(300);
    pace.answer = Duration::from_secs(20);
    let started = Instant::now();
    let error = Server::paced(&url, &access, pace).unwrap().ask(&now()).await.unwrap_err();
    assert!(error.to_string().starts_with("no connection within 0.3 s: "), "{error}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn files_without_certificates_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none");
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let cases = [
        (Access { ca_file: Some(missing), ..Access::default() }, "No such file"),
        (trusting(folder.path(), "empty", "nothing here"), "has no certificate (PEM) in it"),
        (trusting(folder.path(), "broken", broken), ""),
    ];
    for (access, word) in cases {
        let error = Server::direct("https://127.0.0.1:1", &access).unwrap_err();
        assert!(matches!(error, PromError::Trust { .. }), "{error:?}");
        assert!(error.to_string().contains(word), "{error}");
        assert!(error.is_denied());
    }
}
