//! Everything last seen, joined by owner: the one store of cluster facts.
//!
//! Applies observations, keeps the indexes, and hands out [`Release`]s. Never judges and never
//! forgets by itself: only a source's own word removes an object. Owned by the model.

use std::collections::{BTreeMap, BTreeSet};

use super::analysis::AnalysisRun;
use super::event::Event;
use super::experiment::Experiment;
use super::id::{ObjectRef, ResourceKind, Uid, WorkloadId, WorkloadKind};
use super::observation::{Observation, Record, SourceId};
use super::pod::Pod;
use super::release::Release;
use super::replica_set::ReplicaSet;
use super::routing::{DisruptionBudget, Ingress, Service};
use super::time::Timestamp;
use super::timeline::{self, Entry};
use super::workload::Workload;

/// What the store needs to know of a record.
pub trait Owned {
    /// `metadata.uid`.
    fn uid(&self) -> &Uid;
    /// UID that it is found by: its owner, or the object an event is about.
    fn owner(&self) -> Option<&Uid>;
    /// Its namespace.
    fn namespace(&self) -> &str;
}

macro_rules! owned {
    ($type:ty, $owner:expr) => {
        impl Owned for $type {
            fn uid(&self) -> &Uid {
                &self.uid
            }
            fn owner(&self) -> Option<&Uid> {
                let owner: fn(&$type) -> Option<&Uid> = $owner;
                owner(self)
            }
            fn namespace(&self) -> &str {
                &self.id.namespace
            }
        }
    };
}

owned!(ReplicaSet, |r| r.owner.as_ref());
owned!(Pod, |r| r.owner.as_ref());
owned!(AnalysisRun, |r| r.owner.as_ref());
owned!(Experiment, |r| r.owner.as_ref());
owned!(Event, |r| r.about.as_ref());
owned!(Service, |_| None);
owned!(Ingress, |_| None);
owned!(DisruptionBudget, |_| None);

/// Records of one kind, found by UID and by owner.
#[derive(Debug, Clone)]
pub struct Store<T> {
    by_uid: BTreeMap<Uid, Box<T>>,
    by_owner: BTreeMap<Uid, BTreeSet<Uid>>,
}

impl<T> Default for Store<T> {
    fn default() -> Self {
        Self { by_uid: BTreeMap::new(), by_owner: BTreeMap::new() }
    }
}

impl<T: Owned> Store<T> {
    fn put(&mut self, record: Box<T>) -> Option<Box<T>> {
        let uid = record.uid().clone();
        let before = self.take(&uid);
        if let Some(owner) = record.owner() {
            self.by_owner.entry(owner.clone()).or_default().insert(uid.clone());
        }
        self.by_uid.insert(uid, record);
        before
    }

    fn take(&mut self, uid: &Uid) -> Option<Box<T>> {
        let before = self.by_uid.remove(uid)?;
        if let Some(owner) = before.owner()
            && let Some(siblings) = self.by_owner.get_mut(owner)
        {
            siblings.remove(uid);
            if siblings.is_empty() {
                self.by_owner.remove(owner);
            }
        }
        Some(before)
    }

    /// UIDs in this namespace (or everywhere) that are not in `keep`.
    fn others(&self, namespace: Option<&str>, keep: &BTreeSet<Uid>) -> Vec<Uid> {
        let inside = |r: &T| namespace.is_none_or(|ns| r.namespace() == ns);
        let gone = self.by_uid.iter().filter(|(uid, r)| inside(r) && !keep.contains(*uid));
        gone.map(|(uid, _)| uid.clone()).collect()
    }

    /// The record with this UID.
    pub fn get(&self, uid: &Uid) -> Option<&T> {
        self.by_uid.get(uid).map(|record| &**record)
    }

    /// Records of this owner, by UID.
    pub fn of(&self, owner: &Uid) -> impl Iterator<Item = &T> {
        self.by_owner.get(owner).into_iter().flatten().filter_map(|uid| self.get(uid))
    }

