//! From arguments to a connection: which cluster, as whom, through what.
//!
//! The context is pinned here: a later `kubectl config use-context` changes nothing. Never talks
//! to the server (only a credential plugin may run). Called once by `runtime`.
//!
//! One client serves reads, watches and writes, another the heartbeat. Nothing that may have
//! left is sent again below, since that would repeat writes too; the watches have their own rules.

mod proxy;
mod signing;
mod transport;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig, NamedContext};
use kube::{Client, Config};

use super::error::ClusterError;
use super::wire::Pool;
use super::{credential, kubeconfig};
use crate::domain::text::SafeText;

pub(super) use signing::Signer;
pub(super) use transport::Transport;

/// Longest wait for a client, and with it for a credential plugin.
const CLIENT_LIMIT: Duration = Duration::from_secs(credential::PLUGIN_SECONDS + 2);

/// What the process was given by its environment, as far as it matters here.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `KUBECONFIG`.
    pub kubeconfig: Option<OsString>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `PATH`, for credential plugins.
    pub path: Option<OsString>,
    /// `HTTPS_PROXY` or `https_proxy`.
    pub https_proxy: Option<String>,
    /// `NO_PROXY` or `no_proxy`.
    pub no_proxy: Option<String>,
    /// `KUBERNETES_SERVICE_HOST`: set in a pod.
    pub service_host: Option<String>,
}

impl Environment {
    /// That of this process.
    pub fn of_process() -> Self {
        let text = |names: [&str; 2]| {
            let set = names.into_iter().find_map(|name| std::env::var(name).ok());
            set.filter(|value| !value.is_empty())
        };
        Self {
            kubeconfig: std::env::var_os("KUBECONFIG"),
            home: std::env::var_os("HOME").map(PathBuf::from),
            path: std::env::var_os("PATH"),
            https_proxy: text(["HTTPS_PROXY", "https_proxy"]),
            no_proxy: text(["NO_PROXY", "no_proxy"]),
            service_host: std::env::var("KUBERNETES_SERVICE_HOST").ok(),
        }
    }
}

/// What to connect to.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// The process's environment.
    pub environment: Environment,
}

/// Which cluster this session is about, for every header and every dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Context name; `in-cluster` in a pod.
    pub context: SafeText,
    /// Cluster entry.
    pub cluster: SafeText,
    /// Address.
    pub server: SafeText,
    /// User entry; who the server takes it for is another question (`access::whoami`).
    pub user: SafeText,
    /// Default namespace of the context.
    pub namespace: SafeText,
    /// Whether the server's certificate is not checked.
    pub insecure_tls: bool,
    /// Whether it is the pod's own cluster.
    pub in_cluster: bool,
    /// Proxy on the way, without its password.
    pub proxy: Option<SafeText>,
    /// Where all this was read.
    pub source: SafeText,
}

/// A connection, pinned to one context. Cheap to share by `Arc`. It comes out of a [`Live`] or a
/// [`Drill`](super::Drill), and knows which.
pub struct Connection {
    identity: Identity,
    way: RwLock<Way>,
    /// Where it was read what to connect to, with the name of the context; nothing in a drill.
    origin: Option<Options>,
    /// Texts that objects of this cluster share.
    pool: Pool,
}

/// How the server is reached at the moment.
struct Way {
    transport: Transport,
    client: Client,
    /// For the heartbeat alone. Its one connection is as old as those of the watches: what forgets
    /// all of them on the way forgets it too, and there it is noticed within seconds.
    heartbeat: Client,
}

impl Way {
    fn new(transport: Transport) -> Self {
        let (client, heartbeat) = (transport.client(), transport.client());
        Self { transport, client, heartbeat }
    }
}

/// A connection to a real cluster. Only [`connect`] makes one, out of a kubeconfig or the service
/// account of a pod.
#[derive(Debug, Clone)]
pub struct Live(Arc<Connection>);

impl Live {
    /// What every function of this room works through.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.0
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("identity", &self.identity).finish_non_exhaustive()
    }
}

impl Connection {
    /// For `drill` alone.
    pub(super) fn of_drill(identity: Identity, transport: Transport) -> Self {
        Self::new(identity, transport, None)
    }

    fn new(identity: Identity, transport: Transport, origin: Option<Options>) -> Self {
        let way = RwLock::new(Way::new(transport));
        Self { identity, way, origin, pool: Pool::default() }
    }

    /// Whether it leads to an embedded cluster.
    pub fn is_drill(&self) -> bool {
        self.origin.is_none()
    }

