//! A workload with all that belongs to it: revisions in their roles, pods, analysis, routing.
//!
//! A view over the [`Fleet`], joined by owner UID as the plugin does
//! (`info/rollout_info.go`). Never stored; made when asked for.

use super::analysis::{AnalysisRole, AnalysisRun};
use super::event::Event;
use super::experiment::Experiment;
use super::fleet::Fleet;
use super::id::{ObjectRef, PodHash, WorkloadKind};
use super::pod::{Pod, PodState};
use super::replica_set::ReplicaSet;
use super::routing::{DisruptionBudget, Ingress, Service};
use super::strategy::Strategy;
use super::time::Timestamp;
use super::workload::{Image, Workload};

/// What a revision is to its workload. One revision may have several roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The last fully promoted version (`status.stableRS`); of a Deployment, the version before the
    /// current one while an update runs.
    Stable,
    /// The version under way of a canary.
    Canary,
    /// What a blue-green's active Service points at.
    Active,
    /// What a blue-green's preview Service points at.
    Preview,
    /// What a Deployment wants now.
    Current,
}

impl Role {
    /// The word for screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Canary => "canary",
            Self::Active => "active",
            Self::Preview => "preview",
            Self::Current => "current",
        }
    }
}

/// One version of the workload.
#[derive(Debug, Clone)]
pub struct Revision<'a> {
    /// Its ReplicaSet.
    pub replica_set: &'a ReplicaSet,
    /// Its roles; empty for an old one.
    pub roles: Vec<Role>,
    /// Its pods, oldest first.
    pub pods: Vec<&'a Pod>,
}

impl Revision<'_> {
    /// Whether it has this role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// `r42`, or `r?` while it has no number.
    pub fn number_text(&self) -> String {
        number_text(self.replica_set.revision)
    }

    /// Pods in this state.
    pub fn count(&self, state: PodState, now: Timestamp) -> usize {
        self.pods.iter().filter(|p| p.state(now) == state).count()
    }
}

/// `r42`, or `r?` where there is no number.
pub fn number_text(revision: Option<u64>) -> String {
    revision.map_or_else(|| "r?".into(), |n| format!("r{n}"))
}

/// A workload with all that belongs to it.
#[derive(Debug, Clone)]
pub struct Release<'a> {
    /// The Rollout or Deployment.
    pub workload: &'a Workload,
    /// Revisions, newest number first.
    pub revisions: Vec<Revision<'a>>,
    /// AnalysisRuns, newest first.
    pub analysis: Vec<&'a AnalysisRun>,
    /// Experiments, newest first.
    pub experiments: Vec<&'a Experiment>,
    /// Services its strategy names, as far as they are watched.
    pub services: Vec<&'a Service>,
    /// Ingresses its strategy names and those made of them, as far as they are watched.
    pub ingresses: Vec<&'a Ingress>,
    /// Disruption budgets that cover its pods, as far as they are watched.
    pub budgets: Vec<&'a DisruptionBudget>,
    /// Events about the workload itself, newest first, as far as they are still kept.
    pub events: Vec<&'a Event>,
    /// The Deployment that holds its pod template (`workloadRef`).
    pub referenced: Option<&'a Workload>,
}

impl<'a> Release<'a> {
    /// Joins revisions and pods only, in no order: for sums over a whole fleet.
    pub fn sketch(fleet: &'a Fleet, workload: &'a Workload) -> Self {
        let mut revisions: Vec<Revision<'a>> = fleet
            .replica_sets
            .of(&workload.uid)
            .map(|replica_set| Revision {
                replica_set,
                roles: Vec::new(),
                pods: fleet.pods.of(&replica_set.uid).collect(),
            })
            .collect();
        if workload.id.kind == WorkloadKind::Deployment {
            // Its roles go by the order of revisions.
            revisions.sort_by(newest_first);
        }
        give_roles(workload, &mut revisions);
        Self {
            workload,
            revisions,
            analysis: Vec::new(),
            experiments: Vec::new(),
            services: Vec::new(),
            ingresses: Vec::new(),
            budgets: Vec::new(),
            events: Vec::new(),
            referenced: fleet.referenced(workload),
        }
    }

