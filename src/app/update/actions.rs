//! Actions on their way: from the confirmed plan to the receipt.
//!
//! An answer carries its ticket; one that comes late, twice or for an action that is over only
//! completes the journal.

use crate::app::effect::Effect;
use crate::app::flight::{FOLLOWED_FOR, Flight, LOOKS, Stage, Ticket};
use crate::app::journal::{Entry, Report};
use crate::app::model::Model;
use crate::app::msg::Answer;
use crate::domain::action::Verb;
use crate::domain::fleet::Fleet;
use crate::domain::id::PodHash;
use crate::domain::observation::{Observation, Record};
use crate::domain::plan::{Assert, Plan};
use crate::domain::receipt::Progress;
use crate::domain::text::SafeText;
use crate::domain::time::length;
use crate::domain::timeline::{self, Tone, Topic};
use crate::domain::workload::Workload;

use super::{gate, toast, wave_off};

/// Flights that are kept after they ended.
const KEPT: usize = 100;

/// Sends a confirmed plan on its way. The one entry for keys, commands and (later) the guard.
pub fn begin(model: &mut Model, plan: Plan, reason: SafeText) -> (Ticket, Vec<Effect>) {
    let ticket = Ticket(model.take_number());
    let verb = plan.action.verb.name();
    let by = &model.stamp.user;
    let why = if reason.is_empty() { String::new() } else { format!(" \"{reason}\"") };
    let text = format!("{by} asks for {verb}{why}");
    let entry = timeline::Entry {
        at: model.now,
        topic: Topic::People,
        tone: Tone::Plain,
        text: text.into(),
    };
    let id = plan.id.clone();
    model.tell(&id, entry);
    if let (Verb::WaveOff, Some(target)) = (plan.action.verb, &plan.action.target) {
        model.pursued.insert(plan.uid.clone(), target.clone());
    }
    model.flights.push(Flight {
        ticket,
        plan: plan.clone(),
        reason: reason.clone(),
        stage: Stage::Sent,
        sent_at: model.now,
        accepted_at: None,
        observed_at: None,
        ended_at: None,
        pressed_again: 0,
        rest: plan.rest.clone(),
        carried_by: None,
        looked: 0,
    });
    if model.flights.len() > KEPT {
        let over = model.flights.iter().position(|f| f.stage.is_over());
        if let Some(oldest) = over {
            model.flights.remove(oldest);
        }
    }
    let mut effects = gate::look_on(model, &plan);
    effects.push(Effect::Act { ticket, plan: Box::new(plan), reason });
    (ticket, effects)
}

/// The API server's answer.
pub(super) fn answered(model: &mut Model, ticket: Ticket, answer: Answer) -> Vec<Effect> {
    let now = model.now;
    let Some(flight) = model.flights.iter_mut().find(|f| f.ticket == ticket) else {
        return Vec::new();
    };
    if flight.stage != Stage::Sent {
        return Vec::new();
    }
    match answer {
        Answer::Accepted => {
            flight.accepted_at = Some(now);
            flight.stage = Stage::Accepted;
            follow(model)
        }
        Answer::Changed(differences) => {
            let differences: Vec<&str> =
                differences.iter().map(crate::domain::text::SafeText::as_str).collect();
            let text =
                format!("refused, nothing was changed; meanwhile {}", differences.join("; "));
            end(model, ticket, Stage::Refused(text.into()))
        }
        Answer::Refused(text) | Answer::Unable(text) => end(model, ticket, Stage::Refused(text)),
        Answer::Unknown(text) => {
            flight.stage = Stage::Unknown(text);
            let id = flight.plan.id.clone();
            vec![Effect::ReadBack(ticket, id)]
        }
    }
}

/// The workload as it is after an unknown outcome: done, not done or superseded.
pub(super) fn read_back(
    model: &mut Model,
    ticket: Ticket,
    found: Result<Box<Workload>, SafeText>,
) -> Vec<Effect> {
    let Some(flight) = model.flights.iter().find(|f| f.ticket == ticket) else { return Vec::new() };
    let Stage::Unknown(_) = flight.stage else { return Vec::new() };
    let workload = match found {
        Ok(workload) => workload,
        Err(text) => return ask_again(model, ticket, &text),
    };
    match judge(&flight.plan, &workload) {
        Verdict::Open => ask_again(model, ticket, "the state does not tell"),
        // A retry that was aborted again looks as if it had never been.
        Verdict::NotDone if was_followed(model, ticket) => {
            ask_again(model, ticket, "another action came after it, the state does not tell")
        }
        Verdict::NotDone if !looked_enough(model, ticket) => {
            ask_again(model, ticket, "nothing has arrived so far")
        }
        Verdict::NotDone => {
            let text = "not done: the request never arrived, nothing was changed";
            end(model, ticket, Stage::Refused(text.into()))
        }
        Verdict::Done => {
            let now = model.now;
            if let Some(flight) = model.flights.iter_mut().find(|f| f.ticket == ticket) {
                flight.accepted_at = Some(now);
                flight.stage = Stage::Accepted;
            }
            follow(model)
        }
        Verdict::Superseded(text) => end(model, ticket, Stage::Superseded(text)),
    }
}

