//! A place in a JSON object, read tolerantly.
//!
//! A missing or null field is `None` and no oddity, since the API leaves out zero values; a field
//! of another type is `None` and an oddity. Never fails. Used by every translation.

use std::cell::RefCell;

use serde_json::{Map, Value};

use super::pool::Pool;
use crate::domain::strategy::Amount;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp, parse_go_duration, parse_rfc3339};

/// Most oddities kept of one object.
const MOST_ODDITIES: usize = 20;

/// Most entries of a list or a map that are read: nothing real comes near.
pub(super) const MOST_ENTRIES: usize = 5_000;

static NULL: Value = Value::Null;

/// The reading of one object.
#[derive(Debug)]
pub(super) struct Reading {
    odd: RefCell<Vec<String>>,
    pool: Pool,
}

impl Reading {
    /// Texts that objects share come out of this pool.
    pub(super) fn new(pool: &Pool) -> Self {
        Self { odd: RefCell::default(), pool: pool.clone() }
    }

    /// What was odd.
    pub(super) fn oddities(self) -> Vec<String> {
        self.odd.into_inner()
    }
}

/// A place in an object.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    value: &'a Value,
    reading: &'a Reading,
}

impl<'a> Node<'a> {
    pub(super) fn new(value: &'a Value, reading: &'a Reading) -> Self {
        Self { value, reading }
    }

    fn with(self, value: &'a Value) -> Self {
        Self { value, reading: self.reading }
    }

    /// Notes that something is not as expected.
    pub(super) fn note(self, what: impl FnOnce() -> String) {
        let mut odd = self.reading.odd.borrow_mut();
        if odd.len() < MOST_ODDITIES {
            odd.push(what());
        }
    }