    /// Which cluster, as whom.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn client(&self) -> Client {
        self.way.read().unwrap_or_else(PoisonError::into_inner).client.clone()
    }

    pub(crate) fn heartbeat(&self) -> Client {
        self.way.read().unwrap_or_else(PoisonError::into_inner).heartbeat.clone()
    }

    /// Who signs what is sent through these clients.
    pub(super) fn signer(&self) -> Signer {
        self.way.read().unwrap_or_else(PoisonError::into_inner).transport.signer().clone()
    }

    /// From here on new connections are made: those that wait to be used again are from before a
    /// silence, and nothing says whether they lead anywhere. What is under way goes on.
    pub(crate) fn renew(&self) {
        let mut way = self.way.write().unwrap_or_else(PoisonError::into_inner);
        way.client = way.transport.client();
    }

    /// Reads the credentials once more from where they came, and runs their plugin: after a 401
    /// somebody may have logged in again meanwhile. The cluster, the context and the user stay
    /// what they were. Nothing happens in a drill. To be dropped only where it may begin anew.
    ///
    /// # Errors
    /// What was found instead, in words without secrets.
    pub(crate) async fn sign_in_again(&self) -> Result<(), SafeText> {
        let Some(origin) = &self.origin else { return Ok(()) };
        let text = |e: ClusterError| SafeText::from(e.to_string());
        let (config, identity, _) = resolve(origin).await.map_err(text)?;
        if identity != self.identity {
            return Err(format!(
                "context {} is not what it was ({} as {}): start again to follow it",
                self.identity.context, self.identity.server, self.identity.user
            )
            .into());
        }
        let transport = transport(config, &identity).await.map_err(text)?;
        *self.way.write().unwrap_or_else(PoisonError::into_inner) = Way::new(transport);
        Ok(())
    }

    /// Address, for messages.
    pub(crate) fn server(&self) -> SafeText {
        self.identity.server.clone()
    }
}

/// The names of all contexts, the current one first.
///
/// # Errors
/// No kubeconfig, or one that cannot be read.
pub fn contexts(options: &Options) -> Result<Vec<SafeText>, ClusterError> {
    let environment = &options.environment;
    let places = kubeconfig::places(
        options.kubeconfig.as_deref(),
        environment.kubeconfig.as_ref(),
        environment.home.as_deref(),
    );
    let config = kubeconfig::read(&places.files)?;
    let mut names: Vec<&str> = config.contexts.iter().map(|c| c.name.as_str()).collect();
    names.sort_by_key(|name| config.current_context.as_deref() != Some(*name));
    Ok(names.into_iter().map(SafeText::name).collect())
}

/// Makes the connection.
///
/// # Errors
/// `NoConfig`, `Config`, `Context`, `Credentials` or `Connect`; nothing was asked of the server.
pub async fn connect(options: &Options) -> Result<Live, ClusterError> {
    let (config, identity, context) = resolve(options).await?;
    let transport = transport(config, &identity).await?;
    let origin = Options { context, ..options.clone() };
    Ok(Live(Arc::new(Connection::new(identity, transport, Some(origin)))))
}

/// Where the options lead, with the name of the context, if it has one.
async fn resolve(options: &Options) -> Result<(Config, Identity, Option<String>), ClusterError> {
    let environment = &options.environment;
    let places = kubeconfig::places(
        options.kubeconfig.as_deref(),
        environment.kubeconfig.as_ref(),
        environment.home.as_deref(),
    );
    let (mut config, identity, context) = if !places.files.is_empty() {
        let (config, identity, context) = from_files(options, &places).await?;
        (config, identity, Some(context))
    } else if environment.service_host.is_some() && options.context.is_none() {
        let (config, identity) = from_pod()?;
        (config, identity, None)
    } else {
        let tried = format!("{}, in-cluster (not in a pod)", places.tried);
        return Err(ClusterError::NoConfig { tried: tried.into() });
    };
    set_up(&mut config);
    if config.cluster_url.scheme_str() == Some("http") {
        // Else the system's trust store is loaded, and an empty one refused, for nothing.
        config.root_cert = Some(Vec::new());
    }
    Ok((config, identity, context))
}

/// What holds for every connection.
pub(super) fn set_up(config: &mut Config) {
    // The only error is that somebody else already chose one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    config.connect_timeout = Some(Duration::from_secs(5));
}

