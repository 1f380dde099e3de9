//! What changed, in order: what watches and controllers follow.
//!
//! Has a size; what is older is forgotten, and whoever asks for it is told so. Called by the store.

use std::collections::VecDeque;

use super::kind::{Key, Kind};
use super::{Object, Refusal};
use crate::sim::object::Document;
use crate::sim::time::Moment;

/// Changes that are remembered, unless it is said otherwise.
const KEPT: usize = 20_000;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Added,
    Modified,
    Deleted,
}

/// One change.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// The resourceVersion it made.
    pub(crate) version: u64,
    pub(crate) at: Moment,
    pub(crate) key: Key,
    pub(crate) what: What,
    /// The object after it; the last state of one that was deleted.
    pub(crate) object: Object,
    /// The object before it.
    pub(crate) before: Option<Object>,
}

impl Change {
    /// An object as somebody sees it who was not there before.
    pub(crate) fn first_sight(kind: Kind, object: &Object, at: Moment) -> Self {
        Self {
            version: object.text("/metadata/resourceVersion").parse().unwrap_or_default(),
            at,
            key: Key::new(kind, object.namespace(), object.name()),
            what: What::Added,
            object: Object::clone(object),
            before: None,
        }
    }
}

/// The changes that are remembered.
#[derive(Debug, Clone)]
pub(crate) struct History {
    changes: VecDeque<Change>,
    /// How many at most.
    most: usize,
    /// Changes up to this version are forgotten.
    forgotten: u64,
}

impl Default for History {
    fn default() -> Self {
        Self { changes: VecDeque::new(), most: KEPT, forgotten: 0 }
    }
}

impl History {
    pub(super) fn push(&mut self, change: Change) {
        self.changes.push_back(change);
        self.shrink();
    }

    /// Remembers so many changes from now on; as many as usual when nothing is said.
    pub(super) fn keep(&mut self, most: Option<usize>) {
        self.most = most.unwrap_or(KEPT);
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.changes.len() > self.most {
            if let Some(oldest) = self.changes.pop_front() {
                self.forgotten = oldest.version;
            }
        }
    }

    pub(super) fn forget(&mut self, version: u64) {
        self.changes.retain(|change| change.version > version);
        self.forgotten = self.forgotten.max(version);
    }

    /// The oldest version that can be read on from.
    #[cfg(test)]
    pub(crate) fn oldest(&self) -> u64 {
        self.forgotten
    }

    /// The changes after this version.
    pub(crate) fn since(&self, version: u64) -> Result<impl Iterator<Item = &Change>, Refusal> {
        if version < self.forgotten {
            let message =
                format!("too old resource version: {version} ({})", self.forgotten.max(1));
            return Err(Refusal::expired(message));
        }
        let from = self.changes.partition_point(|change| change.version <= version);
        Ok(self.changes.range(from..))
    }
}
