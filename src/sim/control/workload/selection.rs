//! Which pods are selected by which objects, kept up to date change by change, so that nobody has to
//! look through all pods of a namespace.
//!
//! Called by the endpoints and disruption controllers.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use super::selector::Selector;
use crate::sim::object::Document;
use crate::sim::store::{Key, Object, Store};

/// Namespace, label and value: where those are found who have it, or select by it.
type Handle = (String, String, String);

/// The selections of all objects of one kind.
#[derive(Debug, Default)]
pub(super) struct Selections {
    selectors: HashMap<Key, Selector>,
    /// Who selects by a label. Those who select by none are found by an empty one.
    by_label: HashMap<Handle, BTreeSet<Key>>,
    /// The pods that were seen, and how they are found.
    seen: HashMap<Key, Vec<Handle>>,
    having: HashMap<Handle, BTreeSet<Key>>,
    pods: HashMap<Key, BTreeSet<Key>>,
    selected_by: HashMap<Key, BTreeSet<Key>>,
}

impl Selections {
    /// Takes note of how an object selects; whether that is new. Pods that were not seen yet join
    /// when they are.
    pub(super) fn select(&mut self, who: &Key, selector: Option<Selector>, store: &Store) -> bool {
        if self.selectors.get(who) == selector.as_ref() {
            return false;
        }
        self.forget(who);
        let Some(selector) = selector else { return true };
        let handle = handle(who, &selector);
        let found = self.having.get(&handle).into_iter().flatten();
        let selects = |pod: &&Key| store.get(pod).is_some_and(|pod| selector.selects(pod));
        for pod in found.filter(selects).cloned().collect::<Vec<Key>>() {
            self.join(who, &pod);
        }
        self.by_label.entry(handle).or_default().insert(who.clone());
        self.selectors.insert(who.clone(), selector);
        true
    }

    fn forget(&mut self, who: &Key) {
        let Some(selector) = self.selectors.remove(who) else { return };
        strike(&mut self.by_label, &handle(who, &selector), who);
        for pod in self.pods.remove(who).unwrap_or_default() {
            strike(&mut self.selected_by, &pod, who);
        }
    }

    /// Takes note of a pod as it is now, which may be gone; those who select it or did.
    pub(super) fn see(&mut self, key: &Key, store: &Store) -> BTreeSet<Key> {
        let pod = store.get(key);
        let handles = pod.map(|pod| handles(key, pod)).unwrap_or_default();
        let now = pod.map(|pod| self.selecting(&handles, pod)).unwrap_or_default();
        self.find_by(key, handles);
        let before = self.selected_by.get(key).cloned().unwrap_or_default();
        for who in before.difference(&now) {
            strike(&mut self.pods, who, key);
            strike(&mut self.selected_by, key, who);
        }
        for who in now.difference(&before) {
            self.join(who, key);
        }
        now.union(&before).cloned().collect()
    }

    /// The pods that an object selects, by name.
    pub(super) fn of<'a>(&self, who: &Key, store: &'a Store) -> Vec<&'a Object> {
        self.pods.get(who).into_iter().flatten().filter_map(|key| store.get(key)).collect()
    }

    fn selecting(&self, handles: &[Handle], pod: &Object) -> BTreeSet<Key> {
        let candidates = handles.iter().filter_map(|handle| self.by_label.get(handle));
        let selects = |who: &&Key| self.selectors.get(who).is_some_and(|s| s.selects(pod));
        candidates.flatten().filter(selects).cloned().collect()
    }

    /// Makes a pod be found by these labels, and by no others.
    fn find_by(&mut self, pod: &Key, handles: Vec<Handle>) {
        let before = if handles.is_empty() {
            self.seen.remove(pod).unwrap_or_default()
        } else {
            self.seen.insert(pod.clone(), handles.clone()).unwrap_or_default()
        };
        for gone in before.iter().filter(|handle| !handles.contains(handle)) {
            strike(&mut self.having, gone, pod);
        }
        for new in handles.into_iter().filter(|handle| !before.contains(handle)) {
            self.having.entry(new).or_default().insert(pod.clone());
        }
    }

    fn join(&mut self, who: &Key, pod: &Key) {
        self.pods.entry(who.clone()).or_default().insert(pod.clone());
        self.selected_by.entry(pod.clone()).or_default().insert(who.clone());
    }
}

