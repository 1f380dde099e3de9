//! The connection of a drill: to an embedded cluster on loopback, and to nothing else.
//!
//! Reads no kubeconfig, no environment, no proxy and runs no credential plugin; its type is not
//! that of a connection to a real cluster, and there is no way from one to the other. Called by
//! `runtime`.

use std::net::SocketAddr;
use std::sync::Arc;

use kube::Config;

use super::connect::{Connection, Identity, set_up, transport};
use super::error::ClusterError;
use crate::domain::text::SafeText;

/// Where an embedded cluster is, and who one is there.
#[derive(Clone)]
pub struct Address {
    /// Its API server. Refused unless it is on loopback.
    pub api: SocketAddr,
    /// The certificate that it shows, in DER.
    pub authority: Vec<u8>,
    /// Token of the pilot.
    pub token: String,
    /// Name of the drill.
    pub name: SafeText,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Address").field("api", &self.api).finish_non_exhaustive()
    }
}

/// A connection to the embedded cluster of a drill.
#[derive(Debug, Clone)]
pub struct Drill(Arc<Connection>);

impl Drill {
    /// Makes the connection.
    ///
    /// # Errors
    /// `Connect`, when the address is not on loopback or no client can be made of it.
    pub async fn dial(address: &Address) -> Result<Self, ClusterError> {
        let server = SafeText::from(format!("https://{}", address.api));
        let failed =
            |cause: String| ClusterError::Connect { server: server.clone(), cause: cause.into() };
        if !address.api.ip().is_loopback() {
            return Err(failed("a drill is flown on loopback only".into()));
        }
        let url = server.as_str().parse().map_err(|e| failed(format!("no address: {e}")))?;
        let mut config = Config::new(url);
        config.root_cert = Some(vec![address.authority.clone()]);
        config.auth_info.token = Some(address.token.clone().into());
        set_up(&mut config);
        let identity = Identity {
            context: "drill".into(),
            cluster: address.name.clone(),
            server: server.clone(),
            user: "pilot".into(),
            namespace: "default".into(),
            insecure_tls: false,
            in_cluster: false,
            proxy: None,
            source: "the drill".into(),
        };
        let transport = transport(config, &identity).await?;
        Ok(Self(Arc::new(Connection::of_drill(identity, transport))))
    }

    /// What every function of this room works through.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_loopback_is_dialled() {
        let address = |api: &str| Address {
            api: api.parse().unwrap(),
            authority: Vec::new(),
            token: "t".into(),
            name: "shop".into(),
        };
        for far in ["10.0.0.1:443", "0.0.0.0:6443", "[2001:db8::1]:443"] {
            let refused = Drill::dial(&address(far)).await.unwrap_err();
            assert!(refused.to_string().contains("loopback"), "{refused}");
        }
    }
}
