//! `workloadRef`: the template comes from another workload, which may be scaled down meanwhile.
//!
//! Called at the beginning of a pass, and when sizes change.

use super::{Outcome, Pass};
use crate::sim::control::rollout::keys;
use crate::sim::control::rollout::set::Set;
use crate::sim::control::rollout::spec::{Rollout, is_empty_template, normal_template};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Part, Store};

/// Fills in the template of the workload that a Rollout refers to; why that cannot be otherwise.
pub(crate) fn resolve(store: &Store, rollout: &mut Rollout) -> Result<(), String> {
    let Some(reference) = rollout.spec.workload_ref.clone() else {
        rollout.object.remove_annotation(keys::WORKLOAD_GENERATION);
        return Ok(());
    };
    if !is_empty_template(&rollout.spec.template) {
        return Err("template must be empty for workload reference rollout".into());
    }
    let group = reference.api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let kind = match (group, reference.kind.as_str()) {
        ("apps", "Deployment") => Kind::Deployment,
        ("apps", "ReplicaSet") => Kind::ReplicaSet,
        (_, kind) => return Err(format!("workload of type {group}/{kind} is not supported")),
    };
    let key = rollout.key.beside(kind, &reference.name);
    let Some(workload) = store.get(&key) else {
        let plural = kind.facts().qualified();
        let place = format!("{}/{}", rollout.namespace(), reference.name);
        return Err(format!("{plural} {place:?} not found"));
    };
    let template = workload.pointer("/spec/template").cloned().unwrap_or_default();
    rollout.spec.template = normal_template(&template);
    rollout.resolved = true;
    if rollout.spec.selector.is_none() {
        rollout.spec.selector = workload.pointer("/spec/selector").cloned();
    }
    let generation = workload.generation().to_string();
    rollout.object.set_annotation(keys::WORKLOAD_GENERATION, &generation);
    Ok(())
}

/// The workload that a Rollout refers to, if it is of a kind that can be referred to.
pub(crate) fn workload_of(rollout: &Rollout) -> Option<Key> {
    let reference = rollout.spec.workload_ref.as_ref()?;
    let kind = Kind::of(&reference.api_version, &reference.kind)?;
    let known = matches!(kind, Kind::Deployment | Kind::ReplicaSet);
    known.then(|| rollout.key.beside(kind, &reference.name))
}

/// The generation of its workload, when a Rollout does not know it yet. The first pass notes it
/// together with the revision, unless the workload was missing at first.
pub(crate) fn generation_to_note(store: &Store, rollout: &Rollout) -> Option<String> {
    let generation = store.get(&workload_of(rollout)?)?.generation().to_string();
    let known = rollout.annotation(keys::WORKLOAD_GENERATION);
    let first = known.is_none() && rollout.status.observed_generation.is_empty();
    (!first && known != Some(generation.as_str())).then_some(generation)
}

impl Pass<'_, '_> {
    /// `scaleDown: onsuccess`: the first version is healthy, the workload goes.
    pub(super) fn retire_workload(&mut self) -> Outcome {
        let reference = self.rollout.spec.workload_ref.as_ref();
        if reference.is_none_or(|reference| reference.scale_down != "onsuccess") {
            return Ok(());
        }
        self.scale_deployment(0)
    }

    /// `scaleDown: progressively`: the workload shrinks as the first version grows. Trouble there
    /// does not matter here.
    pub(super) fn size_workload(&mut self, new: &Set, size: i32) {
        let reference = self.rollout.spec.workload_ref.as_ref();
        let progressive = reference.is_some_and(|r| r.scale_down == "progressively");
        if new.revision() != 1 || !progressive {
            return;
        }
        let (status, replicas) = (&self.rollout.status, self.rollout.replicas());
        let wanted = if status.phase == "Healthy" {
            0
        } else if status.ready_replicas > 0 || new.wanted() > size {
            replicas - status.ready_replicas
        } else {
            return;
        };
        let scaled = self.scale_deployment(wanted.max(0));
        debug_assert!(scaled.is_ok() || self.rollout.resolved, "{scaled:?}");
    }

    fn scale_deployment(&mut self, size: i32) -> Outcome {
        let reference = self.rollout.spec.workload_ref.as_ref();
        let name = reference.map(|reference| reference.name.clone()).unwrap_or_default();
        let key = self.rollout.key.beside(Kind::Deployment, &name);
        self.turn.store.modify(&key, Part::Main, self.turn.now, |deployment| {
            deployment.set("/spec/replicas", size);
        })?;
        Ok(())
    }
}
