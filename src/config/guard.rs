//! `[guard]`: limits and times that a guard is armed with unless a flag says otherwise.
//!
//! Shares have `%` and times their unit: a bare number could be either. Called by `file`, and by
//! `args` for the flags of `waveoff guard`.

use std::collections::BTreeMap;

use super::ConfigError;
use super::document::{Entry, Section};
use super::layers::Origin;
use crate::domain::guard::rule::Terms;
use crate::domain::time::{Span, length, parse_go_duration};

/// What can be set, in the order of `waveoff config`.
pub(super) const KEYS: [&str; 16] = [
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

/// Limits and times, and who set which.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GuardSettings {
    /// The terms.
    pub terms: Terms,
    /// Keys that a file set, with their lines.
    pub set: BTreeMap<&'static str, Origin>,
}

/// A share: `1%`, `0.5%`; of 0 to 100 %.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    number
        .filter(|percent| (0.0..=100.0).contains(percent))
        .map(|percent| percent / 100.0)
        .ok_or_else(|| "write a share with its sign, between 0% and 100%, such as 1%".to_owned())
}

/// A time above zero: `90s`, `5m`.
pub(super) fn time(text: &str) -> Result<Span, String> {
    parse_go_duration(text.trim())
        .filter(|span| *span > Span::zero() && *span <= Span::days(7))
        .ok_or_else(|| "write a time above zero with its unit, such as 90s, 5m or 1h30m".to_owned())
}

/// Reads `[guard]`.
pub(super) fn guard(section: &Section<'_>) -> Result<GuardSettings, ConfigError> {
    let mut settings = GuardSettings::default();
    let mut business = None;
    let mut least = None;
    for entry in section.entries() {
        let Some(key) = KEYS.into_iter().find(|key| *key == entry.key) else {
            return Err(section.unknown(&entry, KEYS));
        };
        let terms = &mut settings.terms;
        match key {
            "errors" => terms.errors = share_of(&entry)?,
            "errors_for" => terms.errors_for = time_of(&entry)?,
            "p99" => terms.latency = time_of(&entry)?,
            "p99_for" => terms.latency_for = time_of(&entry)?,
            "healthy" => terms.healthy = share_of(&entry)?,
            "healthy_for" => terms.healthy_for = time_of(&entry)?,
            "business" => business = Some(entry.text()?),
            "business_least" => least = Some(entry.number()?),
            "business_for" => terms.business_for = time_of(&entry)?,
            "fast" => terms.fast = entry.yes()?,
            "consecutive" => terms.consecutive = count_of(&entry)?,
            "every" => terms.every = seconds_of(&entry)?,
            "pods_every" => terms.pods_every = seconds_of(&entry)?,
            "least_requests" => terms.least_requests = entry.number()?,
            "grace" => terms.grace = time_of(&entry)?,
            _ => terms.expires = time_of(&entry)?,
        }
        settings.set.insert(key, entry.origin());
    }
    settings.terms.business = match (business, least) {
        (None, None) => None,
        (Some(query), Some(least)) => Some((query.into(), least)),
        (Some(_), None) => return Err(section.missing("business_least")),
        (None, Some(_)) => return Err(section.missing("business")),
    };
    Ok(settings)
}

fn share_of(entry: &Entry<'_>) -> Result<f64, ConfigError> {
    let text = entry.text()?;
    share(&text).map_err(|_| entry.bad(text, "it is a share with its sign, such as 1%"))
}

fn time_of(entry: &Entry<'_>) -> Result<Span, ConfigError> {
    let text = entry.text()?;
    time(&text).map_err(|_| entry.bad(text, "it is a time with its unit, such as 90s or 5m"))
}

/// Samples lie on a grid of whole seconds.
fn seconds_of(entry: &Entry<'_>) -> Result<Span, ConfigError> {
    let text = entry.text()?;
    let span = time(&text).ok().filter(|span| *span == Span::seconds(span.num_seconds()));
    span.ok_or_else(|| entry.bad(text, "it is a time of whole seconds, such as 30s"))
}

fn count_of(entry: &Entry<'_>) -> Result<u32, ConfigError> {
    let number = entry.number()?;
    let wanted = "it is a whole number of samples, 1 to 100";
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 100")]
    let count = number as u32;
    let fits = (1.0..=100.0).contains(&number) && number.fract() == 0.0;
    if fits { Ok(count) } else { Err(entry.bad(number.to_string(), wanted)) }
}

/// The values of the keys, as the file writes them.
pub(super) fn values(terms: &Terms) -> Vec<(&'static str, String)> {
    let percent = |share: f64| format!("{}%", (share * 1e6).round() / 1e4);
    let (query, least) = match &terms.business {
        Some((query, least)) => (query.to_string(), least.to_string()),
        None => ("none".to_owned(), "none".to_owned()),
    };
    let texts = [
        percent(terms.errors),
        length(terms.errors_for),
        length(terms.latency),
        length(terms.latency_for),
        percent(terms.healthy),
        length(terms.healthy_for),
        query,
        least,
        length(terms.business_for),
        terms.fast.to_string(),
        terms.consecutive.to_string(),
        length(terms.every),
        length(terms.pods_every),
        terms.least_requests.to_string(),
        length(terms.grace),
        length(terms.expires),
    ];
    KEYS.into_iter().zip(texts).collect()
}