async fn from_files(
    options: &Options,
    places: &kubeconfig::Places,
) -> Result<(Config, Identity, String), ClusterError> {
    let merged = kubeconfig::read(&places.files)?;
    let chosen = kubeconfig::choose(&merged, options.context.as_deref())?;
    let asked =
        KubeConfigOptions { context: Some(chosen.name.clone()), ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(merged.clone(), &asked).await.map_err(|e| {
        ClusterError::Config {
            file: SafeText::new(&places.tried),
            cause: SafeText::new(&kubeconfig::chain(&e)),
        }
    })?;
    let mut identity = identify(&config, &merged, &chosen, &places.tried);
    // No server is signed in to by its address, and what is in it would be in logs.
    config.cluster_url = bare(&config.cluster_url);
    let environment = &options.environment;
    let rules = proxy::Rules {
        configured: configured_proxy(&merged, &identity.cluster),
        environment: environment.https_proxy.as_deref(),
        exceptions: environment.no_proxy.as_deref(),
    };
    config.proxy_url = proxy::choose(&rules, &config.cluster_url);
    identity.proxy = config.proxy_url.as_ref().map(without_userinfo);
    credential::tame(&mut config.auth_info, environment.path.as_deref()).map_err(|cause| {
        ClusterError::Credentials { user: identity.user.clone(), cause: cause.into() }
    })?;
    Ok((config, identity, chosen.name))
}

fn from_pod() -> Result<(Config, Identity), ClusterError> {
    let config = Config::incluster().map_err(|e| ClusterError::Config {
        file: "of the pod's service account".into(),
        cause: SafeText::new(&kubeconfig::chain(&e)),
    })?;
    let identity = Identity {
        context: "in-cluster".into(),
        cluster: "in-cluster".into(),
        server: without_userinfo(&config.cluster_url),
        user: "service account".into(),
        namespace: SafeText::new(&config.default_namespace),
        insecure_tls: false,
        in_cluster: true,
        proxy: None,
        source: "the pod's service account".into(),
    };
    Ok((config, identity))
}

fn identify(config: &Config, merged: &Kubeconfig, chosen: &NamedContext, tried: &str) -> Identity {
    let context = chosen.context.clone().unwrap_or_default();
    let known =
        merged.clusters.iter().find(|c| c.name == context.cluster).and_then(|c| c.cluster.as_ref());
    Identity {
        context: SafeText::name(&chosen.name),
        cluster: SafeText::name(&context.cluster),
        server: without_userinfo(&config.cluster_url),
        user: SafeText::name(context.user.as_deref().unwrap_or("nobody")),
        namespace: SafeText::name(&config.default_namespace),
        insecure_tls: known.and_then(|c| c.insecure_skip_tls_verify).unwrap_or(false)
            || config.cluster_url.scheme_str() == Some("http"),
        in_cluster: false,
        proxy: None,
        source: SafeText::new(tried),
    }
}

fn configured_proxy<'a>(merged: &'a Kubeconfig, cluster: &str) -> Option<&'a str> {
    let named = merged.clusters.iter().find(|c| c.name == cluster)?;
    named.cluster.as_ref()?.proxy_url.as_deref()
}

/// The address without user and password, where it can be had.
fn bare(uri: &http::Uri) -> http::Uri {
    let mut parts = uri.clone().into_parts();
    let host = parts.authority.as_ref().and_then(|a| a.as_str().rsplit_once('@')?.1.parse().ok());
    parts.authority = host.or(parts.authority);
    http::Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

/// An address without user and password, for messages.
fn without_userinfo(uri: &http::Uri) -> SafeText {
    let scheme = uri.scheme_str().unwrap_or("https");
    let host = uri.host().unwrap_or_default();
    let port = uri.port().map_or_else(String::new, |p| format!(":{p}"));
    let path = uri.path().trim_end_matches('/');
    format!("{scheme}://{host}{port}{path}").into()
}

pub(super) async fn transport(
    config: Config,
    identity: &Identity,
) -> Result<Transport, ClusterError> {
    // A credential plugin runs in there and blocks its thread.
    let made = tokio::task::spawn_blocking(move || transport::transport(&config));
    let made = match tokio::time::timeout(CLIENT_LIMIT, made).await {
        Ok(Ok(made)) => made,
        Ok(Err(_)) => {
            return Err(ClusterError::Connect {
                server: identity.server.clone(),
                cause: "the client could not be made".into(),
            });
        }
        Err(_) => {
            return Err(ClusterError::Credentials {
                user: identity.user.clone(),
                cause: credential::too_slow(CLIENT_LIMIT.as_secs()),
            });
        }
    };
    made.map_err(|e| match credential::explain(&e) {
        Some(cause) => ClusterError::Credentials { user: identity.user.clone(), cause },
        None => ClusterError::Connect {
            server: identity.server.clone(),
            cause: SafeText::new(&kubeconfig::chain(&e)),
        },
    })
}
