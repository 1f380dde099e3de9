//! The session: which cluster, as whom, how dangerous it is. Fixed at start and never changed:
//! a context switched underneath has no effect here.

use crate::domain::text::{SafeText, matches_pattern};
use crate::domain::time::Timestamp;

/// Where the facts come from. Drills and replays never hold a client to a real cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A real cluster.
    Live,
    /// The embedded cluster.
    Drill,
}

impl Mode {
    /// The word in the header.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::Drill => "DRILL",
        }
    }
}

/// How careful to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Mistakes are cheap.
    Lab,
    /// Mistakes hurt users.
    Production,
}

/// A named environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name, as the configuration gives it.
    pub name: SafeText,
    /// How careful to be.
    pub level: Level,
}

/// Which contexts and namespaces make an environment. Patterns may hold `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentRule {
    /// What they make.
    pub environment: Environment,
    /// Contexts; empty matches every one.
    pub contexts: Vec<String>,
    /// Namespaces; empty matches every one.
    pub namespaces: Vec<String>,
}

/// Namespaces that are watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// These.
    Namespaces(Vec<SafeText>),
}

impl Scope {
    /// The namespaces of its sources; `None` is all of them in one.
    pub fn namespaces(&self) -> Vec<Option<SafeText>> {
        match self {
            Self::All => vec![None],
            Self::Namespaces(names) => names.iter().cloned().map(Some).collect(),
        }
    }

    /// The words in the header.
    pub fn words(&self) -> String {
        match self {
            Self::All => "all namespaces".into(),
            Self::Namespaces(names) => {
                let names: Vec<&str> =
                    names.iter().map(super::super::domain::text::SafeText::as_str).collect();
                names.join(",")
            }
        }
    }
}

/// The session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Mode.
    pub mode: Mode,
    /// Name of the context.
    pub context: SafeText,
    /// Name of the cluster in the kubeconfig.
    pub cluster: SafeText,
    /// Address of the API server.
    pub server: SafeText,
    /// Who the API server says we are, else the kubeconfig's name for it.
    pub user: SafeText,
    /// What is watched.
    pub scope: Scope,
    /// Whether every verb is switched off by flag or configuration.
    pub read_only: bool,
    /// Whether the server's certificate is not checked.
    pub insecure: bool,
    /// What makes an environment; the first match counts.
    pub environments: Vec<EnvironmentRule>,
    /// Whether clocks show UTC (else the offset below).
    pub utc_offset_minutes: i32,
    /// When the session began.
    pub started: Timestamp,
    /// Where the log file is.
    pub log_path: SafeText,
    /// Where the journal is.
    pub journal_path: SafeText,
}

impl Session {
    /// The environment of a namespace. What no rule names counts as production.
    pub fn environment(&self, namespace: &str) -> Environment {
        let one_of = |patterns: &[String], text: &str| {
            patterns.is_empty() || patterns.iter().any(|p| matches_pattern(p, text))
        };
        self.environments
            .iter()
            .find(|rule| {
                one_of(&rule.contexts, &self.context) && one_of(&rule.namespaces, namespace)
            })
            .map_or_else(
                || Environment { name: "production".into(), level: Level::Production },
                |rule| rule.environment.clone(),
            )
    }
}
