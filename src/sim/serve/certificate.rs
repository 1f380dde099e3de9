//! Keys, certificates and tokens, made when a simulation is made and kept nowhere.
//!
//! Called once for each simulation.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use ring::rand::{SecureRandom, SystemRandom};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::ServeError;

/// What a server proves who it is with.
#[derive(Debug)]
pub(super) struct Identity {
    /// The certificate of the authority, as PEM.
    pub(super) authority: String,
    /// The same in DER.
    pub(super) authority_der: Vec<u8>,
    pub(super) tls: Arc<ServerConfig>,
}

impl Identity {
    pub(super) fn new() -> Result<Self, ServeError> {
        let failed = |why: rcgen::Error| ServeError::Certificate(why.to_string());
        let authority_key = KeyPair::generate().map_err(failed)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "drill-ca");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority = params.self_signed(&authority_key).map_err(failed)?;
        let issuer = Issuer::new(params, authority_key);
        let names =
            vec!["localhost".to_owned(), "kubernetes".to_owned(), Ipv4Addr::LOCALHOST.to_string()];
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = CertificateParams::new(names).map_err(failed)?;
        params.distinguished_name.push(DnType::CommonName, "drill-api");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
        let chain = vec![certificate.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let authority_der = authority.der().to_vec();
        let tls = Arc::new(server(chain, key)?);
        Ok(Self { authority: authority.pem(), authority_der, tls })
    }

    /// A kubeconfig for somebody.
    pub(super) fn kubeconfig(
        &self,
        address: SocketAddr,
        person: &str,
        token: &str,
        namespace: &str,
    ) -> String {
        let authority = BASE64_STANDARD.encode(&self.authority);
        format!(
            "apiVersion: v1\n\
             kind: Config\n\
             clusters:\n\
             - name: drill\n\
             \x20 cluster:\n\
             \x20   server: https://{address}\n\
             \x20   certificate-authority-data: {authority}\n\
             users:\n\
             - name: {person}\n\
             \x20 user:\n\
             \x20   token: {token}\n\
             contexts:\n\
             - name: drill\n\
             \x20 context:\n\
             \x20   cluster: drill\n\
             \x20   user: {person}\n\
             \x20   namespace: {namespace}\n\
             current-context: drill\n"
        )
    }
}

fn server(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, ServeError> {
    let failed = |why: rustls::Error| ServeError::Certificate(why.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(failed)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// A token that nobody can guess.
pub(super) fn token() -> Result<String, ServeError> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| ServeError::Certificate("no randomness".to_owned()))?;
    Ok(bytes.map(|byte| format!("{byte:02x}")).concat())
}
