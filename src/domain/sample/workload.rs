//! Workload samples: a canary behind a router, a blue-green pair, a rolling Deployment.
//!
//! Each is complete and healthy until a word changes it. Called by tests only.

use super::{PodSample, at};
use crate::domain::analysis::AnalysisRun;
use crate::domain::analysis::template::{RolloutAnalysis, TemplateName};
use crate::domain::fleet::Fleet;
use crate::domain::id::{ObjectRef, WorkloadId, WorkloadKind};
use crate::domain::observation::{Observation, Record};
use crate::domain::pod::Pod;
use crate::domain::release::Release;
use crate::domain::replica_set::ReplicaSet;
use crate::domain::strategy::{Amount, BlueGreen, Canary, PauseLength, Rolling, Step, Strategy};
use crate::domain::time::{Span, to_rfc3339};
use crate::domain::workload::{
    Condition, Destination, Image, Pause, PauseReason, Status, Weights, Workload,
};

/// Hash of the version under way, revision 42.
pub(crate) const CURRENT: &str = "77bb002c42";
/// Hash of the version that users are on, revision 41.
pub(crate) const STABLE: &str = "55aa001c41";
/// Hash of an older version without pods, revision 40.
pub(crate) const OLD: &str = "33cc000c40";

/// A workload with what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) workload: Workload,
    pub(crate) replica_sets: Vec<ReplicaSet>,
    pub(crate) pods: Vec<Pod>,
    pub(crate) runs: Vec<AnalysisRun>,
    pub(crate) others: Vec<Record>,
}

/// A canary with a router in the middle of an update: 5 %, a gate, 25 %, ten minutes, an analysis,
/// 50 %, 100 %. It has just begun.
pub(crate) fn a_canary() -> Sample {
    let steps = vec![
        Step::SetWeight(5),
        Step::Pause(PauseLength::UntilPromoted),
        Step::SetWeight(25),
        Step::Pause(PauseLength::For(Span::minutes(10))),
        Step::Analysis(judged_by("error-rate")),
        Step::SetWeight(50),
        Step::SetWeight(100),
    ];
    let canary = Canary {
        steps,
        routers: vec!["nginx".into()],
        max_weight: 100,
        max_surge: Amount::Percent(25),
        max_unavailable: Amount::Percent(25),
        canary_service: Some("checkout-canary".into()),
        stable_service: Some("checkout-stable".into()),
        stable_ingresses: vec!["checkout".into()],
        nginx_prefix: "nginx.ingress.kubernetes.io".into(),
        dynamic_stable_scale: false,
        abort_scale_down_delay: Span::seconds(30),
        scale_down_delay: Span::seconds(30),
        background: RolloutAnalysis::default(),
        background_from: 0,
    };
    let mut sample = a_rollout("checkout", Strategy::Canary(canary));
    sample.replica_sets[0].desired = 1;
    sample.at_step(0)
}

/// A blue-green pair whose new version waits behind the preview; the switch is made by hand.
pub(crate) fn a_blue_green() -> Sample {
    let settings = BlueGreen {
        active_service: "storefront".into(),
        preview_service: Some("storefront-preview".into()),
        preview_replicas: None,
        auto_promotion: false,
        auto_promotion_after: None,
        scale_down_delay: Span::seconds(30),
        abort_scale_down_delay: Span::seconds(30),
        before: RolloutAnalysis::default(),
        after: RolloutAnalysis::default(),
    };
    let mut sample = a_rollout("storefront", Strategy::BlueGreen(settings));
    sample.workload.status.active_hash = Some(STABLE.into());
    sample.workload.status.preview_hash = Some(CURRENT.into());
    sample
}

/// A Deployment at rest: revision 42 is complete, 41 and 40 have no pods.
pub(crate) fn a_deployment() -> Sample {
    let rolling = Rolling { max_surge: Amount::Percent(25), max_unavailable: Amount::Percent(25) };
    let id = WorkloadId::new("shop", WorkloadKind::Deployment, "catalog");
    let mut sample = Sample::new(id, Strategy::Rolling(rolling));
    sample.workload.status = Status {
        observed_generation: Some(7),
        replicas: 4,
        updated: 4,
        ready: 4,
        available: 4,
        ..Status::default()
    };
    sample.scaled(CURRENT, 4).scaled(STABLE, 0)
}

/// An analysis by one template without arguments.
pub(crate) fn judged_by(template: &str) -> RolloutAnalysis {
    RolloutAnalysis { templates: vec![TemplateName::local(template)], args: Vec::new() }
}

fn a_rollout(name: &str, strategy: Strategy) -> Sample {
    let id = WorkloadId::new("shop", WorkloadKind::Rollout, name);
    let mut sample = Sample::new(id, strategy);
    sample.workload.status = Status {
        observed_generation: Some(7),
        phase: Some("Progressing".into()),
        message: "more replicas need to be updated".into(),
        replicas: 5,
        updated: 1,
        ready: 5,
        available: 5,
        current_hash: Some(CURRENT.into()),
        stable_hash: Some(STABLE.into()),
        ..Status::default()
    };
    sample.scaled(CURRENT, 1).scaled(STABLE, 4)
}