    /// Every record, by UID.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.by_uid.values().map(|record| &**record)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.by_uid.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_uid.is_empty()
    }
}

/// Everything last seen.
#[derive(Debug, Clone, Default)]
pub struct Fleet {
    workloads: BTreeMap<WorkloadId, Box<Workload>>,
    by_uid: BTreeMap<Uid, WorkloadId>,
    /// ReplicaSets by Rollout, Deployment or Experiment.
    pub replica_sets: Store<ReplicaSet>,
    /// Pods by ReplicaSet.
    pub pods: Store<Pod>,
    /// AnalysisRuns by Rollout or Experiment.
    pub analysis_runs: Store<AnalysisRun>,
    /// Experiments by Rollout.
    pub experiments: Store<Experiment>,
    /// Events by the object they are about.
    pub events: Store<Event>,
    /// Services of the selected workload's namespace.
    pub services: Store<Service>,
    /// Ingresses of the selected workload's namespace.
    pub ingresses: Store<Ingress>,
    /// Disruption budgets of the selected workload's namespace.
    pub budgets: Store<DisruptionBudget>,
    /// Deployments that a Rollout's `workloadRef` names, with that Rollout.
    templates: BTreeMap<WorkloadId, WorkloadId>,
    /// Workloads of which something changed since they were last asked for.
    touched: BTreeSet<WorkloadId>,
}

impl Fleet {
    /// Takes in an observation; returns what it tells the story of each workload.
    pub fn apply(&mut self, now: Timestamp, observation: Observation) -> Vec<(WorkloadId, Entry)> {
        match observation {
            Observation::Seen(record) => self.put(now, record),
            Observation::Gone(kind, uid) => self.remove(now, kind, &uid),
            Observation::Listed(source, records) => self.replace(now, &source, records),
            Observation::Complete(source, uids) => {
                self.keep(now, &source, &uids.into_iter().collect())
            }
        }
    }

    fn replace(
        &mut self,
        now: Timestamp,
        source: &SourceId,
        records: Vec<Record>,
    ) -> Vec<(WorkloadId, Entry)> {
        let keep: BTreeSet<Uid> = records.iter().map(|r| r.uid().clone()).collect();
        let mut story = self.keep(now, source, &keep);
        for record in records {
            story.extend(self.put(now, record));
        }
        story
    }

    /// Removes what a source no longer has.
    fn keep(
        &mut self,
        now: Timestamp,
        source: &SourceId,
        keep: &BTreeSet<Uid>,
    ) -> Vec<(WorkloadId, Entry)> {
        let gone = self.others(source, keep);
        gone.iter().flat_map(|uid| self.remove(now, source.kind, uid)).collect()
    }

    fn others(&self, source: &SourceId, keep: &BTreeSet<Uid>) -> Vec<Uid> {
        let namespace = source.namespace.as_deref();
        match source.kind {
            ResourceKind::Rollouts => self.other_workloads(WorkloadKind::Rollout, namespace, keep),
            ResourceKind::Deployments => {
                self.other_workloads(WorkloadKind::Deployment, namespace, keep)
            }
            ResourceKind::ReplicaSets => self.replica_sets.others(namespace, keep),
            ResourceKind::Pods => self.pods.others(namespace, keep),
            ResourceKind::AnalysisRuns => self.analysis_runs.others(namespace, keep),
            ResourceKind::Experiments => self.experiments.others(namespace, keep),
            ResourceKind::Events => self.events.others(namespace, keep),
            ResourceKind::Services => self.services.others(namespace, keep),
            ResourceKind::Ingresses => self.ingresses.others(namespace, keep),
            ResourceKind::DisruptionBudgets => self.budgets.others(namespace, keep),
        }
    }

