//! Series as Prometheus keeps them: labels, points in time, and what a selector asks for.
//!
//! Never knows where a series comes from. Called by everything that exposes series and by the
//! query engine.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use crate::sim::hash;

/// The label that holds a metric's name.
pub(crate) const NAME: &str = "__name__";

/// The value that says that a series has ended: a NaN of its own.
pub(crate) const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// Whether a value says that its series has ended.
pub(crate) fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE.to_bits()
}

/// A label's name or value. Cheap to clone: there are few texts and very many series.
#[derive(Clone)]
pub(crate) enum Text {
    Fixed(&'static str),
    Shared(Arc<str>),
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self::Fixed(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl Text {
    /// A copy of a text that does not live for ever.
    pub(crate) fn copied(text: &str) -> Self {
        Self::Shared(text.into())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// One label: its name and its value.
pub(crate) type Tag = (Text, Text);

/// The labels of a series, by name. A label without a value is the same as none.
#[derive(Debug, Clone)]
pub(crate) struct Tags {
    /// Of all labels: vectors are compared and grouped by their labels all the time.
    hash: u64,
    tags: Arc<[Tag]>,
}

impl PartialEq for Tags {
    fn eq(&self, other: &Self) -> bool {
        let same = || Arc::ptr_eq(&self.tags, &other.tags) || self.tags == other.tags;
        self.hash == other.hash && same()
    }
}

impl Eq for Tags {}

impl PartialOrd for Tags {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Tags {
    fn cmp(&self, other: &Self) -> Ordering {
        self.tags.cmp(&other.tags)
    }
}

impl Hash for Tags {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Default for Tags {
    fn default() -> Self {
        Self::sorted(Vec::new())
    }
}

impl FromIterator<Tag> for Tags {
    fn from_iter<T: IntoIterator<Item = Tag>>(tags: T) -> Self {
        let mut tags: Vec<Tag> = tags.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        tags.sort_by(|one, other| one.0.cmp(&other.0));
        tags.dedup_by(|later, earlier| later.0 == earlier.0);
        Self::sorted(tags)
    }
}

impl Tags {
    /// Labels that are already in order, each with a value.
    fn sorted(tags: Vec<Tag>) -> Self {
        let texts = tags.iter().flat_map(|(name, value)| [name, value]);
        let hash = texts.fold(0u64, |hash, text| {
            (hash.rotate_left(5) ^ hash::fnv1a_64(text.as_bytes()))
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        Self { hash, tags: tags.into() }
    }

    /// The value of a label; empty when there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.tags.iter().find(|(label, _)| &**label == name);
        found.map_or("", |(_, value)| value)
    }

    /// All labels, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Tag> {
        self.tags.iter()
    }

    /// The same with these labels set; those with an empty value are taken away.
    pub(crate) fn with(&self, set: &[Tag]) -> Self {
        let mut tags: Vec<Tag> = Vec::with_capacity(self.tags.len() + set.len());
        tags.extend(self.tags.iter().cloned());
        for (name, value) in set {
            let place = tags.binary_search_by(|(label, _)| label.cmp(name));
            match place {
                Ok(at) if value.is_empty() => drop(tags.remove(at)),
                Ok(at) => drop(tags.splice(at..=at, [(name.clone(), value.clone())])),
                Err(_) if value.is_empty() => {}
                Err(at) => tags.insert(at, (name.clone(), value.clone())),
            }
        }
        Self::sorted(tags)
    }

    /// Only the labels whose names fit.
    pub(crate) fn filtered(&self, fits: impl Fn(&str) -> bool) -> Self {
        if self.tags.iter().all(|(name, _)| fits(name)) {
            return self.clone();
        }
        Self::sorted(self.tags.iter().filter(|(name, _)| fits(name)).cloned().collect())
    }

    /// The same without the metric's name.
    pub(crate) fn nameless(&self) -> Self {
        self.filtered(|name| name != NAME)
    }
}

/// Printed as messages of Prometheus have it: `name{label="value"}`.
impl fmt::Display for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (name, value)) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{}={:?}", &**name, &**value)?;
        }
        f.write_str("}")
    }
}

/// A value at an instant, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) at: i64,
    pub(crate) value: f64,
}

/// A series, its points by time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) tags: Tags,
    pub(crate) points: Vec<Point>,
}

/// What a selector asks of one label.
pub(crate) struct Matcher {
    pub(crate) label: String,
    /// The value, when exactly this one is asked for.
    pub(crate) exactly: Option<String>,
    test: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

impl Matcher {
    /// Asks for exactly this value.
    pub(crate) fn exact(label: &str, value: &str) -> Self {
        let wanted = value.to_owned();
        let test = move |value: &str| value == wanted;
        Self { label: label.to_owned(), exactly: Some(value.to_owned()), test: Box::new(test) }
    }

    /// Asks for whatever passes a test.
    pub(crate) fn other(label: &str, test: Box<dyn Fn(&str) -> bool + Send + Sync>) -> Self {
        Self { label: label.to_owned(), exactly: None, test }
    }

    pub(crate) fn fits(&self, value: &str) -> bool {
        (self.test)(value)
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exactly = self.exactly.as_deref().unwrap_or("(a test)");
        write!(f, "{}={exactly:?}", self.label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(list: &[(&'static str, &'static str)]) -> Tags {
        list.iter().map(|(name, value)| (Text::from(*name), Text::from(*value))).collect()
    }

    #[test]
    fn labels_are_sorted_and_empty_ones_are_none() {
        let some = tags(&[("b", "2"), ("a", "1"), ("c", "")]);
        assert_eq!(some, tags(&[("a", "1"), ("b", "2")]));
        assert_eq!((some.get("a"), some.get("c")), ("1", ""));
        let changed = some.with(&[("a".into(), "".into()), ("d".into(), Text::copied("4"))]);
        assert_eq!(changed, tags(&[("b", "2"), ("d", "4")]));
        assert_eq!(some.filtered(|name| name == "b"), tags(&[("b", "2")]));
        assert_eq!(some.to_string(), r#"{a="1", b="2"}"#);
    }

    #[test]
    fn the_end_of_a_series_is_no_other_nan() {
        assert!(is_stale(STALE) && STALE.is_nan() && !is_stale(f64::NAN));
    }
}
