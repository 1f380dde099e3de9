//! Which pod is on which node, so that nobody has to count.
//!
//! Called by the scheduler.

use std::collections::HashMap;

use crate::sim::store::Key;

/// The ledger.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Node and owner of each pod.
    placed: HashMap<Key, (String, String)>,
    pods: HashMap<String, usize>,
    /// By owner, then by node.
    siblings: HashMap<String, HashMap<String, usize>>,
}

impl Ledger {
    /// Writes down where a pod is.
    pub(super) fn take(&mut self, pod: &Key, node: &str, owner: &str) {
        if self.placed.get(pod).is_some_and(|(known, _)| known == node) {
            return;
        }
        self.release(pod);
        self.placed.insert(pod.clone(), (node.to_owned(), owner.to_owned()));
        *self.pods.entry(node.to_owned()).or_default() += 1;
        let siblings = self.siblings.entry(owner.to_owned()).or_default();
        *siblings.entry(node.to_owned()).or_default() += 1;
    }

    /// Strikes a pod out; whether it was there.
    pub(super) fn release(&mut self, pod: &Key) -> bool {
        let Some((node, owner)) = self.placed.remove(pod) else { return false };
        if let Some(count) = self.pods.get_mut(&node) {
            *count = count.saturating_sub(1);
        }
        if let Some(siblings) = self.siblings.get_mut(&owner) {
            if let Some(count) = siblings.get_mut(&node) {
                *count = count.saturating_sub(1);
            }
            siblings.retain(|_, count| *count > 0);
            if siblings.is_empty() {
                self.siblings.remove(&owner);
            }
        }
        true
    }

    /// The pods on a node.
    pub(super) fn on(&self, node: &str) -> usize {
        self.pods.get(node).copied().unwrap_or(0)
    }

    /// The pods of an owner on a node.
    pub(super) fn of(&self, owner: &str, node: &str) -> usize {
        self.siblings.get(owner).and_then(|nodes| nodes.get(node)).copied().unwrap_or(0)
    }
}