/// Whether another action on the same object was sent after this one, and may have undone it.
fn was_followed(model: &Model, ticket: Ticket) -> bool {
    let Some(flight) = model.flights.iter().find(|f| f.ticket == ticket) else { return false };
    let later = |f: &&Flight| f.ticket > ticket && f.plan.uid == flight.plan.uid;
    model.flights.iter().filter(later).any(|f| !matches!(f.stage, Stage::Sent | Stage::Refused(_)))
}

/// Counts a look that found no trace; whether there were enough of them.
fn looked_enough(model: &mut Model, ticket: Ticket) -> bool {
    let Some(flight) = model.flights.iter_mut().find(|f| f.ticket == ticket) else { return true };
    flight.looked += 1;
    let enough = flight.looked >= LOOKS;
    if !enough {
        flight.stage = Stage::Unknown("nothing has arrived so far; looking again".into());
    }
    enough
}

/// Asks again, until it is known or no longer followed. Never sends the action again.
fn ask_again(model: &mut Model, ticket: Ticket, obstacle: &str) -> Vec<Effect> {
    let Some(flight) = model.flights.iter().find(|f| f.ticket == ticket) else { return Vec::new() };
    if model.now - flight.sent_at > FOLLOWED_FOR {
        let text = format!("whether it was done is not known: {obstacle}");
        return end(model, ticket, Stage::Overdue(text.into()));
    }
    vec![Effect::ReadBack(ticket, flight.plan.id.clone())]
}

/// What a state tells about an action whose answer was lost.
enum Verdict {
    Done,
    NotDone,
    Open,
    Superseded(SafeText),
}

/// Compares what is there now with the witness and with the intent.
fn judge(plan: &Plan, found: &Workload) -> Verdict {
    if found.uid != plan.uid {
        return Verdict::Superseded("it was deleted and made anew".into());
    }
    let mut fleet = Fleet::default();
    let id = found.id.clone();
    let record = Record::Workload(Box::new(found.clone()));
    fleet.apply(chrono::DateTime::UNIX_EPOCH, Observation::Seen(record));
    let proof = plan.proof.as_ref().unwrap_or(&plan.expectation);
    let progress = fleet.release(&id).map(|release| proof.progress(&release));
    match progress {
        Some(Progress::Superseded(text)) => Verdict::Superseded(text),
        Some(Progress::Waiting(_)) | None if holds(plan, found) => Verdict::NotDone,
        Some(Progress::Observed(_) | Progress::InEffect(_)) => Verdict::Done,
        // It moved, but does not show the intent (yet): only later states can tell.
        Some(Progress::Waiting(_)) | None => Verdict::Open,
    }
}

/// Whether everything the plan asserts still holds: then the write cannot have arrived, since each
/// write changes something that it asserts or that raises the generation. A write to another object
/// (the Deployment of a `workloadRef`) cannot be judged by this one.
fn holds(plan: &Plan, found: &Workload) -> bool {
    if plan.writes.iter().any(|w| w.object != found.id) {
        return false;
    }
    plan.writes.iter().flat_map(|w| &w.asserts).all(|assert| match assert {
        Assert::Uid(uid) => found.uid == *uid,
        Assert::Generation(generation) => found.generation == *generation,
        Assert::CurrentHash(hash) => found.status.current_hash == *hash,
        Assert::StableHash(hash) => found.status.stable_hash == *hash,
        Assert::StepIndex(index) => found.status.step_index == *index,
        Assert::PauseStart(start) => {
            found.status.pauses.first().map(|p| &p.start_text) == start.as_ref()
        }
        Assert::Aborted(aborted) => found.status.abort == *aborted,
        Assert::PromoteFull(full) => found.status.promote_full == *full,
        Assert::Paused(paused) => found.paused == *paused,
    })
}

