//! Commands without the screen: the same model, the same legality, the same door.
//!
//! Watches until everything a question needs has been listed once, then answers it or carries the
//! action out and follows it until it is in effect. Prints to standard output what was asked for,
//! to standard error what a person should know.

mod guard;
mod preflight;
mod revert;

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::app::availability::{self, Availability};
use crate::app::dialog::Confirmation;
use crate::app::effect::Effect;
use crate::app::flight::{Stage, Ticket};
use crate::app::gate;
use crate::app::model::Model;
use crate::app::msg::{Answer, Msg};
use crate::app::report;
use crate::app::screen::Screen;
use crate::app::update::begin;
use crate::cluster::Pace;
use crate::config::args::{Act, Output, Target};
use crate::config::nearest;
use crate::domain::action::{Action, Verb};
use crate::domain::id::{ResourceKind, WorkloadId, WorkloadKind};
use crate::domain::legality;
use crate::domain::observation::SourceState;
use crate::domain::plan::{self, Plan};
use crate::domain::text::SafeText;
use crate::error::Exit;

use super::alerts;
use super::clock::Clock;
use super::door::Door;
use super::engine::{Engine, Inbox};
use super::feed;
use super::measure::SignIn;
use super::perform::WHO;
use super::prompt;
use super::say::{complain, complain_raw, print, print_json};

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

