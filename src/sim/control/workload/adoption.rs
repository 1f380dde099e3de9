//! Who belongs to whom: controllers adopt what they select and nobody controls, and let go what
//! they no longer select (`ControllerRefManager` of Kubernetes).
//!
//! Never creates or deletes anything. Called by the ReplicaSet, Deployment and Job controllers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::pod;
use super::selector::Selector;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Object, Part, Store};
use crate::sim::world::Turn;

/// The objects of one kind that nobody controls, so that nobody has to search for them.
#[derive(Debug, Default)]
pub(super) struct Orphans(BTreeSet<Key>);

impl Orphans {
    /// Takes note of an object, which may be gone; the object if it is an orphan.
    pub(super) fn see(&mut self, key: &Key, store: &Store) -> Option<Object> {
        let orphan = store.get(key).filter(|object| object.controller().is_none());
        match orphan {
            Some(_) => self.0.insert(key.clone()),
            None => self.0.remove(key),
        };
        orphan.cloned()
    }

    fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| key.namespace == namespace)
    }
}

/// What an owner controls of this kind, in the order of names, after it has let go what it does not
/// select and adopted the orphans that it does.
pub(super) fn claim(
    turn: &mut Turn<'_>,
    owner: &Value,
    kind: Kind,
    selector: &Selector,
    orphans: &Orphans,
) -> Vec<Object> {
    let mine =
        |object: &Object| object.controller().is_some_and(|by| by.text("/uid") == owner.uid());
    let owned = turn.store.owned(owner.uid(), kind).into_iter().cloned();
    let (mut kept, strangers): (Vec<Object>, Vec<Object>) =
        owned.filter(mine).partition(|object| selector.selects(object));
    if owner.is_leaving() {
        return kept;
    }
    for stranger in strangers {
        if !stranger.is_leaving() {
            release(turn, owner.uid(), &key_of(kind, &stranger));
        }
    }
    let found: Vec<Key> = orphans.in_namespace(owner.namespace()).cloned().collect();
    for key in found {
        let wanted = |object: &&Object| selector.selects(object) && !object.is_leaving();
        if turn.store.get(&key).filter(wanted).is_some_and(|object| object.controller().is_none()) {
            kept.extend(adopt(turn, owner, &key));
        }
    }
    kept
}

fn adopt(turn: &mut Turn<'_>, owner: &Value, key: &Key) -> Option<Object> {
    let adopted = turn.store.modify(key, Part::Main, turn.now, |object| {
        let mut owners = object.items("/metadata/ownerReferences").to_vec();
        owners.push(pod::reference(owner));
        object.set("/metadata/ownerReferences", Value::Array(owners));
    });
    adopted.ok()
}

/// Takes an owner's reference out of an object.
pub(super) fn release(turn: &mut Turn<'_>, owner: &str, key: &Key) {
    let released = turn.store.modify(key, Part::Main, turn.now, |object| {
        let mut owners = object.items("/metadata/ownerReferences").to_vec();
        owners.retain(|reference| reference.text("/uid") != owner);
        if owners.is_empty() {
            object.take_out("/metadata/ownerReferences");
        } else {
            object.set("/metadata/ownerReferences", json!(owners));
        }
    });
    debug_assert!(released.is_ok(), "{released:?}");
}

/// The key of an object of this kind.
pub(super) fn key_of(kind: Kind, object: &Value) -> Key {
    Key::new(kind, object.namespace(), object.name())
}
