//! `waveoff preflight`, and the gate before `waveoff promote`.

use std::time::Duration;

use tokio::time::Instant;

use super::act::exit_of;
use super::{Failure, Headless, LIST_WITHIN, TICK, failure};
use crate::app::effect::Effect;
use crate::app::flight::Flight;
use crate::app::gate::{self, End, Run, Standing};
use crate::app::report;
use crate::app::update::{begin_preflight, give_up_preflight};
use crate::config::args::{Act, Output, Preflight};
use crate::domain::action::Verb;
use crate::domain::gate::{Check, Outcome, Refusal, Stage};
use crate::domain::id::WorkloadId;
use crate::domain::measure::address::Address;
use crate::domain::plan::Plan;
use crate::domain::time::{Span, length};
use crate::error::Exit;
use crate::runtime::say::{complain, print, print_json};

impl Headless {
    /// `preflight`.
    pub(super) async fn preflight(&mut self, asked: &Preflight) -> Result<Exit, Failure> {
        let mut named = None;
        if let Some(url) = &asked.url {
            let address = Address::parse(url, None);
            let address = address.map_err(|why| failure(Exit::Usage, format!("--url: {why}")))?;
            named = Some(address.url);
        }
        let id = self.look_at(&asked.target).await?;
        let mut profile = self.engine.model.gate_profile(&id).clone();
        profile.forward |= asked.port_forward;
        let kept = if asked.after { &mut profile.after_url } else { &mut profile.url };
        *kept = named.or(kept.take());
        self.engine.model.gates.said = Some(profile);
        self.tell_missing();
        let stage = if asked.after { Stage::After } else { Stage::Before };
        let begun = begin_preflight(&mut self.engine.model, &id, stage);
        let effects = begun.map_err(|refusal| {
            let exit = match refusal {
                Refusal::Refused(_) => Exit::Refused,
                Refusal::Unsaid(_) => Exit::Usage,
            };
            failure(exit, format!("preflight {id}: {}", refusal.words()))
        })?;
        for effect in effects {
            self.engine.perform(effect);
        }
        let end = self.watch_run(&id, asked.print.output, asked.timeout).await?;
        let gone = || failure(Exit::Changed, format!("{id} was deleted meanwhile"));
        match asked.print.output {
            Output::Text => {
                print(&report::preflight_text(&self.engine.model, &id).ok_or_else(gone)?);
            }
            Output::Json => {
                print_json(&report::preflight_json(&self.engine.model, &id).ok_or_else(gone)?);
            }
        }
        Ok(exit_of_run(end.as_ref()))
    }

    /// Says what is found until the run is over.
    async fn watch_run(
        &mut self,
        id: &WorkloadId,
        output: Output,
        within: Duration,
    ) -> Result<Option<End>, Failure> {
        let deadline = Instant::now() + within;
        let mut told: Vec<Check> = Vec::new();
        let mut route = String::new();
        loop {
            let Some(run) = self.engine.model.gates.runs.get(id) else { return Ok(None) };
            if output == Output::Text {
                if route != run.route.as_str() {
                    route = run.route.to_string();
                    complain(&format!("asking {} {route}", run.hash));
                }
                let asks = |check: &Check| check.asks() && !told.contains(check);
                let fresh: Vec<Check> = run.findings.keys().copied().filter(asks).collect();
                for finding in fresh.iter().filter_map(|check| run.findings.get(check)) {
                    complain(&report::finding_line(finding));
                }
                told.extend(fresh);
            }
            if let Some((_, end)) = &run.end {
                return Ok(Some(end.clone()));
            }
            if Instant::now() >= deadline {
                let within = length(Span::from_std(within).unwrap_or(Span::MAX));
                let why = format!("not over within {within}");
                for effect in give_up_preflight(&mut self.engine.model, id, &why) {
                    self.engine.perform(effect);
                }
            } else {
                self.step(TICK).await?;
            }
        }
    }

    /// `promote`, past the gate if that was asked for.
    pub(super) async fn promote(
        &mut self,
        verb: Verb,
        without_gate: bool,
        check_after: bool,
        act: &Act,
    ) -> Result<Exit, Failure> {
        self.past_gate = without_gate;
        self.engine.model.gates.looks_on = check_after;
        self.act(verb, None, act).await
    }

    /// What users get after a switch, where somebody looks on.
    async fn look_on(&mut self, flight: &Flight, output: Output) -> Result<Option<Exit>, Failure> {
        let id = &flight.plan.id;
        let looks = |run: &Run| run.stage == Stage::After && run.uid == flight.plan.uid;
        let looks_on = self.engine.model.gates.runs.get(id).is_some_and(looks);
        if !looks_on {
            return Ok(None);
        }
        let profile = self.engine.model.gate_profile(id);
        let within = profile.watch_for + profile.health_deadline + profile.deadline;
        let end = self.watch_run(id, output, within).await?;
        if output == Output::Text {
            let Some(text) = report::preflight_text(&self.engine.model, id) else {
                return Ok(None);
            };
            print(&text);
        }
        Ok(Some(exit_of_run(end.as_ref())))
    }

    /// Prints the receipt, and what users got if somebody looks on.
    pub(super) async fn account_for(
        &mut self,
        flight: &Flight,
        output: Output,
    ) -> Result<Exit, Failure> {
        if output == Output::Text {
            print(&format!("{}\n", flight.receipt()));
        }
        let mut exit = exit_of(&flight.stage, self.answer.as_ref());
        if exit == Exit::Ok {
            exit = self.look_on(flight, output).await?.unwrap_or(exit);
        }
        if output == Output::Json {
            let mut receipt = report::receipt_json(flight, false);
            let after = report::preflight_json(&self.engine.model, &flight.plan.id);
            if let (Some(fields), Some(after)) = (receipt.as_object_mut(), after) {
                fields.insert("after".to_owned(), after);
            }
            print_json(&receipt);
        }
        Ok(exit)
    }

    /// What another process passed counts here too.
    pub(super) async fn read_gate(&mut self, id: &WorkloadId, verb: Verb) -> Result<(), Failure> {
        let Some(release) = self.engine.model.fleet.release(id) else { return Ok(()) };
        if gate::standing(&self.engine.model, &release, verb) == Standing::None {
            return Ok(());
        }
        let uid = release.workload.uid.clone();
        self.engine.perform(Effect::ReadGate(uid));
        let deadline = Instant::now() + LIST_WITHIN;
        while !self.gate_read && Instant::now() < deadline {
            self.step(TICK).await?;
        }
        Ok(())
    }

    /// Refuses what would go past a gate that is shut.
    pub(super) fn stop_at_gate(&self, plan: &Plan) -> Result<(), Failure> {
        let Some(why) = gate::shut(&self.engine.model, plan) else { return Ok(()) };
        if self.past_gate {
            return Ok(());
        }
        let (verb, name) = (plan.action.verb.name(), &plan.id.name);
        let text = format!(
            "{verb} {}: the gate is not open: {why}; run `waveoff preflight {name}`, or go past \
             it by --without-gate --reason TEXT",
            plan.id
        );
        Err(failure(Exit::Refused, text))
    }
}

/// How the program ends by what a run found.
fn exit_of_run(end: Option<&End>) -> Exit {
    match end {
        Some(End::Judged(Outcome::Open)) => Exit::Ok,
        Some(End::Judged(Outcome::Locked)) => Exit::Finding,
        Some(End::Judged(Outcome::Undetermined)) | None => Exit::Undetermined,
        Some(End::Void(_)) => Exit::Changed,
    }
}
