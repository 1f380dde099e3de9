//! How the new ReplicaSet takes the place of the old ones: by and by, or all at once.
//!
//! Called by the Deployment controller.

use super::{Sets, Sync, age, size, status};
use crate::sim::control::workload::pod;
use crate::sim::object::Document;
use crate::sim::store::{Kind, Object, Refusal};

impl Sync<'_, '_> {
    /// Scales the new ReplicaSet up if that is possible now, else old ones down.
    pub(super) fn roll(mut self) -> Result<(), Refusal> {
        let sets = self.sync_revision(true)?;
        let Some(new) = sets.new.clone() else { return Ok(()) };
        if self.scale_new(&sets, &new)? || self.scale_down_old(&sets, &new)? {
            return self.sync_rollout_status(&sets);
        }
        if status::is_complete(&self.wish, &self.deployment) {
            self.clean_up(&sets.old)?;
        }
        self.sync_rollout_status(&sets)
    }

    /// Ends all old pods before the first new one begins.
    pub(super) fn recreate(mut self) -> Result<(), Refusal> {
        let mut sets = self.sync_revision(false)?;
        let mut scaled = false;
        for set in sets.old.clone() {
            scaled |= self.scale_to(&set, 0)?.is_some();
        }
        if scaled || self.old_pods_run(&sets) {
            return self.sync_rollout_status(&sets);
        }
        if sets.new.is_none() {
            sets = self.sync_revision(true)?;
        }
        if let Some(new) = &sets.new {
            self.scale_to(new, self.wish.replicas)?;
        }
        if status::is_complete(&self.wish, &self.deployment) {
            self.clean_up(&sets.old)?;
        }
        self.sync_rollout_status(&sets)
    }

    fn old_pods_run(&self, sets: &Sets) -> bool {
        let runs = |set: &Object| {
            let pods = self.turn.store.owned(set.uid(), Kind::Pod);
            pods.iter().any(|pod| !pod::has_ended(pod))
        };
        sets.old.iter().any(|set| set.int("/status/replicas") > 0 || runs(set))
    }

    /// Whether the new ReplicaSet was scaled.
    fn scale_new(&mut self, sets: &Sets, new: &Object) -> Result<bool, Refusal> {
        let own = size(new);
        let others = sets.old.iter().map(|set| size(set)).sum();
        let next = match own.cmp(&self.wish.replicas) {
            std::cmp::Ordering::Equal => return Ok(false),
            std::cmp::Ordering::Greater => self.wish.replicas,
            std::cmp::Ordering::Less => self.size_of_new(own, others),
        };
        Ok(self.scale_to(new, next)?.is_some())
    }

    /// Whether an old ReplicaSet was scaled. Pods that do not work go first; they are not missed.
    fn scale_down_old(&mut self, sets: &Sets, new: &Object) -> Result<bool, Refusal> {
        let mut old: Vec<Object> = sets.old.iter().filter(|set| size(set) > 0).cloned().collect();
        old.sort_by(|one, other| age(one).cmp(&age(other)));
        let all: i64 = sets.all().map(|set| size(set)).sum();
        let waiting = size(new) - new.int("/status/availableReplicas");
        let most = all - self.wish.min_available() - waiting;
        if old.is_empty() || most <= 0 {
            return Ok(false);
        }
        let Some(broken) = self.scale_down_broken(&mut old, most)? else { return Ok(false) };
        let working = self.scale_down_working(&old, new)?;
        Ok(broken + working > 0)
    }

    /// Nothing when a ReplicaSet still counts pods that it is about to delete: then the real
    /// controller gives up for this turn.
    fn scale_down_broken(&mut self, old: &mut [Object], most: i64) -> Result<Option<i64>, Refusal> {
        let mut down = 0;
        for set in old {
            let broken = size(set) - set.int("/status/availableReplicas");
            if down >= most || broken == 0 {
                continue;
            }
            let fewer = broken.min(most - down);
            if fewer < 0 {
                return Ok(None);
            }
            if let Some(scaled) = self.scale_to(set, size(set) - fewer)? {
                *set = scaled;
            }
            down += fewer;
        }
        Ok(Some(down))
    }

    fn scale_down_working(&mut self, old: &[Object], new: &Object) -> Result<i64, Refusal> {
        let counted = old.iter().chain([new]);
        let available: i64 = counted.map(|set| set.int("/status/availableReplicas")).sum();
        let most = available - self.wish.min_available();
        let mut down = 0;
        for set in old {
            let fewer = size(set).min(most - down);
            if fewer > 0 {
                self.scale_to(set, size(set) - fewer)?;
                down += fewer;
            }
        }
        Ok(down)
    }
}
