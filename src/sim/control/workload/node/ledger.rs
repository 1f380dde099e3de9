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
    /// By owner and node.
    siblings: HashMap<(String, String), usize>,
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
        *self.siblings.entry((owner.to_owned(), node.to_owned())).or_default() += 1;
    }

    /// Strikes a pod out; whether it was there.
    pub(super) fn release(&mut self, pod: &Key) -> bool {
        let Some((node, owner)) = self.placed.remove(pod) else { return false };
        if let Some(count) = self.pods.get_mut(&node) {
            *count = count.saturating_sub(1);
        }
        let both = (owner, node);
        if let Some(count) = self.siblings.get_mut(&both) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.siblings.remove(&both);
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
        self.siblings.get(&(owner.to_owned(), node.to_owned())).copied().unwrap_or(0)
    }
}
