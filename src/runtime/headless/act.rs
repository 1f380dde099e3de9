//! Commands that change something: verbs, and whatever else has to be seen through.
//!
//! Whatever ends one, what it began is finished: a request on its way is answered in the journal.

use std::time::Duration;

use tokio::time::Instant;

use super::{Failure, Headless, LIST_WITHIN, TICK, failure, interrupted};
use crate::app::availability::{self, Availability};
use crate::app::dialog::Confirmation;
use crate::app::flight::{Stage, Ticket};
use crate::app::gate;
use crate::app::msg::Answer;
use crate::app::report;
use crate::app::update::begin;
use crate::config::args::{Act, Command, Output, Target};
use crate::domain::action::{Action, Verb};
use crate::domain::id::WorkloadId;
use crate::domain::legality;
use crate::domain::plan::{self, Plan};
use crate::domain::text::SafeText;
use crate::error::Exit;
use crate::runtime::prompt;
use crate::runtime::say::{complain, complain_raw, print, print_json};
use crate::terminal::Deadly;

/// How long the end waits for requests that are on their way, for the journal and for alerts.
const FINISH_WITHIN: Duration = Duration::from_secs(2);

/// Whether a command has to see something through: it hears every signal itself, and neither a
/// terminal nor a pipe that nobody reads may hold it up.
pub(in crate::runtime) fn has_duties(command: &Command) -> bool {
    match command {
        Command::Promote { .. }
        | Command::Preflight(_)
        | Command::Pause(_)
        | Command::Resume(_)
        | Command::Abort(_)
        | Command::Undo { .. }
        | Command::Off(_)
        | Command::Revert(_)
        | Command::Guard(_)
        | Command::Retry(_)
        | Command::Restart(_) => true,
        Command::List(_)
        | Command::Status(_)
        | Command::Why(_)
        | Command::Drill(_)
        | Command::Journal(_)
        | Command::Alerts(_)
        | Command::Plan(_)
        | Command::Check(_)
        | Command::New(_)
        | Command::Doctor(_)
        | Command::Config(_)
        | Command::Keys => false,
    }
}

impl Headless {
    /// Carries a command out, and finishes what it began, whatever ends it.
    pub(in crate::runtime) async fn obey(
        mut self,
        command: &Command,
        mut signals: Deadly,
    ) -> Result<Exit, Failure> {
        let ended = tokio::select! {
            ended = Box::pin(self.carry_out(command)) => ended,
            signal = signals.next() => Err(interrupted(signal)),
        };
        tokio::select! {
            () = self.engine.finish(FINISH_WITHIN) => {}
            // Whoever asks twice does not want to wait.
            _ = signals.next() => {}
        }
        ended
    }

    /// Does what a command asks for.
    pub(in crate::runtime) async fn carry_out(
        &mut self,
        command: &Command,
    ) -> Result<Exit, Failure> {
        match command {
            Command::List(print) => self.list(print.output).await,
            Command::Status(look) => {
                let (text, json) = (report::status_text, report::status_json);
                self.tell(&look.target, look.print.output, text, json).await
            }
            Command::Why(look) => {
                let (text, json) = (report::why_text, report::why_json);
                self.tell(&look.target, look.print.output, text, json).await
            }
            Command::Promote { full, without_gate, check_after, act } => {
                let verb = if *full { Verb::PromoteFull } else { Verb::Promote };
                self.promote(verb, *without_gate, *check_after, act).await
            }
            Command::Preflight(asked) => self.preflight(asked).await,
            Command::Pause(act) => self.act(Verb::Pause, None, act).await,
            Command::Resume(act) => self.act(Verb::Resume, None, act).await,
            Command::Abort(act) => self.act(Verb::Abort, None, act).await,
            Command::Undo { to_revision, act } => self.act(Verb::Undo, *to_revision, act).await,
            Command::Retry(act) => self.act(Verb::Retry, None, act).await,
            Command::Off(act) => self.act(Verb::WaveOff, None, act).await,
            Command::Revert(act) => self.revert(act).await,
            Command::Restart(act) => self.act(Verb::Restart, None, act).await,
            // With an end of its own; and what needs no session.
            Command::Guard(_)
            | Command::Config(_)
            | Command::Keys
            | Command::Journal(_)
            | Command::Alerts(_)
            | Command::Drill(_)
            | Command::Check(_)
            | Command::New(_)
            | Command::Plan(_)
            | Command::Doctor(_) => Ok(Exit::Ok),
        }
    }

