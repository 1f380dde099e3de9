//! An environment of a service: where it runs, under which names, and what it asks of a release.
//!
//! A record. Never knows a client: contexts and addresses are names here. Made by `config`.

use crate::domain::gate::Profile;
use crate::domain::guard::rule::Terms;
use crate::domain::id::WorkloadId;
use crate::domain::measure::sides::Series;
use crate::domain::text::{SafeText, matches_pattern};
use crate::domain::time::{Span, Timestamp};

use super::stated::{Origin, Stated};

/// An environment of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Environment {
    /// `production`.
    pub name: Stated<SafeText>,
    /// Context of the kubeconfig, where `*` stands for any text; none takes that of the session.
    pub context: Option<Stated<SafeText>>,
    /// Namespace, kind and name of the workload.
    pub workload: Stated<WorkloadId>,
    /// The container whose image is the version; none where there is only one.
    pub container: Option<Stated<SafeText>>,
    /// The Services that it is reached by.
    pub services: Services,
    /// Where its manifests are kept.
    pub git: Option<GitPlace>,
    /// How its series are found.
    pub metrics: Metrics,
    /// What is asked of a new version before it is switched to.
    pub gate: Profiled<Profile>,
    /// What a guard holds it to.
    pub guard: Profiled<Terms>,
    /// Who has to agree; none where nobody has to.
    pub approvals: Option<Approvals>,
    /// How long a version has to have run here before it goes on.
    pub soak: Stated<Span>,
    /// When nothing is released.
    pub freezes: Vec<Freeze>,
    /// Whether mistakes hurt users. What does not say is production.
    pub production: Stated<bool>,
}

/// The Services of a workload, by what they are to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Services {
    /// `activeService`.
    pub active: Option<Stated<SafeText>>,
    /// `previewService`.
    pub preview: Option<Stated<SafeText>>,
    /// `stableService`.
    pub stable: Option<Stated<SafeText>>,
    /// `canaryService`.
    pub canary: Option<Stated<SafeText>>,
}

/// Where manifests are kept. Not checked beyond being text without a password: `domain::gitops`
/// has the types that git is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitPlace {
    /// The remote, or a clone on this machine.
    pub remote: Option<Stated<SafeText>>,
    /// The branch that is followed; none takes the remote's own.
    pub branch: Option<Stated<SafeText>>,
    /// The folder or file of this workload in it.
    pub path: Stated<SafeText>,
    /// Whether a commit goes onto the branch itself, and not onto one for a pull request.
    pub direct: Stated<bool>,
    /// Whether the label `version` is kept equal to the tag (X47).
    pub version_label: Stated<bool>,
}

/// A secret, by where it is kept. It is never written down itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// `env:NAME`, a variable.
    Variable(SafeText),
    /// `file:PATH`, a file.
    File(SafeText),
    /// `secret:NAME/KEY`, a Secret of the workload's namespace.
    Secret {
        /// Its name.
        name: SafeText,
        /// The key in it.
        key: SafeText,
    },
}

impl SecretRef {
    /// As a file writes it.
    pub fn words(&self) -> String {
        match self {
            Self::Variable(name) => format!("env:{name}"),
            Self::File(path) => format!("file:{path}"),
            Self::Secret { name, key } => format!("secret:{name}/{key}"),
        }
    }
}

/// How the series of a workload are found (R059, X31).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Address of Prometheus.
    pub prometheus: Option<Stated<SafeText>>,
    /// Token for it.
    pub token: Option<Stated<SecretRef>>,
    /// How versions are told apart; none leaves it to what is found.
    pub series: Option<Series>,
    /// Queries by what they are for: `errors`, `p99`, `business`.
    pub queries: Vec<(SafeText, Stated<SafeText>)>,
}

impl Metrics {
    /// A query by what it is for.
    pub fn query(&self, name: &str) -> Option<&SafeText> {
        self.queries.iter().find(|(own, _)| *own == *name).map(|(_, query)| &query.value)
    }
}

/// Values by a profile's name and by what is written over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profiled<T> {
    /// The profile that was named.
    pub base: Option<Stated<SafeText>>,
    /// The values in effect.
    pub value: T,
    /// Those that a file set, the profile's and the environment's own.
    pub set: Vec<(&'static str, Origin)>,
}

impl<T> Profiled<T> {
    /// The values where a file set any, else these.
    pub fn or<'a>(&'a self, otherwise: &'a T) -> &'a T {
        if self.set.is_empty() { otherwise } else { &self.value }
    }
}

/// Who has to agree to a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// Names, and groups as `group:NAME`.
    pub from: Vec<Stated<SafeText>>,
    /// How many of them.
    pub count: Stated<u32>,
    /// How long an approval counts.
    pub expires: Stated<Span>,
}

impl Approvals {
    /// How long an approval counts where nobody says it.
    pub const EXPIRES: Span = Span::hours(4);

    /// `2 of ana, group:sre, each for 4h`.
    pub fn words(&self) -> String {
        let names: Vec<&str> = self.from.iter().map(|name| name.value.as_str()).collect();
        let span = crate::domain::time::length(self.expires.value);
        format!("{} of {}; counts for {span}", self.count.value, names.join(", "))
    }
}

/// A time in which nothing is released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: SafeText,
    /// Who said so.
    pub origin: Origin,
}

impl Environment {
    /// How long a version has to have run where nobody says it.
    pub const SOAK: Span = Span::minutes(10);

    /// Whether it is in a context. One that names none is in any; `*` in a name stands for any
    /// text.
    pub fn is_in(&self, context: &str) -> bool {
        self.context.as_ref().is_none_or(|named| matches_pattern(&named.value, context))
    }

    /// The freeze that holds now.
    pub fn frozen(&self, now: Timestamp) -> Option<&Freeze> {
        self.freezes.iter().find(|freeze| freeze.from <= now && now < freeze.until)
    }
}
