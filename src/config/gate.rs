//! `[gate]`: what is asked of a new version before it is switched to.
//!
//! Every value is checked here, with its place; what they mean is `domain::gate`'s. Called by
//! `file`; explained by `explain`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::document::{Entry, Section};
use super::layers::{Origin, Setting};
use super::prometheus::check_url;
use super::{ConfigError, nearest};
use crate::domain::gate::{Check, Profile};
use crate::domain::text::{SafeText, is_printable};
use crate::domain::time::{Span, length, parse_go_duration};

const KEYS: [&str; 32] = [
    "url",
    "ca_file",
    "port",
    "skip",
    "timeout",
    "deadline",
    "health_path",
    "health_tries",
    "health_every",
    "health_deadline",
    "smoke_path",
    "smoke_pointer",
    "smoke_value",
    "version_path",
    "load_path",
    "load_requests",
    "load_at_once",
    "load_failures",
    "load_p95",
    "load_deadline",
    "database_path",
    "database_pointer",
    "database_value",
    "dependencies_path",
    "dependencies_value",
    "after_url",
    "watch_path",
    "watch_every",
    "watch_for",
    "watch_failures",
    "watch_deadline",
    "forward",
];

/// Requests of a load that is still light.
const MOST_REQUESTS: u32 = 10_000;

/// How many of them at once.
const MOST_AT_ONCE: u32 = 100;

/// Tries of one check.
const MOST_TRIES: u32 = 1000;

/// What the gate asks, and who set each value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GateSettings {
    /// The values in effect.
    pub profile: Profile,
    /// Where those were set that the file has.
    pub origins: BTreeMap<&'static str, Origin>,
}

/// Reads `[gate]`.
pub(super) fn gate(section: &Section<'_>) -> Result<GateSettings, ConfigError> {
    let mut settings = GateSettings::default();
    for entry in section.entries() {
        let Some(key) = KEYS.into_iter().find(|key| *key == entry.key) else {
            return Err(section.unknown(&entry, KEYS));
        };
        take(&mut settings.profile, key, &entry)?;
        settings.origins.insert(key, entry.origin());
    }
    Ok(settings)
}

fn take(profile: &mut Profile, key: &str, entry: &Entry<'_>) -> Result<(), ConfigError> {
    match key {
        "url" => profile.url = Some(address(entry)?),
        "ca_file" => profile.ca_file = Some(entry.text()?),
        "port" => profile.port = Some(text(entry)?),
        "skip" => profile.skip = skipped(entry)?,
        "timeout" => profile.timeout = time(entry)?,
        "deadline" => profile.deadline = time(entry)?,
        "health_path" => profile.health_path = path(entry)?,
        "health_tries" => profile.health_tries = count(entry, 1, MOST_TRIES)?,
        "health_every" => profile.health_every = time(entry)?,
        "health_deadline" => profile.health_deadline = time(entry)?,
        "smoke_path" => profile.smoke_path = path(entry)?,
        "smoke_pointer" => profile.smoke_pointer = pointer(entry)?,
        "smoke_value" => profile.smoke_value = text(entry)?,
        "version_path" => profile.version_path = path(entry)?,
        "load_path" => profile.load_path = path(entry)?,
        "load_requests" => profile.load_requests = count(entry, 1, MOST_REQUESTS)?,
        "load_at_once" => profile.load_at_once = count(entry, 1, MOST_AT_ONCE)?,
        "load_failures" => profile.load_failures = count(entry, 0, MOST_REQUESTS)?,
        "load_p95" => profile.load_p95 = time(entry)?,
        "load_deadline" => profile.load_deadline = time(entry)?,
        "database_path" => profile.database_path = path(entry)?,
        "database_pointer" => profile.database_pointer = pointer(entry)?,
        "database_value" => profile.database_value = text(entry)?,
        "dependencies_path" => profile.dependencies_path = path(entry)?,
        "dependencies_value" => profile.dependencies_value = text(entry)?,
        _ => take_after(profile, key, entry)?,
    }
    Ok(())
}

/// What is asked where users are.
fn take_after(profile: &mut Profile, key: &str, entry: &Entry<'_>) -> Result<(), ConfigError> {
    match key {
        "after_url" => profile.after_url = Some(address(entry)?),
        "watch_path" => profile.watch_path = path(entry)?,
        "watch_every" => profile.watch_every = time(entry)?,
        "watch_for" => profile.watch_for = time(entry)?,
        "forward" => profile.forward = entry.yes()?,
        "watch_failures" => profile.watch_failures = count(entry, 0, MOST_REQUESTS)?,
        _ => profile.watch_deadline = time(entry)?,
    }
    Ok(())
}

