//! Commands without the screen: the same model, the same legality, the same door.
//!
//! Watches until everything a question needs has been listed once, then answers it or carries the
//! action out and follows it until it is in effect. Prints to standard output what was asked for,
//! to standard error what a person should know.

mod act;
mod guard;
mod preflight;
mod revert;

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::app::availability;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::msg::{Answer, Msg};
use crate::app::report;
use crate::app::screen::Screen;
use crate::cluster::Pace;
use crate::config::args::{Output, Target};
use crate::config::nearest;
use crate::domain::action::Verb;
use crate::domain::id::{ResourceKind, WorkloadId, WorkloadKind};
use crate::domain::observation::SourceState;
use crate::error::Exit;
use crate::terminal::Signal;

use super::alerts;
use super::clock::Clock;
use super::door::Door;
use super::engine::{Engine, Inbox};
use super::feed;
use super::measure::SignIn;
use super::perform::WHO;
use super::say::{complain, print, print_json};

pub(super) use act::has_duties;

/// How long the first lists may take.
const LIST_WITHIN: Duration = Duration::from_secs(15);

/// How long measured values may take.
const MEASURE_WITHIN: Duration = Duration::from_secs(3);

/// Time between two ticks while an action is followed.
const TICK: Duration = Duration::from_millis(100);

/// How an answer that is not a success is given: text and exit code.
#[derive(Debug)]
pub(super) struct Failure {
    /// How the program ends.
    pub(super) exit: Exit,
    /// The sentence for standard error.
    pub(super) text: String,
}

pub(super) fn failure(exit: Exit, text: impl Into<String>) -> Failure {
    Failure { exit, text: text.into() }
}

/// How a command ends by a signal.
pub(super) fn interrupted(by: Signal) -> Failure {
    let exit = by.exit_code().map_or(Exit::Interrupted, Exit::Signal);
    failure(exit, "interrupted: what was sent stays sent")
}

/// A session without a screen.
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that happened or not")]
#[derive(Debug)]
pub(super) struct Headless {
    /// Boxed: what waits for it holds the whole session.
    engine: Box<Engine>,
    inbox: Inbox,
    clock: Clock,
    last_tick: Instant,
    /// The API server's answer to the action, kept for the exit code.
    answer: Option<Answer>,
    /// Whether anything is measured; not before it is known what is in view.
    measures: bool,
    /// Whether the API server said who we are, or would not: the journal names who acts.
    identified: bool,
    /// Whether it was read what is kept of a gate.
    gate_read: bool,
    /// Whether a gate that is shut may be gone past.
    past_gate: bool,
}

impl Headless {
    /// Starts watching what the model's scope names.
    pub(super) fn start(
        mut model: Model,
        door: Door,
        sign_in: SignIn,
        alerts: alerts::Plan,
        clock: Clock,
    ) -> Self {
        model.gates.looks_on = false;
        let measures = std::mem::take(&mut model.metrics.settings.on);
        let pace = Pace::default();
        let (engine, inbox) = Engine::start(model, door, clock.clone(), sign_in, alerts, pace);
        Self {
            engine: Box::new(engine),
            inbox,
            clock,
            last_tick: Instant::now(),
            answer: None,
            measures,
            identified: false,
            gate_read: false,
            past_gate: false,
        }
    }

    /// Waits for the next thing that happens and takes it in; a tick comes so long after the last.
    async fn step(&mut self, tick: Duration) -> Result<(), Failure> {
        let due = self.last_tick + tick;
        // Asked here and not only of a timer, which comes last: it would never be its turn while
        // something else always is ready, and then a busy namespace would hide every tick.
        if due <= Instant::now() {
            return self.tick();
        }
        let mut reports = Vec::new();
        // What needs a screen is dropped, here and below.
        tokio::select! {
            biased;
            Some(msg) = self.inbox.answers.recv() => {
                match &msg {
                    Msg::Answered(_, answer) => self.answer = Some(answer.clone()),
                    Msg::Identity(_) => self.identified = true,
                    Msg::GateKept(..) => self.gate_read = true,
                    Msg::Trouble(source, _) if *source == WHO => self.identified = true,
                    // What is not on record is said where there is no list of troubles to look at.
                    Msg::Trouble(source, text) if *source == "journal" => {
                        complain(&format!("{source}: {text}"));
                    }
                    _ => {}
                }
                self.engine.take(msg);
            }
            _ = self.inbox.arrivals.reports.recv_many(&mut reports, 256) => {
                for report in reports.drain(..) {
                    self.engine.take(feed::message(report));
                }
            }
            Ok(()) = self.inbox.arrivals.pulse.changed() => {
                self.engine.pulse(&mut self.inbox.arrivals);
            }
            () = tokio::time::sleep_until(due) => return self.tick(),
        }
        Ok(())
    }

