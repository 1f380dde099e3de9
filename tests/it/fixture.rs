//! A vocabulary for tests: workloads in the trade's words, and models around them.
//!
//! Every instant is counted back from [`now`]; nothing here asks a clock.

use waveoff::app::journal::SessionStamp;
use waveoff::app::model::Model;
use waveoff::app::msg::Pulse;
use waveoff::app::screen::Screen;
use waveoff::app::session::{Environment, EnvironmentRule, Level, Mode, Scope, Session};
use waveoff::domain::analysis::{AnalysisRole, AnalysisRun, Measurement, Metric, Verdict};
use waveoff::domain::event::Event;
use waveoff::domain::id::{ObjectRef, ResourceKind, WorkloadId, WorkloadKind};
use waveoff::domain::observation::{Observation, Record, SourceId, SourceState};
use waveoff::domain::pod::{Container, Pod, Termination};
use waveoff::domain::replica_set::ReplicaSet;
use waveoff::domain::routing::{DisruptionBudget, Ingress, Service};
use waveoff::domain::strategy::{Amount, BlueGreen, Canary, PauseLength, Rolling, Step, Strategy};
use waveoff::domain::text::SafeText;
use waveoff::domain::time::{Span, Timestamp, parse_rfc3339, to_rfc3339};
use waveoff::domain::timeline::{Entry, Tone, Topic};
use waveoff::domain::workload::{
    Condition, Destination, Image, Pause, PauseReason, Status, Weights, Workload,
};

/// The instant at which every test stands.
pub(crate) fn now() -> Timestamp {
    parse_rfc3339("2026-04-12T12:41:07Z").unwrap()
}

/// So many seconds before it.
pub(crate) fn ago(seconds: i64) -> Timestamp {
    now() - Span::seconds(seconds)
}

/// A workload with all that belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Craft {
    pub(crate) workload: Workload,
    pub(crate) sets: Vec<ReplicaSet>,
    pub(crate) pods: Vec<Pod>,
    pub(crate) runs: Vec<AnalysisRun>,
    pub(crate) events: Vec<Event>,
    pub(crate) services: Vec<Service>,
    pub(crate) ingresses: Vec<Ingress>,
    pub(crate) budgets: Vec<DisruptionBudget>,
    pub(crate) story: Vec<Entry>,
}

const OLD: &str = "77be0d1";
const NEW: &str = "9f3c1a2";

fn image(tag: &str) -> Image {
    Image {
        container: "app".into(),
        reference: format!("registry.example/shop/checkout:{tag}").into(),
    }
}

fn workload(kind: WorkloadKind, name: &str, strategy: Strategy) -> Workload {
    Workload {
        id: WorkloadId::new("shop", kind, name),
        uid: format!("uid-{name}").into(),
        generation: 57,
        resource_version: "881204".into(),
        created: Some(ago(90 * 86_400)),
        deleting: false,
        revision: Some(42),
        replicas: 10,
        paused: false,
        images: vec![image("1.5.0")],
        strategy,
        workload_ref: None,
        selector: vec![("app".into(), name.into())],
        restart_at: None,
        progress_deadline: Span::minutes(10),
        progress_deadline_abort: false,
        rollback_window: None,
        min_ready: Span::zero(),
        gitops: None,
        status: Status {
            observed_generation: Some(57),
            phase: Some("Healthy".into()),
            replicas: 10,
            updated: 10,
            ready: 10,
            available: 10,
            ..Status::default()
        },
    }
}

impl Craft {
    fn of(workload: Workload) -> Self {
        Self {
            workload,
            sets: Vec::new(),
            pods: Vec::new(),
            runs: Vec::new(),
            events: Vec::new(),
            services: Vec::new(),
            ingresses: Vec::new(),
            budgets: Vec::new(),
            story: Vec::new(),
        }
    }

    fn name(&self) -> String {
        self.workload.id.name.to_string()
    }

