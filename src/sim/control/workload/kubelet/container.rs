//! One container: from pulling its image to its end, and to its next start.
//!
//! Never knows the other containers of its pod. Called by the kubelet.

use serde_json::Value;

use super::life::Scene;
use super::{backoff, fate, runs_once, words};
use crate::sim::object::Document;
use crate::sim::time::{self, Moment, Span};
use crate::sim::world::{Behaviour, Ending, EventType, Pull, Restarts, Turn};

/// From the arrival of an image to the start of its container.
const CREATION: Span = Span::milliseconds(300);
/// From the beginning of a pull to hearing that it fails.
const REFUSAL: Span = Span::seconds(1);
/// From that to the word that the node waits before it tries again.
const HOLD_OFF: Span = Span::seconds(3);
/// From an end to the next start, or to the word that the node waits for it.
const NOTICE: Span = Span::seconds(1);
/// `periodSeconds` of a probe.
const PROBE: Span = Span::seconds(10);

/// How a container fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Waiting { reason: &'static str, message: String },
    Running { since: Moment, ready: bool },
    Ended(End),
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) code: i64,
    pub(super) reason: &'static str,
    pub(super) since: Moment,
    pub(super) at: Moment,
}

/// What happens to it next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Pull,
    Pulled { since: Moment },
    Refused,
    HoldOff,
    Start,
    Ready,
    Probe,
    End,
    BackOff,
    Restart,
}

/// A container.
#[derive(Debug, Clone)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) image: String,
    /// Whether it is an init container.
    pub(super) first: bool,
    pub(super) state: State,
    /// The end of the run before.
    pub(super) last: Option<End>,
    /// `restartCount`.
    pub(super) run: u64,
    /// Whether it ever started.
    pub(super) started: bool,
    called: bool,
    /// Ends, and failed pulls, in a row.
    failures: u32,
    steps: Vec<(Moment, Step)>,
    /// The code with which it will end after it was asked to stop.
    farewell: i64,
}

impl Container {
    pub(super) fn new(spec: &Value, first: bool) -> Self {
        Self {
            name: spec.text("/name").to_owned(),
            image: spec.text("/image").to_owned(),
            first,
            state: State::Waiting { reason: "", message: String::new() },
            last: None,
            run: 0,
            started: false,
            called: false,
            failures: 0,
            steps: Vec::new(),
            farewell: 0,
        }
    }

    /// The part of the pod that it is, as events name it.
    fn field(&self) -> String {
        let list = if self.first { "initContainers" } else { "containers" };
        format!("spec.{list}{{{}}}", self.name)
    }

    /// Whether an init container is through.
    pub(super) fn is_done(&self) -> bool {
        matches!(&self.state, State::Ended(end) if end.code == 0)
    }

