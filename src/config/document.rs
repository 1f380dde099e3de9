//! A TOML file read by hand, so that every complaint has a line and a column.
//!
//! Never knows what a key means. Called by `file` and `theme`.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layers::Origin;
use super::place::Place;
use super::{ConfigError, nearest};

/// The text of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document<'a> {
    path: &'a Path,
    text: &'a str,
}

impl<'a> Document<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text }
    }

    /// Parses it and gives the whole of it to `read`.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(Section<'_>) -> Result<T, ConfigError>,
    ) -> Result<T, ConfigError> {
        let table = DeTable::parse(self.text).map_err(|error| ConfigError::Syntax {
            place: self.place(error.span().map_or(0, |span| span.start)),
            message: one_line(error.message()),
        })?;
        read(Section { document: *self, name: "this file".to_owned(), table: table.get_ref() })
    }

    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let from_one = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        Place {
            path: Arc::from(self.path),
            line: from_one(before.matches('\n').count()),
            column: from_one(before.get(line_start..).unwrap_or_default().chars().count()),
        }
    }
}

/// A table of a file.
#[derive(Debug, Clone)]
pub(super) struct Section<'d> {
    document: Document<'d>,
    name: String,
    table: &'d DeTable<'d>,
}

impl<'d> Section<'d> {
    /// The same, named as a part of this one: `[alerts.ops]`.
    pub(super) fn under(self, parent: &str) -> Self {
        let name = self.name.trim_start_matches('[');
        Self { name: format!("[{parent}.{name}"), ..self }
    }

    /// Its keys and values.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'d>> {
        let document = self.document;
        self.table.iter().map(move |(key, value)| Entry {
            document,
            key: key.get_ref(),
            key_at: key.span().start,
            value,
        })
    }

    /// The complaint about a key that is none of these.
    pub(super) fn unknown<'k>(
        &self,
        entry: &Entry<'_>,
        known: impl IntoIterator<Item = &'k str>,
    ) -> ConfigError {
        ConfigError::UnknownKey {
            place: entry.place(),
            key: one_line(entry.key),
            section: self.name.clone(),
            nearest: nearest(entry.key, known).map(str::to_owned),
        }
    }

    /// The complaint about a key that is not there.
    pub(super) fn missing(&self, key: &str) -> ConfigError {
        ConfigError::Missing {
            path: self.document.path.to_owned(),
            key: key.to_owned(),
            section: self.name.clone(),
        }
    }
}

/// One key and its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'d> {
    document: Document<'d>,
    pub(super) key: &'d str,
    key_at: usize,
    value: &'d Spanned<DeValue<'d>>,
}

impl<'d> Entry<'d> {
    /// Where the key stands.
    pub(super) fn place(&self) -> Place {
        self.document.place(self.key_at)
    }

    /// The value's origin: its line in this file.
    pub(super) fn origin(&self) -> Origin {
        Origin::File(self.document.place(self.value.span().start))
    }

    pub(super) fn text(&self) -> Result<String, ConfigError> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text.clone().into_owned()),
            _ => Err(self.wrong_type("a string")),
        }
    }

    pub(super) fn yes(&self) -> Result<bool, ConfigError> {
        match self.value.get_ref() {
            DeValue::Boolean(value) => Ok(*value),
            _ => Err(self.wrong_type("true or false")),
        }
    }

    /// A number, whole or not, and never one that is none.
    pub(super) fn number(&self) -> Result<f64, ConfigError> {
        let text = match self.value.get_ref() {
            DeValue::Integer(number) => number.as_str().replace('_', ""),
            DeValue::Float(number) => number.as_str().replace('_', ""),
            _ => return Err(self.wrong_type("a number")),
        };
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| self.wrong_type("a decimal number"))
    }

    /// A whole number.
    pub(super) fn whole(&self) -> Result<i64, ConfigError> {
        let number = self.value.get_ref().as_integer();
        let read = number.and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        read.ok_or_else(|| self.wrong_type("a whole number"))
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, ConfigError> {
        let wanted = "a list of strings";
        let DeValue::Array(items) = self.value.get_ref() else {
            return Err(self.wrong_type(wanted));
        };
        items
            .iter()
            .map(|item| Entry { value: item, ..*self })
            .map(|item| item.text().map_err(|_| item.wrong_type(wanted)))
            .collect()
    }

    /// The value as a table of its own.
    pub(super) fn section(&self) -> Result<Section<'d>, ConfigError> {
        match self.value.get_ref() {
            DeValue::Table(table) => Ok(Section {
                document: self.document,
                name: format!("[{}]", one_line(self.key)),
                table,
            }),
            _ => Err(self.wrong_type("a table")),
        }
    }

    /// The complaint about a value that is of the right type and yet none.
    pub(super) fn bad(&self, value: String, wanted: &'static str) -> ConfigError {
        let (origin, key) = (self.origin(), self.key.to_owned());
        ConfigError::BadValue { origin, key, value, wanted, nearest: None }
    }

    /// What a word stands for, when it is one of these.
    pub(super) fn choice<T: Copy>(
        &self,
        choices: &[(&'static str, T)],
        wanted: &'static str,
    ) -> Result<T, ConfigError> {
        let text = self.text()?;
        let chosen = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        chosen.ok_or_else(|| ConfigError::BadValue {
            origin: self.origin(),
            key: self.key.to_owned(),
            wanted,
            nearest: nearest(&text, choices.iter().map(|(word, _)| *word)).map(str::to_owned),
            value: text,
        })
    }

    /// The value as a list of tables.
    pub(super) fn sections(&self) -> Result<Vec<Section<'d>>, ConfigError> {
        let DeValue::Array(items) = self.value.get_ref() else {
            return Err(self.wrong_type("a list of tables"));
        };
        items.iter().map(|item| Entry { value: item, ..*self }.section()).collect()
    }

    /// Whether the value is a string.
    pub(super) fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    fn wrong_type(&self, wanted: &'static str) -> ConfigError {
        ConfigError::WrongType {
            place: self.document.place(self.value.span().start),
            key: one_line(self.key),
            wanted,
            found: self.value.get_ref().type_str(),
        }
    }
}

/// Text of a file within a message: nothing in it may reach a terminal as a command.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
