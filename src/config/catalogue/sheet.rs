//! A tree of YAML as sections and fields, so that every complaint has a line and a column.
//!
//! Never knows what a key means. A field that cannot be read is complained of and left out, so that
//! the rest is still read. Called by the readers of the catalogue.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use crate::config::{Place, nearest};
use crate::domain::catalogue::stated::{Origin, Stated};
use crate::domain::readiness;
use crate::domain::text::SafeText;
use crate::manifest::tree::{Entry, Node, Value};

use super::fault::{CatalogueFault, FaultKind, hint};
use super::secrets::shown;

/// One file and what is wrong with it.
#[derive(Debug)]
pub(super) struct Sheet {
    path: Arc<Path>,
    source: SafeText,
    /// Whose entry is read just now.
    service: RefCell<Option<SafeText>>,
    faults: RefCell<Vec<CatalogueFault>>,
}

impl Sheet {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            source: SafeText::new(&path.display().to_string()),
            path: Arc::from(path),
            service: RefCell::new(None),
            faults: RefCell::default(),
        }
    }

    /// From now on faults are this service's.
    pub(super) fn turn_to(&self, service: Option<SafeText>) {
        *self.service.borrow_mut() = service;
    }

    /// Keeps a fault.
    pub(super) fn report(&self, fault: CatalogueFault) {
        self.faults.borrow_mut().push(fault);
    }

    /// So many faults until now.
    pub(super) fn count(&self) -> usize {
        self.faults.borrow().len()
    }

    pub(super) fn into_faults(self) -> Vec<CatalogueFault> {
        self.faults.into_inner()
    }

    pub(super) fn place(&self, at: readiness::Place) -> Place {
        Place { path: Arc::clone(&self.path), line: at.line, column: at.column }
    }

    pub(super) fn origin(&self, at: readiness::Place) -> Origin {
        Origin::File { source: self.source.clone(), at }
    }

    pub(super) fn fault(
        &self,
        kind: FaultKind,
        at: readiness::Place,
        message: impl AsRef<str>,
    ) -> CatalogueFault {
        CatalogueFault {
            kind,
            place: self.place(at),
            service: self.service.borrow().clone(),
            message: SafeText::new(message.as_ref()).as_str().to_owned(),
        }
    }
}

/// Trees that were read from a text have places; this stands in for one that has none.
pub(super) fn place_of(at: Option<readiness::Place>) -> readiness::Place {
    at.unwrap_or(readiness::Place { line: 1, column: 1 })
}

fn kind_of(node: &Node) -> &'static str {
    match node.value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Int(_) | Value::Float(_) => "a number",
        Value::Text(_) => "a string",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
    }
}

/// A map.
#[derive(Debug, Clone)]
pub(super) struct Section<'n> {
    pub(super) sheet: &'n Sheet,
    /// How it is named in complaints.
    pub(super) name: String,
    /// Where it begins.
    pub(super) at: readiness::Place,
    entries: &'n [Entry],
}

impl<'n> Section<'n> {
    /// The whole of a file.
    pub(super) fn root(sheet: &'n Sheet, node: &'n Node) -> Option<Self> {
        let field = Field { sheet, key: "", node, at: place_of(node.at), within: "this file" };
        match &node.value {
            Value::Map(entries) => {
                let name = "this file".to_owned();
                Some(Self { sheet, name, at: place_of(node.at), entries })
            }
            Value::Null => None,
            _ => {
                let found = kind_of(node);
                let message = format!("this file must be a map, not {found}");
                sheet.report(sheet.fault(FaultKind::WrongType, field.at, message));
                None
            }
        }
    }

    /// The same under another name.
    pub(super) fn called(&self, name: &str) -> Self {
        Self { name: SafeText::new(name).as_str().to_owned(), ..self.clone() }
    }

