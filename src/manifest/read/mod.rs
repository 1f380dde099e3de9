//! Reading manifests: text into trees with their places, and trees into objects.
//!
//! Values are what kubectl makes of them (`sigs.k8s.io/yaml` on go-yaml v2, `YAML` 1.1): `yes` is a
//! truth value, `0777` is 511. What is broken is said with its place, and what comes after the next
//! `---` is still read. JSON is read by the same parser. Never opens a file, never renders a
//! template. Called by `runtime` and by `make`, which reads back what it wrote.

mod build;
mod map;
mod object;
mod scalar;
mod stream;
mod template;

use std::fmt;

use crate::domain::readiness::Place;
use crate::domain::text::SafeText;

use super::bundle::Object;
use super::tree::Node;

use stream::Stream;

/// How much is read of one file. It holds for what a hostile file would do to memory and time; real
/// manifests stay far below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file. A larger one is not read at all.
    pub bytes: usize,
    /// Values of one file.
    pub nodes: usize,
    /// Maps and lists within each other.
    pub depth: usize,
    /// Bytes of memory that the aliases (`*name`) of one file may fill with copies.
    pub copies: usize,
    /// Faults of one file; after so many the rest is left unread.
    pub faults: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 20, nodes: 4_000_000, depth: 200, copies: 16 << 20, faults: 200 }
    }
}

/// Something that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub at: Place,
    /// What is wrong, and what to do. Printable.
    pub message: String,
}

impl Fault {
    pub(super) fn new(at: Place, message: impl AsRef<str>) -> Self {
        Self { at, message: SafeText::new(message.as_ref()).as_str().to_owned() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.at.line, self.at.column, self.message)
    }
}

impl std::error::Error for Fault {}

/// A fault and the file that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// The file.
    pub source: SafeText,
    /// What is wrong with it.
    pub fault: Fault,
}

/// `shop.yaml:12:3: the key "image" is here twice`.
impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { at, message } = &self.fault;
        write!(f, "{}:{}:{}: {message}", self.source, at.line, at.column)
    }
}

/// What was read of one file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Read {
    /// Its objects, lists opened.
    pub objects: Vec<Object>,
    /// What could not be read of it.
    pub faults: Vec<Misread>,
    /// What is no manifest at all: it has neither `apiVersion` nor `kind`. Whoever was told that it
    /// is one may take that for a fault.
    pub foreign: Vec<Misread>,
    /// Documents with something in them, the broken ones too.
    pub documents: usize,
}

/// Reads all documents of a text. Empty ones, and those of comments alone, are left out.
pub fn documents(text: &str, limits: &Limits) -> Vec<Result<Node, Fault>> {
    Stream::new(text, limits).collect()
}

/// Reads a text that is one JSON or YAML value.
///
/// # Errors
/// What cannot be read, where nothing is, and a second document.
pub fn value(text: &str, limits: &Limits) -> Result<Node, Fault> {
    let mut documents = Stream::new(text, limits);
    let start = Place { line: 1, column: 1 };
    let first = documents.next().unwrap_or_else(|| Err(Fault::new(start, "there is nothing")))?;
    match documents.next() {
        None => Ok(first),
        Some(second) => {
            let at = second.map_or_else(|fault| fault.at, |node| node.at.unwrap_or(start));
            Err(Fault::new(at, "a second document begins, where one was expected"))
        }
    }
}

/// Reads the objects of a text. `source` names the file in what is found later.
pub fn objects(source: &SafeText, text: &str, limits: &Limits) -> Read {
    object::collect(source, Stream::new(text, limits), limits)
}

/// Reads the objects of a file as it lies on disk.
pub fn bytes(source: &SafeText, raw: &[u8], limits: &Limits) -> Read {
    match std::str::from_utf8(raw) {
        Ok(text) => objects(source, text, limits),
        Err(error) => {
            let before = raw.get(..error.valid_up_to()).unwrap_or_default();
            let at = place_after(std::str::from_utf8(before).unwrap_or_default());
            let message = match raw {
                [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "this is UTF-16: save the file as UTF-8",
                _ if raw.contains(&0) => "this is not text: it has bytes that no text has",
                _ => "this is not UTF-8: save the file as UTF-8",
            };
            let fault = Fault::new(at, message);
            Read { faults: vec![Misread { source: source.clone(), fault }], ..Read::default() }
        }
    }
}

/// The place of the character that comes after a text.
fn place_after(text: &str) -> Place {
    let line = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let last = text.rsplit('\n').next().unwrap_or_default();
    Place { line: small(line), column: small(last.chars().count() + 1) }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