    /// Whether it will never run again.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended(_)) && self.steps.is_empty()
    }

    pub(super) fn due(&self) -> Option<Moment> {
        self.steps.iter().map(|(at, _)| *at).min()
    }

    /// Its turn has come, if it had not before.
    pub(super) fn call(&mut self, now: Moment) -> bool {
        let new = !self.called;
        if new {
            self.called = true;
            self.later(now, Step::Pull);
        }
        new
    }

    fn later(&mut self, at: Moment, step: Step) {
        self.steps.push((at, step));
    }

    fn wait(&mut self, reason: &'static str, message: String) {
        self.state = State::Waiting { reason, message };
    }

    fn fate(&self, pod: &Value, turn: &Turn<'_>) -> Behaviour {
        fate(pod, &self.image, self.run, &turn.ground.images, turn.dice)
    }

    /// Goes on from the status of a pod that runs already.
    pub(super) fn resume(&mut self, pod: &Value, turn: &Turn<'_>) {
        let list = if self.first { "initContainerStatuses" } else { "containerStatuses" };
        let statuses = pod.items(&format!("/status/{list}"));
        let Some(status) = statuses.iter().find(|s| s.text("/name") == self.name) else { return };
        self.run = u64::try_from(status.int("/restartCount")).unwrap_or(0);
        self.last = End::read(status, "/lastState/terminated");
        self.started = self.run > 0 || self.last.is_some();
        if let Some(since) = time::parse(status.text("/state/running/startedAt")) {
            let ready = status.flag("/ready");
            (self.called, self.started) = (true, true);
            self.state = State::Running { since, ready };
            self.plan(&self.fate(pod, turn), since, ready);
        } else if let Some(end) = End::read(status, "/state/terminated") {
            self.called = true;
            self.state = State::Ended(end);
        } else if status.text("/state/waiting/reason") == "CrashLoopBackOff" {
            self.called = true;
            self.failures = 2;
            self.wait("CrashLoopBackOff", status.text("/state/waiting/message").to_owned());
            self.later(turn.now + backoff::after(1), Step::Restart);
        }
    }

    /// Does what is due, in order; whether anything that a status shows has changed.
    pub(super) fn act(&mut self, scene: &mut Scene<'_, '_>) -> bool {
        let mut changed = false;
        while let Some(at) = self.due().filter(|at| *at <= scene.turn.now) {
            let Some(index) = self.steps.iter().position(|(due, _)| *due == at) else { break };
            let (_, step) = self.steps.remove(index);
            changed |= self.take(step, scene);
        }
        changed
    }

    fn take(&mut self, step: Step, scene: &mut Scene<'_, '_>) -> bool {
        match step {
            Step::Pull => self.pull(scene),
            Step::Pulled { since } => self.pulled(since, scene),
            Step::Refused => self.refused(scene),
            Step::HoldOff => self.hold_off(scene),
            Step::Start => self.start(scene),
            Step::Ready => self.set_ready(),
            Step::Probe => self.probe(scene),
            Step::End => self.end(scene),
            Step::BackOff => self.back_off(scene),
            Step::Restart => {
                self.settle();
                self.run += 1;
                self.tell_present(scene);
                self.start(scene)
            }
        }
    }

    fn pull(&mut self, scene: &mut Scene<'_, '_>) -> bool {
        let (now, images) = (scene.turn.now, &scene.turn.ground.images);
        let known = images.knows(&self.image);
        if self.first && runs_once(&self.image, images) {
            self.tell_present(scene);
            self.start(scene);
            self.steps.clear();
            self.state = State::Ended(End { code: 0, reason: "Completed", since: now, at: now });
            return true;
        }
        let fate = self.fate(scene.pod, scene.turn);
        let node = scene.pod.text("/spec/nodeName").to_owned();
        if known && scene.nodes.images.contains(&(node, self.image.clone())) {
            self.tell_present(scene);
            self.later(now + fate.starts_in, Step::Start);
            return false;
        }
        let message = format!("Pulling image {:?}", self.image);
        scene.tell(&self.field(), EventType::Normal, "Pulling", message);
        match fate.pull {
            Pull::After(span) => self.later(now + span, Step::Pulled { since: now }),
            Pull::Missing | Pull::Denied => self.later(now + REFUSAL, Step::Refused),
        }
        false
    }

    fn pulled(&mut self, since: Moment, scene: &mut Scene<'_, '_>) -> bool {
        let now = scene.turn.now;
        let took = backoff::written(now - since);
        let size = scene.turn.dice.between(&["size", &self.image], 0, 18_000_000, 140_000_000);
        let message = format!(
            "Successfully pulled image {:?} in {took} ({took} including waiting). Image size: \
             {size} bytes.",
            self.image
        );
        scene.tell(&self.field(), EventType::Normal, "Pulled", message);
        if scene.turn.ground.images.knows(&self.image) {
            let node = scene.pod.text("/spec/nodeName").to_owned();
            scene.nodes.images.insert((node, self.image.clone()));
        }
        self.failures = 0;
        let usual = since + self.fate(scene.pod, scene.turn).starts_in;
        self.later(usual.max(now + CREATION), Step::Start);
        false
    }

    fn tell_present(&self, scene: &mut Scene<'_, '_>) {
        let message = format!("Container image {:?} already present on machine", self.image);
        scene.tell(&self.field(), EventType::Normal, "Pulled", message);
    }

    fn refused(&mut self, scene: &mut Scene<'_, '_>) -> bool {
        let fate = self.fate(scene.pod, scene.turn);
        let now = scene.turn.now;
        if matches!(fate.pull, Pull::After(_)) {
            self.later(now, Step::Pull);
            return false;
        }
        let error = words::pull_error(&self.image, &fate.pull);
        let (field, bad) = (self.field(), EventType::Warning);
        let message = format!("Failed to pull image {:?}: {error}", self.image);
        scene.tell(&field, bad, "Failed", message);
        scene.tell(&field, bad, "Failed", "Error: ErrImagePull".into());
        self.wait("ErrImagePull", error);
        self.failures += 1;
        self.later(now + HOLD_OFF, Step::HoldOff);
        if fate.restarts == Restarts::BackingOff {
            self.later(now + backoff::after(self.failures), Step::Pull);
        }
        true
    }

    fn hold_off(&mut self, scene: &mut Scene<'_, '_>) -> bool {
        let State::Waiting { message: error, .. } = &self.state else { return false };
        let held = format!("Back-off pulling image {:?}", self.image);
        let message = format!("{held}: ErrImagePull: {error}");
        let field = self.field();
        scene.tell(&field, EventType::Normal, "BackOff", held);
        scene.tell(&field, EventType::Warning, "Failed", "Error: ImagePullBackOff".into());
        self.wait("ImagePullBackOff", message);
        true
    }

    fn start(&mut self, scene: &mut Scene<'_, '_>) -> bool {
        let now = scene.turn.now;
        let field = self.field();
        let message = format!("Created container: {}", self.name);
        scene.tell(&field, EventType::Normal, "Created", message);
        let message = format!("Started container {}", self.name);
        scene.tell(&field, EventType::Normal, "Started", message);
        let fate = self.fate(scene.pod, scene.turn);
        let ready = fate.ready_after == Some(Span::zero());
        self.started = true;
        self.state = State::Running { since: now, ready };
        self.plan(&fate, now, ready);
        true
    }

    /// What will happen in a run that began at this instant.
    fn plan(&mut self, fate: &Behaviour, since: Moment, ready: bool) {
        if !ready {
            if let Some(after) = fate.ready_after {
                self.later(since + after, Step::Ready);
            }
            if !fate.unready.is_empty() {
                self.later(since + PROBE, Step::Probe);
            }
        }
        match fate.ends {
            Some(Ending::Exit { after, .. } | Ending::OutOfMemory { after }) => {
                self.later(since + after, Step::End);
            }
            None => (),
        }
    }

    fn set_ready(&mut self) -> bool {
        if let State::Running { ready, .. } = &mut self.state {
            *ready = true;
        }
        self.steps.retain(|(_, step)| *step != Step::Probe);
        true
    }

    fn probe(&mut self, scene: &mut Scene<'_, '_>) -> bool {
        let said = self.fate(scene.pod, scene.turn).unready;
        if !said.is_empty() {
            let message = format!("Readiness probe failed: {said}");
            scene.tell(&self.field(), EventType::Warning, "Unhealthy", message);
            self.later(scene.turn.now + PROBE, Step::Probe);
        }
        false
    }

    fn end(&mut self, scene: &mut Scene<'_, '_>) -> bool {
        let State::Running { since, .. } = self.state else { return false };
        let now = scene.turn.now;
        let fate = self.fate(scene.pod, scene.turn);
        let (code, reason) = match fate.ends {
            Some(Ending::OutOfMemory { .. }) => (137, "OOMKilled"),
            Some(Ending::Exit { code: 0, .. }) => (0, "Completed"),
            Some(Ending::Exit { code, .. }) => (code, "Error"),
            None => return false,
        };
        self.steps.clear();
        self.state = State::Ended(End { code, reason, since, at: now });
        if !self.is_restarted(scene.pod, code) {
            return true;
        }
        if now - since >= backoff::FORGOTTEN_AFTER {
            self.failures = 0;
        }
        self.failures += 1;
        match fate.restarts {
            Restarts::Every(span) => {
                self.back_off(scene);
                self.later(now + span, Step::Restart);
            }
            Restarts::BackingOff if self.failures == 1 => self.later(now + NOTICE, Step::Restart),
            Restarts::BackingOff => {
                self.later(now + NOTICE, Step::BackOff);
                let names = ["restart", scene.pod.uid(), &self.name];
                let late = scene.turn.dice.between(&names, self.run, 100, 900);
                let wait = backoff::after(self.failures - 1) + Span::milliseconds(late);
                self.later(now + wait, Step::Restart);
            }
        }
        true
    }

    fn is_restarted(&self, pod: &Value, code: i64) -> bool {
        match pod.text("/spec/restartPolicy") {
            "Never" => false,
            "OnFailure" => code != 0,
            _ => code != 0 || !self.first,
        }
    }

    fn back_off(&mut self, scene: &mut Scene<'_, '_>) -> bool {
        self.settle();
        let pod = words::pod_name(scene.pod);
        let wait = match self.fate(scene.pod, scene.turn).restarts {
            Restarts::Every(_) => backoff::after(1),
            Restarts::BackingOff => backoff::after(self.failures.saturating_sub(1)),
        };
        let message = format!("Back-off restarting failed container {} in pod {pod}", self.name);
        scene.tell(&self.field(), EventType::Warning, "BackOff", message);
        let wait = backoff::written(wait);
        let message =
            format!("back-off {wait} restarting failed container={} pod={pod}", self.name);
        self.wait("CrashLoopBackOff", message);
        true
    }

    /// The end that it shows becomes the one before.
    fn settle(&mut self) {
        if let State::Ended(end) = &self.state {
            self.last = Some(end.clone());
        }
    }

    /// It is asked to stop; how long that takes, if it runs.
    pub(super) fn stop(&mut self, scene: &mut Scene<'_, '_>, grace: Span) -> Option<Span> {
        self.steps.clear();
        let State::Running { .. } = self.state else { return None };
        let message = format!("Stopping container {}", self.name);
        scene.tell(&self.field(), EventType::Normal, "Killing", message);
        let wanted = self.fate(scene.pod, scene.turn).stops_after;
        self.farewell = if wanted > grace { 137 } else { 0 };
        Some(wanted.min(grace))
    }

    /// It has stopped.
    pub(super) fn kill(&mut self, now: Moment) {
        if let State::Running { since, .. } = self.state {
            let code = self.farewell;
            let reason = if code == 0 { "Completed" } else { "Error" };
            self.state = State::Ended(End { code, reason, since, at: now });
        }
    }
}

impl End {
    fn read(status: &Value, pointer: &str) -> Option<Self> {
        let end = status.at(pointer).filter(|end| end.is_object())?;
        let reason = match end.text("/reason") {
            "Completed" => "Completed",
            "OOMKilled" => "OOMKilled",
            _ => "Error",
        };
        let at = time::parse(end.text("/finishedAt"))?;
        let since = time::parse(end.text("/startedAt")).unwrap_or(at);
        Some(Self { code: end.int("/exitCode"), reason, since, at })
    }
}