    /// Joins what belongs to `workload`.
    pub fn join(fleet: &'a Fleet, workload: &'a Workload) -> Self {
        let mut release = Self::sketch(fleet, workload);
        release.revisions.sort_by(newest_first);
        for revision in &mut release.revisions {
            revision.pods.sort_by(|a, b| a.created.cmp(&b.created).then_with(|| a.id.cmp(&b.id)));
        }

        let mut analysis: Vec<&AnalysisRun> = fleet.analysis_runs.of(&workload.uid).collect();
        let mut experiments: Vec<&Experiment> = fleet.experiments.of(&workload.uid).collect();
        for experiment in &experiments {
            analysis.extend(fleet.analysis_runs.of(&experiment.uid));
        }
        analysis.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| b.id.cmp(&a.id)));
        experiments.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| b.id.cmp(&a.id)));

        let mut events: Vec<&Event> = fleet.events.of(&workload.uid).collect();
        events.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| b.id.cmp(&a.id)));

        release.analysis = analysis;
        release.events = events;
        release.experiments = experiments;
        release.join_routing(fleet);
        release
    }

    fn join_routing(&mut self, fleet: &'a Fleet) {
        let workload = self.workload;
        let namespace = &workload.id.namespace;
        let services: Vec<&str> = match &workload.strategy {
            Strategy::Canary(c) => {
                [&c.stable_service, &c.canary_service].into_iter().flatten().map(|n| &**n).collect()
            }
            Strategy::BlueGreen(b) => {
                std::iter::once(&b.active_service).chain(&b.preview_service).map(|n| &**n).collect()
            }
            Strategy::Rolling(_) | Strategy::Recreate | Strategy::Unknown => Vec::new(),
        };
        for name in services {
            let id = ObjectRef { namespace: namespace.clone(), name: name.into() };
            self.services.extend(fleet.service(&id));
        }
        if let Some(canary) = workload.strategy.canary() {
            let ours = |ingress: &&Ingress| {
                ingress.id.namespace == *namespace
                    && canary.stable_ingresses.iter().any(|stable| {
                        let made = format!("{}-{stable}-canary", workload.id.name);
                        ingress.id.name == *stable || *ingress.id.name == *made
                    })
            };
            self.ingresses.extend(fleet.ingresses.iter().filter(ours));
        }
        let covers = |budget: &&DisruptionBudget| {
            budget.id.namespace == *namespace
                && !budget.selector.is_empty()
                && budget.selector.iter().all(|pair| workload.selector.contains(pair))
        };
        self.budgets.extend(fleet.budgets.iter().filter(covers));
    }

    /// The first revision with this role.
    pub fn revision(&self, role: Role) -> Option<&Revision<'a>> {
        self.revisions.iter().find(|r| r.is(role))
    }

    /// The revision with this hash.
    pub fn by_hash(&self, hash: &str) -> Option<&Revision<'a>> {
        self.revisions.iter().find(|r| r.replica_set.hash == hash)
    }

    /// The version that is wanted: `status.currentPodHash`; of a Deployment the ReplicaSet with the
    /// Deployment's own revision number.
    pub fn current(&self) -> Option<&Revision<'a>> {
        match &self.workload.status.current_hash {
            Some(hash) => self.by_hash(hash),
            None => self.revision(Role::Current),
        }
    }

    /// The version to go back to: `status.stableRS`; of a Deployment the newest older revision
    /// that still has pods.
    pub fn stable(&self) -> Option<&Revision<'a>> {
        match &self.workload.status.stable_hash {
            Some(hash) => self.by_hash(hash),
            None => self.revision(Role::Stable),
        }
    }

    /// Hash of the version that is wanted.
    pub fn current_hash(&self) -> Option<&PodHash> {
        self.workload
            .status
            .current_hash
            .as_ref()
            .or_else(|| self.current().map(|r| &r.replica_set.hash))
    }

    /// Whether a version other than the stable one is on its way.
    pub fn is_updating(&self) -> bool {
        match self.workload.strategy {
            Strategy::Canary(_) | Strategy::BlueGreen(_) => self.workload.is_updating(),
            _ => !crate::domain::phase::is_deployment_complete(self.workload),
        }
    }

    /// Images of the wanted version, wherever its template lives.
    pub fn images(&self) -> &'a [Image] {
        if !self.workload.images.is_empty() {
            return &self.workload.images;
        }
        if let Some(current) = self.current() {
            return &current.replica_set.images;
        }
        self.referenced.map_or(&[], |w| &w.images)
    }

    /// The newest run of this role for the wanted version.
    pub fn current_analysis(&self, role: AnalysisRole) -> Option<&'a AnalysisRun> {
        let current = self.current_hash();
        self.analysis
            .iter()
            .copied()
            .find(|run| run.role == role && (run.hash.is_none() || run.hash.as_ref() == current))
    }

    /// Pods of every revision that has any, newest revision first.
    pub fn pods(&self) -> impl Iterator<Item = (&Revision<'a>, &'a Pod)> {
        self.revisions.iter().flat_map(|r| r.pods.iter().map(move |p| (r, *p)))
    }
}

/// Newest number first; of those without one, the youngest.
fn newest_first(a: &Revision<'_>, b: &Revision<'_>) -> std::cmp::Ordering {
    let key = |r: &Revision<'_>| (r.replica_set.revision, r.replica_set.created);
    key(b).cmp(&key(a)).then_with(|| a.replica_set.id.cmp(&b.replica_set.id))
}

/// Roles as `info/replicaset_info.go` gives them, except that a blue-green's stable version is also
/// called active while the active Service points at it.
fn give_roles(workload: &Workload, revisions: &mut [Revision<'_>]) {
    let status = &workload.status;
    let is = |hash: &PodHash, of: &Option<PodHash>| of.as_ref() == Some(hash);
    match &workload.strategy {
        Strategy::Canary(_) => {
            for revision in revisions {
                let hash = &revision.replica_set.hash;
                if is(hash, &status.stable_hash) {
                    revision.roles.push(Role::Stable);
                } else if is(hash, &status.current_hash) {
                    revision.roles.push(Role::Canary);
                }
            }
        }
        Strategy::BlueGreen(_) => {
            for revision in revisions {
                let hash = &revision.replica_set.hash;
                if is(hash, &status.active_hash) {
                    revision.roles.push(Role::Active);
                }
                if is(hash, &status.stable_hash) {
                    revision.roles.push(Role::Stable);
                }
                if is(hash, &status.preview_hash) && !is(hash, &status.active_hash) {
                    revision.roles.push(Role::Preview);
                }
            }
        }
        Strategy::Rolling(_) | Strategy::Recreate | Strategy::Unknown => {
            let current = revisions.iter_mut().find(|r| {
                r.replica_set.revision.is_some() && r.replica_set.revision == workload.revision
            });
            if let Some(current) = current {
                current.roles.push(Role::Current);
            }
            let old = revisions.iter_mut().find(|r| {
                r.roles.is_empty()
                    && r.replica_set.replicas > 0
                    && r.replica_set.revision < workload.revision
            });
            if let Some(old) = old {
                old.roles.push(Role::Stable);
            }
        }
    }
}