    /// The value of a key; null where there is none.
    pub(super) fn at(self, key: &str) -> Node<'a> {
        match self.value {
            Value::Object(map) => self.with(map.get(key).unwrap_or(&NULL)),
            Value::Null => self,
            _ => {
                self.note(|| format!("the parent of {key} is no object"));
                self.with(&NULL)
            }
        }
    }

    /// A place with nothing in it.
    pub(super) fn nothing(self) -> Node<'a> {
        self.with(&NULL)
    }

    /// Whether there is anything.
    pub(super) fn exists(self) -> bool {
        !self.value.is_null()
    }

    /// A present object under this key.
    pub(super) fn part(self, key: &str) -> Option<Node<'a>> {
        Some(self.at(key)).filter(|node| node.exists())
    }

    fn field<T>(self, key: &str, want: &str, read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.at(key).value;
        if value.is_null() {
            return None;
        }
        let got = read(value);
        if got.is_none() {
            self.note(|| format!("{key} is no {want}"));
        }
        got
    }

    /// Raw text.
    pub(super) fn str(self, key: &str) -> Option<&'a str> {
        self.field(key, "text", Value::as_str)
    }

    /// Text that is not empty.
    pub(super) fn text(self, key: &str) -> Option<SafeText> {
        self.str(key).filter(|s| !s.is_empty()).map(SafeText::new)
    }

    /// Text that is not empty and the same in many objects.
    pub(super) fn shared(self, key: &str) -> Option<SafeText> {
        self.str(key).filter(|s| !s.is_empty()).map(|s| self.reading.pool.take(s))
    }

    /// The same, or empty.
    pub(super) fn shared_or_empty(self, key: &str) -> SafeText {
        self.shared(key).unwrap_or_default()
    }

    /// Text, or empty.
    pub(super) fn text_or_empty(self, key: &str) -> SafeText {
        self.text(key).unwrap_or_default()
    }

    /// A name that a person tells from others by its look, or empty.
    pub(super) fn name(self, key: &str) -> SafeText {
        match self.str(key).unwrap_or_default() {
            // Such a name is what it looks like.
            name if name.is_ascii() => self.reading.pool.take(name),
            name => SafeText::name(name),
        }
    }

    /// A flag; absent is false.
    pub(super) fn flag(self, key: &str) -> bool {
        self.optional_flag(key).unwrap_or(false)
    }

    /// A flag that may be absent.
    pub(super) fn optional_flag(self, key: &str) -> Option<bool> {
        self.field(key, "true or false", Value::as_bool)
    }

    /// A number, also one written as text (`observedGeneration` of a Rollout).
    pub(super) fn long(self, key: &str) -> Option<i64> {
        self.field(key, "number", |value| match value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_i64(),
        })
    }

    /// A number of moderate size.
    pub(super) fn int(self, key: &str) -> Option<i32> {
        let long = self.long(key)?;
        let int = i32::try_from(long).ok();
        if int.is_none() {
            self.note(|| format!("{key} is out of range"));
        }
        int
    }

    /// A number, or zero.
    pub(super) fn count(self, key: &str) -> i32 {
        self.int(key).unwrap_or(0)
    }

    /// A number, or text, as it is written.
    pub(super) fn written(self, key: &str) -> Option<SafeText> {
        self.field(key, "number or text", |value| match value {
            Value::String(text) => Some(SafeText::new(text)),
            Value::Number(number) => Some(SafeText::new(&number.to_string())),
            _ => None,
        })
        .filter(|text| !text.is_empty())
    }

    /// A number, or a percentage such as `25%`.
    pub(super) fn amount(self, key: &str) -> Option<Amount> {
        self.field(key, "number or percentage", |value| match value {
            Value::Number(n) => n.as_i64().and_then(|n| i32::try_from(n).ok()).map(Amount::Count),
            Value::String(text) => match text.trim().strip_suffix('%') {
                Some(percent) => percent.trim().parse().ok().map(Amount::Percent),
                None => text.trim().parse().ok().map(Amount::Count),
            },
            _ => None,
        })
    }

    /// Whole seconds.
    pub(super) fn seconds(self, key: &str) -> Option<Span> {
        self.int(key).map(|s| Span::seconds(i64::from(s)))
    }

    /// A Go duration.
    pub(super) fn duration(self, key: &str) -> Option<Span> {
        self.field(key, "duration", |value| parse_go_duration(value.as_str()?))
    }

    /// An instant.
    pub(super) fn time(self, key: &str) -> Option<Timestamp> {
        self.field(key, "time", |value| parse_rfc3339(value.as_str()?))
    }

    /// Entries of a list.
    pub(super) fn list(self, key: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
        self.first(MOST_ENTRIES, key)
    }

    /// Entries of a list that nobody reads to its end.
    pub(super) fn first(self, most: usize, key: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let items = self.field(key, "list", Value::as_array).map_or(&[][..], Vec::as_slice);
        if let Some(more) = items.len().checked_sub(most).filter(|more| *more > 0) {
            self.note(|| format!("{key} is too long: {more} entries are left out"));
        }
        items.iter().take(most).map(move |value| self.with(value))
    }

    /// Texts of a list.
    pub(super) fn texts(self, key: &str) -> Vec<SafeText> {
        let items = self.list(key).filter_map(|node| node.value.as_str());
        items.map(SafeText::new).collect()
    }

    /// Keys of an object, in order.
    pub(super) fn keys(self) -> impl Iterator<Item = &'a str> + use<'a> {
        let map: Option<&'a Map<String, Value>> = self.value.as_object();
        map.into_iter().flat_map(|map| map.keys()).take(MOST_ENTRIES).map(String::as_str)
    }

    /// Text pairs of an object, sorted by key.
    pub(super) fn pairs(self, key: &str) -> Vec<(SafeText, SafeText)> {
        let pool = &self.reading.pool;
        let map = self.field(key, "map", Value::as_object);
        let entries = map.into_iter().flatten().take(MOST_ENTRIES);
        let mut pairs: Vec<(SafeText, SafeText)> =
            entries.filter_map(|(k, v)| Some((pool.take(k), pool.take(v.as_str()?)))).collect();
        pairs.sort();
        pairs
    }

    /// The value itself.
    pub(super) fn value(self) -> &'a Value {
        self.value
    }
}