/// Takes one out of a set, and the set away when it is empty.
fn strike<K: Eq + Hash>(sets: &mut HashMap<K, BTreeSet<Key>>, place: &K, one: &Key) {
    if let Some(set) = sets.get_mut(place) {
        set.remove(one);
        if set.is_empty() {
            sets.remove(place);
        }
    }
}

/// By what a pod is found: each of its labels, and nothing at all.
fn handles(key: &Key, pod: &Object) -> Vec<Handle> {
    let labels = pod.members("/metadata/labels").into_iter().flatten();
    let labels = labels.filter_map(|(label, value)| {
        Some((key.namespace.clone(), label.clone(), value.as_str()?.to_owned()))
    });
    labels.chain([(key.namespace.clone(), String::new(), String::new())]).collect()
}

/// Where an object is found by one of the labels that it selects by.
fn handle(who: &Key, selector: &Selector) -> Handle {
    let (label, value) = selector.handle().cloned().unwrap_or_default();
    (who.namespace.clone(), label, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::dice::Dice;
    use crate::sim::object::DocumentMut;
    use crate::sim::store::{Kind, Part};
    use crate::sim::time::parse;
    use serde_json::{Value, json};

    fn select(labels: &Value) -> Option<Selector> {
        Selector::of_map(&json!({"selector": labels}), "/selector")
    }

    #[test]
    fn pods_come_and_go() {
        let now = parse("2026-11-24T10:00:00Z").unwrap();
        let mut store = Store::new(Dice::new(1));
        let add = |store: &mut Store, name: &str, app: &str| {
            let labels = json!({"app": app});
            let pod = json!({"metadata": {"name": name, "namespace": "shop", "labels": labels}});
            store.create(Kind::Pod, pod, now).unwrap();
            Key::new(Kind::Pod, "shop", name)
        };
        let (one, other) = (add(&mut store, "one", "web"), add(&mut store, "other", "api"));
        let (web, all) =
            (Key::new(Kind::Service, "shop", "web"), Key::new(Kind::Service, "shop", "all"));
        let mut selections = Selections::default();
        assert!(selections.see(&one, &store).is_empty());
        let names = |selections: &Selections, who: &Key, store: &Store| -> Vec<String> {
            selections
                .of(who, store)
                .iter()
                .map(|pod| pod["metadata"]["name"].to_string())
                .collect()
        };
        assert!(selections.select(&web, select(&json!({"app": "web"})), &store));
        assert!(!selections.select(&web, select(&json!({"app": "web"})), &store));
        assert!(selections.select(&all, select(&json!({})), &store));
        assert_eq!(names(&selections, &all, &store), ["\"one\""]);
        assert_eq!(selections.see(&other, &store), BTreeSet::from([all.clone()]));
        assert_eq!(names(&selections, &web, &store), ["\"one\""]);
        assert_eq!(names(&selections, &all, &store), ["\"one\"", "\"other\""]);
        store.modify(&other, Part::Main, now, |pod| pod.set_label("app", "web")).unwrap();
        assert_eq!(selections.see(&other, &store).len(), 2);
        assert_eq!(names(&selections, &web, &store), ["\"one\"", "\"other\""]);
        store.remove(&one, now).unwrap();
        assert_eq!(selections.see(&one, &store).len(), 2);
        assert_eq!(names(&selections, &web, &store), ["\"other\""]);
        selections.select(&web, None, &store);
        assert_eq!(selections.see(&other, &store), BTreeSet::from([all]));
    }
}