    fn object(&self, name: impl Into<SafeText>) -> ObjectRef {
        ObjectRef { namespace: self.workload.id.namespace.clone(), name: name.into() }
    }

    /// Another name, and with it another identity.
    pub(crate) fn named(mut self, name: &str) -> Self {
        let from = self.name();
        let rename = |text: &SafeText| SafeText::from(text.replace(&from, name));
        self.workload.id.name = rename(&self.workload.id.name);
        self.workload.uid = rename(&self.workload.uid);
        for (_, value) in &mut self.workload.selector {
            *value = rename(value);
        }
        for set in &mut self.sets {
            set.id.name = rename(&set.id.name);
            set.uid = rename(&set.uid);
            set.owner = set.owner.as_ref().map(rename);
        }
        for pod in &mut self.pods {
            pod.id.name = rename(&pod.id.name);
            pod.uid = rename(&pod.uid);
            pod.owner = pod.owner.as_ref().map(rename);
        }
        for run in &mut self.runs {
            run.id.name = rename(&run.id.name);
            run.uid = rename(&run.uid);
            run.owner = run.owner.as_ref().map(rename);
        }
        for event in &mut self.events {
            event.uid = rename(&event.uid);
            event.about = event.about.as_ref().map(rename);
        }
        self
    }

    /// In another namespace.
    pub(crate) fn within(mut self, namespace: &str) -> Self {
        self.workload.id.namespace = namespace.into();
        for set in &mut self.sets {
            set.id.namespace = namespace.into();
        }
        for pod in &mut self.pods {
            pod.id.namespace = namespace.into();
            pod.uid = format!("{}-{namespace}", pod.uid).into();
        }
        self
    }

    /// A revision with so many ready pods of so many.
    fn revision(mut self, number: u64, hash: &str, tag: &str, ready: i32, desired: i32) -> Self {
        let name = format!("{}-{hash}", self.name());
        let made =
            ago(if number >= 42 { 724 } else { 86_400 * (43 - i64::try_from(number).unwrap()) });
        self.sets.push(ReplicaSet {
            id: self.object(name.as_str()),
            uid: format!("uid-{name}").into(),
            owner: Some(self.workload.uid.clone()),
            hash: hash.into(),
            revision: Some(number),
            created: Some(made),
            images: vec![image(tag)],
            desired,
            replicas: desired,
            ready,
            available: ready,
            scale_down_deadline: None,
            failure: None,
            change_cause: None,
        });
        for at in 0..desired {
            let letters = ["x9k2", "b71c", "m2p8", "qq4t", "7dzn"];
            let suffix = format!("{}{at}", letters[usize::try_from(at).unwrap() % 5]);
            let mut pod = pod(&self, &format!("{name}-{suffix}"), &format!("uid-{name}"), made);
            if at >= ready {
                pod.ready = false;
                pod.created = Some(ago(12));
                for container in &mut pod.containers {
                    container.ready = false;
                    container.running_since = None;
                    container.waiting = Some("ContainerCreating".into());
                }
            }
            pod.node = Some(format!("ip-10-4-{}", at % 4).into());
            self.pods.push(pod);
        }
        self
    }

    /// At step `number` (from one) of an update.
    pub(crate) fn at_step(mut self, number: usize) -> Self {
        self.workload.status.step_index = Some(number - 1);
        self.workload.status.phase = Some("Progressing".into());
        self.workload.status.message = "more replicas need to be updated".into();
        self
    }

    /// The router was told this weight, and its Ingress says the same.
    pub(crate) fn weight(mut self, weight: i32) -> Self {
        let to = |weight, service: &str, hash: &str| Destination {
            weight,
            service: service.into(),
            hash: hash.into(),
        };
        self.workload.status.weights = Some(Weights {
            canary: to(weight, "checkout-canary", NEW),
            stable: to(100 - weight, "checkout", OLD),
            verified: None,
        });
        for ingress in self.ingresses.iter_mut().filter(|i| i.is_canary) {
            ingress.canary_weight = Some(weight);
        }
        self
    }

