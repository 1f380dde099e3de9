//! All objects of the world, with versions, owners and the history that watches follow.
//!
//! Keeps the rules of storage that every client can see: resourceVersion, generation, uid,
//! optimistic conflicts, writes that change nothing. Never knows what a kind is for. Called by the
//! controllers and the API.

mod birth;
mod defaults;
mod history;
mod kind;
mod refusal;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::object::{Document, DocumentMut};
use super::time::{self, Moment};

pub(crate) use defaults::keep_allocated;
pub(crate) use history::{Change, History, What};
pub(crate) use kind::{Facts, KINDS, Key, Kind};
pub(crate) use refusal::{Cause, Refusal};

/// An object as it was at one version. Shared by store, history and watches.
pub(crate) type Object = Arc<Value>;

/// Which part of an object a write is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Everything but the status, where that has a path of its own.
    Main,
    /// The status alone.
    Status,
    /// Everything at once: for a world that is being set up.
    Whole,
}

/// The objects of one kind, by namespace and name.
type Places = BTreeMap<String, BTreeMap<String, Object>>;

/// All objects. A copy of it shows what a write would do.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    objects: BTreeMap<Kind, Places>,
    /// What each owner's uid owns.
    owned: HashMap<String, BTreeSet<Key>>,
    history: History,
    version: u64,
    dice: Dice,
}

impl Store {
    /// An empty store.
    pub(crate) fn new(dice: Dice) -> Self {
        Self {
            objects: BTreeMap::new(),
            owned: HashMap::new(),
            history: History::default(),
            version: 1,
            dice,
        }
    }

    /// The newest resourceVersion.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// What changed, for watches and controllers.
    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// Forgets what changed up to now: whoever reads on from before gets 410.
    pub(crate) fn compact(&mut self) {
        self.history.forget(self.version);
    }

    /// How many changes are remembered; as many as usual when nothing is said.
    pub(crate) fn remember(&mut self, most: Option<usize>) {
        self.history.keep(most);
    }

    /// One object.
    pub(crate) fn get(&self, key: &Key) -> Option<&Object> {
        self.objects.get(&key.kind)?.get(&key.namespace)?.get(&key.name)
    }

    /// One object, or the refusal that says that it is not there.
    pub(crate) fn find(&self, key: &Key) -> Result<&Object, Refusal> {
        self.get(key).ok_or_else(|| Refusal::not_found(key))
    }

