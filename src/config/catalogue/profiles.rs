//! Gate and guard profiles: named sets of values, and what an environment writes over them.
//!
//! Keys and limits are those of `[gate]` and `[guard]` of `config.toml`; what the values mean is
//! `domain`'s. Called by the readers of the catalogue and of environments.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::catalogue::environment::Profiled;
use crate::domain::catalogue::stated::{Origin, Stated};
use crate::domain::gate::{Check, Profile};
use crate::domain::guard::rule::Terms;
use crate::domain::text::{SafeText, is_printable};
use crate::domain::time::Span;
use crate::manifest::tree::Value;

use super::fault::CatalogueFault;
use super::sheet::{Field, Section};

type Read<T> = Result<T, CatalogueFault>;

const GATE: [&str; 32] = [
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

const GUARD: [&str; 16] = [
    "errors",
    "errors_for",
    "p99",
    "p99_for",
    "healthy",
    "healthy_for",
    "business",
    "business_least",
    "business_for",
    "fast",
    "consecutive",
    "every",
    "pods_every",
    "least_requests",
    "grace",
    "expires",
];

/// Values that fields of a section can be written over.
pub(super) trait Values: Default + Clone {
    /// Its keys.
    const KEYS: &'static [&'static str];

    /// Writes one of them over.
    fn take(&mut self, key: &str, field: &Field<'_>) -> Read<()>;

    /// What belongs together.
    fn finish(&mut self, section: &Section<'_>) -> Read<()>;
}

impl Values for Profile {
    const KEYS: &'static [&'static str] = &GATE;

    fn take(&mut self, key: &str, field: &Field<'_>) -> Read<()> {
        match key {
            "url" => self.url = Some(field.server()?),
            "ca_file" => self.ca_file = Some(field.line()?.to_string()),
            "port" => self.port = Some(short(field)?),
            "skip" => self.skip = skipped(field)?,
            "timeout" => self.timeout = time(field)?,
            "deadline" => self.deadline = time(field)?,
            "health_path" => self.health_path = path(field)?,
            "health_tries" => self.health_tries = field.count(1, 1000)?,
            "health_every" => self.health_every = time(field)?,
            "health_deadline" => self.health_deadline = time(field)?,
            "smoke_path" => self.smoke_path = path(field)?,
            "smoke_pointer" => self.smoke_pointer = pointer(field)?,
            "smoke_value" => self.smoke_value = short(field)?,
            "version_path" => self.version_path = path(field)?,
            "load_path" => self.load_path = path(field)?,
            "load_requests" => self.load_requests = field.count(1, 10_000)?,
            "load_at_once" => self.load_at_once = field.count(1, 100)?,
            "load_failures" => self.load_failures = field.count(0, 10_000)?,
            "load_p95" => self.load_p95 = time(field)?,
            "load_deadline" => self.load_deadline = time(field)?,
            "database_path" => self.database_path = path(field)?,
            "database_pointer" => self.database_pointer = pointer(field)?,
            "database_value" => self.database_value = short(field)?,
            "dependencies_path" => self.dependencies_path = path(field)?,
            "dependencies_value" => self.dependencies_value = short(field)?,
            _ => take_after(self, key, field)?,
        }
        Ok(())
    }

    fn finish(&mut self, _: &Section<'_>) -> Read<()> {
        Ok(())
    }
}

/// What is asked where users are, and the way to a pod.
fn take_after(profile: &mut Profile, key: &str, field: &Field<'_>) -> Read<()> {
    match key {
        "after_url" => profile.after_url = Some(field.server()?),
        "watch_path" => profile.watch_path = path(field)?,
        "watch_every" => profile.watch_every = time(field)?,
        "watch_for" => profile.watch_for = time(field)?,
        "watch_failures" => profile.watch_failures = field.count(0, 10_000)?,
        "watch_deadline" => profile.watch_deadline = time(field)?,
        _ => profile.forward = field.truth()?,
    }
    Ok(())
}

impl Values for Terms {
    const KEYS: &'static [&'static str] = &GUARD;

    fn take(&mut self, key: &str, field: &Field<'_>) -> Read<()> {
        match key {
            "errors" => self.errors = field.share()?,
            "errors_for" => self.errors_for = week(field)?,
            "p99" => self.latency = week(field)?,
            "p99_for" => self.latency_for = week(field)?,
            "healthy" => self.healthy = field.share()?,
            "healthy_for" => self.healthy_for = week(field)?,
            // Both are read together when all is there.
            "business" => drop(field.text()?),
            "business_least" => drop(field.number()?),
            "business_for" => self.business_for = week(field)?,
            "fast" => self.fast = field.truth()?,
            "consecutive" => self.consecutive = field.count(1, 100)?,
            "every" => self.every = seconds(field)?,
            "pods_every" => self.pods_every = seconds(field)?,
            "least_requests" => self.least_requests = above_zero(field)?,
            "grace" => self.grace = week(field)?,
            _ => self.expires = week(field)?,
        }
        Ok(())
    }

    fn finish(&mut self, section: &Section<'_>) -> Read<()> {
        let (query, least) = (section.field("business"), section.field("business_least"));
        let before = self.business.take();
        let query = query.map(|field| field.text().map(SafeText::new)).transpose()?;
        let least = least.as_ref().map(Field::number).transpose()?;
        // One of them may be written over what a profile has.
        let (given, lowest) = before.unzip();
        self.business = match (query.or(given), least.or(lowest)) {
            (None, None) => None,
            (Some(query), Some(least)) => Some((query, least)),
            (Some(_), None) => return Err(section.missing("business_least")),
            (None, Some(_)) => return Err(section.missing("business")),
        };
        Ok(())
    }
}