/// A pause that began at 09:00.
pub(crate) fn a_pause(reason: PauseReason) -> Pause {
    let start = at(-3600);
    Pause { reason, start: Some(start), start_text: to_rfc3339(start).into() }
}

fn a_replica_set(id: &WorkloadId, hash: &str, revision: u64) -> ReplicaSet {
    let name = format!("{}-{hash}", id.name);
    let image = format!("shop/{}:1.{revision}.0", id.name);
    ReplicaSet {
        id: ObjectRef { namespace: id.namespace.clone(), name: name.clone().into() },
        uid: format!("rs-{name}").into(),
        owner: Some(format!("uid-{}", id.name).into()),
        hash: hash.into(),
        revision: Some(revision),
        created: Some(at(-7200 + i64::try_from(revision).unwrap_or(0))),
        images: vec![Image { container: "app".into(), reference: image.into() }],
        desired: 0,
        replicas: 0,
        ready: 0,
        available: 0,
        scale_down_deadline: None,
        failure: None,
        change_cause: None,
    }
}

impl Sample {
    fn new(id: WorkloadId, strategy: Strategy) -> Self {
        let replica_sets =
            [(CURRENT, 42), (STABLE, 41), (OLD, 40)].map(|(h, n)| a_replica_set(&id, h, n));
        let workload = Workload {
            uid: format!("uid-{}", id.name).into(),
            generation: 7,
            resource_version: "1000".into(),
            created: Some(at(-86_400)),
            deleting: false,
            revision: Some(42),
            replicas: 4,
            paused: false,
            images: replica_sets[0].images.clone(),
            strategy,
            workload_ref: None,
            selector: vec![("app".into(), id.name.clone())],
            restart_at: None,
            progress_deadline: Span::seconds(600),
            progress_deadline_abort: false,
            rollback_window: None,
            min_ready: Span::zero(),
            labels: Vec::new(),
            prometheus: None,
            gitops: None,
            status: Status::default(),
            id,
        };
        let (pods, runs, others) = (Vec::new(), Vec::new(), Vec::new());
        Self { workload, replica_sets: replica_sets.into(), pods, runs, others }
    }

