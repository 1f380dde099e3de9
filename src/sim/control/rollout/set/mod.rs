//! The ReplicaSets of a Rollout: which is new, which is stable, which are others.
//!
//! What a pass reads of them stays as it was at its beginning, as in the cache of the real
//! controller. Called by the passes.

mod metadata;
mod template;

use std::sync::Arc;

use super::keys;
use super::spec::Rollout;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Object, Store};
use crate::sim::time::{self, Moment, Span};

pub(crate) use metadata::{
    exchange as exchange_metadata, given_metadata, with_metadata, without_metadata,
};
pub(crate) use template::{same_template, template_hash};

/// One ReplicaSet.
#[derive(Debug, Clone)]
pub(crate) struct Set(Object);

impl Set {
    pub(crate) fn new(object: Object) -> Self {
        Self(object)
    }

    pub(crate) fn object(&self) -> &Object {
        &self.0
    }

    /// The object, to be changed and written.
    pub(crate) fn object_mut(&mut self) -> &mut serde_json::Value {
        Arc::make_mut(&mut self.0)
    }

    pub(crate) fn key(&self) -> Key {
        Key::new(Kind::ReplicaSet, self.0.namespace(), self.0.name())
    }

    pub(crate) fn name(&self) -> &str {
        self.0.name()
    }

    /// Its pod template hash; empty when it has none.
    pub(crate) fn hash(&self) -> &str {
        self.0.label(keys::HASH)
    }

    /// How many pods it is told to have.
    pub(crate) fn wanted(&self) -> i32 {
        self.0.int_maybe("/spec/replicas").map_or(1, small)
    }

    /// How many pods it has.
    pub(crate) fn actual(&self) -> i32 {
        small(self.0.int("/status/replicas"))
    }

    pub(crate) fn ready(&self) -> i32 {
        small(self.0.int("/status/readyReplicas"))
    }

    pub(crate) fn available(&self) -> i32 {
        small(self.0.int("/status/availableReplicas"))
    }

    /// Its revision; nothing when it has none that is a number.
    pub(crate) fn revision_maybe(&self) -> Option<i64> {
        self.0.annotation(keys::REVISION)?.parse().ok()
    }

    /// Its revision; 0 when it has none.
    pub(crate) fn revision(&self) -> i64 {
        self.revision_maybe().unwrap_or(0)
    }

    /// When it was created, in whole seconds.
    pub(crate) fn created(&self) -> Option<Moment> {
        time::parse(self.0.text("/metadata/creationTimestamp"))
    }

    /// Whether it was created in an earlier second than another one.
    pub(crate) fn is_older_than(&self, other: &Self) -> bool {
        self.created() < other.created()
    }

    /// `desired-replicas`, when it is a number.
    pub(crate) fn desired(&self) -> Option<i32> {
        self.0.annotation(keys::DESIRED)?.parse().ok()
    }

    /// The text of its scale-down deadline.
    pub(crate) fn deadline(&self) -> Option<&str> {
        self.0.annotation(keys::DEADLINE).filter(|text| !text.is_empty())
    }

    /// How long it still waits for its deadline; nothing when that is over or unreadable.
    pub(crate) fn time_left(&self, now: Moment) -> Option<Span> {
        let left = time::parse(self.deadline()?)? - now;
        (left > Span::zero()).then_some(left)
    }

    /// Whether every wanted pod is available, and there is one.
    pub(crate) fn is_available(&self) -> bool {
        self.wanted() != 0 && self.available() != 0 && self.wanted() <= self.available()
    }

    /// Whether the annotations of its size have to be brought up to date.
    pub(crate) fn needs_annotations(&self, replicas: i32) -> bool {
        let desired = self.0.annotation(keys::DESIRED);
        desired != Some(replicas.to_string().as_str())
            || (replicas == 0 && self.deadline().is_some())
    }

    /// Whether it has all pods that the Rollout wants, and knows that these are all.
    pub(crate) fn is_saturated(&self, rollout: &Rollout) -> bool {
        let replicas = rollout.replicas();
        self.desired() == Some(replicas)
            && self.wanted() == replicas
            && self.available() == replicas
    }

    pub(crate) fn remove_deadline(&mut self) {
        self.object_mut().remove_annotation(keys::DEADLINE);
    }
}

