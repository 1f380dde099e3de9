//! Versions that are neither new nor stable lose their pods.
//!
//! Called by the passes of both strategies.

use crate::sim::control::rollout::pass::{Pass, Trouble};
use crate::sim::control::rollout::set::Set;

impl Pass<'_, '_> {
    /// Scales down what is left of other versions; whether anything was.
    pub(crate) fn drain_others(&mut self) -> Result<bool, Trouble> {
        let others = self.sets.others().filter(|set| set.wanted() > 0);
        let others: Vec<Set> = others.cloned().collect();
        if others.is_empty() {
            Ok(false)
        } else if self.rollout.blue_green().is_some() {
            self.drain_blue_green(others)
        } else {
            Ok(self.drain_canary(others)? > 0)
        }
    }

    fn drain_canary(&mut self, mut others: Vec<Set>) -> Result<i32, Trouble> {
        let mut drained = 0;
        // Pods that are not available go first: they only stand in the way.
        for set in &mut others {
            let (wanted, available) = (set.wanted(), set.available());
            if wanted == 0 || wanted == available {
                continue;
            }
            if available > wanted {
                return Ok(0);
            }
            *set = self.scale(set, available)?.1;
            drained += wanted - available;
        }
        let rollout = &self.rollout;
        let least = rollout.replicas() - rollout.max_unavailable();
        let mut may = self.sets.total(Set::available) - least;
        if may <= 0 {
            return Ok(0);
        }
        newest_first(&mut others);
        let mut waiting = 0;
        for set in others {
            let routed = self.rollout.routing().is_some();
            if routed && self.is_referenced(&set) {
                continue;
            }
            if may <= 0 {
                break;
            }
            if set.wanted() == 0 {
                continue;
            }
            let size = if routed {
                self.size_of_routed(&set, &mut waiting)?
            } else {
                (set.wanted() - may).max(0)
            };
            if size == set.wanted() {
                continue;
            }
            self.scale(&set, size)?;
            may -= set.wanted() - size;
            drained += set.wanted() - size;
        }
        Ok(drained)
    }

    /// With a router an old stable version waits for its deadline; one that was in between goes at
    /// once, for it has no traffic.
    fn size_of_routed(&mut self, set: &Set, waiting: &mut i32) -> Result<i32, Trouble> {
        let retired = self.rollout.is_fully_promoted() || set.deadline().is_some();
        let dynamic = self.rollout.canary().is_some_and(|canary| canary.dynamic_stable_scale);
        if retired && !dynamic {
            self.size_until_deadline(set, waiting, set.wanted())
        } else {
            Ok(0)
        }
    }
}

/// By revision, the highest first; by age where they have none.
pub(crate) fn newest_first(sets: &mut [Set]) {
    sets.sort_by_key(|set| std::cmp::Reverse((set.revision_maybe(), set.created())));
}
