//! What is asked of the new version, how often and for how long.
//!
//! The defaults are those of a service that follows the usual paths; the `[gate]` section of the
//! configuration changes them. Never checks them: `config` does, with their place.

use std::time::Duration;

use super::Check;
use crate::domain::text::SafeText;

/// How the new version is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Directly at this address.
    Url(SafeText),
    /// Through the API server's proxy to this Service.
    Service {
        /// Its namespace.
        namespace: SafeText,
        /// Its name.
        name: SafeText,
        /// Number or name of its port; nothing takes the one there is.
        port: Option<SafeText>,
    },
    /// By port-forward to a pod of the new version.
    Pod {
        /// Its namespace.
        namespace: SafeText,
        /// Its name.
        pod: SafeText,
        /// The preview Service, which knows the port; nothing where there is none.
        service: Option<SafeText>,
        /// Number or name of the port.
        port: Option<SafeText>,
    },
}

impl Route {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Url(url) => format!("directly to {url}"),
            Self::Service { name, port, .. } => {
                let port = port.as_ref().map_or_else(String::new, |port| format!(":{port}"));
                format!("through the API server to Service {name}{port}")
            }
            Self::Pod { pod, .. } => format!("by port-forward to pod {pod}"),
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Where the new version is; nothing goes through the preview Service.
    pub url: Option<SafeText>,
    /// File of certificates to trust at that address, PEM; nothing trusts those of the system.
    pub ca_file: Option<String>,
    /// Port of the preview Service.
    pub port: Option<SafeText>,
    /// Ask a pod of the new version by port-forward, not the preview Service.
    pub forward: bool,
    /// Checks that are not made.
    pub skip: Vec<Check>,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// Longest time for one check, except health and load.
    pub deadline: Duration,
    /// Path that is asked whether it is up.
    pub health_path: SafeText,
    /// Most tries.
    pub health_tries: u32,
    /// Time from the start of one try to the start of the next.
    pub health_every: Duration,
    /// Longest time for all tries.
    pub health_deadline: Duration,
    /// Path that is asked whether it is healthy.
    pub smoke_path: SafeText,
    /// JSON pointer to the value.
    pub smoke_pointer: SafeText,
    /// The value that is wanted there.
    pub smoke_value: SafeText,
    /// Path that is asked for the version.
    pub version_path: SafeText,
    /// Path that gets the load.
    pub load_path: SafeText,
    /// Requests.
    pub load_requests: u32,
    /// How many of them at once.
    pub load_at_once: u32,
    /// How many of them may fail.
    pub load_failures: u32,
    /// Longest latency of 95 of 100 of them.
    pub load_p95: Duration,
    /// Longest time for all of them.
    pub load_deadline: Duration,
    /// Path that is asked for the database.
    pub database_path: SafeText,
    /// JSON pointer to the value.
    pub database_pointer: SafeText,
    /// The value that is wanted there.
    pub database_value: SafeText,
    /// Path that is asked for what it depends on.
    pub dependencies_path: SafeText,
    /// The status that is wanted of each.
    pub dependencies_value: SafeText,
    /// Where users are answered; nothing goes through the active Service.
    pub after_url: Option<SafeText>,
    /// Path that is asked again and again while users are switched.
    pub watch_path: SafeText,
    /// Time from the start of one such request to the start of the next.
    pub watch_every: Duration,
    /// How long it is watched after the switch.
    pub watch_for: Duration,
    /// How many of these requests may fail.
    pub watch_failures: u32,
    /// How long the switch is waited for.
    pub watch_deadline: Duration,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            url: None,
            ca_file: None,
            port: None,
            forward: false,
            skip: Vec::new(),
            timeout: Duration::from_secs(3),
            deadline: Duration::from_secs(15),
            health_path: "/health".into(),
            health_tries: 30,
            health_every: Duration::from_secs(10),
            health_deadline: Duration::from_secs(300),
            smoke_path: "/api/v1/status".into(),
            smoke_pointer: "/status".into(),
            smoke_value: "healthy".into(),
            version_path: "/api/v1/version".into(),
            load_path: "/api/v1/status".into(),
            load_requests: 100,
            load_at_once: 10,
            load_failures: 0,
            load_p95: Duration::from_millis(500),
            load_deadline: Duration::from_secs(30),
            database_path: "/api/v1/health/db".into(),
            database_pointer: "/database/status".into(),
            database_value: "connected".into(),
            dependencies_path: "/api/v1/health/dependencies".into(),
            dependencies_value: "healthy".into(),
            after_url: None,
            watch_path: "/health".into(),
            watch_every: Duration::from_secs(1),
            watch_for: Duration::from_secs(60),
            watch_failures: 0,
            watch_deadline: Duration::from_secs(600),
        }
    }
}

impl Profile {
    /// Path of a check that asks.
    pub fn path(&self, check: Check) -> Option<&SafeText> {
        match check {
            Check::Pods | Check::Preview | Check::Active => None,
            Check::Availability => Some(&self.watch_path),
            Check::Health => Some(&self.health_path),
            Check::Smoke => Some(&self.smoke_path),
            Check::Version => Some(&self.version_path),
            Check::Load => Some(&self.load_path),
            Check::Database => Some(&self.database_path),
            Check::Dependencies => Some(&self.dependencies_path),
        }
    }

    /// How long the others may wait for health before they are asked anyway: so late that all of
    /// them still end within its time.
    pub fn patience(&self) -> Duration {
        self.health_deadline.saturating_sub(self.deadline + self.load_deadline)
    }
}
