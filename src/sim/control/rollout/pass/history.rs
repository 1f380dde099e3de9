//! Old ReplicaSets are deleted, beyond those that `revisionHistoryLimit` keeps.
//!
//! Their AnalysisRuns and Experiments go with them. Called by the passes of both strategies.

use super::{Outcome, Pass};
use crate::sim::control::rollout::set::Set;
use crate::sim::object::Document;

impl Pass<'_, '_> {
    pub(crate) fn clean_history(&mut self) -> Outcome {
        let alive = self.sets.others().filter(|set| !set.object().is_leaving());
        let alive: Vec<Set> = alive.cloned().collect();
        let limit = usize::try_from(self.rollout.revision_history_limit()).unwrap_or(0);
        let surplus = alive.len().saturating_sub(limit);
        for set in alive.iter().take(surplus) {
            let observed = set.object().int("/status/observedGeneration");
            if set.actual() != 0 || set.wanted() != 0 || set.object().generation() > observed {
                continue;
            }
            self.delete(&set.key())?;
            let runs = self.runs.of_hash(set.hash());
            let experiments = self.experiments.of_hash(set.hash());
            for key in runs.into_iter().chain(experiments) {
                self.delete(&key)?;
            }
        }
        Ok(())
    }

    /// Deletes an object that may be gone already.
    pub(crate) fn delete(&mut self, key: &crate::sim::store::Key) -> Outcome {
        match self.turn.store.delete(key, None, self.turn.now) {
            Err(refusal) if refusal.code != 404 => Err(refusal.into()),
            _ => Ok(()),
        }
    }
}