    /// The Ingress says something else than the status.
    pub(crate) fn ingress_says(mut self, weight: i32) -> Self {
        for ingress in self.ingresses.iter_mut().filter(|i| i.is_canary) {
            ingress.canary_weight = Some(weight);
        }
        self
    }

    /// Paused by its own step for so many seconds.
    pub(crate) fn paused_for(mut self, seconds: i64) -> Self {
        let start = ago(seconds);
        let reason = match self.workload.strategy {
            Strategy::BlueGreen(_) => PauseReason::BlueGreenPause,
            _ => PauseReason::CanaryPauseStep,
        };
        self.workload.status.phase = Some("Paused".into());
        self.workload.status.message = "CanaryPauseStep".into();
        self.workload.status.controller_pause = true;
        self.workload.status.pauses =
            vec![Pause { reason, start: Some(start), start_text: to_rfc3339(start).into() }];
        self
    }

    /// Held by a person.
    pub(crate) fn held(mut self) -> Self {
        self.workload.paused = true;
        self.workload.status.phase = Some("Paused".into());
        self.workload.status.message = "manually paused".into();
        self
    }

    /// Aborted, with this sentence of the controller.
    pub(crate) fn aborted(mut self, message: &str) -> Self {
        let status = &mut self.workload.status;
        status.abort = true;
        status.aborted_at = Some(ago(95));
        status.step_index = Some(0);
        status.phase = Some("Degraded".into());
        status.message = message.into();
        status.pauses.clear();
        self.condition("Progressing", false, "RolloutAborted", message).weight(0)
    }

    /// A condition; replaces the one of the same type.
    pub(crate) fn condition(
        mut self,
        kind: &str,
        status: bool,
        reason: &str,
        message: &str,
    ) -> Self {
        self.workload.status.conditions.retain(|c| c.kind != kind);
        self.workload.status.conditions.push(Condition {
            kind: kind.into(),
            status: Some(status),
            reason: reason.into(),
            message: message.into(),
            updated: Some(ago(95)),
        });
        self
    }

    /// So many pods of a revision crash-loop.
    pub(crate) fn crash_looping(mut self, hash: &str, count: usize) -> Self {
        let pods = self.pods.iter_mut().filter(|p| p.id.name.contains(hash));
        for pod in pods.take(count) {
            pod.ready = false;
            for container in &mut pod.containers {
                container.ready = false;
                container.restarts = 4;
                container.running_since = None;
                container.waiting = Some("CrashLoopBackOff".into());
                container.waiting_message = "back-off 1m20s restarting failed container=app".into();
                container.last_terminated = Some(Termination {
                    reason: "Error".into(),
                    message: "no route to ledger-db:5432".into(),
                    exit_code: 1,
                    signal: None,
                    finished: Some(ago(35)),
                });
            }
        }
        let (sick, name) = (i32::try_from(count).unwrap(), format!("uid-{}-{hash}", self.name()));
        for set in self.sets.iter_mut().filter(|s| s.uid == name.as_str()) {
            set.ready -= sick;
            set.available -= sick;
        }
        self.workload.status.ready -= sick;
        self.workload.status.available -= sick;
        self.events.push(Event {
            id: self.object("backoff"),
            uid: format!("uid-event-{}", self.name()).into(),
            about: self.pods.iter().find(|p| p.id.name.contains(hash)).map(|p| p.uid.clone()),
            about_kind: "Pod".into(),
            about_name: self
                .pods
                .iter()
                .find(|p| p.id.name.contains(hash))
                .unwrap()
                .id
                .name
                .clone(),
            warning: true,
            reason: "BackOff".into(),
            message: "Back-off restarting failed container app".into(),
            at: Some(ago(20)),
            count: 7,
        });
        self
    }

