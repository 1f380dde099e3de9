//! The server's certificate, made anew for each run, and the kubeconfig that trusts it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Who the server is.
pub(crate) struct Certificate {
    authority: String,
    pub(crate) tls: Arc<ServerConfig>,
}

impl Certificate {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let authority_key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "bench-ca");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = params.self_signed(&authority_key)?;
        let issuer = Issuer::new(params, authority_key);
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![Ipv4Addr::LOCALHOST.to_string()])?;
        params.distinguished_name.push(DnType::CommonName, "bench-api");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &issuer)?;
        let chain = vec![certificate.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        // No protocol is negotiated: everybody speaks HTTP/1.1.
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Self { authority: authority.pem(), tls: Arc::new(tls) })
    }

    /// Writes a kubeconfig into a directory.
    pub(crate) fn kubeconfig(&self, address: SocketAddr, place: &Path) -> anyhow::Result<PathBuf> {
        let authority = place.join("bench-ca.pem");
        std::fs::write(&authority, &self.authority)?;
        let file = place.join("bench.kubeconfig");
        let authority = authority.display();
        let namespace = crate::objects::NAMESPACE;
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: bench\n\
             clusters: [{{name: bench, cluster: {{server: 'https://{address}', certificate-authority: '{authority}'}}}}]\n\
             contexts: [{{name: bench, context: {{cluster: bench, user: bench, namespace: {namespace}}}}}]\n\
             users: [{{name: bench, user: {{token: bench}}}}]\n"
        );
        std::fs::write(&file, text)?;
        Ok(file)
    }
}
