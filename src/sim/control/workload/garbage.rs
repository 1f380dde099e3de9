//! The garbage collector: what belonged to an object that is gone goes too, unless it was to be
//! orphaned.
//!
//! Never looks for anything: it follows changes. Called by the world.

use serde_json::Value;

use super::adoption;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Key, Kind, Object, Part, Store, What};
use crate::sim::world::{Controller, Turn};

/// The finalizer of an owner whose dependents are to stay.
const ORPHAN: &str = "orphan";
/// The finalizer of an owner that goes after its dependents.
const FOREGROUND: &str = "foregroundDeletion";

/// The collector.
#[derive(Debug, Default)]
pub(super) struct Garbage;

impl Controller for Garbage {
    fn name(&self) -> &'static str {
        "garbage-collector"
    }

    fn wake(&self, change: &Change, store: &Store, keys: &mut Vec<Key>) {
        let owners = change.object.items("/metadata/ownerReferences");
        if change.what == What::Deleted {
            keys.extend(store.possessions(change.object.uid()));
            let waits = |key: &Key| store.get(key).is_some_and(|owner| holds(owner, FOREGROUND));
            keys.extend(owners.iter().filter_map(|o| owner(&change.key, o)).filter(waits));
            return;
        }
        let leaves = change.object.is_leaving()
            && (holds(&change.object, ORPHAN) || holds(&change.object, FOREGROUND));
        let fresh =
            change.before.is_none() && owners.iter().any(|o| is_gone(&change.key, o, store));
        if leaves || fresh {
            keys.push(change.key.clone());
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let Some(object) = turn.store.get(key).cloned() else { return };
        if object.is_leaving() {
            if holds(&object, ORPHAN) {
                for dependent in turn.store.possessions(object.uid()) {
                    adoption::release(turn, object.uid(), &dependent);
                }
                return let_go(key, ORPHAN, turn);
            }
            if holds(&object, FOREGROUND) {
                return dependents_first(key, &object, turn);
            }
        }
        let owners = object.items("/metadata/ownerReferences");
        let (gone, there): (Vec<&Value>, Vec<&Value>) =
            owners.iter().partition(|owner| is_gone(key, owner, turn.store));
        if gone.is_empty() {
            return;
        }
        if there.is_empty() {
            let deleted = turn.store.delete(key, None, turn.now);
            debug_assert!(deleted.is_ok(), "{deleted:?}");
        } else {
            for owner in gone {
                adoption::release(turn, owner.text("/uid"), key);
            }
        }
    }
}

/// Deletes the dependents of an object; when none is left, lets it go.
fn dependents_first(key: &Key, object: &Object, turn: &mut Turn<'_>) {
    let dependents = turn.store.possessions(object.uid());
    if dependents.is_empty() {
        return let_go(key, FOREGROUND, turn);
    }
    for dependent in dependents {
        let leaves = turn.store.get(&dependent).is_some_and(|dependent| dependent.is_leaving());
        if leaves {
            continue;
        }
        // Its own dependents come before it in turn.
        if !turn.store.possessions(uid(&dependent, turn.store)).is_empty() {
            let marked = turn.store.modify(&dependent, Part::Main, turn.now, |dependent| {
                let mut finalizers = dependent.items("/metadata/finalizers").to_vec();
                finalizers.push(FOREGROUND.into());
                dependent.set("/metadata/finalizers", Value::Array(finalizers));
            });
            debug_assert!(marked.is_ok(), "{marked:?}");
        }
        let deleted = turn.store.delete(&dependent, None, turn.now);
        debug_assert!(deleted.is_ok(), "{deleted:?}");
    }
}

fn uid<'a>(key: &Key, store: &'a Store) -> &'a str {
    store.get(key).map(|object| object.uid()).unwrap_or_default()
}

/// Takes a finalizer away; an object that waited for nothing else is gone then.
fn let_go(key: &Key, finalizer: &str, turn: &mut Turn<'_>) {
    let freed = turn.store.modify(key, Part::Main, turn.now, |object| {
        let mut finalizers = object.items("/metadata/finalizers").to_vec();
        finalizers.retain(|known| known != finalizer);
        object.set("/metadata/finalizers", Value::Array(finalizers));
    });
    debug_assert!(freed.is_ok(), "{freed:?}");
}

fn holds(object: &Value, finalizer: &str) -> bool {
    object.items("/metadata/finalizers").iter().any(|known| known == finalizer)
}

/// The owner that a reference of this object means, where its kind is known here.
fn owner(key: &Key, reference: &Value) -> Option<Key> {
    let kind = Kind::of(reference.text("/apiVersion"), reference.text("/kind"))?;
    Some(Key::new(kind, &key.namespace, reference.text("/name")))
}

/// Whether an owner is gone, or another of its name is in its place.
fn is_gone(key: &Key, reference: &Value, store: &Store) -> bool {
    let Some(owner) = owner(key, reference) else { return false };
    store.get(&owner).is_none_or(|owner| owner.uid() != reference.text("/uid"))
}

#[cfg(test)]
mod tests;
