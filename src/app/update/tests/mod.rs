//! Tables over `update`: every key and answer, and what must not happen.
//!
//! A [`Rig`] is a program at a workload with a clock that only moves when it is told to.

mod access;
mod confirming;
mod drilling;
mod flights;
mod gating;
mod guarding;
mod journal;
mod last;
mod looking;
mod measuring;
mod outside;
mod roster;
mod typing;
mod waving_off;

use super::update;
use crate::app::dialog::{Confirmation, Dialog};
use crate::app::effect::Effect;
use crate::app::flight::{Flight, Ticket};
use crate::app::journal::SessionStamp;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::msg::{Answer, Msg};
use crate::app::session::{Environment, EnvironmentRule, Level, Mode, Scope, Session};
use crate::domain::action::Verb;
use crate::domain::id::ResourceKind;
use crate::domain::observation::{SourceId, SourceState};
use crate::domain::plan::Plan;
use crate::domain::sample::{Sample, a_canary, now};
use crate::domain::time::Span;

/// A program that shows one or more workloads.
struct Rig {
    model: Model,
}

fn a_session(level: Level) -> Session {
    let environment = Environment { name: "test".into(), level };
    let everywhere = EnvironmentRule { environment, contexts: Vec::new(), namespaces: Vec::new() };
    Session {
        mode: Mode::Live,
        context: "kind".into(),
        cluster: "kind".into(),
        server: "https://127.0.0.1:6443".into(),
        user: "anna".into(),
        scope: Scope::All,
        read_only: false,
        insecure: false,
        environments: vec![everywhere],
        utc_offset_minutes: 0,
        started: now(),
        log_path: "/tmp/log".into(),
        journal_path: "/tmp/journal".into(),
    }
}

impl Rig {
    /// Production, where every mistake counts.
    fn at(sample: &Sample) -> Self {
        Self::with_level(sample, Level::Production)
    }

    fn with_level(sample: &Sample, level: Level) -> Self {
        let stamp = SessionStamp {
            id: "s1".into(),
            user: "anna".into(),
            context: "kind".into(),
            server: "https://127.0.0.1:6443".into(),
        };
        let mut rig = Self { model: Model::new(a_session(level), stamp, now()) };
        rig.live();
        rig.see(sample);
        rig
    }

    fn send(&mut self, msg: Msg) -> Vec<Effect> {
        let now = self.model.now;
        update(&mut self.model, now, msg)
    }

    /// Time passes, and a tick comes.
    fn wait(&mut self, ms: i64) -> Vec<Effect> {
        let now = self.model.now + Span::milliseconds(ms);
        update(&mut self.model, now, Msg::Tick)
    }

    fn press(&mut self, key: Key) -> Vec<Effect> {
        self.send(Msg::Key { key, burst: false })
    }

    /// Letters, one key press each.
    fn letters(&mut self, text: &str) -> Vec<Effect> {
        text.chars().flat_map(|c| self.press(Key::Char(c))).collect()
    }

    /// One key that came together with others.
    fn burst(&mut self, key: Key) -> Vec<Effect> {
        self.send(Msg::Key { key, burst: true })
    }

    fn see(&mut self, sample: &Sample) -> Vec<Effect> {
        self.send(Msg::Observed(sample.observations()))
    }

    fn live(&mut self) {
        let now = self.model.now;
        self.sources(&SourceState::Live(now));
    }

    /// Not heard from for a minute.
    fn stale(&mut self) {
        let since = self.model.now - Span::minutes(1);
        let error = "connection refused".into();
        self.sources(&SourceState::Stale { since, attempt: 1, retry_at: None, error });
    }

    fn sources(&mut self, state: &SourceState) {
        for kind in [ResourceKind::Rollouts, ResourceKind::Deployments] {
            self.send(Msg::Source(SourceId { kind, namespace: None }, state.clone()));
        }
    }

    fn dialog(&self) -> &Confirmation {
        match &self.model.dialog {
            Some(Dialog::Confirm(dialog)) => dialog,
            other => panic!("no confirmation but {other:?}"),
        }
    }

    fn hindrance(&self) -> Option<String> {
        self.dialog().hindrance(self.model.now).map(|text| text.to_string())
    }

    fn toast(&self) -> &str {
        self.model.toast.as_ref().map_or("", |t| &t.text)
    }

    fn flight(&self) -> &Flight {
        self.model.flights.last().expect("something was sent")
    }

    fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        let ticket = self.flight().ticket;
        self.send(Msg::Answered(ticket, answer))
    }

    /// Presses a key, waits until the dialog is armed, confirms.
    fn act(&mut self, key: char) -> Vec<Effect> {
        self.press(Key::Char(key));
        self.wait(1000);
        self.press(Key::Enter)
    }
}

/// What is sent to the cluster.
fn acts(effects: &[Effect]) -> Vec<(Ticket, &Plan)> {
    effects.iter().filter_map(act).collect()
}

fn act(effect: &Effect) -> Option<(Ticket, &Plan)> {
    match effect {
        Effect::Act { ticket, plan, .. } => Some((*ticket, plan)),
        _ => None,
    }
}

fn verbs(effects: &[Effect]) -> Vec<Verb> {
    acts(effects).into_iter().map(|(_, plan)| plan.action.verb).collect()
}

/// A canary that waits at its manual pause.
fn a_gate() -> Sample {
    a_canary().at_step(1).paused()
}