    /// Its fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.entries.iter().map(|entry| self.of(entry))
    }

    fn of<'s>(&'s self, entry: &'s Entry) -> Field<'s> {
        Field {
            sheet: self.sheet,
            key: &entry.key,
            node: &entry.node,
            at: place_of(entry.at),
            within: &self.name,
        }
    }

    /// One of its fields.
    pub(super) fn field(&self, key: &str) -> Option<Field<'_>> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| self.of(entry))
    }

    /// Complains of keys that are none of these.
    pub(super) fn only(&self, known: &[&str]) {
        for field in self.fields().filter(|field| !known.contains(&field.key)) {
            let near = nearest(field.key, known.iter().copied());
            let (key, hint) = (SafeText::new(field.key), hint(near));
            let message = format!("unknown key `{key}` in {}{hint}", self.name);
            self.sheet.report(self.sheet.fault(FaultKind::UnknownKey, field.at, message));
        }
    }

    /// The value of a key, with its origin; complains where it cannot be read.
    pub(super) fn read<'s, T>(
        &'s self,
        key: &str,
        read: impl FnOnce(&Field<'s>) -> Result<T, CatalogueFault>,
    ) -> Option<Stated<T>> {
        let field = self.field(key)?;
        match read(&field) {
            Ok(value) => Some(Stated { value, origin: field.origin() }),
            Err(fault) => {
                self.sheet.report(fault);
                None
            }
        }
    }

    /// The same for a key that has to be there.
    pub(super) fn need<'s, T>(
        &'s self,
        key: &str,
        read: impl FnOnce(&Field<'s>) -> Result<T, CatalogueFault>,
    ) -> Option<Stated<T>> {
        if self.field(key).is_none() {
            self.sheet.report(self.missing(key));
        }
        self.read(key, read)
    }

    /// The same for a key that has a value of its own.
    pub(super) fn or<'s, T>(
        &'s self,
        key: &str,
        usual: T,
        read: impl FnOnce(&Field<'s>) -> Result<T, CatalogueFault>,
    ) -> Stated<T> {
        self.read(key, read).unwrap_or_else(|| Stated::built_in(usual))
    }

    /// The map of a key; complains where it is none.
    pub(super) fn section(&self, key: &str) -> Option<Section<'_>> {
        let section = self.field(key)?.section();
        section.map_err(|fault| self.sheet.report(fault)).ok()
    }

    /// The maps of a list.
    pub(super) fn sections(&self, key: &str) -> Vec<Section<'_>> {
        let Some(field) = self.field(key) else { return Vec::new() };
        let report = |fault| self.sheet.report(fault);
        let Ok(items) = field.items("a list of maps").map_err(report) else { return Vec::new() };
        items.into_iter().filter_map(|item| item.section().map_err(report).ok()).collect()
    }

    /// The complaint about a key that is not there.
    pub(super) fn missing(&self, key: &str) -> CatalogueFault {
        let message = format!("`{key}` is missing in {}", self.name);
        self.sheet.fault(FaultKind::Missing, self.at, message)
    }
}

/// A key and its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'n> {
    pub(super) sheet: &'n Sheet,
    pub(super) key: &'n str,
    pub(super) node: &'n Node,
    /// Where the key stands.
    pub(super) at: readiness::Place,
    within: &'n str,
}

impl<'n> Field<'n> {
    /// Where the value stands; where the key does, for a value that is not written.
    pub(super) fn value_at(&self) -> readiness::Place {
        self.node.at.unwrap_or(self.at)
    }

    pub(super) fn origin(&self) -> Origin {
        self.sheet.origin(self.value_at())
    }

    /// Its value as a map.
    pub(super) fn section(&self) -> Result<Section<'n>, CatalogueFault> {
        let Value::Map(entries) = &self.node.value else { return Err(self.wrong("a map")) };
        let name = match self.within {
            "this file" => self.key.to_owned(),
            within => format!("{within}.{}", self.key),
        };
        let name = SafeText::new(&name).as_str().to_owned();
        Ok(Section { sheet: self.sheet, name, at: self.value_at(), entries })
    }

    /// Its value as a list: each element under the same key.
    pub(super) fn items(&self, wanted: &str) -> Result<Vec<Field<'n>>, CatalogueFault> {
        let Value::List(nodes) = &self.node.value else { return Err(self.wrong(wanted)) };
        let item = |node: &'n Node| Field { node, at: node.at.unwrap_or(self.at), ..*self };
        Ok(nodes.iter().map(item).collect())
    }

    /// The complaint about a value of the wrong type.
    pub(super) fn wrong(&self, wanted: &str) -> CatalogueFault {
        let found = kind_of(self.node);
        let message = format!("`{}` must be {wanted}, not {found}", SafeText::new(self.key));
        self.sheet.fault(FaultKind::WrongType, self.value_at(), message)
    }

    /// The complaint about a value that means nothing.
    pub(super) fn bad(&self, wanted: &str) -> CatalogueFault {
        self.unlike(wanted, &[])
    }

    /// The same, with the nearest of these words.
    pub(super) fn unlike(&self, wanted: &str, known: &[&str]) -> CatalogueFault {
        let value = SafeText::new(&shown(&self.node.to_string()));
        let near = hint(nearest(&value, known.iter().copied()));
        let key = SafeText::new(self.key);
        let message = format!("`{key}` cannot be {:?}: {wanted}{near}", value.as_str());
        self.sheet.fault(FaultKind::BadValue, self.value_at(), message)
    }
}
