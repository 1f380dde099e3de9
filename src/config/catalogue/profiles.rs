//! Gate and guard profiles: named sets of values, and what an environment writes over them.
//!
//! Keys and limits are those of `config::profile`, the complaints the catalogue's own. Never knows
//! what a value means. Called by the readers of the catalogue and of environments.

use std::collections::BTreeMap;

use crate::config::profile::{
    Form, HOUR, Limit, PATH, POINTER, REQUESTS, SHORT, Slot, Values, keys,
};
use crate::domain::catalogue::environment::Profiled;
use crate::domain::catalogue::stated::{Origin, Stated};
use crate::domain::gate::Check;
use crate::domain::text::SafeText;
use crate::domain::time::Span;
use crate::manifest::tree::Value;

use super::fault::CatalogueFault;
use super::sheet::{Field, Section};

type Read<T> = Result<T, CatalogueFault>;

/// Writes the fields of a section over values. `besides` are keys that mean something else.
fn over<T: Values>(section: &Section<'_>, profiled: &mut Profiled<T>, besides: &[&str]) {
    section.only(&[&keys::<T>(), besides].concat());
    let report = |fault| section.sheet.report(fault);
    let before = section.sheet.count();
    let mut draft = profiled.value.clone().into();
    for (key, slot) in T::slots(&mut draft) {
        let Some(field) = section.field(key) else { continue };
        match fill(slot, &field) {
            Ok(()) => {
                profiled.set.retain(|(set, _)| *set != key);
                profiled.set.push((key, field.origin()));
            }
            Err(fault) => report(fault),
        }
    }
    if section.sheet.count() == before {
        match T::done(draft) {
            Ok(values) => profiled.value = values,
            Err(key) => report(section.missing(key)),
        }
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

/// Fills a field of the values with one of the section.
fn fill(slot: Slot<'_>, field: &Field<'_>) -> Read<()> {
    match slot {
        Slot::Server(server) => *server = Some(field.server()?),
        Slot::File(file) => *file = Some(field.line()?.to_string()),
        Slot::Port(port) => *port = Some(short(field)?),
        Slot::Text(text) => *text = short(field)?,
        Slot::Path(path) => *path = formed(PATH, field.text()?, field)?,
        Slot::Pointer(pointer) => *pointer = formed(POINTER, field.text()?, field)?,
        Slot::Checks(checks) => {
            let known = Check::ALL.map(|check| (check.name(), check));
            *checks = field.list("a list of checks", |item| item.word(&known))?;
        }
        Slot::Truth(truth) => *truth = field.truth()?,
        Slot::Count(number, bounds) => *number = field.count(bounds.least, bounds.most)?,
        // Above zero, and so one of the standard library, too.
        Slot::Time(time) => *time = span(field, HOUR)?.to_std().unwrap_or_default(),
        Slot::Span(time, limit) => *time = span(field, limit)?,
        Slot::Share(share) => *share = field.share()?,
        Slot::Requests(number) => *number = requests(field)?,
        Slot::Query(query) => *query = Some(field.text()?.into()),
        Slot::Least(least) => *least = Some(field.number()?),
    }
    Ok(())
}

/// The text of a field, where it looks as it has to.
fn formed(form: Form, text: &str, field: &Field<'_>) -> Read<SafeText> {
    if (form.fits)(text) { Ok(text.into()) } else { Err(field.bad(form.wanted)) }
}

/// A number is such a text, too.
fn short(field: &Field<'_>) -> Read<SafeText> {
    match &field.node.value {
        Value::Int(number) => formed(SHORT, &number.to_string(), field),
        _ => formed(SHORT, field.text()?, field),
    }
}

fn span(field: &Field<'_>, limit: Limit) -> Read<Span> {
    let span = field.span()?;
    if span > limit.longest {
        return Err(field.bad(limit.too_long));
    }
    if limit.on_grid(span) { Ok(span) } else { Err(field.bad(limit.wanted)) }
}

fn requests(field: &Field<'_>) -> Read<f64> {
    let number = field.number()?;
    if number >= 0.0 { Ok(number) } else { Err(field.bad(REQUESTS)) }
}