/// A session without a screen.
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that happened or not")]
#[derive(Debug)]
pub(super) struct Headless {
    /// Boxed: what waits for it holds the whole session.
    engine: Box<Engine>,
    inbox: Inbox,
    clock: Clock,
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
            answer: None,
            measures,
            identified: false,
            gate_read: false,
            past_gate: false,
        }
    }

    /// Waits for the next thing that happens and takes it in.
    async fn step(&mut self, tick: Duration) {
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
                    _ => {}
                }
                self.engine.take(msg);
            }
            _ = self.inbox.arrivals.reports.recv_many(&mut reports, 256), if !tick.is_zero() => {
                for report in reports.drain(..) {
                    self.engine.take(feed::message(report));
                }
            }
            Ok(()) = self.inbox.arrivals.pulse.changed() => {
                self.engine.pulse(&mut self.inbox.arrivals);
            }
            () = tokio::time::sleep(tick) => {
                self.engine.take(Msg::Tick);
            }
        }
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
            self.step(TICK).await;
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
    pub(super) async fn list(mut self, output: Output) -> Result<Exit, Failure> {
        self.settle(&feed::STATE).await?;
        self.tell_missing();
        self.measure().await;
        match output {
            Output::Text => print(&report::list_text(&self.engine.model)),
            Output::Json => print_json(&report::list_json(&self.engine.model)),
        }
        Ok(Exit::Ok)
    }

    /// Waits for what is measured of what is in view, but not for long: Prometheus may be slow or
    /// away, and what it has is only one of the things that were asked for.
    async fn measure(&mut self) {
        self.engine.model.metrics.settings.on = self.measures;
        if !self.measures {
            return;
        }
        let deadline = Instant::now() + MEASURE_WITHIN;
        loop {
            let pending = |id: &WorkloadId| self.engine.model.metrics.is_pending(id);
            let asked = !self.engine.model.metrics.subjects.is_empty();
            let nobody = self.engine.model.fleet.workloads().next().is_none();
            if nobody || (asked && !self.engine.model.metrics.subjects.keys().any(pending)) {
                return;
            }
            if Instant::now() >= deadline {
                return;
            }
            self.step(TICK).await;
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
        self.settle(&feed::STATE).await?;
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
            self.step(TICK).await;
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
    pub(super) async fn tell(
        mut self,
        target: &Target,
        output: Output,
        text: fn(&Model, &WorkloadId) -> Option<String>,
        json: fn(&Model, &WorkloadId) -> Option<Value>,
    ) -> Result<Exit, Failure> {
        let id = self.look_at(target).await?;
        self.tell_missing();
        self.read_gate(&id, Verb::Promote).await;
        // Looked at closely: all of it is asked, not what a row of the fleet shows.
        self.engine.model.screens.push(Screen::Rollout(id.clone()));
        self.measure().await;
        let gone = || failure(Exit::Undetermined, format!("{id} was deleted meanwhile"));
        match output {
            Output::Text => print(&text(&self.engine.model, &id).ok_or_else(gone)?),
            Output::Json => print_json(&json(&self.engine.model, &id).ok_or_else(gone)?),
        }
        Ok(Exit::Ok)
    }

    /// A verb.
    pub(super) async fn act(
        mut self,
        verb: Verb,
        to_revision: Option<u64>,
        act: &Act,
    ) -> Result<Exit, Failure> {
        let id = self.look_at(&act.target).await?;
        self.read_gate(&id, verb).await;
        let plan = gate::noted(&self.engine.model, self.plan(&id, verb, to_revision)?);
        if act.dry_run {
            self.print_plan(&plan, act.print.output);
            return Ok(Exit::Ok);
        }
        if act.print.output == Output::Text {
            complain_raw(&report::plan_text(&plan));
        }
        self.stop_at_gate(&plan)?;
        let shut = gate::shut(&self.engine.model, &plan);
        let level = self.engine.model.session.environment(&id.namespace).level;
        let stale = availability::of(&self.engine.model, &id, verb) == Availability::Blind;
        let dialog = Confirmation::new(plan, level, stale, self.engine.model.now);
        let dialog = dialog.past_gate(shut);
        let reason = act.reason.as_deref();
        prompt::confirm(&dialog, act.yes, reason)
            .map_err(|refusal| failure(Exit::Refused, refusal.text()))?;
        // The prompt may have taken its time: what is sent is what was shown, and the asserts of
        // the patch refuse it when anything moved since.
        let reason = dialog.told(reason.unwrap_or_default());
        self.engine.model.now = self.clock.now();
        let (ticket, effects) = begin(&mut self.engine.model, dialog.plan, reason);
        for effect in effects {
            self.engine.perform(effect);
        }
        self.follow(ticket, act).await
    }

    /// A verb as a drill's pilot gives it: confirmed at once, and done when it was answered.
    pub(super) async fn order(mut self, verb: Verb, target: &Target) -> Result<(), Failure> {
        let id = self.look_at(target).await?;
        let plan = self.plan(&id, verb, None)?;
        let (_, effects) = begin(&mut self.engine.model, plan, "drill".into());
        for effect in effects {
            self.engine.perform(effect);
        }
        let deadline = Instant::now() + LIST_WITHIN;
        while self.answer.is_none() && Instant::now() < deadline {
            self.step(TICK).await;
        }
        self.engine.finish(Duration::from_secs(2)).await;
        match self.answer {
            Some(Answer::Accepted) => Ok(()),
            Some(Answer::Changed(what)) => {
                let what: Vec<&str> = what.iter().map(SafeText::as_str).collect();
                Err(failure(Exit::Changed, what.join("; ")))
            }
            Some(Answer::Refused(why) | Answer::Unknown(why)) => {
                Err(failure(Exit::Refused, why.as_str()))
            }
            None => Err(failure(Exit::Undetermined, "no answer")),
        }
    }

    fn plan(&self, id: &WorkloadId, verb: Verb, to: Option<u64>) -> Result<Plan, Failure> {
        match availability::of(&self.engine.model, id, verb) {
            Availability::Ready | Availability::Blind => {}
            Availability::Disabled(reason) => {
                let missing = reason.starts_with("not permitted") || reason.starts_with("locked");
                let exit = if missing { Exit::Undetermined } else { Exit::Refused };
                return Err(failure(exit, format!("{} {id}: {reason}", verb.name())));
            }
        }
        let release = self.engine.model.fleet.release(id);
        let release = release
            .ok_or_else(|| failure(Exit::Undetermined, format!("{id} was deleted meanwhile")))?;
        let target = match to {
            None => None,
            Some(number) => {
                let targets = legality::undo_targets(&release);
                let target = targets.iter().find(|t| t.revision == Some(number));
                let target = target.ok_or_else(|| {
                    let numbers: Vec<String> =
                        targets.iter().filter_map(|t| t.revision).map(|n| n.to_string()).collect();
                    let text = format!(
                        "{id} cannot go back to revision {number}; it can to {}",
                        numbers.join(", ")
                    );
                    failure(Exit::Usage, text)
                })?;
                Some(target.hash.clone())
            }
        };
        let action = match target {
            Some(_) => Action { verb, target },
            None => self.engine.model.action(&release, verb),
        };
        plan::make(&release, &action, self.engine.model.now)
            .map_err(|reason| failure(Exit::Refused, format!("{} {id}: {reason}", verb.name())))
    }

    fn print_plan(&self, plan: &Plan, output: Output) {
        match output {
            Output::Text => print(&report::plan_text(plan)),
            Output::Json => print_json(&serde_json::json!({
                "schema": 1,
                "plan": report::plan_json(plan),
                "dry_run": true,
                "context": self.engine.model.session.context.as_str(),
            })),
        }
    }

    /// Follows an action until it is over or the time is up.
    async fn follow(mut self, ticket: Ticket, act: &Act) -> Result<Exit, Failure> {
        let deadline = Instant::now() + act.timeout;
        let mut shown = String::new();
        loop {
            let flight = self.engine.model.flights.iter().find(|f| f.ticket == ticket).cloned();
            let flight =
                flight.ok_or_else(|| failure(Exit::Undetermined, "the action was lost"))?;
            let late = Instant::now() >= deadline;
            if flight.stage.is_over() || late {
                return Ok(self.account_for(&flight, act.print.output).await);
            }
            let line = format!("{} {}", flight.stage.word(), flight.stage.detail());
            if act.print.output == Output::Text && line != shown {
                complain(line.trim());
                shown = line;
            }
            self.step(TICK).await;
        }
    }
}

fn exit_of(stage: &Stage, answer: Option<&Answer>) -> Exit {
    match (stage, answer) {
        (Stage::InEffect(_), _) => Exit::Ok,
        (Stage::Refused(_), Some(Answer::Changed(_))) | (Stage::Superseded(_), _) => Exit::Changed,
        (Stage::Refused(text), _) if text.starts_with("not permitted") => Exit::Undetermined,
        (Stage::Refused(_), _) => Exit::Refused,
        (Stage::Unknown(_), _) => Exit::Undetermined,
        (Stage::Sent | Stage::Accepted | Stage::Observed(_) | Stage::Overdue(_), _) => {
            Exit::TimedOut
        }
    }
}
