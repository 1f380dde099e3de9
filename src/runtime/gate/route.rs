//! The two ways to a new version: directly, or through the API server.
//!
//! Called by `runtime::gate`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cluster::{self, Connection};
use crate::domain::gate::{Answer, Lost, Profile, Route};
use crate::domain::measure::address::ServicePort;
use crate::domain::text::SafeText;
use crate::probe::Probe;

/// Whoever can be asked.
pub(super) trait Ask: Sync {
    /// GETs a path; never takes longer than `within`.
    fn ask(
        &self,
        path: &str,
        within: Duration,
    ) -> impl Future<Output = Result<Answer, Lost>> + Send;
}

/// A way that is open.
#[derive(Debug)]
pub(super) enum Way {
    /// To an address.
    Direct(Box<Probe>, SafeText),
    /// Through the API server.
    Carried(Arc<Connection>, ServicePort),
}

impl Way {
    /// In words.
    pub(super) fn words(&self) -> SafeText {
        match self {
            Self::Direct(_, url) => format!("directly to {url}").into(),
            Self::Carried(_, ServicePort { name, port, .. }) => {
                format!("through the API server to Service {name}:{port}").into()
            }
        }
    }
}

impl Ask for Way {
    async fn ask(&self, path: &str, within: Duration) -> Result<Answer, Lost> {
        match self {
            Self::Direct(probe, _) => probe.get(path, within).await,
            Self::Carried(connection, service) => {
                cluster::preview::ask(connection, service, path, within).await
            }
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
    }
}
