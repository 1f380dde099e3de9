//! `waveoff config`: each value in effect and who set it.
//!
//! Never decides a value. Called by `main`.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::app::session::{EnvironmentRule, Level};

use super::alerts;
use super::gitops;
use super::layers::{Namespaces, Origin, Setting, Settings};
use super::profile::shown;

/// One line of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: String,
    /// Its value in effect.
    pub value: String,
    /// Who set it.
    pub origin: Origin,
}

/// A row for every value in effect.
pub fn explain(settings: &Settings) -> Vec<Row> {
    let mut rows = vec![
        row("context", &settings.context, |name| or(name.as_deref(), "of the kubeconfig")),
        row("kubeconfig", &settings.kubeconfig, |path| match path {
            Some(path) => path.display().to_string(),
            None => "$KUBECONFIG or ~/.kube/config".to_owned(),
        }),
        row("namespaces", &settings.namespaces, namespaces),
        row("read_only", &settings.read_only, bool::to_string),
        row("theme", &settings.theme, |name| or(name.as_deref(), "by the terminal")),
        row("glyphs", &settings.glyphs, |glyphs| glyphs.as_str().to_owned()),
        row("no_color", &settings.no_color, bool::to_string),
        row("utc", &settings.utc, bool::to_string),
        row("bell", &settings.bell, bool::to_string),
        row("log_level", &settings.log_level, String::clone),
        row("log_file", &settings.log_file, |path| match path {
            Some(path) => path.display().to_string(),
            None => "daily in the state directory".to_owned(),
        }),
    ];
    rows.push(row("metrics", &settings.metrics.on, bool::to_string));
    rows.push(row("prometheus", &settings.metrics.prometheus, |url| {
        or(url.as_deref(), "looked for")
    }));
    rows.extend(settings.metrics.queries.iter().map(|query| Row {
        key: format!("metric.{}", query.value.title),
        value: query.value.query.to_string(),
        origin: query.origin.clone(),
    }));
    rows.extend(shown(&settings.guard.terms).into_iter().map(|(key, value)| Row {
        key: format!("guard.{key}"),
        value,
        origin: settings.guard.set.get(key).cloned().unwrap_or(Origin::Default),
    }));
    rows.extend(settings.alerts.iter().map(|alert| Row {
        key: format!("alerts.{}", alert.value.name),
        value: alerts::words(&alert.value),
        origin: alert.origin.clone(),
    }));
    rows.extend(settings.repositories.iter().map(|rule| Row {
        key: format!("gitops.{}", rule.value.name),
        value: gitops::words(&rule.value),
        origin: rule.origin.clone(),
    }));
    rows.extend(shown(&settings.gate.profile).into_iter().map(|(key, value)| Row {
        key: format!("gate.{key}"),
        value,
        origin: settings.gate.origins.get(key).cloned().unwrap_or(Origin::Default),
    }));
    rows.extend(settings.environments.iter().map(environment));
    rows.extend(settings.keys.iter().map(|(name, key)| Row {
        key: format!("keys.{name}"),
        value: key.value.clone(),
        origin: key.origin.clone(),
    }));
    rows
}

/// The rows in columns, one line each. Control characters of a value are shown, not obeyed.
pub fn to_text(rows: &[Row]) -> String {
    let cells: Vec<_> = rows
        .iter()
        .map(|row| (visible(&row.key), visible(&row.value), visible(&row.origin.to_string())))
        .collect();
    let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let key_width = widest(&mut cells.iter().map(|(key, ..)| key.chars().count()));
    let value_width = widest(&mut cells.iter().map(|(_, value, _)| value.chars().count()));
    let mut text = String::new();
    for (key, value, origin) in &cells {
        // Writing into a string does not fail.
        let _ = writeln!(text, "{key:key_width$}  {value:value_width$}  {origin}");
    }
    text
}

/// The rows for programs.
pub fn to_json(rows: &[Row]) -> Value {
    let settings: Vec<_> = rows
        .iter()
        .map(|row| {
            let (by, line) = match &row.origin {
                Origin::Default => ("default", None),
                Origin::File(place) => ("file", Some(place.line)),
                Origin::Env(_) => ("environment", None),
                Origin::Flag(_) => ("flag", None),
            };
            json!({
                "key": row.key,
                "value": row.value,
                "set_by": by,
                "where": row.origin.to_string(),
                "line": line,
            })
        })
        .collect();
    json!({ "schema": 1, "settings": settings })
}

fn row<T>(key: &str, setting: &Setting<T>, show: impl FnOnce(&T) -> String) -> Row {
    Row { key: key.to_owned(), value: show(&setting.value), origin: setting.origin.clone() }
}

fn environment(rule: &Setting<EnvironmentRule>) -> Row {
    let level = match rule.value.environment.level {
        Level::Production => "production",
        Level::Lab => "lab",
    };
    let (contexts, namespaces) = (or_all(&rule.value.contexts), or_all(&rule.value.namespaces));
    Row {
        key: format!("environment.{}", rule.value.environment.name),
        value: format!("{level}; contexts {contexts}; namespaces {namespaces}"),
        origin: rule.origin.clone(),
    }
}

fn or(text: Option<&str>, nobody: &str) -> String {
    text.unwrap_or(nobody).to_owned()
}

fn namespaces(value: &Namespaces) -> String {
    match value {
        Namespaces::OfContext => "of the context".to_owned(),
        Namespaces::Named(names) => names.join(", "),
        Namespaces::All => "all".to_owned(),
    }
}

fn or_all(globs: &[String]) -> String {
    if globs.is_empty() { "*".to_owned() } else { globs.join(" ") }
}

fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let shown: Vec<char> =
                if c.is_control() { c.escape_default().collect() } else { vec![c] };
            shown
        })
        .collect()
}
