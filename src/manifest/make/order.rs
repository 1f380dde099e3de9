//! What is ordered: a service, how it is released, and where.
//!
//! Never judges: `validate` does. Called by whoever reads the command line, and by `make`.

use crate::domain::gate;
use crate::domain::gitops::reference::{Parts, parts};
use crate::domain::guard::rule::Terms;
use crate::domain::time::Span;
use crate::manifest::profile::Profile;
use crate::manifest::workload::Strategy;

use super::refusal::Refusal;
use super::{numbers, validate};

/// What is ordered.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Rolling, blue-green or canary.
    pub strategy: Strategy,
    /// Name of the service; what else there is begins with it.
    pub name: String,
    /// What its container runs.
    pub image: Image,
    /// Port on which it serves users.
    pub port: u16,
    /// Port on which Prometheus scrapes it; none where that is `port`.
    pub metrics_port: Option<u16>,
    /// How users reach it from outside.
    pub routing: Routing,
    /// Base address of Prometheus, as the Rollouts controller reaches it. None where there is none:
    /// then nothing judges a version by its traffic.
    pub prometheus: Option<String>,
    /// What the kubelet asks.
    pub health: Health,
    /// What is asked of a preview before users are switched to it.
    pub checks: Vec<Check>,
    /// What a container gets.
    pub resources: Resources,
    /// Who answers for it; none is not written.
    pub owner: Option<String>,
    /// Address of what to do when it is ill; none is not written.
    pub runbook: Option<String>,
    /// One directory, or a base with overlays; and for which namespaces.
    pub shape: Shape,
    /// Times of the release. Whoever changes `profile` or `terms` takes [`Pace::of`] them anew.
    pub pace: Pace,
    /// Numbers that `check` judges by; with the minor version of the API server, if it is known.
    pub profile: Profile,
    /// Numbers that the guard judges by.
    pub terms: Terms,
}

impl Order {
    /// An order with the usual numbers: port 8080, paths below `/health`, no routing, no
    /// Prometheus.
    pub fn new(strategy: Strategy, name: impl Into<String>, image: Image, shape: Shape) -> Self {
        let (profile, terms) = (Profile::default(), Terms::default());
        let health = Health::default();
        Self {
            strategy,
            name: name.into(),
            image,
            port: 8080,
            metrics_port: None,
            routing: Routing::None,
            prometheus: None,
            checks: vec![Check { path: health.ready.clone(), wanted: None }],
            health,
            resources: Resources::default(),
            owner: None,
            runbook: None,
            shape,
            pace: Pace::of(&profile, &terms),
            profile,
            terms,
        }
    }
}

/// An image, fixed by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Registry and path, without tag and digest.
    pub repository: String,
    /// The tag that people read; the digest decides.
    pub tag: Option<String>,
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
}

impl Image {
    /// Reads `repository[:tag]@sha256:…`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let refused =
            |wrong| Refusal::Image { given: crate::domain::text::SafeText::new(text), wrong };
        let Parts { name, tag, digest } = parts(text);
        let digest = digest.ok_or_else(|| {
            refused("it has no digest, and a tag can be another image tomorrow than it is today")
        })?;
        let image = Self {
            repository: name.to_owned(),
            tag: tag.map(str::to_owned),
            digest: digest.to_owned(),
        };
        validate::image(&image)?;
        Ok(image)
    }

    /// As a container names it.
    pub fn reference(&self) -> String {
        let tag = self.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        format!("{}{tag}@{}", self.repository, self.digest)
    }
}

/// How users reach a service from outside the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Routing {
    /// Not at all, or by something that is not ordered here. A canary then gets the share of
    /// traffic that its pods have of all pods.
    None,
    /// An Ingress of ingress-nginx.
    Nginx {
        /// `ingressClassName`.
        class: String,
        /// The host.
        host: String,
    },
    /// An `HTTPRoute` of the Gateway API; a canary's weights are written by the Rollouts plugin
    /// `argoproj-labs/gatewayAPI`.
    Gateway {
        /// Name of the Gateway.
        gateway: String,
        /// Its namespace; none where it is that of the service.
        namespace: Option<String>,
        /// The host.
        host: String,
    },
}