    /// The objects of a kind, of one namespace or of all, by namespace and name.
    pub(crate) fn list<'a>(
        &'a self,
        kind: Kind,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Object> + use<'a> {
        let places = self.objects.get(&kind).into_iter().flatten();
        let here = match namespace {
            None => None,
            Some(namespace) => self.objects.get(&kind).and_then(|places| places.get(namespace)),
        };
        let all = places.filter(move |_| namespace.is_none()).map(|(_, objects)| objects);
        all.chain(here).flat_map(BTreeMap::values)
    }

    /// How many objects of a kind there are.
    #[cfg(test)]
    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.objects.get(&kind).map_or(0, |places| places.values().map(BTreeMap::len).sum())
    }

    /// The objects of a kind that this owner has, by name.
    pub(crate) fn owned(&self, owner: &str, kind: Kind) -> Vec<&Object> {
        let keys = self.owned.get(owner).into_iter().flatten();
        keys.filter(|key| key.kind == kind).filter_map(|key| self.get(key)).collect()
    }

    /// Everything that this owner has.
    pub(crate) fn possessions(&self, owner: &str) -> Vec<Key> {
        self.owned.get(owner).into_iter().flatten().cloned().collect()
    }

    /// Creates an object: names it if it has only `generateName`, and gives it its metadata.
    pub(crate) fn create(
        &mut self,
        kind: Kind,
        mut object: Value,
        now: Moment,
    ) -> Result<Object, Refusal> {
        // A node tells of itself as it joins.
        if kind.facts().status && kind != Kind::Node {
            object.take_out("/status");
        }
        self.insert(kind, object, now)
    }

    /// The same with its status, and with its creation time when it has one: for a world that is
    /// being set up.
    pub(crate) fn insert(
        &mut self,
        kind: Kind,
        mut object: Value,
        now: Moment,
    ) -> Result<Object, Refusal> {
        let facts = kind.facts();
        if object.name().is_empty() && !object.text("/metadata/generateName").is_empty() {
            let base = object.text("/metadata/generateName").to_owned();
            let suffix = self.dice.suffix(&["name", &base], self.version, 5);
            object.set("/metadata/name", base + &suffix);
        }
        let key = Key::new(kind, object.namespace(), object.name());
        if self.get(&key).is_some() {
            return Err(Refusal::already_exists(&key));
        }
        self.version += 1;
        let uid = self.dice.uid(&[facts.name, &key.namespace, &key.name], self.version);
        object.set("/apiVersion", facts.api_version());
        object.set("/kind", facts.name);
        object.set("/metadata/uid", uid);
        object.set("/metadata/resourceVersion", self.version.to_string());
        if object.text("/metadata/creationTimestamp").is_empty() {
            object.set("/metadata/creationTimestamp", time::seconds(now));
        }
        if facts.generation {
            object.set("/metadata/generation", 1);
        }
        birth::complete(kind, &mut object);
        defaults::complete(kind, &mut object, || self.free_address());
        defaults::first_status(kind, &mut object);
        Ok(self.put(key, object, What::Added, now))
    }

    /// Writes a part of an object. A resourceVersion or uid in it must be the present one. A write
    /// that changes nothing leaves the version alone.
    pub(crate) fn replace(
        &mut self,
        key: &Key,
        object: Value,
        part: Part,
        now: Moment,
    ) -> Result<Object, Refusal> {
        let current = Arc::clone(self.find(key)?);
        for pointer in ["/metadata/resourceVersion", "/metadata/uid"] {
            let wanted = object.text(pointer);
            if !wanted.is_empty() && wanted != current.text(pointer) {
                return Err(Refusal::conflict(key));
            }
        }
        let mut next = merged(&current, object, part, key.kind.facts());
        if key.kind == Kind::Service {
            defaults::keep_allocated(&current, &mut next);
        }
        defaults::complete(key.kind, &mut next, || self.free_address());
        if next == *current {
            return Ok(current);
        }
        if key.kind.facts().generation && wants_else(&current, &next, key.kind.facts()) {
            next.set("/metadata/generation", current.generation() + 1);
        }
        self.version += 1;
        next.set("/metadata/resourceVersion", self.version.to_string());
        if next.is_leaving() && !is_held(&next) && !waits(key, &next) {
            return Ok(self.drop_object(key, next, now));
        }
        Ok(self.put(key.clone(), next, What::Modified, now))
    }

    /// Reads, changes and writes a part of an object.
    pub(crate) fn modify(
        &mut self,
        key: &Key,
        part: Part,
        now: Moment,
        change: impl FnOnce(&mut Value),
    ) -> Result<Object, Refusal> {
        let mut object = self.find(key)?.as_ref().clone();
        change(&mut object);
        self.replace(key, object, part, now)
    }

    /// Deletes an object. One with finalizers, a pod that runs and a namespace are only marked:
    /// their keeper takes them away by [`Store::remove`]. To be marked counts as wanting something
    /// else.
    pub(crate) fn delete(
        &mut self,
        key: &Key,
        grace: Option<i64>,
        now: Moment,
    ) -> Result<Object, Refusal> {
        let current = Arc::clone(self.find(key)?);
        let grace = grace.unwrap_or_else(|| grace_of(key.kind, &current));
        let held = is_held(&current);
        let lingers = key.kind == Kind::Pod && grace > 0 && is_placed(&current);
        if !held && !lingers {
            return self.remove(key, now);
        }
        if current.is_leaving() {
            return Ok(current);
        }
        let mut next = current.as_ref().clone();
        let until = now + time::Span::seconds(if lingers { grace } else { 0 });
        next.set("/metadata/deletionTimestamp", time::seconds(until));
        if key.kind == Kind::Namespace {
            next.set("/status/phase", "Terminating");
        } else {
            next.set("/metadata/deletionGracePeriodSeconds", if lingers { grace } else { 0 });
        }
        if key.kind.facts().generation {
            next.set("/metadata/generation", current.generation() + 1);
        }
        self.version += 1;
        next.set("/metadata/resourceVersion", self.version.to_string());
        Ok(self.put(key.clone(), next, What::Modified, now))
    }

    /// Takes an object away at once.
    pub(crate) fn remove(&mut self, key: &Key, now: Moment) -> Result<Object, Refusal> {
        let mut last = self.find(key)?.as_ref().clone();
        self.version += 1;
        last.set("/metadata/resourceVersion", self.version.to_string());
        Ok(self.drop_object(key, last, now))
    }

    /// A cluster IP that no service has.
    fn free_address(&self) -> String {
        let taken: BTreeSet<&str> =
            self.list(Kind::Service, None).map(|s| s.text("/spec/clusterIP")).collect();
        let mut addresses = (0..65_536).map(|number| {
            let roll = self.dice.nth(&["cluster IP"], self.version + number);
            format!("10.96.{}.{}", roll >> 8 & 255, 1 + roll % 254)
        });
        addresses.find(|address| !taken.contains(address.as_str())).unwrap_or_default()
    }

    fn drop_object(&mut self, key: &Key, last: Value, now: Moment) -> Object {
        let places = self.objects.get_mut(&key.kind);
        let place = places.and_then(|places| places.get_mut(&key.namespace));
        let before = place.and_then(|objects| objects.remove(&key.name));
        for owner in owners(&last) {
            disown(&mut self.owned, owner, key);
        }
        self.note(key.clone(), Arc::new(last), before, What::Deleted, now)
    }

    fn put(&mut self, key: Key, object: Value, what: What, now: Moment) -> Object {
        let object = Arc::new(object);
        let places = self.objects.entry(key.kind).or_default();
        let known = places.get_mut(&key.namespace).and_then(|all| all.get_mut(&key.name));
        let before = if let Some(known) = known {
            Some(std::mem::replace(known, Arc::clone(&object)))
        } else {
            let place = places.entry(key.namespace.clone()).or_default();
            place.insert(key.name.clone(), Arc::clone(&object))
        };
        let old: Vec<&str> = before.as_ref().map(|o| owners(o).collect()).unwrap_or_default();
        let new: Vec<&str> = owners(&object).collect();
        for gone in old.into_iter().filter(|uid| !new.contains(uid)) {
            disown(&mut self.owned, gone, &key);
        }
        for owner in new {
            self.owned.entry(owner.to_owned()).or_default().insert(key.clone());
        }
        self.note(key, object, before, what, now)
    }

    fn note(
        &mut self,
        key: Key,
        object: Object,
        before: Option<Object>,
        what: What,
        at: Moment,
    ) -> Object {
        let version = self.version;
        self.history.push(Change { version, at, key, what, object: Arc::clone(&object), before });
        object
    }
}

