//! `[prometheus]` and `[[metric]]`: the server, how to sign in, and queries of one's own.
//!
//! Secrets are references to a file or a variable, never values. Called by `file`.

use std::path::PathBuf;

use super::ConfigError;
use super::document::{Entry, Section};
use super::layers::{Origin, Setting};
use crate::domain::measure::address::Address;
use crate::domain::measure::panel::{Configured, Unit};

const KEYS: [&str; 6] = ["url", "bearer", "user", "password", "ca_file", "headers"];

const METRIC_KEYS: [&str; 5] = ["name", "query", "unit", "good", "workloads"];

const UNITS: [(&str, Unit); 4] = [
    ("share", Unit::Share),
    ("seconds", Unit::Seconds),
    ("milliseconds", Unit::Milliseconds),
    ("plain", Unit::Plain),
];

/// Where a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// `file:PATH`.
    File(PathBuf),
    /// `env:NAME`.
    Variable(String),
    /// `text:VALUE`: no secret.
    Text(String),
}

/// How to sign in to the server that is named beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignInRule {
    /// Bearer token.
    pub bearer: Option<Reference>,
    /// User of basic authentication.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Reference>,
    /// Certificates to trust, PEM.
    pub ca_file: Option<PathBuf>,
    /// Headers.
    pub headers: Vec<(String, Reference)>,
}

/// `[prometheus]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrometheusRule {
    /// `url`.
    pub url: Option<Setting<String>>,
    /// The rest.
    pub sign_in: SignInRule,
}

/// What is measured, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricSettings {
    /// Whether anything is.
    pub on: Setting<bool>,
    /// Address of Prometheus; nothing looks for one.
    pub prometheus: Setting<Option<String>>,
    /// How to sign in there: only when the file names the server.
    pub sign_in: SignInRule,
    /// Queries of the file.
    pub queries: Vec<Setting<Configured>>,
}

/// Reads `[prometheus]`.
pub(super) fn prometheus(section: &Section<'_>) -> Result<PrometheusRule, ConfigError> {
    let mut rule = PrometheusRule::default();
    for entry in section.entries() {
        match entry.key {
            "url" => {
                let url = Setting { value: entry.text()?, origin: entry.origin() };
                check_url("prometheus", &url)?;
                rule.url = Some(url);
            }
            "bearer" => rule.sign_in.bearer = Some(secret(&entry)?),
            "user" => rule.sign_in.user = Some(entry.text()?),
            "password" => rule.sign_in.password = Some(secret(&entry)?),
            "ca_file" => rule.sign_in.ca_file = Some(entry.text()?.into()),
            "headers" => {
                for header in entry.section()?.entries() {
                    rule.sign_in.headers.push((header.key.to_owned(), reference(&header)?));
                }
            }
            _ => return Err(section.unknown(&entry, KEYS)),
        }
    }
    let sign_in = &rule.sign_in;
    if sign_in.user.is_some() != sign_in.password.is_some() {
        return Err(section.missing(if sign_in.user.is_some() { "password" } else { "user" }));
    }
    if *sign_in != SignInRule::default() && rule.url.is_none() {
        // A token without a server would be shown to whomever an object of the cluster names.
        return Err(section.missing("url"));
    }
    Ok(rule)
}

/// Refuses what is no address.
pub(super) fn check_url(key: &str, url: &Setting<String>) -> Result<(), ConfigError> {
    match Address::parse(&url.value, None) {
        Ok(_) => Ok(()),
        Err(_) => Err(ConfigError::BadValue {
            origin: url.origin.clone(),
            key: key.to_owned(),
            value: without_secrets(&url.value),
            wanted: "it is an address such as https://HOST:PORT/PATH, without a password in it",
            nearest: None,
        }),
    }
}

/// An address that was refused, without what stands before its host or behind its path.
fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    match rest.rsplit_once('@') {
        Some((_, host)) if scheme.is_empty() => format!("...@{host}"),
        Some((_, host)) => format!("{scheme}://...@{host}"),
        None => url.to_owned(),
    }
}

fn reference(entry: &Entry<'_>) -> Result<Reference, ConfigError> {
    let text = entry.text()?;
    match text.split_once(':') {
        Some(("file", path)) if !path.is_empty() => Ok(Reference::File(path.into())),
        Some(("env", name)) if !name.is_empty() => Ok(Reference::Variable(name.to_owned())),
        Some(("text", value)) => Ok(Reference::Text(value.to_owned())),
        _ => Err(not_a_reference(entry.origin(), entry.key)),
    }
}

/// A reference to a secret: it cannot stand in the file itself.
fn secret(entry: &Entry<'_>) -> Result<Reference, ConfigError> {
    match reference(entry)? {
        Reference::Text(_) => Err(not_a_reference(entry.origin(), entry.key)),
        found => Ok(found),
    }
}

/// The value is not repeated: it may be the secret.
fn not_a_reference(origin: Origin, key: &str) -> ConfigError {
    ConfigError::BadValue {
        origin,
        key: key.to_owned(),
        value: "...".to_owned(),
        wanted: "write file:PATH or env:NAME (headers also text:VALUE), never a secret itself",
        nearest: None,
    }
}

/// Reads one `[[metric]]`.
pub(super) fn metric(section: &Section<'_>) -> Result<Setting<Configured>, ConfigError> {
    let mut found = Configured {
        title: String::new().into(),
        query: String::new().into(),
        unit: Unit::Plain,
        good: None,
        workloads: Vec::new(),
    };
    let mut origin = None;
    for entry in section.entries() {
        match entry.key {
            "name" => {
                origin = Some(entry.origin());
                found.title = entry.text()?.into();
            }
            "query" => found.query = entry.text()?.into(),
            "unit" => {
                found.unit = entry.choice(&UNITS, "it is share, seconds, milliseconds or plain")?;
            }
            "good" => found.good = Some(format!("result[0] {}", entry.text()?).into()),
            "workloads" => found.workloads = entry.texts()?,
            _ => return Err(section.unknown(&entry, METRIC_KEYS)),
        }
    }
    let origin = origin.ok_or_else(|| section.missing("name"))?;
    if found.query.is_empty() {
        return Err(section.missing("query"));
    }
    let is_line = |good: &crate::domain::text::SafeText| {
        crate::domain::analysis::limit::Limits::of_success(good).is_some()
    };
    if let Some(good) = found.good.as_ref().filter(|good| !is_line(good)) {
        return Err(ConfigError::BadValue {
            origin,
            key: "good".to_owned(),
            value: good.strip_prefix("result[0] ").unwrap_or(good).to_owned(),
            wanted: "it is a comparison such as <= 0.01",
            nearest: None,
        });
    }
    Ok(Setting { value: found, origin })
}