/// Paths that the kubelet asks on the service's port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Asked until it answers once, before the others are.
    pub startup: String,
    /// Whether a pod gets traffic.
    pub ready: String,
    /// Whether it is restarted.
    pub live: String,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            startup: "/health/live".to_owned(),
            ready: "/health/ready".to_owned(),
            live: "/health/live".to_owned(),
        }
    }
}

/// What is asked of a preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The path.
    pub path: String,
    /// What a field of the JSON answer has to be; none where a 2xx is enough.
    pub wanted: Option<Wanted>,
}

/// A field of a JSON answer and its only good value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// JSON pointer (RFC 6901), `/database/status`.
    pub pointer: String,
    /// The text that has to stand there.
    pub value: String,
}

impl Check {
    /// What the gate asks of a preview that can be said as one value of one field: smoke and
    /// database.
    pub fn of_gate(profile: &gate::Profile) -> Vec<Self> {
        let one = |check, path: &str, pointer: &str, value: &str| {
            let wanted = Wanted { pointer: pointer.to_owned(), value: value.to_owned() };
            (!profile.skip.contains(&check))
                .then(|| Self { path: path.to_owned(), wanted: Some(wanted) })
        };
        let health = (!profile.skip.contains(&gate::Check::Health))
            .then(|| Self { path: profile.health_path.to_string(), wanted: None });
        let smoke = one(
            gate::Check::Smoke,
            &profile.smoke_path,
            &profile.smoke_pointer,
            &profile.smoke_value,
        );
        let database = one(
            gate::Check::Database,
            &profile.database_path,
            &profile.database_pointer,
            &profile.database_value,
        );
        [health, smoke, database].into_iter().flatten().collect()
    }
}

/// What a container gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resources {
    /// Thousandths of a processor that are kept free for it.
    pub cpu_request: u32,
    /// Thousandths of a processor that it may have at most.
    pub cpu_limit: u32,
    /// MiB of memory that are kept free for it, and that it may have at most.
    pub memory: u32,
}

impl Default for Resources {
    fn default() -> Self {
        Self { cpu_request: 250, cpu_limit: 1000, memory: 256 }
    }
}

/// Where it runs, and how many of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The namespace. It is not made.
    pub namespace: String,
    /// Pods.
    pub replicas: u32,
}

/// How the files are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// One directory for one namespace.
    Plain(Environment),
    /// `base` and one overlay for each environment.
    Kustomize {
        /// Where it is tried first.
        dev: Environment,
        /// Where it is tested.
        staging: Environment,
        /// Where its users are.
        production: Environment,
    },
}

impl Shape {
    /// The environments with the names of their overlays, the one with the users last.
    pub fn environments(&self) -> Vec<(&'static str, &Environment)> {
        match self {
            Self::Plain(one) => vec![("", one)],
            Self::Kustomize { dev, staging, production } => {
                vec![("dev", dev), ("staging", staging), ("production", production)]
            }
        }
    }
}

/// Times of a release, in whole seconds. A test may make them short.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// How long a canary stays at each weight of the ladder.
    pub rungs: Vec<Span>,
    /// How long it has all traffic while the old version is still whole.
    pub last: Span,
    /// From the begin of an analysis to its first measurement.
    pub settle: Span,
    /// Between two measurements.
    pub every: Span,
    /// What a query looks back at.
    pub window: Span,
    /// How long the old version is kept warm after the last traffic left it.
    pub warm: Span,
}

impl Pace {
    /// The times that fit a guard and its profile.
    pub fn of(profile: &Profile, terms: &Terms) -> Self {
        numbers::pace(profile, terms)
    }
}
