//! The namespace controller: empties a namespace that is deleted, pods first, and then takes it
//! away.
//!
//! Called by the world.

use serde_json::{Value, json};

use super::adoption::key_of;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, KINDS, Key, Kind, Object, Part, Store};
use crate::sim::time::{self, Moment, Span};
use crate::sim::world::{Controller, Turn};

/// From the deletion to the first look, and from one look to the next.
const WAIT: Span = Span::seconds(5);

/// The controller.
#[derive(Debug, Default)]
pub(super) struct Namespaces;

impl Controller for Namespaces {
    fn name(&self) -> &'static str {
        "namespace-controller"
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        let left = |namespace: &Object| namespace.is_leaving();
        let begins = left(&change.object) && !change.before.as_ref().is_some_and(left);
        if change.key.kind == Kind::Namespace && begins {
            keys.push(change.key.clone());
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let Some(namespace) = turn.store.get(key).filter(|n| n.is_leaving()).cloned() else {
            return;
        };
        let since = time::parse(namespace.text("/metadata/deletionTimestamp"));
        let begins = since.unwrap_or(turn.now) + WAIT;
        if turn.now < begins {
            return turn.again_at(begins);
        }
        if empty(Kind::Pod, &key.name, turn) {
            report(key, &namespace, turn);
            return turn.again_after(WAIT);
        }
        let kinds = KINDS.iter().filter(|facts| facts.namespaced).map(|facts| facts.kind);
        for kind in kinds {
            empty(kind, &key.name, turn);
        }
        let is_left = |kind: Kind| turn.store.list(kind, Some(&key.name)).next().is_some();
        if KINDS.iter().any(|facts| facts.namespaced && is_left(facts.kind)) {
            report(key, &namespace, turn);
            return turn.again_after(WAIT);
        }
        let gone = turn.store.remove(key, turn.now);
        debug_assert!(gone.is_ok(), "{gone:?}");
    }
}

/// Says how far it is.
fn report(key: &Key, namespace: &Object, turn: &mut Turn<'_>) {
    if !namespace.items("/status/conditions").is_empty() {
        return;
    }
    let conditions = conditions(turn.now);
    let written = turn.store.modify(key, Part::Status, turn.now, |namespace| {
        namespace.set("/status/conditions", conditions);
    });
    debug_assert!(written.is_ok(), "{written:?}");
}

/// Deletes everything of a kind; whether there was anything.
fn empty(kind: Kind, namespace: &str, turn: &mut Turn<'_>) -> bool {
    let there = turn.store.list(kind, Some(namespace));
    let keys: Vec<(Key, bool)> =
        there.map(|object| (key_of(kind, object), object.is_leaving())).collect();
    for (key, _) in keys.iter().filter(|(_, leaves)| !leaves) {
        let deleted = turn.store.delete(key, None, turn.now);
        debug_assert!(deleted.is_ok(), "{deleted:?}");
    }
    !keys.is_empty()
}

/// The conditions of a namespace that is being emptied without trouble.
fn conditions(now: Moment) -> Value {
    let rows = [
        ("DiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
        (
            "GroupVersionParsingFailure",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        (
            "ContentFailure",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
    ];
    let deletion =
        rows.map(|(kind, reason, message)| (format!("NamespaceDeletion{kind}"), reason, message));
    let rest = [
        (
            "NamespaceContentRemaining".to_owned(),
            "ContentRemoved",
            "All content successfully removed",
        ),
        (
            "NamespaceFinalizersRemaining".to_owned(),
            "ContentHasNoFinalizers",
            "All content-preserving finalizers finished",
        ),
    ];
    let all = deletion.into_iter().chain(rest).map(|(kind, reason, message)| {
        json!({
            "type": kind,
            "status": "False",
            "lastTransitionTime": time::seconds(now),
            "reason": reason,
            "message": message,
        })
    });
    Value::Array(all.collect())
}

#[cfg(test)]
mod tests;