    fn other_workloads(
        &self,
        kind: WorkloadKind,
        namespace: Option<&str>,
        keep: &BTreeSet<Uid>,
    ) -> Vec<Uid> {
        self.workloads
            .values()
            .filter(|w| w.id.kind == kind && namespace.is_none_or(|ns| w.id.namespace == ns))
            .filter(|w| !keep.contains(&w.uid))
            .map(|w| w.uid.clone())
            .collect()
    }

    fn put(&mut self, now: Timestamp, record: Record) -> Vec<(WorkloadId, Entry)> {
        match record {
            Record::Workload(after) => self.put_workload(now, after),
            Record::ReplicaSet(after) => {
                self.touch(self.workload_of(&after));
                let before = self.replica_sets.put(after);
                self.touch(before.and_then(|before| self.workload_of(&before)));
                Vec::new()
            }
            Record::Pod(after) => {
                let owner = self.workload_of_pod(&after);
                let entries = timeline::of_pod(now, self.pods.get(&after.uid), &after);
                self.touch(owner.clone());
                let before = self.pods.put(after);
                self.touch(before.and_then(|before| self.workload_of_pod(&before)));
                attribute(owner, entries)
            }
            Record::AnalysisRun(after) => {
                let owner = after.owner.as_ref().and_then(|uid| self.by_uid.get(uid)).cloned();
                let before = self.analysis_runs.get(&after.uid);
                let entries = timeline::of_analysis(now, before, &after);
                self.analysis_runs.put(after);
                attribute(owner, entries)
            }
            Record::Experiment(r) => {
                self.experiments.put(r);
                Vec::new()
            }
            Record::Event(r) => {
                self.events.put(r);
                Vec::new()
            }
            Record::Service(r) => {
                self.services.put(r);
                Vec::new()
            }
            Record::Ingress(r) => {
                self.ingresses.put(r);
                Vec::new()
            }
            Record::DisruptionBudget(r) => {
                self.budgets.put(r);
                Vec::new()
            }
        }
    }

    fn remove(
        &mut self,
        now: Timestamp,
        kind: ResourceKind,
        uid: &Uid,
    ) -> Vec<(WorkloadId, Entry)> {
        match kind {
            ResourceKind::Rollouts | ResourceKind::Deployments => {
                return self.remove_workload(now, uid);
            }
            ResourceKind::ReplicaSets => {
                let gone = self.replica_sets.take(uid);
                self.touch(gone.and_then(|gone| self.workload_of(&gone)));
            }
            ResourceKind::Pods => {
                let gone = self.pods.take(uid);
                self.touch(gone.and_then(|gone| self.workload_of_pod(&gone)));
            }
            ResourceKind::AnalysisRuns => drop(self.analysis_runs.take(uid)),
            ResourceKind::Experiments => drop(self.experiments.take(uid)),
            ResourceKind::Events => drop(self.events.take(uid)),
            ResourceKind::Services => drop(self.services.take(uid)),
            ResourceKind::Ingresses => drop(self.ingresses.take(uid)),
            ResourceKind::DisruptionBudgets => drop(self.budgets.take(uid)),
        }
        Vec::new()
    }

    fn put_workload(&mut self, now: Timestamp, after: Box<Workload>) -> Vec<(WorkloadId, Entry)> {
        let id = after.id.clone();
        if let Some(before) = self.workloads.get(&id) {
            let old = (before.uid != after.uid).then(|| before.uid.clone());
            let named =
                template_of(before).filter(|named| template_of(&after).as_ref() != Some(named));
            self.forget_template(named, &id);
            old.map(|uid| self.by_uid.remove(&uid));
        }
        if let Some(deployment) = template_of(&after) {
            self.touch(Some(deployment.clone()));
            self.templates.insert(deployment, id.clone());
        }
        self.by_uid.insert(after.uid.clone(), id.clone());
        let entries = self.workloads.get(&id).map(|b| timeline::of_workload(now, b, &after));
        self.workloads.insert(id.clone(), after);
        self.touch_workload(&id);
        attribute(Some(id), entries.unwrap_or_default())
    }

