//! Sizes of ReplicaSets: scaling, scaling only, and deadlines of those that are not needed any
//! more.
//!
//! Called by the passes of both strategies.

use super::{A_MOMENT, Outcome, Pass, Trouble};
use crate::sim::control::rollout::keys;
use crate::sim::control::rollout::set::Set;
use crate::sim::control::rollout::spec::AbortDelay;
use crate::sim::control::rollout::status::reason;
use crate::sim::object::DocumentMut;
use crate::sim::store::Part;
use crate::sim::time::{self, Span};

impl Pass<'_, '_> {
    /// Whether somebody changed `spec.replicas` since the ReplicaSets were scaled last.
    pub(super) fn is_scaling_event(&mut self) -> Result<bool, Trouble> {
        self.sync_revision()?;
        let replicas = self.rollout.replicas();
        let mut active = self.sets.current().into_iter().chain(self.sets.stable());
        Ok(active.any(|set| {
            set.wanted() > 0 && set.desired().is_some_and(|desired| desired != replicas)
        }))
    }

    /// After such a change: sizes and their counts, and nothing else.
    pub(super) fn sync_replicas_only(&mut self) -> Outcome {
        self.sync_revision()?;
        let mut next = self.rollout.status.clone();
        if self.rollout.blue_green().is_some() {
            // Without its Services nothing is done, and nobody is told.
            if self.find_services().is_err() {
                return Ok(());
            }
            self.size_blue_green()?;
            let active = self.sets.by_hash(&next.blue_green.active_selector);
            (next.hpa_replicas, next.available_replicas) = match active {
                Some(active) => (active.actual(), active.available()),
                None => (self.sets.total(Set::actual), self.sets.total(Set::available)),
            };
        } else {
            self.size_canary()?;
            next.available_replicas = self.sets.total(Set::available);
            next.hpa_replicas = self.sets.total(Set::actual);
        }
        self.persist(next)
    }

    /// Scales a ReplicaSet as this pass knows it: whether its size changed, and how it is now.
    pub(crate) fn scale(&mut self, set: &Set, size: i32) -> Result<(bool, Set), Trouble> {
        let (replicas, before) = (self.rollout.replicas(), set.wanted());
        if before == size && !set.needs_annotations(replicas) {
            return Ok((false, set.clone()));
        }
        let mut changed = set.clone();
        changed.object_mut().set("/spec/replicas", size);
        changed.object_mut().set_annotation(keys::DESIRED, &replicas.to_string());
        if size == 0 && !self.delays_abort() {
            changed.remove_deadline();
        }
        let written = self.write_set(&changed)?;
        if before == size {
            return Ok((false, written));
        }
        let way = if before < size { "up" } else { "down" };
        let message = format!(
            "Scaled {way} ReplicaSet {} (revision {}) from {before} to {size}",
            written.name(),
            written.revision(),
        );
        self.tell(reason::SCALING, message);
        Ok((true, written))
    }

    /// Whether the new pods stay for a while because the update is aborted.
    pub(crate) fn delays_abort(&self) -> bool {
        let rollout = &self.rollout;
        if !self.is_aborted() || self.sets.stable().is_none() {
            return false;
        }
        let canary = rollout.canary();
        if canary.is_some_and(|canary| canary.traffic_routing.is_none()) {
            return false;
        }
        let dynamic = canary.is_some_and(|canary| canary.dynamic_stable_scale);
        match rollout.spec.strategy.abort_delay() {
            AbortDelay::Never => false,
            AbortDelay::Asked(_) => true,
            AbortDelay::Usual(_) => !dynamic,
        }
    }

