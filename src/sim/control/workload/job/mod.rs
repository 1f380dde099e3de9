//! The Job controller: runs pods until enough have succeeded or too many have failed.
//!
//! Knows what the Jobs of an analysis need: no indexes, no pod failure policy. Called by the world.

mod pass;
mod record;

use std::collections::HashMap;

use super::adoption;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Key, Kind, Object, Part, Store, What};
use crate::sim::time::{Moment, Span};
use crate::sim::world::{Controller, Turn};
use pass::Pass;
use record::Record;

const SOURCE: &str = "job-controller";

/// The finalizer that keeps a pod until it was counted.
const TRACKING: &str = "batch.kubernetes.io/job-tracking";

/// Changes of pods are gathered for this long.
const GATHERED: Span = Span::seconds(1);

/// The controller.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    /// When the Job of a pod will be looked at because of it.
    gathered: HashMap<Key, Moment>,
    records: HashMap<Key, Record>,
}

impl Controller for Jobs {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        let by_job =
            |object: &Object| object.controller().is_some_and(|owner| owner.text("/kind") == "Job");
        let wish = |job: &Object| (job.generation(), job.is_leaving());
        let same = |before: &Object| wish(before) == wish(&change.object);
        match change.key.kind {
            Kind::Pod if by_job(&change.object) => {
                keys.push(change.key.clone());
                if change.what == What::Deleted
                    && let Some(owner) = change.object.controller()
                {
                    keys.push(change.key.beside(Kind::Job, owner.text("/name")));
                }
            }
            Kind::Job if !change.before.as_ref().is_some_and(same) => {
                keys.push(change.key.clone());
            }
            _ => (),
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        if key.kind == Kind::Job {
            return self.sync(key, turn);
        }
        let pod = turn.store.get(key).cloned();
        let owner = pod.as_ref().and_then(|pod| pod.controller());
        let job = owner.map(|owner| key.beside(Kind::Job, owner.text("/name")));
        let uid = owner.map(|owner| owner.text("/uid").to_owned());
        let is_there = job.as_ref().and_then(|job| turn.store.get(job)).map(|job| job.uid());
        match job {
            Some(_) if is_there != uid.as_deref() => release(key, turn),
            Some(job) => match self.gathered.get(key) {
                Some(due) if *due <= turn.now => {
                    self.gathered.remove(key);
                    self.sync(&job, turn);
                }
                Some(_) => (),
                None => {
                    self.gathered.insert(key.clone(), turn.now + GATHERED);
                    turn.again_after(GATHERED);
                }
            },
            None => drop(self.gathered.remove(key)),
        }
    }
}

impl Jobs {
    fn sync(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let Some(job) = turn.store.get(key).cloned() else {
            self.records.remove(key);
            return;
        };
        if job.holds("Complete") || job.holds("Failed") {
            self.records.remove(key);
            return;
        }
        let owned = turn.store.owned(job.uid(), Kind::Pod);
        let pods: Vec<Object> = owned.into_iter().cloned().collect();
        let record = self.records.entry(key.clone()).or_default();
        Pass::new(turn, key, &job, pods, record).run();
    }
}

/// Lets a pod go that is counted, or that nobody will count any more.
fn release(key: &Key, turn: &mut Turn<'_>) {
    let tracked = |pod: &Object| pod.items("/metadata/finalizers").iter().any(|f| f == TRACKING);
    if !turn.store.get(key).is_some_and(tracked) {
        return;
    }
    let released = turn.store.modify(key, Part::Main, turn.now, |pod| {
        let mut finalizers = pod.items("/metadata/finalizers").to_vec();
        finalizers.retain(|finalizer| finalizer != TRACKING);
        pod.set("/metadata/finalizers", serde_json::Value::Array(finalizers));
    });
    debug_assert!(released.is_ok(), "{released:?}");
}

fn key_of(pod: &Object) -> Key {
    adoption::key_of(Kind::Pod, pod)
}

#[cfg(test)]
mod tests;
