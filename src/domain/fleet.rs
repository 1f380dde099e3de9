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
    workloads: BTreeMap<WorkloadId, Workload>,
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
            Record::Workload(after) => {
                let id = after.id.clone();
                let before = self.workloads.insert(id.clone(), (*after).clone());
                if let Some(before) = &before
                    && before.uid != after.uid
                {
                    self.by_uid.remove(&before.uid);
                }
                self.by_uid.insert(after.uid.clone(), id.clone());
                let entries = before.map(|b| timeline::of_workload(now, &b, &after));
                entries.into_iter().flatten().map(|entry| (id.clone(), entry)).collect()
            }
            Record::ReplicaSet(r) => {
                self.replica_sets.put(r);
                Vec::new()
            }
            Record::Pod(after) => {
                let owner = self.workload_of_pod(&after);
                let entries = timeline::of_pod(now, self.pods.get(&after.uid), &after);
                self.pods.put(after);
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
                let Some(id) = self.by_uid.remove(uid) else {
                    return Vec::new();
                };
                // A successor of the same name may already be here.
                if self.workloads.get(&id).is_some_and(|w| w.uid == *uid) {
                    self.workloads.remove(&id);
                    return vec![(id, timeline::deleted(now))];
                }
                return Vec::new();
            }
            ResourceKind::ReplicaSets => drop(self.replica_sets.take(uid)),
            ResourceKind::Pods => drop(self.pods.take(uid)),
            ResourceKind::AnalysisRuns => drop(self.analysis_runs.take(uid)),
            ResourceKind::Experiments => drop(self.experiments.take(uid)),
            ResourceKind::Events => drop(self.events.take(uid)),
            ResourceKind::Services => drop(self.services.take(uid)),
            ResourceKind::Ingresses => drop(self.ingresses.take(uid)),
            ResourceKind::DisruptionBudgets => drop(self.budgets.take(uid)),
        }
        Vec::new()
    }

    fn workload_of_pod(&self, pod: &Pod) -> Option<WorkloadId> {
        let replica_set = self.replica_sets.get(pod.owner.as_ref()?)?;
        self.by_uid.get(replica_set.owner.as_ref()?).cloned()
    }

    /// Every workload, by namespace, kind and name.
    pub fn workloads(&self) -> impl Iterator<Item = &Workload> {
        self.workloads.values()
    }

    /// One workload.
    pub fn workload(&self, id: &WorkloadId) -> Option<&Workload> {
        self.workloads.get(id)
    }

    /// The Rollout whose `workloadRef` names this Deployment.
    pub fn rollout_of(&self, deployment: &WorkloadId) -> Option<&Workload> {
        if deployment.kind != WorkloadKind::Deployment {
            return None;
        }
        self.workloads.values().find(|w| {
            w.id.namespace == deployment.namespace
                && w.workload_ref
                    .as_ref()
                    .is_some_and(|r| r.kind == "Deployment" && r.name == deployment.name)
        })
    }

    /// The Deployment a Rollout's `workloadRef` names.
    pub fn referenced(&self, workload: &Workload) -> Option<&Workload> {
        let reference = workload.workload_ref.as_ref().filter(|r| r.kind == "Deployment")?;
        let id = WorkloadId {
            namespace: workload.id.namespace.clone(),
            kind: WorkloadKind::Deployment,
            name: reference.name.clone(),
        };
        self.workloads.get(&id)
    }

    /// A workload with all that belongs to it.
    pub fn release(&self, id: &WorkloadId) -> Option<Release<'_>> {
        self.workloads.get(id).map(|workload| Release::join(self, workload))
    }

    /// A Service by name.
    pub fn service(&self, of: &ObjectRef) -> Option<&Service> {
        self.services.iter().find(|s| s.id == *of)
    }
}

fn attribute(owner: Option<WorkloadId>, entries: Vec<Entry>) -> Vec<(WorkloadId, Entry)> {
    let Some(owner) = owner else {
        return Vec::new();
    };
    entries.into_iter().map(|entry| (owner.clone(), entry)).collect()
}