fn disown(owned: &mut HashMap<String, BTreeSet<Key>>, owner: &str, key: &Key) {
    if let Some(keys) = owned.get_mut(owner) {
        keys.remove(key);
        if keys.is_empty() {
            owned.remove(owner);
        }
    }
}

/// Fills in an object as a write would, without an address.
pub(crate) fn complete(kind: Kind, object: &mut Value) {
    defaults::complete(kind, object, String::new);
}

/// The next state of an object: the written part over the rest, identity and age kept.
fn merged(current: &Value, mut next: Value, part: Part, facts: &Facts) -> Value {
    match part {
        Part::Status => {
            let kept = |name: &str| name != "status";
            if let Some(parts) = next.as_object_mut() {
                parts.retain(|name, _| !kept(name) || current.get(name).is_some());
            }
            for name in names(current) {
                if kept(name) {
                    keep(&mut next, current, &format!("/{name}"));
                }
            }
        }
        Part::Main if facts.status => keep(&mut next, current, "/status"),
        Part::Main | Part::Whole => (),
    }
    for pointer in [
        "/apiVersion",
        "/kind",
        "/metadata/name",
        "/metadata/namespace",
        "/metadata/uid",
        "/metadata/creationTimestamp",
        "/metadata/resourceVersion",
        "/metadata/generation",
    ] {
        keep(&mut next, current, pointer);
    }
    for pointer in ["/metadata/labels", "/metadata/annotations", "/metadata/finalizers"] {
        if next.at(pointer).is_some_and(is_empty) {
            next.take_out(pointer);
        }
    }
    if part != Part::Whole {
        keep(&mut next, current, "/metadata/deletionTimestamp");
        keep(&mut next, current, "/metadata/deletionGracePeriodSeconds");
    }
    next
}

