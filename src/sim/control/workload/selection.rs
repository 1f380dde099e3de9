//! Which pods are selected by which objects, kept up to date change by change, so that nobody has to
//! look through all pods of a namespace.
//!
//! Called by the endpoints and disruption controllers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::adoption::key_of;
use super::selector::Selector;
use crate::sim::store::{Key, Kind, Object, Store};

/// The selections of all objects of one kind.
#[derive(Debug, Default)]
pub(super) struct Selections {
    selectors: HashMap<Key, Selector>,
    /// Who selects by this label: namespace, label, value. Those who select by none have none here.
    by_label: HashMap<(String, String, String), BTreeSet<Key>>,
    pods: HashMap<Key, BTreeSet<Key>>,
    selected_by: BTreeMap<Key, BTreeSet<Key>>,
}

impl Selections {
    /// Takes note of how an object selects; whether that is new. A new selector is held against all
    /// pods of its namespace.
    pub(super) fn select(&mut self, who: &Key, selector: Option<Selector>, store: &Store) -> bool {
        if self.selectors.get(who) == selector.as_ref() {
            return false;
        }
        self.forget(who);
        let Some(selector) = selector else { return true };
        self.by_label.entry(handle(who, &selector)).or_default().insert(who.clone());
        for pod in store.list(Kind::Pod, Some(&who.namespace)) {
            if selector.selects(pod) {
                self.join(who, &key_of(Kind::Pod, pod));
            }
        }
        self.selectors.insert(who.clone(), selector);
        true
    }

    fn forget(&mut self, who: &Key) {
        let Some(selector) = self.selectors.remove(who) else { return };
        let handle = handle(who, &selector);
        if let Some(all) = self.by_label.get_mut(&handle) {
            all.remove(who);
        }
        for pod in self.pods.remove(who).unwrap_or_default() {
            self.unlink(who, &pod);
        }
    }

    /// Takes note of a pod as it is now, which may be gone; those who select it or did.
    pub(super) fn see(&mut self, key: &Key, store: &Store) -> BTreeSet<Key> {
        let now = store.get(key).map(|pod| self.selecting(key, pod)).unwrap_or_default();
        let before = self.selected_by.get(key).cloned().unwrap_or_default();
        for who in before.difference(&now) {
            if let Some(pods) = self.pods.get_mut(who) {
                pods.remove(key);
            }
            self.unlink(who, key);
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

    fn selecting(&self, key: &Key, pod: &Object) -> BTreeSet<Key> {
        let labels = pod.pointer("/metadata/labels").and_then(|labels| labels.as_object());
        let handles = labels.into_iter().flatten().filter_map(|(label, value)| {
            Some((key.namespace.clone(), label.clone(), value.as_str()?.to_owned()))
        });
        let any = (key.namespace.clone(), String::new(), String::new());
        let candidates = handles.chain([any]).filter_map(|handle| self.by_label.get(&handle));
        let selects = |who: &&Key| self.selectors.get(who).is_some_and(|s| s.selects(pod));
        candidates.flatten().filter(selects).cloned().collect()
    }

    fn join(&mut self, who: &Key, pod: &Key) {
        self.pods.entry(who.clone()).or_default().insert(pod.clone());
        self.selected_by.entry(pod.clone()).or_default().insert(who.clone());
    }

    fn unlink(&mut self, who: &Key, pod: &Key) {
        if let Some(all) = self.selected_by.get_mut(pod) {
            all.remove(who);
            if all.is_empty() {
                self.selected_by.remove(pod);
            }
        }
    }
}

/// Where an object is found by one of the labels that it selects by.
fn handle(who: &Key, selector: &Selector) -> (String, String, String) {
    let (label, value) = selector.handle().cloned().unwrap_or_default();
    (who.namespace.clone(), label, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::dice::Dice;
    use crate::sim::object::DocumentMut;
    use crate::sim::store::Part;
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