    /// A verb.
    pub(super) async fn act(
        &mut self,
        verb: Verb,
        to_revision: Option<u64>,
        act: &Act,
    ) -> Result<Exit, Failure> {
        let id = self.look_at(&act.target).await?;
        self.read_gate(&id, verb).await?;
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
            .await
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
    pub(in crate::runtime) async fn order(
        mut self,
        verb: Verb,
        target: &Target,
    ) -> Result<(), Failure> {
        let id = self.look_at(target).await?;
        let plan = self.plan(&id, verb, None)?;
        let (_, effects) = begin(&mut self.engine.model, plan, "drill".into());
        for effect in effects {
            self.engine.perform(effect);
        }
        let deadline = Instant::now() + LIST_WITHIN;
        while self.answer.is_none() && Instant::now() < deadline {
            self.step(TICK).await?;
        }
        self.engine.finish(FINISH_WITHIN).await;
        match self.answer {
            Some(Answer::Accepted) => Ok(()),
            Some(Answer::Changed(what)) => {
                let what: Vec<&str> = what.iter().map(SafeText::as_str).collect();
                Err(failure(Exit::Changed, what.join("; ")))
            }
            Some(Answer::Refused(why)) => Err(failure(Exit::Refused, why.as_str())),
            Some(Answer::Unable(why) | Answer::Unknown(why)) => {
                Err(failure(Exit::Undetermined, why.as_str()))
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
    async fn follow(&mut self, ticket: Ticket, act: &Act) -> Result<Exit, Failure> {
        let deadline = Instant::now() + act.timeout;
        let mut shown = String::new();
        loop {
            let flight = self.engine.model.flights.iter().find(|f| f.ticket == ticket).cloned();
            let flight =
                flight.ok_or_else(|| failure(Exit::Undetermined, "the action was lost"))?;
            let late = Instant::now() >= deadline;
            if flight.stage.is_over() || late {
                return self.account_for(&flight, act.print.output).await;
            }
            let line = format!("{} {}", flight.stage.word(), flight.stage.detail());
            if act.print.output == Output::Text && line != shown {
                complain(line.trim());
                shown = line;
            }
            self.step(TICK).await?;
        }
    }
}

/// How the program ends by what became of an action, and by what the API server answered to it.
pub(super) fn exit_of(stage: &Stage, answer: Option<&Answer>) -> Exit {
    match (stage, answer) {
        (Stage::InEffect(_), _) => Exit::Ok,
        (Stage::Refused(_), Some(Answer::Changed(_))) | (Stage::Superseded(_), _) => Exit::Changed,
        // Nobody refused it: it could not be asked, or nothing of it ever arrived.
        (Stage::Refused(_), Some(Answer::Unable(_) | Answer::Unknown(_)))
        | (Stage::Unknown(_), _) => Exit::Undetermined,
        (Stage::Refused(_), _) => Exit::Refused,
        (Stage::Sent | Stage::Accepted | Stage::Observed(_) | Stage::Overdue(_), _) => {
            Exit::TimedOut
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_rule_refused_is_refused() {
        let text = || SafeText::from("so");
        let refused = || Stage::Refused(text());
        let cases = [
            (refused(), Some(Answer::Refused(text())), Exit::Refused),
            (refused(), Some(Answer::Unable(text())), Exit::Undetermined),
            // Its answer was lost, and it never arrived.
            (refused(), Some(Answer::Unknown(text())), Exit::Undetermined),
            (refused(), Some(Answer::Changed(vec![text()])), Exit::Changed),
            (Stage::Unknown(text()), Some(Answer::Unknown(text())), Exit::Undetermined),
            (Stage::Superseded(text()), Some(Answer::Accepted), Exit::Changed),
            (Stage::Superseded(text()), Some(Answer::Unknown(text())), Exit::Changed),
            (Stage::InEffect(text()), Some(Answer::Accepted), Exit::Ok),
            (Stage::InEffect(text()), Some(Answer::Unknown(text())), Exit::Ok),
            (Stage::Sent, None, Exit::TimedOut),
            (Stage::Accepted, Some(Answer::Accepted), Exit::TimedOut),
            (Stage::Observed(text()), Some(Answer::Accepted), Exit::TimedOut),
            (Stage::Overdue(text()), Some(Answer::Accepted), Exit::TimedOut),
        ];
        for (stage, answer, exit) in cases {
            assert_eq!(exit_of(&stage, answer.as_ref()), exit, "{stage:?}, {answer:?}");
        }
    }
}