    /// Sizes the new ReplicaSet; whether it was scaled. After an abort it waits for its deadline,
    /// which it gets when the stable one can serve alone.
    pub(crate) fn size_new_set(&mut self, size: i32) -> Result<bool, Trouble> {
        let Some(new) = self.sets.current().cloned() else { return Ok(false) };
        let mut size = size;
        if self.delays_abort() {
            match new.deadline().map(time::parse) {
                Some(None) => {}
                Some(Some(deadline)) if deadline > self.turn.now => {
                    self.turn.again_at(deadline);
                    self.sync_annotation(&new)?;
                    return Ok(false);
                }
                Some(Some(_)) => size = 0,
                None => {
                    let new = self.sync_annotation(&new)?;
                    let stable = self.sets.stable().map_or(0, Set::available);
                    let delay = match self.rollout.spec.strategy.abort_delay() {
                        AbortDelay::Asked(delay) | AbortDelay::Usual(delay) => delay,
                        AbortDelay::Never => Span::zero(),
                    };
                    if stable >= self.rollout.replicas() {
                        self.set_deadline(&new, delay)?;
                    }
                    return Ok(false);
                }
            }
        }
        let (scaled, _) = self.scale(&new, size)?;
        self.size_workload(&new, size);
        Ok(scaled)
    }

    /// Brings the annotation of the new ReplicaSet up to date without scaling it: otherwise each
    /// pass would take it for a scaling event.
    fn sync_annotation(&mut self, new: &Set) -> Result<Set, Trouble> {
        if !new.needs_annotations(self.rollout.replicas()) {
            return Ok(new.clone());
        }
        let (_, written) = self.scale(new, new.wanted())?;
        self.sets.renew(written.clone());
        Ok(written)
    }

    /// Takes the deadline from the new and from the stable ReplicaSet: one of them may be back from
    /// retirement.
    pub(crate) fn remove_deadlines(&mut self) -> Outcome {
        let spares_new = self.delays_abort();
        if !spares_new && let Some(new) = self.sets.current().cloned() {
            self.remove_deadline(&new)?;
            if let Some(new) = self.sets.current_mut() {
                new.remove_deadline();
            }
        }
        let stable = if spares_new { self.sets.stable() } else { self.sets.distinct_stable() };
        if let Some(stable) = stable.cloned() {
            self.remove_deadline(&stable)?;
            if let Some(stable) = self.sets.stable_mut() {
                stable.remove_deadline();
            }
        }
        Ok(())
    }

    fn remove_deadline(&mut self, set: &Set) -> Outcome {
        if set.deadline().is_none() {
            return Ok(());
        }
        self.turn.store.modify(&set.key(), Part::Main, self.turn.now, |object| {
            object.remove_annotation(keys::DEADLINE);
        })?;
        Ok(())
    }

    /// Gives a ReplicaSet a deadline so long from now; none when the delay is zero.
    fn set_deadline(&mut self, set: &Set, delay: Span) -> Outcome {
        if delay == Span::zero() {
            return self.remove_deadline(set);
        }
        let deadline = time::seconds(self.turn.now + delay);
        self.turn.store.modify(&set.key(), Part::Main, self.turn.now, |object| {
            object.set_annotation(keys::DEADLINE, &deadline);
        })?;
        Ok(())
    }

    /// The size of an old ReplicaSet that may have a deadline: it keeps its pods until then, at
    /// most `scaleDownDelayRevisionLimit` of them at once. `waiting` counts those.
    pub(crate) fn size_until_deadline(
        &mut self,
        set: &Set,
        waiting: &mut i32,
        replicas: i32,
    ) -> Result<i32, Trouble> {
        let limit = self.rollout.spec.strategy.scale_down_limit();
        if set.deadline().is_some() {
            *waiting += 1;
            if *waiting > limit {
                return Ok(0);
            }
            let Some(left) = set.time_left(self.turn.now) else { return Ok(0) };
            self.turn.again_after(left);
            return Ok(replicas);
        }
        if set.wanted() == 0 || *waiting >= limit {
            return Ok(0);
        }
        *waiting += 1;
        let delay = self.rollout.spec.strategy.scale_down_delay();
        self.set_deadline(set, delay)?;
        // Without a delay there is no deadline, and the pods stay: so it is in the real controller,
        // which looks again without end meanwhile.
        if delay > Span::zero() {
            self.turn.again_after(delay + A_MOMENT);
        }
        Ok(set.wanted())
    }
}