fn address(entry: &Entry<'_>) -> Result<SafeText, ConfigError> {
    let url = Setting { value: entry.text()?, origin: entry.origin() };
    check_url(&format!("gate.{}", entry.key), &url)?;
    Ok(url.value.trim().trim_end_matches('/').into())
}

/// A text that is compared or sent as it is.
fn text(entry: &Entry<'_>) -> Result<SafeText, ConfigError> {
    let value = entry.text()?;
    if value.is_empty() || value.len() > 200 || !value.chars().all(is_printable) {
        return Err(entry.bad(value, "it is a text of 1 to 200 printable characters"));
    }
    Ok(value.into())
}

fn path(entry: &Entry<'_>) -> Result<SafeText, ConfigError> {
    let value = entry.text()?;
    let good = |c: char| c.is_ascii_graphic() && c != '#';
    if !value.starts_with('/')
        || value.starts_with("//")
        || value.len() > 500
        || !value.chars().all(good)
        || value.split(['/', '?']).any(|part| part == "..")
    {
        return Err(entry.bad(value, "it is a path such as /health"));
    }
    Ok(value.into())
}

fn pointer(entry: &Entry<'_>) -> Result<SafeText, ConfigError> {
    let value = entry.text()?;
    if !value.starts_with('/') || value.len() > 200 || !value.chars().all(is_printable) {
        return Err(entry.bad(value, "it is a JSON pointer such as /database/status"));
    }
    Ok(value.into())
}

fn time(entry: &Entry<'_>) -> Result<Duration, ConfigError> {
    let value = entry.text()?;
    let time = parse_go_duration(&value).and_then(|span| span.to_std().ok());
    let fits = |time: &Duration| !time.is_zero() && *time <= Duration::from_secs(3600);
    time.filter(fits).ok_or_else(|| entry.bad(value, "it is a time such as 500ms, 3s or 5m"))
}

fn count(entry: &Entry<'_>, least: u32, most: u32) -> Result<u32, ConfigError> {
    let number = entry.whole()?;
    let fits = u32::try_from(number).ok().filter(|n| (least..=most).contains(n));
    let wanted = match (least, most) {
        (0, _) => "it is a number from 0 to 10000",
        (_, MOST_AT_ONCE) => "it is a number from 1 to 100",
        (_, MOST_TRIES) => "it is a number from 1 to 1000",
        _ => "it is a number from 1 to 10000",
    };
    fits.ok_or_else(|| entry.bad(number.to_string(), wanted))
}

fn skipped(entry: &Entry<'_>) -> Result<Vec<Check>, ConfigError> {
    let names = || Check::ALL.map(Check::name);
    let named = |text: String| {
        let found = Check::ALL.into_iter().find(|check| check.name() == text);
        found.ok_or_else(|| ConfigError::BadValue {
            origin: entry.origin(),
            key: entry.key.to_owned(),
            nearest: nearest(&text, names()).map(str::to_owned),
            wanted: "it is a list of pods, preview, active, availability, health, smoke, version, \
                     load, database and dependencies",
            value: text,
        })
    };
    entry.texts()?.into_iter().map(named).collect()
}

