//! YAML as a person would write it: fields in their order, a reason above the field that has one,
//! and text quoted wherever a reader could take it for something else.
//!
//! Never reads. Called by the other files of this folder.

use std::fmt::Write as _;

/// Columns that a comment may fill.
const WIDTH: usize = 98;

/// A value to be written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Doc {
    /// Text on one line.
    Text(String),
    /// Text of several lines, written as it stands.
    Lines(String),
    /// A whole number.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// Fields.
    Map(Map),
    /// Elements.
    List(List),
}

/// One value with its name and the reason above it.
#[derive(Debug, Clone, PartialEq)]
struct Field {
    why: String,
    key: String,
    value: Doc,
}

/// Fields in the order in which they were put.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Map {
    pending: String,
    fields: Vec<Field>,
}

/// Elements in the order in which they were put.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct List {
    pending: String,
    elements: Vec<(String, Doc)>,
}

impl Map {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// The reason of the field that is put next.
    pub(super) fn why(mut self, why: impl Into<String>) -> Self {
        self.pending = why.into();
        self
    }

    pub(super) fn put(mut self, key: impl Into<String>, value: impl Into<Doc>) -> Self {
        let why = std::mem::take(&mut self.pending);
        self.fields.push(Field { why, key: key.into(), value: value.into() });
        self
    }

    /// Puts a field if there is a value for it.
    pub(super) fn put_some(mut self, key: &str, value: Option<impl Into<Doc>>) -> Self {
        let why = std::mem::take(&mut self.pending);
        if let Some(value) = value {
            self.fields.push(Field { why, key: key.to_owned(), value: value.into() });
        }
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl List {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// The reason of the element that is put next.
    pub(super) fn why(mut self, why: impl Into<String>) -> Self {
        self.pending = why.into();
        self
    }

    pub(super) fn put(mut self, value: impl Into<Doc>) -> Self {
        let why = std::mem::take(&mut self.pending);
        self.elements.push((why, value.into()));
        self
    }
}

impl From<&str> for Doc {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Doc {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Doc {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u16> for Doc {
    fn from(number: u16) -> Self {
        Self::Int(number.into())
    }
}

impl From<u32> for Doc {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}

impl From<bool> for Doc {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<Map> for Doc {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<List> for Doc {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

/// A file: what it is, as a comment, and its documents.
pub(super) fn file(head: &str, documents: &[Map]) -> String {
    let mut out = String::new();
    comment(&mut out, head, 0);
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            out.push_str("---\n");
        }
        fields(&mut out, document, 0, 0);
    }
    out
}

/// A list that is a file of its own, without the end of its last line.
pub(super) fn elements_alone(list: &List) -> String {
    let mut out = String::new();
    elements(&mut out, list, 0);
    out.truncate(out.trim_end().len());
    out
}

/// Writes fields. The first line is already indented by `begun` columns.
fn fields(out: &mut String, map: &Map, indent: usize, begun: usize) {
    let mut at = begun;
    for field in &map.fields {
        if !field.why.is_empty() && at == 0 {
            comment(out, &field.why, indent);
        }
        pad(out, indent.saturating_sub(at));
        at = 0;
        out.push_str(&plain_or_quoted(&field.key));
        out.push(':');
        value(out, &field.value, indent);
    }
}

/// Writes what stands behind a key of `indent`.
fn value(out: &mut String, value: &Doc, indent: usize) {
    match value {
        Doc::Map(map) if map.is_empty() => out.push_str(" {}\n"),
        Doc::List(list) if list.elements.is_empty() => out.push_str(" []\n"),
        Doc::Map(map) => {
            out.push('\n');
            fields(out, map, indent + 2, 0);
        }
        Doc::List(list) => {
            out.push('\n');
            elements(out, list, indent + 2);
        }
        scalar => {
            out.push(' ');
            one(out, scalar, indent + 2);
        }
    }
}

fn elements(out: &mut String, list: &List, indent: usize) {
    for (why, element) in &list.elements {
        // A comment between the dash and its first field would be read, but nobody writes it so.
        let first = match element {
            Doc::Map(map) => map.fields.first().map_or("", |field| field.why.as_str()),
            _ => "",
        };
        for why in [why.as_str(), first] {
            comment(out, why, indent);
        }
        pad(out, indent);
        out.push('-');
        if !matches!(element, Doc::List(inner) if !inner.elements.is_empty()) {
            out.push(' ');
        }
        match element {
            Doc::Map(map) if map.is_empty() => out.push_str("{}\n"),
            Doc::Map(map) => fields(out, map, indent + 2, indent + 2),
            Doc::List(inner) if inner.elements.is_empty() => out.push_str("[]\n"),
            Doc::List(inner) => {
                out.push('\n');
                elements(out, inner, indent + 2);
            }
            scalar => one(out, scalar, indent + 2),
        }
    }
}

/// A scalar and the end of its line.
fn one(out: &mut String, scalar: &Doc, indent: usize) {
    match scalar {
        Doc::Text(text) => out.push_str(&plain_or_quoted(text)),
        Doc::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Doc::Bool(truth) => {
            let _ = write!(out, "{truth}");
        }
        Doc::Lines(text) => {
            out.push_str("|-\n");
            for line in text.lines() {
                if !line.is_empty() {
                    pad(out, indent);
                    out.push_str(line);
                }
                out.push('\n');
            }
            return;
        }
        Doc::Map(_) | Doc::List(_) => {}
    }
    out.push('\n');
}

/// Writes a comment, broken at words.
fn comment(out: &mut String, text: &str, indent: usize) {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && indent + 2 + line.chars().count() + word.chars().count() > WIDTH {
            flush(out, &mut line, indent);
        }
        line.push(' ');
        line.push_str(word);
    }
    flush(out, &mut line, indent);
}

fn flush(out: &mut String, line: &mut String, indent: usize) {
    if !line.is_empty() {
        pad(out, indent);
        out.push('#');
        out.push_str(line);
        out.push('\n');
        line.clear();
    }
}

fn pad(out: &mut String, columns: usize) {
    out.extend(std::iter::repeat_n(' ', columns));
}

/// Words that YAML 1.1 or 1.2 takes for something that is no text.
const TAKEN: [&str; 12] =
    ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "none"];

/// Text as it stands where every reader takes it for text, else in double quotes.
fn plain_or_quoted(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || "_-./@:%".contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_');
    let taken = TAKEN.iter().any(|word| text.eq_ignore_ascii_case(word));
    starts && !taken && !text.ends_with(':') && text.chars().all(inside)
}

/// Double quotes, with the escapes that YAML and JSON share.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_hidden(c) => {
                let mut units = [0u16; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What a reader of YAML refuses or takes for the end of a line.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}
