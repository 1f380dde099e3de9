//! `spec.restartAt`: pods that are older are evicted, a few at a time.
//!
//! Called by the passes of both strategies.

use super::{Pass, Trouble};
use crate::sim::control::rollout::set::Set;
use crate::sim::control::workload::evict;
use crate::sim::object::Document;
use crate::sim::store::{Key, Kind, Object};
use crate::sim::time::{self, Span};

/// How often is looked whether more pods can be evicted.
const LOOK_AGAIN: Span = Span::seconds(30);

impl Pass<'_, '_> {
    /// Evicts what is due; how many pods it were.
    pub(crate) fn restart_pods(&mut self) -> Result<i32, Trouble> {
        let wanted = self.rollout.spec.restart_at.as_deref().and_then(time::parse);
        let Some(wanted) = wanted else { return Ok(0) };
        if self.turn.now <= wanted {
            self.turn.again_at(wanted + super::A_MOMENT);
            return Ok(0);
        }
        let done = self.rollout.status.restarted_at.as_deref().and_then(time::parse);
        if done == Some(wanted) {
            return Ok(0);
        }
        let pods = self.pods();
        let available = pods.iter().filter(|pod| self.is_available(pod)).count();
        let available = i32::try_from(available).unwrap_or(i32::MAX);
        let at_once = self.rollout.max_unavailable().max(1);
        // At a weight that does not divide evenly there are more pods than the spec says.
        let total = self.rollout.replicas().max(self.sets.total(Set::wanted));
        let mut may = available - (total - at_once);
        let (mut old, mut evicted) = (0, 0);
        for pod in pods {
            let created = time::parse(pod.text("/metadata/creationTimestamp"));
            if created >= Some(wanted) {
                continue;
            }
            old += 1;
            if may <= 0 || pod.is_leaving() {
                continue;
            }
            match evict(self.turn, &Key::new(Kind::Pod, pod.namespace(), pod.name())) {
                Ok(()) => {
                    may -= 1;
                    evicted += 1;
                }
                // A disruption budget says no: later again.
                Err(refusal) if refusal.code == 429 => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
        if old == evicted {
            self.next.restarted_at.clone_from(&self.rollout.spec.restart_at);
        } else {
            self.turn.again_after(LOOK_AGAIN);
        }
        Ok(evicted)
    }

    /// All pods, by name.
    fn pods(&self) -> Vec<Object> {
        let sets = self.sets.all().iter();
        let mut pods: Vec<Object> = sets
            .flat_map(|set| self.turn.store.owned(set.object().uid(), Kind::Pod))
            .cloned()
            .collect();
        pods.sort_by(|one, other| one.name().cmp(other.name()));
        pods
    }

    fn is_available(&self, pod: &Object) -> bool {
        let Some(ready) = pod.condition("Ready").filter(|c| c.text("/status") == "True") else {
            return false;
        };
        let needed = Span::seconds(self.rollout.spec.min_ready_seconds.into());
        let since = time::parse(ready.text("/lastTransitionTime"));
        let long =
            needed == Span::zero() || since.is_some_and(|since| since + needed < self.turn.now);
        long && !pod.is_leaving()
    }
}
