//! Things by namespace and key.
//!
//! A thing without a namespace meets those of every namespace, as in a bundle. Called by `around`.

use std::collections::HashMap;
use std::hash::Hash;

/// Things by namespace and key.
#[derive(Debug)]
pub(super) struct Shelf<'b, K, T> {
    within: HashMap<(&'b str, K), Vec<T>>,
    anywhere: HashMap<K, Vec<T>>,
}

impl<K, T> Default for Shelf<'_, K, T> {
    fn default() -> Self {
        Self { within: HashMap::new(), anywhere: HashMap::new() }
    }
}

impl<'b, K: Hash + Eq + Copy, T: Copy> Shelf<'b, K, T> {
    /// Puts one there.
    pub(super) fn put(&mut self, namespace: &'b str, key: K, thing: T) {
        self.within.entry((namespace, key)).or_default().push(thing);
        self.anywhere.entry(key).or_default().push(thing);
    }

    /// Those that something of `namespace` meets.
    pub(super) fn get(&self, namespace: &'b str, key: K) -> impl Iterator<Item = T> {
        let of = |namespace| self.within.get(&(namespace, key)).map(Vec::as_slice);
        let (near, nowhere) = if namespace.is_empty() {
            (self.anywhere.get(&key).map(Vec::as_slice), None)
        } else {
            (of(namespace), of(""))
        };
        near.unwrap_or_default().iter().chain(nowhere.unwrap_or_default()).copied()
    }
}