    /// Lets time pass; fails when a task of ours has fallen, of which it has told itself.
    fn tick(&mut self) -> Result<(), Failure> {
        let fell = self.engine.tidy();
        self.engine.take(Msg::Tick);
        // Counted from here, so that what else happens has its turn however long this took.
        self.last_tick = Instant::now();
        if !fell {
            return Ok(());
        }
        let mut text = "this is a fault of waveoff itself, and it stops here".to_owned();
        let log = &self.engine.model.session.log_path;
        if !log.is_empty() {
            text.push_str(&format!("; what led to it is in {log}"));
        }
        Err(failure(Exit::Panic, text))
    }

    /// Watches until every kind in `needed` is listed, or cannot be.
    async fn settle(&mut self, needed: &[ResourceKind]) -> Result<(), Failure> {
        let deadline = Instant::now() + LIST_WITHIN;
        loop {
            let settled = |kind: &ResourceKind| {
                let mut states =
                    self.engine.model.sources.iter().filter(|(s, _)| s.kind == *kind).peekable();
                states.peek().is_some()
                    && states.all(|(_, state)| !matches!(state, SourceState::Loading(_)))
            };
            if needed.iter().all(settled) {
                return self.readable(needed);
            }
            if Instant::now() >= deadline {
                let text = self.unreachable_text();
                return Err(failure(Exit::Undetermined, text));
            }
            self.step(TICK).await?;
        }
    }