    /// An analysis of the new version.
    pub(crate) fn analysed(
        mut self,
        role: AnalysisRole,
        verdict: Verdict,
        metrics: Vec<Metric>,
    ) -> Self {
        let name = format!("{}-{NEW}-42-{}", self.name(), self.runs.len() + 2);
        self.runs.push(AnalysisRun {
            id: self.object(name.as_str()),
            uid: format!("uid-run-{name}").into(),
            owner: Some(self.workload.uid.clone()),
            role,
            step_index: (role == AnalysisRole::Step).then_some(2),
            hash: Some(NEW.into()),
            revision: Some(42),
            created: Some(ago(300)),
            message: match verdict {
                Verdict::Failed => {
                    "Metric \"latency\" assessed Failed due to failed (2) > failureLimit (1)".into()
                }
                _ => SafeText::default(),
            },
            started: Some(ago(300)),
            completed: verdict.is_completed().then(|| ago(100)),
            verdict,
            terminating: false,
            metrics,
        });
        self
    }

    /// A line of its story.
    pub(crate) fn told(mut self, seconds: i64, topic: Topic, tone: Tone, text: &str) -> Self {
        self.story.push(Entry { at: ago(seconds), topic, tone, text: text.into() });
        self
    }

    /// Puts it into a model.
    fn land(self, model: &mut Model) {
        let mut records = vec![Record::Workload(Box::new(self.workload.clone()))];
        records.extend(self.sets.into_iter().map(|r| Record::ReplicaSet(Box::new(r))));
        records.extend(self.pods.into_iter().map(|r| Record::Pod(Box::new(r))));
        records.extend(self.runs.into_iter().map(|r| Record::AnalysisRun(Box::new(r))));
        records.extend(self.events.into_iter().map(|r| Record::Event(Box::new(r))));
        records.extend(self.services.into_iter().map(|r| Record::Service(Box::new(r))));
        records.extend(self.ingresses.into_iter().map(|r| Record::Ingress(Box::new(r))));
        records.extend(self.budgets.into_iter().map(|r| Record::DisruptionBudget(Box::new(r))));
        for record in records {
            model.fleet.apply(now(), Observation::Seen(record));
        }
        for entry in self.story {
            model.tell(&self.workload.id, entry);
        }
    }
}

