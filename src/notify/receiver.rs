//! Whom to tell: the kind of receiver, where it is, and what it wants to be shown.
//!
//! Plain data, secrets by reference. Made by `runtime` of the configuration, used by `courier`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::alert::Severity;
use crate::domain::text::SafeText;
use crate::web::Secret;

/// Whose API it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An incoming webhook of Slack.
    Slack,
    /// Alertmanager, API v2.
    Alertmanager,
    /// PagerDuty, Events API v2.
    PagerDuty,
    /// Anything that takes JSON.
    Webhook,
}

impl Kind {
    /// Its name in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Alertmanager => "alertmanager",
            Self::PagerDuty => "pagerduty",
            Self::Webhook => "webhook",
        }
    }

    /// Shortest time between two messages. Slack takes one a second
    /// (<https://docs.slack.dev/apis/web-api/rate-limits>).
    pub fn gap(self) -> Duration {
        match self {
            Self::Slack => Duration::from_secs(1),
            Self::Alertmanager | Self::PagerDuty | Self::Webhook => Duration::ZERO,
        }
    }

    /// How often a message that is not over is said again: Alertmanager takes one that is not
    /// repeated as resolved.
    pub fn repeats(self) -> Option<Duration> {
        (self == Self::Alertmanager).then_some(Duration::from_secs(60))
    }
}

/// Where it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// An address that anybody may know.
    Open(String),
    /// An address that is itself a secret.
    Hidden(Secret),
}

/// Shows no path: somebody will write a token there.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(url) => f.debug_tuple("Open").field(&origin(url)).finish(),
            Self::Hidden(secret) => f.debug_tuple("Hidden").field(secret).finish(),
        }
    }
}

/// Scheme and host of an address.
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

/// A receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// Its name in the configuration.
    pub name: SafeText,
    /// Whose API it speaks.
    pub kind: Kind,
    /// Where it is.
    pub target: Target,
    /// The integration key of PagerDuty.
    pub key: Option<Secret>,
    /// `Authorization: Bearer`.
    pub token: Option<Secret>,
    /// Certificates (PEM) that are trusted instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The least urgent that it is told of.
    pub least: Severity,
}
