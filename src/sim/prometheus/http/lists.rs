//! What series and labels there are.
//!
//! Called by the paths.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Failure, Parameters, Source, of_parameter};
use crate::sim::prometheus::{labels, query};
use crate::sim::traffic::{Matcher, NAME, Tags};

/// Far enough in the past, and in the future, for every instant here.
const LONG_AGO: i64 = i64::MIN / 4;
const EVER: i64 = i64::MAX / 4;

/// `/series`: the labels of all series that fit one of the selectors.
pub(super) fn series(source: &dyn Source, parameters: Parameters<'_>) -> Result<Value, Failure> {
    if parameters.all("match[]").next().is_none() {
        return Err(Failure::bad_data("no match[] parameter provided"));
    }
    let found = found(source, parameters, of_parameter("match[]"))?;
    Ok(found.iter().map(|tags| json!(labels(tags))).collect())
}

/// `/labels`: the names of all labels.
pub(super) fn names(source: &dyn Source, parameters: Parameters<'_>) -> Result<Value, Failure> {
    let found = found(source, parameters, |failure| failure)?;
    let names = found.iter().flat_map(Tags::iter).map(|(name, _)| name.to_string());
    Ok(names.collect::<BTreeSet<String>>().into_iter().collect())
}

/// `/label/NAME/values`: what values a label has.
pub(super) fn values(
    source: &dyn Source,
    label: &str,
    parameters: Parameters<'_>,
) -> Result<Value, Failure> {
    let mut letters = label.chars();
    let begins = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if !begins || !letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return Err(Failure::bad_data(format!("invalid label name: {label:?}")));
    }
    let found = found(source, parameters, |failure| failure)?;
    let values = found.iter().map(|tags| tags.get(label).to_owned());
    let values: BTreeSet<String> = values.filter(|value| !value.is_empty()).collect();
    Ok(values.into_iter().collect())
}

/// The series that fit one of the selectors; all where there is no selector.
fn found(
    source: &dyn Source,
    parameters: Parameters<'_>,
    wrong: impl Fn(Failure) -> Failure,
) -> Result<BTreeSet<Tags>, Failure> {
    let from = parameters.time_or("start", LONG_AGO)?;
    let to = parameters.time_or("end", EVER)?;
    let mut selectors = Vec::new();
    for text in parameters.all("match[]") {
        selectors.push(query::parse_selector(text).map_err(&wrong)?);
    }
    if selectors.is_empty() {
        selectors.push(vec![Matcher::other(NAME, Box::new(|_| true))]);
    }
    let mut found = BTreeSet::new();
    for selector in selectors {
        found.extend(source.list(&selector, from, to)?);
    }
    Ok(found)
}
