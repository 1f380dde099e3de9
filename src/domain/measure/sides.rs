//! Whom to measure: the version that is on its way, and the one that users are on.

use crate::domain::catalogue::stated::Stated;
use crate::domain::id::WorkloadKind;
use crate::domain::release::{Release, Revision, Role};
use crate::domain::strategy::Strategy;
use crate::domain::text::SafeText;

/// A version, by all names that series may know it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Pod template hash.
    pub hash: SafeText,
    /// ReplicaSet: its pods' names begin with it.
    pub replica_set: SafeText,
    /// The Service that leads to it and to no other version.
    pub service: Option<SafeText>,
    /// Whether it is the one on its way.
    pub is_canary: bool,
}

/// The versions of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// Namespace.
    pub namespace: SafeText,
    /// Name of the workload.
    pub name: SafeText,
    /// The new one, while an update is under way.
    pub canary: Option<Version>,
    /// The old one; with no update the only one.
    pub stable: Option<Version>,
    /// Ingresses that lead to it.
    pub ingresses: Vec<String>,
    /// How the catalogue has its series told from others.
    pub series: Option<Series>,
}

/// How the series of versions are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Series {
    /// One selector for all versions: `service="payment"`.
    Selector(Stated<SafeText>),
    /// A label that has one value for each of them.
    Label {
        /// Its name.
        label: Stated<SafeText>,
        /// Its value for the version that users are on.
        stable: Stated<SafeText>,
        /// Its value for the new version.
        canary: Stated<SafeText>,
    },
}

/// Which version a query is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The new one.
    Canary,
    /// The old one.
    Stable,
    /// The query does not tell them apart.
    Both,
}

impl Side {
    /// The word for screens; of a Deployment there is no canary.
    pub fn word(self, kind: WorkloadKind) -> &'static str {
        match (self, kind) {
            (Self::Canary, WorkloadKind::Rollout) => "canary",
            (Self::Stable, WorkloadKind::Rollout) => "stable",
            (Self::Canary, WorkloadKind::Deployment) => "new",
            (Self::Stable, WorkloadKind::Deployment) => "old",
            (Self::Both, _) => "both",
        }
    }
}

impl Sides {
    /// The versions of a release, with what the catalogue says of their series.
    pub fn of(release: &Release<'_>, series: Option<&Series>) -> Self {
        let (canary_service, stable_service, ingresses) = match &release.workload.strategy {
            Strategy::Canary(canary) => {
                let ingresses = canary.stable_ingresses.iter().map(ToString::to_string).collect();
                (canary.canary_service.clone(), canary.stable_service.clone(), ingresses)
            }
            Strategy::BlueGreen(blue_green) => {
                let active = Some(blue_green.active_service.clone());
                (blue_green.preview_service.clone(), active, Vec::new())
            }
            _ => (None, None, Vec::new()),
        };
        let version = |revision: &Revision<'_>, service: &Option<SafeText>, is_canary| Version {
            hash: revision.replica_set.hash.clone(),
            replica_set: revision.replica_set.id.name.clone(),
            service: service.clone(),
            is_canary,
        };
        let current = release.current();
        let stable = release.revision(Role::Active).or_else(|| release.stable());
        let new = current.filter(|current| {
            stable.is_some_and(|stable| stable.replica_set.uid != current.replica_set.uid)
        });
        Self {
            namespace: release.workload.id.namespace.clone(),
            name: release.workload.id.name.clone(),
            canary: new.map(|revision| version(revision, &canary_service, true)),
            stable: stable.or(current).map(|revision| version(revision, &stable_service, false)),
            ingresses,
            series: series.cloned(),
        }
    }

    /// Whether each version has a Service of its own.
    pub fn has_own_services(&self) -> bool {
        let service = |version: &Option<Version>| version.as_ref().and_then(|v| v.service.clone());
        match (&self.canary, service(&self.canary), service(&self.stable)) {
            (Some(_), Some(canary), Some(stable)) => canary != stable,
            (None, _, Some(_)) => true,
            _ => false,
        }
    }
}
