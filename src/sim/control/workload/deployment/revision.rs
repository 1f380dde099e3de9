//! Revisions: which ReplicaSet is of the present template, and its place in the history.
//!
//! Called by the Deployment controller.

use serde_json::Value;

use super::{Sets, Sync, age, condition, key_of, size, template};
use crate::sim::object::{Document, DocumentMut, escaped};
use crate::sim::store::{Key, Kind, Object, Part, Refusal};
use crate::sim::world::EventType;

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
/// The revisions that a ReplicaSet was before, separated by commas.
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// How many pods were wanted when the ReplicaSet was last scaled.
pub(super) const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
/// How many there might be then.
pub(super) const MOST: &str = "deployment.kubernetes.io/max-replicas";

/// Annotations of a Deployment that its ReplicaSets do not get.
const OWN: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.deployment.rollback.to",
    REVISION,
    HISTORY,
    DESIRED,
    MOST,
];

/// The longest history, in characters.
const LONGEST_HISTORY: usize = 2_000;

impl Sync<'_, '_> {
    /// Finds the ReplicaSets, brings the revision of the new one up to date, and makes it if that is
    /// asked for.
    pub(super) fn sync_revision(&mut self, create: bool) -> Result<Sets, Refusal> {
        let present = self.deployment.at("/spec/template").cloned().unwrap_or_default();
        let is_new = |set: &&Object| {
            set.at("/spec/template").is_some_and(|own| template::are_same(own, &present))
        };
        let existing = self.sets.iter().find(is_new).cloned();
        let name = existing.as_ref().map(|set| set.name().to_owned());
        let old: Vec<Object> =
            self.sets.iter().filter(|set| Some(set.name()) != name.as_deref()).cloned().collect();
        let next = old.iter().map(|set| revision(set)).max().unwrap_or(0) + 1;
        let new = match existing {
            Some(set) => Some(self.keep(set, next)?),
            None if create => Some(self.begin(&old, next)?),
            None => None,
        };
        Ok(Sets { new, old })
    }

    /// Brings an existing ReplicaSet up to date, or else the Deployment.
    fn keep(&mut self, set: Object, next: i64) -> Result<Object, Refusal> {
        let mut updated = set.as_ref().clone();
        let annotated = self.annotate(&mut updated, next);
        if annotated || updated.int("/spec/minReadySeconds") != self.wish.min_ready {
            match self.wish.min_ready {
                0 => drop(updated.take_out("/spec/minReadySeconds")),
                seconds => updated.set("/spec/minReadySeconds", seconds),
            }
            return self.turn.store.replace(&key_of(&set), updated, Part::Main, self.turn.now);
        }
        let revision = set.annotation(REVISION).unwrap_or_default();
        let mut changed = self.deployment.set_annotation(REVISION, revision);
        if self.wish.deadline.is_some()
            && self.deployment.condition(condition::PROGRESSING).is_none()
        {
            let message = format!("Found new replica set {:?}", set.name());
            self.progress("True", "FoundNewReplicaSet", &message);
            changed = true;
        }
        if changed {
            self.write()?;
        }
        Ok(set)
    }

    /// Makes the ReplicaSet of the present template.
    fn begin(&mut self, old: &[Object], next: i64) -> Result<Object, Refusal> {
        let mut set = template::draft(&self.deployment);
        let others = old.iter().map(|set| size(set)).sum();
        let replicas = self.size_of_new(0, others);
        set.set("/spec/replicas", replicas);
        self.annotate(&mut set, next);
        set.set_annotation(DESIRED, &self.wish.replicas.to_string());
        set.set_annotation(MOST, &self.wish.most().to_string());
        let key = Key::new(Kind::ReplicaSet, self.deployment.namespace(), set.name());
        let there = self.turn.store.get(&key).cloned();
        let (made, is_there) = match there {
            Some(known) if self.is_own(&known) => (known, true),
            Some(_) => {
                let collisions = self.deployment.int("/status/collisionCount") + 1;
                self.deployment.set("/status/collisionCount", collisions);
                self.write()?;
                return Err(Refusal::already_exists(&key));
            }
            None => (self.create(set, &key)?, false),
        };
        if !is_there && replicas > 0 {
            let message = format!("Scaled up replica set {} from 0 to {replicas}", made.name());
            self.tell(EventType::Normal, "ScalingReplicaSet", message);
        }
        let mut changed = self.deployment.set_annotation(REVISION, &next.to_string());
        if !is_there && self.wish.deadline.is_some() {
            let message = format!("Created new replica set {:?}", made.name());
            self.progress("True", "NewReplicaSetCreated", &message);
            changed = true;
        }
        if changed {
            self.write()?;
        }
        Ok(made)
    }

