//! The two ways to a new version: directly, or through the API server.
//!
//! Called by `runtime::gate`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cluster::forward::Forward;
use crate::cluster::{self, Connection};
use crate::domain::gate::{Answer, Lost, Profile, Route};
use crate::domain::measure::address::ServicePort;
use crate::domain::text::SafeText;
use crate::probe::Probe;

/// Whoever can be asked.
pub(super) trait Ask: Sync {
    /// Whether it is asked on the way that its users come.
    fn is_direct(&self) -> bool;

    /// GETs a path; never takes longer than `within`.
    fn ask(
        &self,
        path: &str,
        within: Duration,
    ) -> impl Future<Output = Result<Answer, Lost>> + Send;

    /// Gets ready for so many requests at once, so that opening a way is not taken for a slow
    /// answer.
    fn warm(&self, requests: usize, within: Duration) -> impl Future<Output = ()> + Send {
        let _ = (requests, within);
        std::future::ready(())
    }
}

/// A way that is open.
#[derive(Debug)]
pub(super) enum Way {
    /// To an address.
    Direct(Box<Probe>, SafeText),
    /// Through the API server.
    Carried(Arc<Connection>, ServicePort),
    /// By port-forward to a pod.
    Forwarded(Box<Forward>),
}

impl Way {
    /// In words.
    pub(super) fn words(&self) -> SafeText {
        match self {
            Self::Direct(_, url) => format!("directly to {url}").into(),
            Self::Carried(_, ServicePort { name, port, .. }) => {
                format!("through the API server to Service {name}:{port}").into()
            }
            Self::Forwarded(forward) => forward.words(),
        }
    }
}

impl Ask for Way {
    fn is_direct(&self) -> bool {
        matches!(self, Self::Direct(..))
    }

    async fn ask(&self, path: &str, within: Duration) -> Result<Answer, Lost> {
        match self {
            Self::Direct(probe, _) => probe.get(path, within).await,
            Self::Carried(connection, service) => {
                Box::pin(cluster::preview::ask(connection, service, path, within)).await
            }
            Self::Forwarded(forward) => Box::pin(forward.ask(path, within)).await,
        }
    }

    async fn warm(&self, requests: usize, within: Duration) {
        if let Self::Forwarded(forward) = self {
            Box::pin(forward.warm(requests, within)).await;
        }
    }
}

/// Opens the way, or says why it is not there.
pub(super) async fn open(
    connection: Arc<Connection>,
    route: &Route,
    profile: &Profile,
) -> Result<Way, SafeText> {
    match route {
        Route::Url(url) => {
            let (asked, ca_file) = (url.clone(), profile.ca_file.clone().map(PathBuf::from));
            // Reads certificates.
            let made = tokio::task::spawn_blocking(move || Probe::new(&asked, ca_file.as_deref()));
            let made = made.await.map_err(|error| SafeText::from(error.to_string()))?;
            let probe = made.map_err(|error| SafeText::from(error.to_string()))?;
            Ok(Way::Direct(Box::new(probe), url.clone()))
        }
        Route::Service { namespace, name, port } => {
            let wanted = port.as_deref();
            let port = cluster::preview::service_port(&connection, namespace, name, wanted).await;
            let port = port.map_err(|error| SafeText::from(error.to_string()))?;
            Ok(Way::Carried(connection, port))
        }
        Route::Pod { namespace, pod, service, port } => {
            let text = |error: cluster::ClusterError| SafeText::from(error.to_string());
            let (service, wanted) = (service.as_deref(), port.as_deref());
            let port = cluster::forward::pod_port(&connection, namespace, pod, service, wanted);
            let port = port.await.map_err(text)?;
            let forward = Forward::open(&connection, namespace, pod, port).await.map_err(text)?;
            Ok(Way::Forwarded(Box::new(forward)))
        }
    }
}