    /// Refuses to answer from nothing: neither kind of workload could be listed.
    fn readable(&self, needed: &[ResourceKind]) -> Result<(), Failure> {
        let workloads = [ResourceKind::Rollouts, ResourceKind::Deployments];
        let states =
            || self.engine.model.sources.iter().filter(|(s, _)| workloads.contains(&s.kind));
        let live = states().any(|(_, state)| state.is_live());
        if live || !needed.iter().any(|kind| workloads.contains(kind)) {
            return Ok(());
        }
        let missing: Vec<&str> = states()
            .filter_map(|(_, state)| match state {
                SourceState::Missing(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        if missing.len() == states().count() {
            // The server answers; what was named is not there.
            let mut missing = missing;
            missing.dedup();
            return Err(failure(Exit::Usage, missing.join("; ")));
        }
        Err(failure(Exit::Undetermined, self.unreachable_text()))
    }

    fn unreachable_text(&self) -> String {
        let reasons = self.engine.model.sources.iter().filter_map(|(source, state)| {
            state.obstacle().or_else(|| match state {
                SourceState::Stale { error, .. } => Some(error.to_string()),
                SourceState::Loading(_) => {
                    Some(format!("{} not listed yet", source.kind.resource()))
                }
                _ => None,
            })
        });
        let mut reasons: Vec<String> = reasons.collect();
        reasons.dedup();
        let server = &self.engine.model.session.server;
        let pulse = self.engine.model.pulse.as_ref().and_then(|p| p.error.as_ref());
        let pulse = pulse.map_or_else(String::new, |e| format!("{e}; "));
        format!("{server} cannot be read: {pulse}{}", reasons.join("; "))
    }

    /// `list`.
    async fn list(&mut self, output: Output) -> Result<Exit, Failure> {
        self.settle(&ResourceKind::STATE).await?;
        self.tell_missing();
        self.measure().await?;
        match output {
            Output::Text => print(&report::list_text(&self.engine.model)),
            Output::Json => print_json(&report::list_json(&self.engine.model)),
        }
        Ok(Exit::Ok)
    }

    /// Waits for what is measured of what is in view, but not for long: Prometheus may be slow or
    /// away, and what it has is only one of the things that were asked for.
    async fn measure(&mut self) -> Result<(), Failure> {
        self.engine.model.metrics.settings.on = self.measures;
        if !self.measures {
            return Ok(());
        }
        let deadline = Instant::now() + MEASURE_WITHIN;
        loop {
            let pending = |id: &WorkloadId| self.engine.model.metrics.is_pending(id);
            let asked = !self.engine.model.metrics.subjects.is_empty();
            let nobody = self.engine.model.fleet.workloads().next().is_none();
            if nobody || (asked && !self.engine.model.metrics.subjects.keys().any(pending)) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Ok(());
            }
            self.step(TICK).await?;
        }
    }

    /// Says on standard error what could not be read.
    fn tell_missing(&self) {
        for (source, state) in &self.engine.model.sources {
            if let Some(text) = state.obstacle() {
                complain(&format!("{}: {text}", source.kind.resource()));
            }
        }
    }

    /// Everything about one workload: resolves the name, watches around it, asks for the rights.
    async fn look_at(&mut self, target: &Target) -> Result<WorkloadId, Failure> {
        self.settle(&ResourceKind::STATE).await?;
        let id = self.resolve(target)?;
        self.engine.model.fleet_view.selected = Some(id.clone());
        self.engine.perform(Effect::Focus(Some(id.clone())));
        self.settle(&feed::AROUND).await?;
        let wanted = availability::permissions_of(&self.engine.model, &id);
        self.engine.perform(Effect::CheckAccess(wanted.clone()));
        let deadline = Instant::now() + LIST_WITHIN;
        let unanswered = |this: &Self| {
            !this.identified || wanted.iter().any(|p| this.engine.model.access.get(p).is_none())
        };
        while unanswered(self) && Instant::now() < deadline {
            self.step(TICK).await?;
        }
        Ok(id)
    }

    fn resolve(&self, target: &Target) -> Result<WorkloadId, Failure> {
        let fits = |id: &WorkloadId| {
            id.name == target.name.as_str() && target.kind.is_none_or(|kind| kind == id.kind)
        };
        let all: Vec<&WorkloadId> = self.engine.model.fleet.workloads().map(|w| &w.id).collect();
        let mut found: Vec<&WorkloadId> = all.iter().copied().filter(|id| fits(id)).collect();
        if target.kind.is_none() && found.len() == 2 {
            // A Rollout and the Deployment that holds its template: the Rollout is meant.
            found.retain(|id| self.engine.model.fleet.rollout_of(id).is_none());
        }
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(self.not_found(target, &all)),
            several => {
                let names: Vec<String> =
                    several.iter().map(std::string::ToString::to_string).collect();
                let text = format!(
                    "{} is not one workload but {}; name its kind and give one namespace by -n",
                    target.name,
                    names.join(", ")
                );
                Err(failure(Exit::Usage, text))
            }
        }
    }

    fn not_found(&self, target: &Target, all: &[&WorkloadId]) -> Failure {
        let place = self.engine.model.session.scope.words();
        let what = target.kind.map_or("rollout or deployment", |k| match k {
            WorkloadKind::Rollout => "rollout",
            WorkloadKind::Deployment => "deployment",
        });
        let names = all.iter().map(|id| &*id.name);
        let hint = match nearest(&target.name, names) {
            Some(near) => format!("; did you mean {near}?"),
            None if all.is_empty() => "; there is none at all".to_owned(),
            None => {
                let some: Vec<&str> = all.iter().map(|id| &*id.name).take(10).collect();
                format!("; there are {}", some.join(", "))
            }
        };
        self.tell_missing();
        failure(Exit::Usage, format!("no {what} {} in {place}{hint}", target.name))
    }

    /// `status` and `why`.
    async fn tell(
        &mut self,
        target: &Target,
        output: Output,
        text: fn(&Model, &WorkloadId) -> Option<String>,
        json: fn(&Model, &WorkloadId) -> Option<Value>,
    ) -> Result<Exit, Failure> {
        let id = self.look_at(target).await?;
        self.tell_missing();
        self.read_gate(&id, Verb::Promote).await?;
        // Looked at closely: all of it is asked, not what a row of the fleet shows.
        self.engine.model.screens.push(Screen::Rollout(id.clone()));
        self.measure().await?;
        let gone = || failure(Exit::Undetermined, format!("{id} was deleted meanwhile"));
        match output {
            Output::Text => print(&text(&self.engine.model, &id).ok_or_else(gone)?),
            Output::Json => print_json(&json(&self.engine.model, &id).ok_or_else(gone)?),
        }
        Ok(Exit::Ok)
    }
}