    fn remove_workload(&mut self, now: Timestamp, uid: &Uid) -> Vec<(WorkloadId, Entry)> {
        let Some(id) = self.by_uid.remove(uid) else {
            return Vec::new();
        };
        // A successor of the same name may already be here.
        if self.workloads.get(&id).is_none_or(|w| w.uid != *uid) {
            return Vec::new();
        }
        let gone = self.workloads.remove(&id);
        self.forget_template(gone.as_deref().and_then(template_of), &id);
        self.touch_workload(&id);
        vec![(id, timeline::deleted(now))]
    }

    /// A Rollout no longer names this Deployment.
    fn forget_template(&mut self, deployment: Option<WorkloadId>, rollout: &WorkloadId) {
        let Some(deployment) = deployment else { return };
        if self.templates.get(&deployment) == Some(rollout) {
            self.templates.remove(&deployment);
        }
        self.touch(Some(deployment));
    }

    /// A Rollout shows the images of its template.
    fn touch_workload(&mut self, id: &WorkloadId) {
        self.touch(Some(id.clone()));
        self.touch(self.templates.get(id).cloned());
    }

    fn touch(&mut self, id: Option<WorkloadId>) {
        self.touched.extend(id);
    }

    /// Workloads that came or went, or of which something changed, since this was last asked.
    pub fn take_touched(&mut self) -> BTreeSet<WorkloadId> {
        std::mem::take(&mut self.touched)
    }

    /// The workload that a ReplicaSet belongs to, when it is known.
    pub fn workload_of(&self, replica_set: &ReplicaSet) -> Option<WorkloadId> {
        self.by_uid.get(replica_set.owner.as_ref()?).cloned()
    }

    /// The workload that a pod belongs to, when it is known.
    pub fn workload_of_pod(&self, pod: &Pod) -> Option<WorkloadId> {
        self.workload_of(self.replica_sets.get(pod.owner.as_ref()?)?)
    }

    /// Every workload, by namespace, kind and name.
    pub fn workloads(&self) -> impl Iterator<Item = &Workload> {
        self.workloads.values().map(|workload| &**workload)
    }

    /// One workload.
    pub fn workload(&self, id: &WorkloadId) -> Option<&Workload> {
        self.workloads.get(id).map(|workload| &**workload)
    }

    /// The workload with this UID.
    pub fn of_uid(&self, uid: &Uid) -> Option<&Workload> {
        // A successor may have its name already.
        self.workload(self.by_uid.get(uid)?).filter(|workload| workload.uid == *uid)
    }

    /// The Rollout whose `workloadRef` names this Deployment.
    pub fn rollout_of(&self, deployment: &WorkloadId) -> Option<&Workload> {
        self.workload(self.templates.get(deployment)?)
    }

    /// The Deployment a Rollout's `workloadRef` names.
    pub fn referenced(&self, workload: &Workload) -> Option<&Workload> {
        self.workload(&template_of(workload)?)
    }

    /// A workload with all that belongs to it.
    pub fn release(&self, id: &WorkloadId) -> Option<Release<'_>> {
        self.workload(id).map(|workload| Release::join(self, workload))
    }

    /// A Service by name.
    pub fn service(&self, of: &ObjectRef) -> Option<&Service> {
        self.services.iter().find(|s| s.id == *of)
    }
}

/// The Deployment that a Rollout takes its pod template from.
fn template_of(workload: &Workload) -> Option<WorkloadId> {
    let reference = workload.workload_ref.as_ref().filter(|r| r.kind == "Deployment")?;
    Some(WorkloadId {
        namespace: workload.id.namespace.clone(),
        kind: WorkloadKind::Deployment,
        name: reference.name.clone(),
    })
}

fn attribute(owner: Option<WorkloadId>, entries: Vec<Entry>) -> Vec<(WorkloadId, Entry)> {
    let Some(owner) = owner else {
        return Vec::new();
    };
    entries.into_iter().map(|entry| (owner.clone(), entry)).collect()
}