    fn create(&mut self, set: Value, key: &Key) -> Result<Object, Refusal> {
        let namespace = Key::new(Kind::Namespace, "", &key.namespace);
        if self.turn.store.get(&namespace).is_some_and(|namespace| namespace.is_leaving()) {
            let message = format!(
                "replicasets.apps {:?} is forbidden: unable to create new content in namespace {} \
                 because it is being terminated",
                key.name, key.namespace
            );
            return Err(Refusal::new(403, "Forbidden", message));
        }
        self.turn.store.insert(Kind::ReplicaSet, set, self.turn.now)
    }

    /// Whether a ReplicaSet of the name that a new one would get is just that one.
    fn is_own(&self, set: &Object) -> bool {
        let mine = set.controller().is_some_and(|by| by.text("/uid") == self.deployment.uid());
        let templates = (set.at("/spec/template"), self.deployment.at("/spec/template"));
        matches!(templates, (Some(one), Some(other)) if mine && template::are_same(one, other))
    }

    /// How many pods the new ReplicaSet may have, which has `own` now, the others `others`.
    pub(super) fn size_of_new(&self, own: i64, others: i64) -> i64 {
        if !self.wish.rolls {
            return self.wish.replicas;
        }
        let room = self.wish.most() - own - others;
        if room <= 0 { own } else { own + room.min(self.wish.replicas - own) }
    }

    /// Gives a ReplicaSet its revision and the annotations of its Deployment; whether that changed
    /// anything. One that had another revision is being rolled back to, and remembers it.
    fn annotate(&self, set: &mut Value, next: i64) -> bool {
        let mut changed = false;
        for (key, value) in self.deployment.members("/metadata/annotations").into_iter().flatten() {
            if !OWN.contains(&key.as_str()) {
                changed |= set.set_annotation(key, value.as_str().unwrap_or_default());
            }
        }
        let before = set.annotation(REVISION).map(str::to_owned);
        if revision(set) >= next {
            return changed;
        }
        set.set_annotation(REVISION, &next.to_string());
        if let Some(before) = before {
            remember(set, &before);
        }
        true
    }

    pub(super) fn progress(&mut self, state: &str, reason: &str, message: &str) {
        let next = condition::new(condition::PROGRESSING, state, reason, message, self.turn.now);
        let mut status = self.deployment.get("status").cloned().unwrap_or_default();
        condition::set(&mut status, next);
        self.deployment.set("/status", status);
    }

    /// Deletes the oldest ReplicaSets that are beyond the history that is kept.
    pub(super) fn clean_up(&mut self, old: &[Object]) -> Result<(), Refusal> {
        let Some(kept) = self.wish.history else { return Ok(()) };
        let mut old: Vec<&Object> = old.iter().filter(|set| !set.is_leaving()).collect();
        let superfluous = old.len().saturating_sub(usize::try_from(kept).unwrap_or(0));
        old.sort_by(|one, other| {
            revision(one).cmp(&revision(other)).then_with(|| age(one).cmp(&age(other)))
        });
        for set in old.into_iter().take(superfluous) {
            let busy = set.int("/status/replicas") != 0 || size(set) != 0;
            if !busy && set.generation() <= set.int("/status/observedGeneration") {
                self.turn.store.delete(&key_of(set), None, self.turn.now)?;
            }
        }
        Ok(())
    }
}

/// The revision of a ReplicaSet; zero when it has none.
fn revision(set: &Value) -> i64 {
    set.annotation(REVISION).and_then(|revision| revision.parse().ok()).unwrap_or(0)
}

/// Adds a revision to a ReplicaSet's history, which forgets the oldest when it gets too long.
fn remember(set: &mut Value, before: &str) {
    let history = set.annotation(HISTORY).unwrap_or_default().to_owned();
    let mut revisions: Vec<&str> = history.split(',').filter(|part| !part.is_empty()).collect();
    revisions.push(before);
    while revisions.join(",").len() > LONGEST_HISTORY {
        revisions.remove(0);
    }
    set.set(&format!("/metadata/annotations/{}", escaped(HISTORY)), revisions.join(","));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_history_forgets_the_oldest_when_it_gets_too_long() {
        let mut set = json!({});
        for revision in 1..=700 {
            remember(&mut set, &revision.to_string());
        }
        let history = set.annotation(HISTORY).unwrap();
        assert!(history.len() <= LONGEST_HISTORY, "{}", history.len());
        assert!(history.ends_with(",699,700") && !history.starts_with("1,"), "{history}");
    }
}
