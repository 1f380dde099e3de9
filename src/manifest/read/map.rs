//! A map as it is put together: keys once each, and what `<<` brings in.
//!
//! As go-yaml v2 has it, `<<` overwrites keys that stand above it, and keys that stand below it
//! overwrite what it brought. Called by `build`.

use std::collections::HashMap;

use crate::domain::readiness::Place;
use crate::manifest::tree::{Entry, Node, Value};

use super::Fault;

/// Maps up to this size are searched as they stand.
const SMALL: usize = 24;

#[derive(Debug, Default)]
pub(super) struct Making {
    entries: Vec<Entry>,
    /// Whether the entry was written here, not brought in by `<<`.
    written: Vec<bool>,
    index: HashMap<String, usize>,
}

impl Making {
    fn find(&self, key: &str) -> Option<usize> {
        if self.entries.len() <= SMALL {
            return self.entries.iter().position(|entry| entry.key == key);
        }
        self.index.get(key).copied()
    }

    fn push(&mut self, entry: Entry, written: bool) {
        if self.entries.len() == SMALL {
            let known = self.entries.iter().enumerate();
            self.index = known.map(|(at, entry)| (entry.key.clone(), at)).collect();
        }
        if self.entries.len() >= SMALL {
            self.index.insert(entry.key.clone(), self.entries.len());
        }
        self.entries.push(entry);
        self.written.push(written);
    }

    /// Adds a key that is written here.
    pub(super) fn insert(&mut self, key: String, at: Place, node: Node) -> Result<(), Fault> {
        let entry = Entry { key, at: Some(at), node };
        let Some(found) = self.find(&entry.key) else {
            self.push(entry, true);
            return Ok(());
        };
        let first = self.entries.get_mut(found).zip(self.written.get_mut(found));
        let Some((first, written)) = first else { return Ok(()) };
        if *written {
            let at_first = first.at.unwrap_or(at);
            let message = format!(
                "the key {:?} is here a second time, first on line {}, column {}: keep one, the \
                 API server refuses both",
                entry.key, at_first.line, at_first.column
            );
            return Err(Fault::new(at, message));
        }
        *first = entry;
        *written = true;
        Ok(())
    }

    /// Adds what `<<` names: a map, or a list of maps of which the first counts most.
    pub(super) fn merge(&mut self, at: Place, node: Node) -> Result<(), Fault> {
        let maps = match node.value {
            Value::Map(_) => vec![node],
            Value::List(maps) => maps,
            _ => return Err(no_map(at)),
        };
        for map in maps.into_iter().rev() {
            let Value::Map(entries) = map.value else { return Err(no_map(at)) };
            for entry in entries {
                match self.find(&entry.key).and_then(|found| self.entries.get_mut(found)) {
                    Some(known) => known.node = entry.node,
                    None => self.push(entry, false),
                }
            }
        }
        Ok(())
    }

    pub(super) fn into_value(self) -> Value {
        Value::Map(self.entries)
    }
}

fn no_map(at: Place) -> Fault {
    Fault::new(at, "`<<` takes a map or a list of maps, and this is neither")
}