/// The names of an object's parts.
fn names(object: &Value) -> impl Iterator<Item = &String> {
    object.as_object().into_iter().flat_map(Map::keys)
}

/// Makes what is at a place what it was.
fn keep(next: &mut Value, current: &Value, pointer: &str) {
    let kept = current.at(pointer);
    if next.at(pointer) == kept {
        return;
    }
    match kept {
        Some(kept) => next.set(pointer, kept.clone()),
        None => {
            next.take_out(pointer);
        }
    }
}

fn is_empty(value: &Value) -> bool {
    *value == json!({}) || *value == json!([]) || value.is_null()
}

/// Whether something else is wanted of the object: what `generation` counts. Where the status has
/// no path of its own, the API server counts it too; that a pod is given to a node it does not.
fn wants_else(current: &Value, next: &Value, facts: &Facts) -> bool {
    let placed = facts.kind == Kind::Pod && current.at("/spec/nodeName").is_none();
    let counts = |name: &str| name != "metadata" && (name != "status" || !facts.status);
    let differs = |name: &str, (before, after): (Option<&Value>, Option<&Value>)| match after {
        Some(after) if placed && name == "spec" => {
            let mut unplaced = after.clone();
            unplaced.take_out("/nodeName");
            before != Some(&unplaced)
        }
        after => before != after,
    };
    let new = names(next).filter(|name| current.get(name).is_none());
    names(current)
        .chain(new)
        .any(|name| counts(name) && differs(name, (current.get(name), next.get(name))))
}

/// The seconds that a kind's objects are given to end by themselves.
fn grace_of(kind: Kind, object: &Value) -> i64 {
    match kind {
        Kind::Pod => object.int_maybe("/spec/terminationGracePeriodSeconds").unwrap_or(30),
        _ => 0,
    }
}

/// Whether a pod was given to a node, and has not ended there.
fn is_placed(pod: &Value) -> bool {
    let ended = matches!(pod.text("/status/phase"), "Succeeded" | "Failed");
    !pod.text("/spec/nodeName").is_empty() && !ended
}

/// Whether somebody still has to do something before an object may go: by its finalizers, or by
/// those of a namespace.
fn is_held(object: &Value) -> bool {
    ["/metadata/finalizers", "/spec/finalizers"].iter().any(|list| !object.items(list).is_empty())
}

/// Whether a leaving object still waits for its node.
fn waits(key: &Key, object: &Value) -> bool {
    key.kind == Kind::Pod
        && is_placed(object)
        && object.int("/metadata/deletionGracePeriodSeconds") > 0
}

/// The uids of an object's owners.
fn owners(object: &Value) -> impl Iterator<Item = &str> {
    object.items("/metadata/ownerReferences").iter().map(|owner| owner.text("/uid"))
}

#[cfg(test)]
mod tests;