/// Every value in effect, by its key.
pub(super) fn values(profile: &Profile) -> [(&'static str, String); 32] {
    let or = |text: Option<&str>, none: &str| text.unwrap_or(none).to_owned();
    let time = |time: Duration| length(Span::from_std(time).unwrap_or(Span::MAX));
    let skip: Vec<&str> = profile.skip.iter().map(|check| check.name()).collect();
    let skip = if skip.is_empty() { "none".to_owned() } else { skip.join(", ") };
    [
        ("url", or(profile.url.as_deref(), "through the API server")),
        ("ca_file", or(profile.ca_file.as_deref(), "those of the system")),
        ("port", or(profile.port.as_deref(), "of the Service")),
        ("skip", skip),
        ("timeout", time(profile.timeout)),
        ("deadline", time(profile.deadline)),
        ("health_path", profile.health_path.to_string()),
        ("health_tries", profile.health_tries.to_string()),
        ("health_every", time(profile.health_every)),
        ("health_deadline", time(profile.health_deadline)),
        ("smoke_path", profile.smoke_path.to_string()),
        ("smoke_pointer", profile.smoke_pointer.to_string()),
        ("smoke_value", profile.smoke_value.to_string()),
        ("version_path", profile.version_path.to_string()),
        ("load_path", profile.load_path.to_string()),
        ("load_requests", profile.load_requests.to_string()),
        ("load_at_once", profile.load_at_once.to_string()),
        ("load_failures", profile.load_failures.to_string()),
        ("load_p95", time(profile.load_p95)),
        ("load_deadline", time(profile.load_deadline)),
        ("database_path", profile.database_path.to_string()),
        ("database_pointer", profile.database_pointer.to_string()),
        ("database_value", profile.database_value.to_string()),
        ("dependencies_path", profile.dependencies_path.to_string()),
        ("dependencies_value", profile.dependencies_value.to_string()),
        ("after_url", or(profile.after_url.as_deref(), "through the API server")),
        ("watch_path", profile.watch_path.to_string()),
        ("watch_every", time(profile.watch_every)),
        ("watch_for", time(profile.watch_for)),
        ("watch_failures", profile.watch_failures.to_string()),
        ("watch_deadline", time(profile.watch_deadline)),
        ("forward", profile.forward.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::FileConfig;

    fn read(text: &str) -> Result<GateSettings, String> {
        let parsed = FileConfig::parse(Path::new("c.toml"), text);
        parsed.map(|config| config.gate).map_err(|error| error.to_string())
    }

    #[test]
    fn every_value_can_be_set_and_is_explained() {
        let text = r#"
            [gate]
            url = "https://preview.example.com/shop/"
            ca_file = "/etc/ca.pem"
            port = "http"
            skip = ["database", "load"]
            timeout = "2s"
            deadline = "9s"
            health_path = "/up"
            health_tries = 3
            health_every = "1s"
            health_deadline = "1m"
            smoke_path = "/s"
            smoke_pointer = "/a/b"
            smoke_value = "ok"
            version_path = "/v"
            load_path = "/l?x=1"
            load_requests = 7
            load_at_once = 2
            load_failures = 1
            load_p95 = "250ms"
            load_deadline = "5s"
            database_path = "/d"
            database_pointer = "/d"
            database_value = "up"
            dependencies_path = "/deps"
            dependencies_value = "ok"
            after_url = "https://shop.example.com"
            watch_path = "/up"
            watch_every = "2s"
            watch_for = "3m"
            watch_failures = 2
            watch_deadline = "1h"
            forward = true
        "#;
        let settings = read(text).unwrap();
        assert_eq!(settings.origins.len(), KEYS.len());
        assert_eq!(settings.profile.url.as_deref(), Some("https://preview.example.com/shop"));
        assert_eq!(settings.profile.skip, [Check::Database, Check::Load]);
        let explained = values(&settings.profile).map(|(key, _)| key);
        assert_eq!(explained, KEYS);
        let defaults = values(&Profile::default());
        for ((key, set), (_, default)) in values(&settings.profile).iter().zip(defaults) {
            assert_ne!(*set, default, "{key} is set");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        for (line, word) in [
            ("url = \"prometheus\"", "gate.url"),
            ("after_url = \"shop\"", "gate.after_url"),
            ("watch_for = \"2h\"", "a time"),
            ("watch_every = 1", "must be a string"),
            ("url = \"http://me:pass@host\"", "without a password"),
            ("health_path = \"health\"", "path such as"),
            ("health_path = \"/a/../b\"", "path such as"),
            ("health_path = \"//evil.example/x\"", "path such as"),
            ("smoke_pointer = \".status\"", "JSON pointer"),
            ("smoke_value = \"\"", "printable"),
            ("timeout = \"0\"", "a time"),
            ("timeout = \"3\"", "a time"),
            ("load_requests = 0", "from 1 to 10000"),
            ("load_at_once = 101", "from 1 to 100"),
            ("health_tries = -1", "from 1 to 1000"),
            ("load_failures = \"none\"", "must be a whole number"),
            ("skip = [\"databse\"]", "did you mean `database`?"),
            ("helth_path = \"/x\"", "did you mean `health_path`?"),
        ] {
            let complaint = read(&format!("[gate]\n{line}\n")).unwrap_err();
            assert!(complaint.contains(word) && complaint.contains("c.toml:2:"), "{complaint}");
        }
    }
}