/// Looks how far each action is, by what was observed.
pub(super) fn follow(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    let open: Vec<Ticket> = model
        .flights
        .iter()
        .filter(|f| matches!(f.stage, Stage::Accepted | Stage::Observed(_)))
        .map(|f| f.ticket)
        .collect();
    for ticket in open {
        effects.extend(follow_one(model, ticket));
        effects.extend(wave_off::go_on(model, ticket));
    }
    effects
}

fn follow_one(model: &mut Model, ticket: Ticket) -> Vec<Effect> {
    let now = model.now;
    let Some(flight) = model.flights.iter().find(|f| f.ticket == ticket) else { return Vec::new() };
    let progress = match model.fleet.release(&flight.plan.id) {
        Some(release) if release.workload.uid == flight.plan.uid => {
            flight.plan.expectation.progress(&release)
        }
        _ => Progress::Superseded("it was deleted".into()),
    };
    let age = now - flight.sent_at;
    match progress {
        Progress::InEffect(text) => end(model, ticket, Stage::InEffect(text)),
        Progress::Superseded(text) => end(model, ticket, Stage::Superseded(text)),
        Progress::Waiting(text) | Progress::Observed(text) if age > FOLLOWED_FOR => {
            let text = format!("not in effect after {}: {text}", length(FOLLOWED_FOR));
            end(model, ticket, Stage::Overdue(text.into()))
        }
        Progress::Observed(text) => {
            if let Some(flight) = model.flights.iter_mut().find(|f| f.ticket == ticket) {
                flight.observed_at.get_or_insert(now);
                flight.stage = Stage::Observed(text);
            }
            Vec::new()
        }
        Progress::Waiting(_) => Vec::new(),
    }
}

/// Ends an action: receipt, story, journal.
fn end(model: &mut Model, ticket: Ticket, stage: Stage) -> Vec<Effect> {
    let now = model.now;
    let Some(flight) = model.flights.iter_mut().find(|f| f.ticket == ticket) else {
        return Vec::new();
    };
    if let Stage::InEffect(_) = stage {
        flight.observed_at.get_or_insert(now);
    }
    flight.stage = stage;
    flight.ended_at = Some(now);
    let good = matches!(flight.stage, Stage::InEffect(_));
    let receipt = flight.receipt();
    let id = flight.plan.id.clone();
    let entry = Entry {
        at: now,
        ticket,
        report: Report::End { word: flight.stage.word(), detail: flight.stage.detail().into() },
        plan: flight.plan.clone(),
        reason: flight.reason.clone(),
        session: model.stamp.clone(),
    };
    let tone = if good { Tone::Good } else { Tone::Bad };
    let line =
        timeline::Entry { at: now, topic: Topic::People, tone, text: receipt.as_str().into() };
    model.tell(&id, line);
    let_go(model, ticket);
    if !good {
        model.troubles.note(now, id.to_string(), receipt.as_str());
    }
    // Where the workload is on the screen its receipt line says it already.
    if model.meant() != Some(&id) {
        toast(model, good, receipt);
    }
    vec![Effect::Journal(Box::new(entry))]
}

/// A wave-off that is over is not pursued any more. One that was refused changed nothing, also not
/// what was pursued before; one that takes too long still is the way.
fn let_go(model: &mut Model, ticket: Ticket) {
    let Some(flight) = model.flights.iter().find(|f| f.ticket == ticket) else { return };
    if flight.plan.action.verb != Verb::WaveOff {
        return;
    }
    let uid = flight.plan.uid.clone();
    let pursued = match flight.stage {
        Stage::InEffect(_) | Stage::Superseded(_) => None,
        Stage::Refused(_) => pursued_before(model, flight),
        _ => return,
    };
    match pursued {
        Some(target) => model.pursued.insert(uid, target),
        None => model.pursued.remove(&uid),
    };
}

/// Where the way back leads that was begun before a wave-off that was refused, which changed
/// nothing: without it that way would be seen as one more update, and waved off to the bad version.
fn pursued_before(model: &Model, refused: &Flight) -> Option<PodHash> {
    let is_other = |f: &&Flight| {
        f.plan.uid == refused.plan.uid
            && f.plan.action.verb == Verb::WaveOff
            && !matches!(f.stage, Stage::Refused(_))
    };
    match model.flights.iter().rev().find(is_other) {
        Some(Flight { stage: Stage::InEffect(_) | Stage::Superseded(_), .. }) => None,
        Some(begun) => begun.plan.action.target.clone(),
        // By a program that was killed: its target is the version that is wanted.
        None => {
            let target = refused.plan.action.target.clone()?;
            let release = model.fleet.release(&refused.plan.id)?;
            (release.current_hash() == Some(&target)).then_some(target)
        }
    }
}