    /// Any other change.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Workload)) -> Self {
        change(&mut self.workload);
        self
    }

    /// Any other change of the canary's settings.
    pub(crate) fn canary(mut self, change: impl FnOnce(&mut Canary)) -> Self {
        if let Strategy::Canary(canary) = &mut self.workload.strategy {
            change(canary);
        }
        self
    }

    /// Any other change of the blue-green's settings.
    pub(crate) fn blue_green(mut self, change: impl FnOnce(&mut BlueGreen)) -> Self {
        if let Strategy::BlueGreen(settings) = &mut self.workload.strategy {
            change(settings);
        }
        self
    }

    /// At this step, with the router where the step wants it.
    pub(crate) fn at_step(self, index: usize) -> Self {
        let weight = self.workload.strategy.canary().map_or(0, |c| c.weight_at(index));
        self.with(|w| w.status.step_index = Some(index)).weight(weight)
    }

    /// The router's weight.
    pub(crate) fn weight(self, weight: i32) -> Self {
        self.with(|w| {
            let (stable, name) = (w.status.stable_hash.clone().unwrap_or_default(), &w.id.name);
            let current = w.status.current_hash.clone().unwrap_or_default();
            w.status.weights = Some(Weights {
                canary: Destination {
                    weight,
                    service: format!("{name}-canary").into(),
                    hash: current,
                },
                stable: Destination {
                    weight: 100 - weight,
                    service: format!("{name}-stable").into(),
                    hash: stable,
                },
                verified: None,
            });
        })
    }

    /// Without traffic routing: the share of pods decides.
    pub(crate) fn without_router(self) -> Self {
        self.canary(|c| c.routers.clear()).with(|w| w.status.weights = None)
    }

    /// Paused by its strategy since 09:00.
    pub(crate) fn paused(self) -> Self {
        let reason = match self.workload.strategy {
            Strategy::BlueGreen(_) => PauseReason::BlueGreenPause,
            _ => PauseReason::CanaryPauseStep,
        };
        self.paused_for(reason)
    }

    /// Paused for this reason since 09:00.
    pub(crate) fn paused_for(self, reason: PauseReason) -> Self {
        self.with(|w| {
            w.status.phase = Some("Paused".into());
            w.status.message = match reason {
                PauseReason::BlueGreenPause => "BlueGreenPause".into(),
                _ => "CanaryPauseStep".into(),
            };
            w.status.pauses = vec![a_pause(reason)];
            w.status.controller_pause = true;
        })
    }

    /// The pause was lifted, the controller has not acted on it yet.
    pub(crate) fn promoted(self) -> Self {
        self.with(|w| w.status.pauses.clear())
    }

    /// Held by hand.
    pub(crate) fn held(self) -> Self {
        self.with(|w| {
            w.paused = true;
            w.status.phase = Some("Paused".into());
            w.status.message = "manually paused".into();
        })
    }

    /// Aborted, with the rest of the controller's sentence.
    pub(crate) fn aborted(self, detail: &str) -> Self {
        let message = format!("Rollout aborted update to revision 42{detail}");
        let sample = self.with(|w| {
            w.status.abort = true;
            w.status.aborted_at = Some(at(500));
            w.status.pauses.clear();
            w.status.controller_pause = false;
        });
        sample.degraded("RolloutAborted", &message)
    }

    /// Degraded, with this reason and message of the condition `Progressing`.
    pub(crate) fn degraded(self, reason: &str, message: &str) -> Self {
        self.condition("Progressing", false, reason, message).with(|w| {
            w.status.phase = Some("Degraded".into());
            w.status.message = format!("{reason}: {message}").into();
        })
    }

    /// A condition, written at the hour.
    pub(crate) fn condition(self, kind: &str, is: bool, reason: &str, message: &str) -> Self {
        self.with(|w| {
            w.status.conditions.push(Condition {
                kind: kind.into(),
                status: Some(is),
                reason: reason.into(),
                message: message.into(),
                updated: Some(at(0)),
            });
        })
    }

    /// The new version is stable, complete and alone.
    pub(crate) fn complete(self) -> Self {
        let replicas = self.workload.replicas;
        let sample = self.with(|w| {
            let status = &mut w.status;
            status.stable_hash.clone_from(&status.current_hash);
            status.phase = Some("Healthy".into());
            status.message = String::new().into();
            status.pauses.clear();
            status.controller_pause = false;
            (status.updated, status.replicas) = (replicas, replicas);
            (status.ready, status.available) = (replicas, replicas);
            if let Strategy::Canary(canary) = &w.strategy {
                status.step_index = Some(canary.steps.len());
            }
            if let Strategy::BlueGreen(_) = w.strategy {
                status.active_hash.clone_from(&status.current_hash);
            }
        });
        let routed = sample.workload.status.weights.is_some();
        let sample = if routed { sample.weight(0) } else { sample };
        sample.scaled(CURRENT, replicas).scaled(STABLE, 0)
    }

    /// The revision with this hash has so many pods, all available.
    pub(crate) fn scaled(mut self, hash: &str, pods: i32) -> Self {
        for set in self.replica_sets.iter_mut().filter(|r| r.hash == hash) {
            (set.desired, set.replicas, set.ready, set.available) = (pods, pods, pods, pods);
        }
        self
    }

    /// Any other change of the revision with this hash.
    pub(crate) fn revision(mut self, hash: &str, change: impl FnOnce(&mut ReplicaSet)) -> Self {
        if let Some(set) = self.replica_sets.iter_mut().find(|r| r.hash == hash) {
            change(set);
        }
        self
    }

    /// Only the wanted revision is left.
    pub(crate) fn without_history(mut self) -> Self {
        self.replica_sets.retain(|r| r.hash == CURRENT);
        self
    }

    /// A pod of the revision with this hash.
    pub(crate) fn pod(mut self, hash: &str, pod: PodSample) -> Self {
        self.pods.push(pod.of(&self.workload.id, hash));
        self
    }

    /// An analysis run of it.
    pub(crate) fn analysis(mut self, run: AnalysisRun) -> Self {
        self.runs.push(AnalysisRun { owner: Some(self.workload.uid.clone()), ..run });
        self
    }

    /// Anything else that is watched.
    pub(crate) fn beside(mut self, record: Record) -> Self {
        self.others.push(record);
        self
    }

    /// Its identity.
    pub(crate) fn id(&self) -> WorkloadId {
        self.workload.id.clone()
    }

    /// Everything as observations.
    pub(crate) fn observations(&self) -> Vec<Observation> {
        let mut records = vec![Record::Workload(Box::new(self.workload.clone()))];
        records.extend(self.replica_sets.iter().map(|r| Record::ReplicaSet(Box::new(r.clone()))));
        records.extend(self.pods.iter().map(|r| Record::Pod(Box::new(r.clone()))));
        records.extend(self.runs.iter().map(|r| Record::AnalysisRun(Box::new(r.clone()))));
        records.extend(self.others.iter().cloned());
        records.into_iter().map(Observation::Seen).collect()
    }

    /// A fleet with only this.
    pub(crate) fn fleet(&self) -> Fleet {
        let mut fleet = Fleet::default();
        for observation in self.observations() {
            fleet.apply(at(0), observation);
        }
        fleet
    }

    /// Asks something of its release.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Release<'_>) -> T) -> T {
        let fleet = self.fleet();
        question(&fleet.release(&self.id()).expect("it is in the fleet"))
    }
}
