//! `[gate]` and `[guard]` of `config.toml`.
//!
//! The first thing that is wrong ends the reading; never goes on with half of a section. Called by
//! `file`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Bounds, Form, HOUR, Limit, PATH, POINTER, REQUESTS, SHORT, Slot, Values, keys, share};
use crate::config::document::{Entry, Section};
use crate::config::layers::{Origin, Setting};
use crate::config::prometheus::check_url;
use crate::config::{ConfigError, nearest};
use crate::domain::gate::{Check, Profile};
use crate::domain::guard::rule::Terms;
use crate::domain::text::SafeText;
use crate::domain::time::Span;

type Read<T> = Result<T, ConfigError>;

/// What the gate asks, and who set each value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GateSettings {
    /// The values in effect.
    pub profile: Profile,
    /// Where those were set that the file has.
    pub origins: BTreeMap<&'static str, Origin>,
}

/// Limits and times, and who set which.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GuardSettings {
    /// The terms.
    pub terms: Terms,
    /// Keys that a file set, with their lines.
    pub set: BTreeMap<&'static str, Origin>,
}

impl GateSettings {
    /// Reads `[gate]`.
    pub(in crate::config) fn read(section: &Section<'_>) -> Read<Self> {
        read(section).map(|(profile, origins)| Self { profile, origins })
    }
}

impl GuardSettings {
    /// Reads `[guard]`.
    pub(in crate::config) fn read(section: &Section<'_>) -> Read<Self> {
        read(section).map(|(terms, set)| Self { terms, set })
    }
}

fn read<T: Values>(section: &Section<'_>) -> Read<(T, BTreeMap<&'static str, Origin>)> {
    let mut draft = T::default().into();
    let mut set = BTreeMap::new();
    for entry in section.entries() {
        let slot = T::slots(&mut draft).into_iter().find(|(key, _)| *key == entry.key);
        let (key, slot) = slot.ok_or_else(|| section.unknown(&entry, keys::<T>()))?;
        fill(slot, &entry)?;
        set.insert(key, entry.origin());
    }
    let values = T::done(draft).map_err(|key| section.missing(key))?;
    Ok((values, set))
}

fn fill(slot: Slot<'_>, entry: &Entry<'_>) -> Read<()> {
    match slot {
        Slot::Server(server) => *server = Some(address(entry)?),
        Slot::File(file) => *file = Some(entry.text()?),
        Slot::Port(port) => *port = Some(text(entry, SHORT)?),
        Slot::Text(value) => *value = text(entry, SHORT)?,
        Slot::Path(path) => *path = text(entry, PATH)?,
        Slot::Pointer(pointer) => *pointer = text(entry, POINTER)?,
        Slot::Checks(checks) => *checks = named(entry)?,
        Slot::Truth(truth) => *truth = entry.yes()?,
        Slot::Count(number, bounds) => *number = count(entry, bounds)?,
        Slot::Time(time) => *time = duration(entry, HOUR)?,
        Slot::Span(time, limit) => *time = span(entry, limit)?,
        Slot::Share(part) => {
            let text = entry.text()?;
            let wanted = "it is a share with its sign, such as 1%";
            *part = share(&text).map_err(|_| entry.bad(text, wanted))?;
        }
        Slot::Requests(number) => *number = requests(entry)?,
        Slot::Query(query) => *query = Some(entry.text()?.into()),
        Slot::Least(least) => *least = Some(entry.number()?),
    }
    Ok(())
}

fn address(entry: &Entry<'_>) -> Read<SafeText> {
    let url = Setting { value: entry.text()?, origin: entry.origin() };
    check_url(&format!("gate.{}", entry.key), &url)?;
    Ok(url.value.trim().trim_end_matches('/').into())
}

fn text(entry: &Entry<'_>, form: Form) -> Read<SafeText> {
    let text = entry.text()?;
    if (form.fits)(&text) { Ok(text.into()) } else { Err(entry.bad(text, form.wanted)) }
}

/// A time of `[gate]`: unlike in `[guard]`, with no blank around it.
fn duration(entry: &Entry<'_>, limit: Limit) -> Read<Duration> {
    let text = entry.text()?;
    let time = limit.read(&text).and_then(|span| span.to_std().ok());
    time.ok_or_else(|| entry.bad(text, limit.wanted))
}

fn span(entry: &Entry<'_>, limit: Limit) -> Read<Span> {
    let text = entry.text()?;
    limit.read(text.trim()).ok_or_else(|| entry.bad(text, limit.wanted))
}

fn count(entry: &Entry<'_>, Bounds { least, most, wanted }: Bounds) -> Read<u32> {
    let number = entry.whole()?;
    let fits = u32::try_from(number).ok().filter(|n| (least..=most).contains(n));
    fits.ok_or_else(|| entry.bad(number.to_string(), wanted))
}

fn requests(entry: &Entry<'_>) -> Read<f64> {
    let number = entry.number()?;
    if number >= 0.0 { Ok(number) } else { Err(entry.bad(number.to_string(), REQUESTS)) }
}

fn named(entry: &Entry<'_>) -> Read<Vec<Check>> {
    let named = |text: String| {
        let found = Check::ALL.into_iter().find(|check| check.name() == text);
        found.ok_or_else(|| ConfigError::BadValue {
            origin: entry.origin(),
            key: entry.key.to_owned(),
            nearest: nearest(&text, Check::ALL.map(Check::name)).map(str::to_owned),
            wanted: "it is a list of pods, preview, active, availability, health, smoke, version, \
                     load, database and dependencies",
            value: text,
        })
    };
    entry.texts()?.into_iter().map(named).collect()
}