/// Writes the fields of a section over values. `besides` are keys that mean something else.
fn over<T: Values>(section: &Section<'_>, profiled: &mut Profiled<T>, besides: &[&str]) {
    let known: Vec<&str> = T::KEYS.iter().chain(besides).copied().collect();
    section.only(&known);
    let report = |fault| section.sheet.report(fault);
    let before = section.sheet.count();
    for key in T::KEYS {
        let Some(field) = section.field(key) else { continue };
        match profiled.value.take(key, &field) {
            Ok(()) => {
                profiled.set.retain(|(set, _)| set != key);
                profiled.set.push((key, field.origin()));
            }
            Err(fault) => report(fault),
        }
    }
    if section.sheet.count() == before {
        profiled.value.finish(section).unwrap_or_else(report);
    }
}

/// Profiles by name, with where they stand.
pub(super) type Named<T> = BTreeMap<String, (Profiled<T>, Origin)>;

/// Reads `gate_profiles` or `guard_profiles`. One in which something is wrong is left out.
pub(super) fn named<T: Values>(section: &Section<'_>, profiles: &mut Named<T>) {
    for field in section.fields() {
        let before = section.sheet.count();
        let mut profiled = Profiled::default();
        match field.section() {
            Ok(values) => over(&values, &mut profiled, &[]),
            Err(fault) => section.sheet.report(fault),
        }
        if section.sheet.count() == before {
            profiles.insert(field.key.to_owned(), (profiled, field.origin()));
        }
    }
}

/// Reads `gate` or `guard` of an environment: the name of a profile, or values, among them
/// `profile`.
pub(super) fn chosen<T: Values>(
    environment: &Section<'_>,
    key: &str,
    profiles: &Named<T>,
) -> Profiled<T> {
    let Some(field) = environment.field(key) else { return Profiled::default() };
    if field.node.text().is_some() {
        return base(environment, key, profiles);
    }
    let Ok(section) = field.section() else {
        environment.sheet.report(field.wrong("the name of a profile, or a map"));
        return Profiled::default();
    };
    let mut profiled = base(&section, "profile", profiles);
    over(&section, &mut profiled, &["profile"]);
    profiled
}

/// The profile that a field names.
fn base<T: Values>(section: &Section<'_>, key: &str, profiles: &Named<T>) -> Profiled<T> {
    let found = section.read(key, |field| {
        let name = field.text()?;
        profiles.get_key_value(name).ok_or_else(|| {
            let known: Vec<&str> = profiles.keys().map(String::as_str).collect();
            let there = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            field.unlike(&format!("it is the name of a profile, and there are {there}"), &known)
        })
    });
    let Some(Stated { value: (name, (profile, _)), origin }) = found else {
        return Profiled::default();
    };
    let base = Stated { value: SafeText::name(name), origin };
    Profiled { base: Some(base), ..profile.clone() }
}

/// A text that is compared or sent as it is; a number is one, too.
fn short(field: &Field<'_>) -> Read<SafeText> {
    let text = match &field.node.value {
        Value::Int(number) => number.to_string(),
        _ => field.text()?.to_owned(),
    };
    if text.is_empty() || text.len() > 200 || !text.chars().all(is_printable) {
        return Err(field.bad("it is a text of 1 to 200 printable characters"));
    }
    Ok(text.into())
}

fn path(field: &Field<'_>) -> Read<SafeText> {
    let text = field.text()?;
    let good = |c: char| c.is_ascii_graphic() && c != '#';
    if !text.starts_with('/')
        || text.starts_with("//")
        || text.len() > 500
        || !text.chars().all(good)
        || text.split(['/', '?']).any(|part| part == "..")
    {
        return Err(field.bad("it is a path such as /health"));
    }
    Ok(SafeText::new(text))
}

fn pointer(field: &Field<'_>) -> Read<SafeText> {
    let text = field.text()?;
    if !text.starts_with('/') || text.len() > 200 || !text.chars().all(is_printable) {
        return Err(field.bad("it is a JSON pointer such as /database/status"));
    }
    Ok(SafeText::new(text))
}

/// A time of an HTTP question.
fn time(field: &Field<'_>) -> Read<Duration> {
    let span = field.span()?;
    let fits = span.to_std().ok().filter(|_| span <= Span::hours(1));
    fits.ok_or_else(|| field.bad("it is a time up to an hour, such as 500ms, 3s or 5m"))
}

/// A time of a guard.
fn week(field: &Field<'_>) -> Read<Span> {
    let span = field.span()?;
    let fits = span <= Span::days(7);
    if fits { Ok(span) } else { Err(field.bad("it is a time up to seven days, such as 90s or 5m")) }
}

/// Samples lie on a grid of whole seconds.
fn seconds(field: &Field<'_>) -> Read<Span> {
    let span = week(field)?;
    let fits = span == Span::seconds(span.num_seconds());
    if fits { Ok(span) } else { Err(field.bad("it is a time of whole seconds, such as 30s")) }
}

fn above_zero(field: &Field<'_>) -> Read<f64> {
    let number = field.number()?;
    if number >= 0.0 { Ok(number) } else { Err(field.bad("it is a number of requests")) }
}

fn skipped(field: &Field<'_>) -> Read<Vec<Check>> {
    let known = Check::ALL.map(|check| (check.name(), check));
    field.list("a list of checks", |item| item.word(&known))
}
