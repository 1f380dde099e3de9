//! Scaling of ReplicaSets: one of them, or all in proportion when somebody wants another number of
//! pods in the middle of an update.
//!
//! Called by the Deployment controller.

use serde_json::Value;

use super::revision::{DESIRED, MOST};
use super::{Sets, Sync, age, key_of, size};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Object, Part, Refusal};
use crate::sim::world::EventType;

impl Sync<'_, '_> {
    /// Brings the ReplicaSets to a number of pods that was changed meanwhile.
    pub(super) fn scale(&mut self, sets: &Sets) -> Result<(), Refusal> {
        if let Some(set) = only_active_or_latest(sets) {
            self.scale_to(&set, self.wish.replicas)?;
            return Ok(());
        }
        if sets.new.as_ref().is_some_and(|new| self.is_saturated(new)) {
            for old in sets.old.iter().filter(|set| size(set) > 0) {
                self.scale_to(old, 0)?;
            }
            return Ok(());
        }
        if self.wish.rolls { self.scale_in_proportion(sets) } else { Ok(()) }
    }

    /// Whether the new ReplicaSet has all pods that are wanted.
    fn is_saturated(&self, new: &Object) -> bool {
        let wanted = self.wish.replicas;
        let told = new.annotation(DESIRED).and_then(|desired| desired.parse().ok());
        size(new) == wanted
            && told == Some(wanted)
            && new.int("/status/availableReplicas") == wanted
    }

    fn scale_in_proportion(&mut self, sets: &Sets) -> Result<(), Refusal> {
        let mut active: Vec<Object> = sets.all().filter(|set| size(set) > 0).cloned().collect();
        let there: i64 = active.iter().map(|set| size(set)).sum();
        let allowed = if self.wish.replicas > 0 { self.wish.most() } else { 0 };
        let more = allowed - there;
        // The largest come first; of the same size, those that the change should meet first.
        active.sort_by(|one, other| {
            let newer_first = age(other).cmp(&age(one));
            let by_age = if more > 0 { newer_first } else { newer_first.reverse() };
            size(other).cmp(&size(one)).then(by_age)
        });
        let mut added = 0;
        let mut sizes: Vec<i64> = Vec::new();
        for set in &active {
            let part = if more == added { 0 } else { self.proportion(set, more - added) };
            added += part;
            sizes.push(size(set) + part);
        }
        if let Some(largest) = sizes.first_mut() {
            *largest = (*largest + more - added).max(0);
        }
        for (set, next) in active.iter().zip(sizes) {
            self.scale_set(set, next)?;
        }
        Ok(())
    }

    /// How many pods more or fewer a ReplicaSet gets, within what is left to give or take.
    fn proportion(&self, set: &Value, left: i64) -> i64 {
        let own = size(set);
        if self.wish.replicas == 0 {
            return (-own).max(left);
        }
        let before = set.annotation(MOST).and_then(|most| most.parse().ok()).filter(|n| *n > 0);
        let before: i64 = before.unwrap_or_else(|| self.deployment.int("/status/replicas"));
        if before == 0 {
            return 0;
        }
        // Rounded half away from zero; both are positive.
        let next = (2 * own * self.wish.most() + before).div_euclid(2 * before);
        let part = next - own;
        if left > 0 { part.min(left) } else { part.max(left) }
    }

    /// Scales a ReplicaSet to another size and tells of it; the ReplicaSet after it, if its size was
    /// another.
    pub(super) fn scale_to(&mut self, set: &Object, next: i64) -> Result<Option<Object>, Refusal> {
        if size(set) == next { Ok(None) } else { self.scale_set(set, next).map(Some) }
    }

    fn scale_set(&mut self, set: &Object, next: i64) -> Result<Object, Refusal> {
        let before = size(set);
        let mut scaled = set.as_ref().clone();
        let desired = scaled.set_annotation(DESIRED, &self.wish.replicas.to_string());
        let most = scaled.set_annotation(MOST, &self.wish.most().to_string());
        if before == next && !desired && !most {
            return Ok(Object::clone(set));
        }
        scaled.set("/spec/replicas", next);
        let now = self.turn.now;
        let scaled = self.turn.store.replace(&key_of(set), scaled, Part::Main, now)?;
        if before != next {
            let way = if before < next { "up" } else { "down" };
            let message =
                format!("Scaled {way} replica set {} from {before} to {next}", set.name());
            self.tell(EventType::Normal, "ScalingReplicaSet", message);
        }
        Ok(scaled)
    }
}

/// The only ReplicaSet with pods; when none has any, the newest.
fn only_active_or_latest(sets: &Sets) -> Option<Object> {
    let mut active = sets.all().filter(|set| size(set) > 0);
    match (active.next(), active.next()) {
        (Some(only), None) => Some(Object::clone(only)),
        (None, _) => {
            let latest = sets.old.iter().max_by(|one, other| age(one).cmp(&age(other)));
            sets.new.as_ref().or(latest).cloned()
        }
        _ => None,
    }
}