/// All ReplicaSets of a Rollout, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    all: Vec<Set>,
    current: Option<usize>,
    stable: Option<usize>,
}

impl Sets {
    /// Those that a Rollout owns.
    pub(crate) fn of(rollout: &Rollout, store: &Store) -> Self {
        let owned = store.owned(rollout.uid(), Kind::ReplicaSet).into_iter();
        let mut all: Vec<Set> = owned.cloned().map(Set::new).collect();
        all.sort_by_key(|set| (set.created(), set.name().to_owned()));
        let mut sets = Self { all, current: None, stable: None };
        sets.current = sets.find_current(rollout);
        sets.find_stable(rollout);
        sets
    }

    /// The one of the present template: by hash, or because nothing else differs.
    fn find_current(&self, rollout: &Rollout) -> Option<usize> {
        let template = &rollout.spec.template;
        let hash = template_hash(template, rollout.status.collision_count);
        let by_hash = self.all.iter().position(|set| set.hash() == hash);
        by_hash.or_else(|| {
            self.all.iter().position(|set| same_template(&without_metadata(set), template))
        })
    }

    fn find_stable(&mut self, rollout: &Rollout) {
        let stable = rollout.status.stable_rs.as_str();
        self.stable = match self.current {
            _ if stable.is_empty() => None,
            Some(new) if self.current().is_some_and(|set| set.hash() == stable) => Some(new),
            _ => self.all.iter().position(|set| set.hash() == stable),
        };
    }

    /// Takes in the one that was created for the present template.
    pub(crate) fn add_current(&mut self, set: Set, rollout: &Rollout) {
        let known = self.all.iter().position(|known| known.name() == set.name());
        self.current = Some(known.unwrap_or(self.all.len()));
        if known.is_none() {
            self.all.push(set);
        }
        self.find_stable(rollout);
    }

    /// The new one was written.
    pub(crate) fn renew(&mut self, set: Set) {
        if let Some(place) = self.current.and_then(|new| self.all.get_mut(new)) {
            *place = set;
        }
    }

    pub(crate) fn all(&self) -> &[Set] {
        &self.all
    }

    pub(crate) fn current(&self) -> Option<&Set> {
        self.all.get(self.current?)
    }

    pub(crate) fn stable(&self) -> Option<&Set> {
        self.all.get(self.stable?)
    }

    /// To change what the pass knows of the new one.
    pub(crate) fn current_mut(&mut self) -> Option<&mut Set> {
        self.all.get_mut(self.current?)
    }

    pub(crate) fn stable_mut(&mut self) -> Option<&mut Set> {
        self.all.get_mut(self.stable?)
    }

    /// The stable one, when it is not the new one too.
    pub(crate) fn distinct_stable(&self) -> Option<&Set> {
        self.stable().filter(|_| self.stable != self.current)
    }

    /// The hash of the new one; empty when there is none.
    pub(crate) fn current_hash(&self) -> &str {
        self.current().map(Set::hash).unwrap_or_default()
    }

    pub(crate) fn stable_hash(&self) -> &str {
        self.stable().map(Set::hash).unwrap_or_default()
    }

    /// All but the new one.
    pub(crate) fn older(&self) -> impl Iterator<Item = &Set> {
        self.all.iter().enumerate().filter(|(at, _)| Some(*at) != self.current).map(|(_, set)| set)
    }

    /// Those that are neither new nor stable.
    pub(crate) fn others(&self) -> impl Iterator<Item = &Set> {
        let of = |at| Some(at) != self.current && Some(at) != self.stable;
        self.all.iter().enumerate().filter(move |(at, _)| of(*at)).map(|(_, set)| set)
    }

    /// The last one that has this hash.
    pub(crate) fn by_hash(&self, hash: &str) -> Option<&Set> {
        if hash.is_empty() {
            return None;
        }
        self.all.iter().rev().find(|set| set.hash() == hash)
    }

    /// The highest revision of all but the new one.
    pub(crate) fn highest_revision(&self) -> i64 {
        self.older().map(Set::revision).max().unwrap_or(0).max(0)
    }

    pub(crate) fn total(&self, of: fn(&Set) -> i32) -> i32 {
        self.all.iter().map(of).sum()
    }
}

fn small(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