fn pod(craft: &Craft, name: &str, owner: &str, made: Timestamp) -> Pod {
    Pod {
        id: craft.object(name),
        uid: format!("uid-{name}").into(),
        owner: Some(owner.into()),
        created: Some(made),
        deleted: None,
        node: None,
        phase: "Running".into(),
        reason: SafeText::default(),
        message: SafeText::default(),
        ready: true,
        ready_since: Some(made),
        unscheduled: None,
        containers: vec![Container {
            name: "app".into(),
            image: "registry.example/shop/checkout:1.5.0".into(),
            ready: true,
            running_since: Some(made),
            ..Container::default()
        }],
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the fields it fills are optional")]
fn text(of: &str) -> Option<SafeText> {
    Some(of.into())
}

/// A canary behind nginx, in the middle of nothing.
pub(crate) fn a_canary() -> Craft {
    let canary = Canary {
        steps: vec![
            Step::SetWeight(5),
            Step::Pause(PauseLength::For(Span::minutes(2))),
            Step::Analysis(vec!["success-rate".into(), "latency".into()]),
            Step::SetWeight(25),
            Step::Pause(PauseLength::UntilPromoted),
            Step::SetWeight(50),
            Step::Pause(PauseLength::For(Span::minutes(10))),
            Step::SetWeight(100),
        ],
        routers: vec!["nginx".into()],
        max_weight: 100,
        max_surge: Amount::Percent(25),
        max_unavailable: Amount::Percent(25),
        canary_service: text("checkout-canary"),
        stable_service: text("checkout"),
        stable_ingresses: vec!["checkout".into()],
        nginx_prefix: "nginx.ingress.kubernetes.io".into(),
        dynamic_stable_scale: false,
        abort_scale_down_delay: Span::seconds(30),
        scale_down_delay: Span::seconds(30),
        background_templates: Vec::new(),
    };
    let mut craft =
        Craft::of(workload(WorkloadKind::Rollout, "checkout", Strategy::Canary(canary)))
            .revision(42, NEW, "1.5.0", 3, 3)
            .revision(41, "c04f7e8", "1.4.9", 0, 0)
            .revision(40, OLD, "1.4.2", 10, 10)
            .condition("Available", true, "AvailableReason", "Rollout has minimum availability")
            .condition(
                "Progressing",
                true,
                "ReplicaSetUpdated",
                "ReplicaSet \"checkout-9f3c1a2\" is progressing.",
            );
    craft.workload.status.current_hash = text(NEW);
    craft.workload.status.stable_hash = text(OLD);
    craft.services = ["checkout", "checkout-canary"]
        .into_iter()
        .zip([OLD, NEW])
        .map(|(name, hash)| Service {
            id: craft.object(name),
            uid: format!("uid-svc-{name}").into(),
            hash: text(hash),
            selector: vec![("app".into(), "checkout".into())],
        })
        .collect();
    craft.ingresses = ["checkout", "checkout-checkout-canary"]
        .into_iter()
        .map(|name| Ingress {
            id: craft.object(name),
            uid: format!("uid-ing-{name}").into(),
            canary_weight: None,
            is_canary: name.ends_with("canary"),
            backends: vec!["checkout".into()],
        })
        .collect();
    craft
}

/// The same with nothing under way: revision 42 is stable.
pub(crate) fn a_quiet_canary() -> Craft {
    let mut craft = a_canary();
    craft.workload.status.stable_hash = text(NEW);
    craft.sets.retain(|s| s.hash != OLD);
    craft.pods.retain(|p| !p.id.name.contains(OLD));
    craft.weight(0)
}

/// A canary in flight with a rich story.
pub(crate) fn a_canary_at_its_gate() -> Craft {
    a_canary()
        .at_step(5)
        .weight(25)
        .paused_for(312)
        .analysed(
            AnalysisRole::Step,
            Verdict::Successful,
            vec![passing("success-rate"), passing("error-rate")],
        )
        .told(724, Topic::Release, Tone::Plain, "new version 9f3c1a2 (was 77be0d1) checkout:1.5.0")
        .told(722, Topic::Step, Tone::Plain, "step 1/8 5%")
        .told(715, Topic::Traffic, Tone::Plain, "router weight 0 -> 5")
        .told(690, Topic::Pods, Tone::Good, "pod x9k20 ready after 21s")
        .told(600, Topic::Step, Tone::Plain, "step 3/8 analysis")
        .told(318, Topic::Analysis, Tone::Good, "step analysis Successful")
        .told(316, Topic::Traffic, Tone::Plain, "router weight 5 -> 25")
        .told(312, Topic::Step, Tone::Plain, "step 5/8 pause")
}

/// A blue-green with an active version alone.
pub(crate) fn a_blue_green() -> Craft {
    let settings = BlueGreen {
        active_service: "storefront".into(),
        preview_service: text("storefront-preview"),
        preview_replicas: None,
        auto_promotion: false,
        auto_promotion_after: None,
        scale_down_delay: Span::seconds(30),
        abort_scale_down_delay: Span::seconds(30),
        pre_templates: vec!["smoke".into()],
        post_templates: Vec::new(),
    };
    let mut craft =
        Craft::of(workload(WorkloadKind::Rollout, "storefront", Strategy::BlueGreen(settings)))
            .revision(42, NEW, "2.0.0", 6, 6)
            .revision(41, OLD, "1.9.3", 6, 6)
            .condition("Available", true, "AvailableReason", "Rollout has minimum availability");
    craft.workload.replicas = 6;
    craft.workload.status.replicas = 6;
    craft.workload.status.ready = 6;
    craft.workload.status.current_hash = text(NEW);
    craft.workload.status.stable_hash = text(OLD);
    craft.workload.status.active_hash = text(OLD);
    craft.workload.status.preview_hash = text(NEW);
    craft
}

/// The same after the switch: the old side is warm for a while.
pub(crate) fn a_switched_blue_green() -> Craft {
    let mut craft = a_blue_green();
    craft.workload.status.stable_hash = text(NEW);
    craft.workload.status.active_hash = text(NEW);
    for set in craft.sets.iter_mut().filter(|s| s.hash == OLD) {
        set.scale_down_deadline = Some(now() + Span::seconds(21));
    }
    craft
}

/// A Deployment with nothing under way.
pub(crate) fn a_deployment() -> Craft {
    let rolling = Rolling { max_surge: Amount::Percent(25), max_unavailable: Amount::Percent(25) };
    let mut craft =
        Craft::of(workload(WorkloadKind::Deployment, "catalog", Strategy::Rolling(rolling)))
            .revision(42, NEW, "3.1.0", 10, 10)
            .revision(41, OLD, "3.0.4", 0, 0)
            .condition(
                "Available",
                true,
                "MinimumReplicasAvailable",
                "Deployment has minimum availability.",
            )
            .condition(
                "Progressing",
                true,
                "NewReplicaSetAvailable",
                "ReplicaSet \"catalog-9f3c1a2\" has successfully progressed.",
            );
    craft.workload.status.phase = None;
    craft.budgets.push(DisruptionBudget {
        id: craft.object("catalog"),
        uid: "uid-pdb".into(),
        selector: vec![("app".into(), "catalog".into())],
        allowed: 2,
        healthy: 10,
        desired: 8,
    });
    craft
}

/// A Deployment whose new pods crash-loop.
pub(crate) fn a_stuck_deployment() -> Craft {
    let mut craft = a_deployment();
    craft.sets.clear();
    craft.pods.clear();
    let mut craft =
        craft.revision(42, NEW, "3.1.0", 3, 3).revision(41, OLD, "3.0.4", 8, 8).condition(
            "Progressing",
            true,
            "ReplicaSetUpdated",
            "ReplicaSet \"catalog-9f3c1a2\" is progressing.",
        );
    craft.workload.status.replicas = 11;
    craft.workload.status.updated = 3;
    craft.workload.status.ready = 11;
    craft.workload.status.available = 11;
    craft.crash_looping(NEW, 3)
}

/// A metric that passes.
pub(crate) fn passing(name: &str) -> Metric {
    metric(
        name,
        Verdict::Successful,
        &[("[0.9971]", true), ("[0.99834712]", true), ("[0.9990]", true)],
    )
}

/// A metric that fails at its second failure.
pub(crate) fn failing(name: &str) -> Metric {
    let mut metric =
        metric(name, Verdict::Failed, &[("[0.488]", true), ("[0.512]", false), ("[0.733]", false)]);
    metric.success_condition = text("result[0] <= 0.5");
    metric
}

/// A metric with these measurements.
pub(crate) fn metric(name: &str, verdict: Verdict, values: &[(&str, bool)]) -> Metric {
    let count =
        |good: bool| i32::try_from(values.iter().filter(|(_, g)| *g == good).count()).unwrap();
    Metric {
        name: name.into(),
        provider: "prometheus".into(),
        success_condition: text("result[0] >= 0.95"),
        failure_condition: None,
        interval: text("30s"),
        count: text("5"),
        failure_limit: 1,
        inconclusive_limit: 0,
        error_limit: 4,
        query: text(
            "sum(rate(http_requests_total{job=\"checkout\",hash=\"9f3c1a2\",code!~\"5..\"}[2m])) / sum(rate(http_requests_total{job=\"checkout\",hash=\"9f3c1a2\"}[2m]))",
        ),
        dry_run: false,
        verdict,
        message: SafeText::default(),
        measured: count(true) + count(false),
        successful: count(true),
        failed: count(false),
        inconclusive: 0,
        errors: 0,
        consecutive_errors: 0,
        measurements: values
            .iter()
            .zip((0..).step_by(30))
            .map(|((value, good), at)| Measurement {
                verdict: if *good { Verdict::Successful } else { Verdict::Failed },
                value: (*value).into(),
                message: SafeText::default(),
                started: Some(ago(280 - at)),
                finished: Some(ago(279 - at)),
                job: None,
            })
            .collect(),
    }
}

/// A session on a production cluster.
pub(crate) fn session() -> Session {
    Session {
        mode: Mode::Live,
        context: "eks-eu-1".into(),
        cluster: "arn:eks-eu-1".into(),
        server: "https://10.0.0.1:6443".into(),
        user: "ana@corp".into(),
        scope: Scope::Namespaces(vec!["shop".into()]),
        read_only: false,
        insecure: false,
        environments: vec![EnvironmentRule {
            environment: Environment { name: "lab".into(), level: Level::Lab },
            contexts: Vec::new(),
            namespaces: vec!["*-lab".into()],
        }],
        utc_offset_minutes: 0,
        started: ago(1900),
        log_path: "/home/ana/.local/state/waveoff/waveoff.log".into(),
        journal_path: "/home/ana/.local/state/waveoff/journal.jsonl".into(),
    }
}

/// A program that has just started.
pub(crate) fn a_fresh_model() -> Model {
    let stamp = SessionStamp {
        id: "7f2e".into(),
        user: "ana@corp".into(),
        context: "eks-eu-1".into(),
        server: "https://10.0.0.1:6443".into(),
    };
    Model::new(session(), stamp, now())
}

/// A program whose sources are all live, with these workloads.
pub(crate) fn a_fleet(crafts: impl IntoIterator<Item = Craft>) -> Model {
    let mut model = a_fresh_model();
    for kind in ResourceKind::ALL {
        let source = SourceId { kind, namespace: None };
        model.sources.insert(source, SourceState::Live(now()));
    }
    model.pulse = Some(Pulse {
        alive: true,
        last_alive: Some(now()),
        rtt_ms: Some(412),
        skew_s: Some(0),
        error: None,
    });
    let crafts: Vec<Craft> = crafts.into_iter().collect();
    let alone = crafts.len() == 1;
    for mut craft in crafts {
        if !alone {
            // They are only watched around a selected workload.
            craft.services.clear();
            craft.ingresses.clear();
            craft.budgets.clear();
        }
        craft.land(&mut model);
    }
    model.fleet_view.selected = waveoff::app::roster::of(&model).rows.first().map(|r| r.id.clone());
    model
}

/// The Rollout screen of a workload.
pub(crate) fn a_cockpit(craft: Craft) -> Model {
    let id = craft.workload.id.clone();
    let mut model = a_fleet([craft]);
    model.screens.push(Screen::Rollout(id));
    model
}

/// Every source of the model lost for so many seconds.
pub(crate) fn lost_for(mut model: Model, seconds: i64) -> Model {
    for state in model.sources.values_mut() {
        *state = SourceState::Stale {
            since: ago(seconds),
            attempt: 3,
            retry_at: Some(now() + Span::seconds(4)),
            error: "connect 10.0.0.1:6443: connection refused".into(),
        };
    }
    model
}

/// One kind may not be listed.
pub(crate) fn forbidden(mut model: Model, kind: ResourceKind) -> Model {
    let rule = format!("list {} in shop", kind.resource());
    model.sources.insert(SourceId { kind, namespace: None }, SourceState::Forbidden(rule.into()));
    model
}
