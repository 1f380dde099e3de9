//! `config.toml`: what a person keeps.
//!
//! Never merges it with anything else. Called by `layers`.

use std::collections::BTreeMap;
use std::path::Path;

use super::alerts::{self, ReceiverRule};
use super::document::{Document, Entry, Section};
use super::gitops::{self, RepositoryRule};
use super::layers::{Glyphs, Setting};
use super::profile::{GateSettings, GuardSettings};
use super::prometheus::{self, PrometheusRule};
use super::{ConfigError, read};
use crate::app::session::{Environment, EnvironmentRule, Level};
use crate::domain::measure::panel::Configured;

const KEYS: [&str; 17] = [
    "theme",
    "glyphs",
    "namespaces",
    "context",
    "utc",
    "read_only",
    "log_level",
    "environment",
    "metrics",
    "prometheus",
    "metric",
    "guard",
    "alerts",
    "gitops",
    "bell",
    "gate",
    "keys",
];

const LEVELS: [(&str, Level); 2] = [("production", Level::Production), ("lab", Level::Lab)];

const ENVIRONMENT_KEYS: [&str; 4] = ["name", "contexts", "namespaces", "level"];

/// What the file says; nothing where it says nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileConfig {
    /// `theme`.
    pub theme: Option<Setting<String>>,
    /// `glyphs`.
    pub glyphs: Option<Setting<Glyphs>>,
    /// `namespaces`.
    pub namespaces: Option<Setting<Vec<String>>>,
    /// `context`.
    pub context: Option<Setting<String>>,
    /// `utc`.
    pub utc: Option<Setting<bool>>,
    /// `read_only`.
    pub read_only: Option<Setting<bool>>,
    /// `log_level`.
    pub log_level: Option<Setting<String>>,
    /// `[[environment]]`, in order.
    pub environments: Vec<Setting<EnvironmentRule>>,
    /// `metrics`.
    pub metrics: Option<Setting<bool>>,
    /// `[prometheus]`.
    pub prometheus: PrometheusRule,
    /// `[[metric]]`, in order.
    pub queries: Vec<Setting<Configured>>,
    /// `[guard]`.
    pub guard: GuardSettings,
    /// `[alerts.NAME]`, by name.
    pub alerts: Vec<Setting<ReceiverRule>>,
    /// `[gitops.NAME]`, by name.
    pub repositories: Vec<Setting<RepositoryRule>>,
    /// `bell`.
    pub bell: Option<Setting<bool>>,
    /// `[gate]`.
    pub gate: GateSettings,
    /// `[keys]`: the name of a verb or command, and the key as text.
    pub keys: BTreeMap<String, Setting<String>>,
}

impl FileConfig {
    /// Reads the file. One that is not there says nothing, unless it was `asked` for by name.
    pub fn load(path: &Path, asked: bool) -> Result<Self, ConfigError> {
        if !asked && !path.exists() {
            return Ok(Self::default());
        }
        Self::parse(path, &read(path)?)
    }

    /// Reads the text of the file at `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        Document::new(path, text).read(|root| {
            let mut config = Self::default();
            for entry in root.entries() {
                config.take(&root, &entry)?;
            }
            Ok(config)
        })
    }

    fn take(&mut self, root: &Section<'_>, entry: &Entry<'_>) -> Result<(), ConfigError> {
        let text = || Ok::<_, ConfigError>(set(entry, entry.text()?));
        let yes = || Ok::<_, ConfigError>(set(entry, entry.yes()?));
        match entry.key {
            "theme" => self.theme = Some(text()?),
            "context" => self.context = Some(text()?),
            "log_level" => self.log_level = Some(text()?),
            "utc" => self.utc = Some(yes()?),
            "read_only" => self.read_only = Some(yes()?),
            "namespaces" => self.namespaces = Some(set(entry, entry.texts()?)),
            "glyphs" => {
                let glyphs = Glyphs::parse(&entry.text()?, &entry.origin())?;
                self.glyphs = Some(set(entry, glyphs));
            }
            "environment" => {
                self.environments =
                    entry.sections()?.iter().map(environment).collect::<Result<_, _>>()?;
            }
            "metrics" => self.metrics = Some(yes()?),
            "alerts" => self.alerts = alerts::receivers(entry)?,
            "gitops" => self.repositories = gitops::repositories(entry)?,
            "bell" => self.bell = Some(yes()?),
            "prometheus" => self.prometheus = prometheus::prometheus(&entry.section()?)?,
            "metric" => {
                self.queries =
                    entry.sections()?.iter().map(prometheus::metric).collect::<Result<_, _>>()?;
            }
            "guard" => self.guard = GuardSettings::read(&entry.section()?)?,
            "gate" => self.gate = GateSettings::read(&entry.section()?)?,
            "keys" => {
                for binding in entry.section()?.entries() {
                    let key = set(&binding, binding.text()?);
                    self.keys.insert(binding.key.to_owned(), key);
                }
            }
            _ => return Err(root.unknown(entry, KEYS)),
        }
        Ok(())
    }
}

fn set<T>(entry: &Entry<'_>, value: T) -> Setting<T> {
    Setting { value, origin: entry.origin() }
}

/// What does not say how careful to be is production.
fn environment(section: &Section<'_>) -> Result<Setting<EnvironmentRule>, ConfigError> {
    let mut name = None;
    let mut contexts = Vec::new();
    let mut namespaces = Vec::new();
    let mut careful = Level::Production;
    for entry in section.entries() {
        match entry.key {
            "name" => name = Some(set(&entry, entry.text()?)),
            "contexts" => contexts = entry.texts()?,
            "namespaces" => namespaces = entry.texts()?,
            "level" => careful = entry.choice(&LEVELS, "it is production or lab")?,
            _ => return Err(section.unknown(&entry, ENVIRONMENT_KEYS)),
        }
    }
    let name = name.ok_or_else(|| section.missing("name"))?;
    let rule = |name: String| EnvironmentRule {
        environment: Environment { name: name.into(), level: careful },
        contexts,
        namespaces,
    };
    Ok(name.map(rule))
}

#[cfg(test)]
mod tests;
