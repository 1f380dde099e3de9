//! Labels and annotations that pods carry for a time, given to ReplicaSets and pods.
//!
//! Called by the passes of both strategies.

use super::{Outcome, Pass};
use crate::sim::control::rollout::set::{Set, exchange_metadata, given_metadata, with_metadata};
use crate::sim::control::rollout::spec::Metadata;
use crate::sim::object::Document;
use crate::sim::store::{Key, Kind, Part};

impl Pass<'_, '_> {
    pub(crate) fn sync_metadata(&mut self) -> Outcome {
        let (of_new, of_stable) = self.rollout.spec.strategy.metadata();
        if of_new.is_none() && of_stable.is_none() {
            return Ok(());
        }
        let (of_new, of_stable) = (of_new.cloned(), of_stable.cloned());
        let stable = self.rollout.status.stable_rs.as_str();
        let promoted = stable.is_empty() || stable == self.sets.current_hash();
        let (new, old) = (self.sets.current().cloned(), self.sets.stable().cloned());
        if promoted {
            self.give_metadata(new, of_stable.as_ref())?;
        } else {
            self.give_metadata(new, of_new.as_ref())?;
            self.give_metadata(old, of_stable.as_ref())?;
        }
        let others: Vec<Set> = self.sets.others().cloned().collect();
        others.into_iter().try_for_each(|set| self.give_metadata(Some(set), None))
    }

    /// First the ReplicaSet, so that new pods are right, then the pods that it has.
    fn give_metadata(&mut self, set: Option<Set>, wanted: Option<&Metadata>) -> Outcome {
        let Some(set) = set else { return Ok(()) };
        let given = given_metadata(&set);
        let mut changed = set.clone();
        if with_metadata(&mut changed, wanted) {
            self.write_set(&changed)?;
        }
        if set.wanted() == 0 {
            return Ok(());
        }
        let pods = self.turn.store.owned(set.object().uid(), Kind::Pod);
        let keys: Vec<Key> =
            pods.iter().map(|pod| Key::new(Kind::Pod, pod.namespace(), pod.name())).collect();
        for key in keys {
            self.turn.store.modify(&key, Part::Main, self.turn.now, |pod| {
                exchange_metadata(pod, "/metadata", given.as_ref(), wanted);
            })?;
        }
        Ok(())
    }
}
