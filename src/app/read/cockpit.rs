//! The verdict on one workload: what it is, where it stands, why, and what the last action did.
//!
//! Called by `view` for the Rollout screen, the previews and the notice of a small terminal.

pub mod guard;
pub mod readiness;
pub mod steps;
pub mod way_back;

use crate::app::flight::{FOLLOWED_FOR, Flight, Stage};
use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::attention;
use crate::domain::id::WorkloadId;
use crate::domain::phase::{self, Phase, Trouble};
use crate::domain::release::{Release, Revision};
use crate::domain::time::{clock, length};
use crate::domain::why;

use super::Doubt;
use super::fleet::{Entry, kind_of};
use super::phrase::Phrase;
use super::revisions::look;

/// The verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Name.
    pub name: String,
    /// `canary`, `blue-green`, `rolling`.
    pub strategy: &'static str,
    /// `r42 9f3c1a2 over r40 77be0d1`.
    pub versions: Phrase,
    /// The phase's word, loud.
    pub phase: String,
    /// Its look.
    pub role: Role,
    /// Clock or step beside it.
    pub beside: String,
    /// Why, in one sentence.
    pub why: String,
    /// What can be done.
    pub next: String,
    /// What is to be doubted about all of it.
    pub doubt: Doubt,
}

/// The verdict on a release.
pub fn verdict(model: &Model, release: &Release<'_>) -> Verdict {
    let workload = release.workload;
    let standing = phase::of(workload);
    let why = why::of(release, model.now);
    let doubt = super::doubt(model, kind_of(&workload.id), &workload.id.namespace);
    let trouble = phase::trouble(workload);
    let word = match (&standing.phase, &trouble) {
        (Phase::Degraded, Some(Trouble::Aborted(_))) => "ABORTED",
        (Phase::Degraded, Some(Trouble::InvalidSpec(_))) => "INVALID",
        (Phase::Degraded, Some(Trouble::DeadlineExceeded(_))) => "STUCK",
        (phase, _) => phase.as_str(),
    };
    Verdict {
        name: workload.id.name.to_string(),
        strategy: workload.strategy.word(),
        versions: versions(release),
        phase: format!("{}{}", word.to_uppercase(), doubt.mark()),
        role: if doubt.is_doubtful() {
            Role::Stale
        } else {
            role_of(model, release, standing.phase)
        },
        beside: beside(model, release),
        why: why.sentence,
        next: why.next.unwrap_or_default(),
        doubt,
    }
}

/// The look of a phase is that of its row in the fleet.
fn role_of(model: &Model, release: &Release<'_>, phase: Phase) -> Role {
    let mark = super::fleet::mark(&entry_of(model, release));
    super::fleet::role_of(mark, phase)
}

fn entry_of(model: &Model, release: &Release<'_>) -> Entry {
    let (attention, risk) = attention::of(release, model.now);
    let updated = release.current().and_then(|r| r.replica_set.created);
    Entry { id: release.workload.id.clone(), attention, risk, updated }
}

fn beside(model: &Model, release: &Release<'_>) -> String {
    let workload = release.workload;
    if workload.paused {
        return "held".to_owned();
    }
    if let Some(ends) = phase::pause_ends(workload) {
        return format!("goes on in {}", clock(ends - model.now));
    }
    if let Some(pause) = phase::pause(workload)
        && let Some(start) = pause.start
    {
        return format!("for {}", length(model.now - start));
    }
    if release.workload.deleting {
        return "being deleted".to_owned();
    }
    String::new()
}

fn versions(release: &Release<'_>) -> Phrase {
    let name = |r: &Revision<'_>| format!("{} {}", r.number_text(), r.replica_set.hash);
    let current = release.current();
    let stable = release.stable();
    let mut phrase = Phrase::new();
    if let Some(revision) = current {
        phrase.push(look(revision), name(revision));
    } else {
        phrase.push(Role::Stale, "no revision seen yet");
    }
    if let (Some(current), Some(stable)) = (current, stable)
        && current.replica_set.uid != stable.replica_set.uid
    {
        phrase.push(Role::Muted, " over ");
        phrase.push(look(stable), name(stable));
    }
    phrase
}

/// The last action on a workload and how far it is; nothing once it is old news.
pub fn receipt(model: &Model, id: &WorkloadId) -> Option<Phrase> {
    let flight = model.last_flight(id)?;
    let over_for = flight.ended_at.map(|at| model.now - at);
    if over_for.is_some_and(|span| span > FOLLOWED_FOR) {
        return None;
    }
    let mut phrase = Phrase::new();
    if let Some(at) = flight.ended_at {
        let time = super::header::time_of_day(model, at);
        phrase.push(Role::Muted, format!("{time}  "));
    } else {
        match flight.stopwatch(model.now) {
            Some(watch) if watch.starts_with("OVER") => phrase.push(Role::Bad, watch),
            Some(watch) => phrase.push(Role::Moving, watch),
            None => phrase.push(Role::Moving, length(model.now - flight.sent_at)),
        }
        phrase.push(Role::Text, "  ");
    }
    phrase.push(stage_role(flight), flight.receipt());
    if flight.pressed_again > 0 {
        phrase.push(
            Role::Muted,
            format!("  (key pressed {} times more, sent once)", flight.pressed_again),
        );
    }
    Some(phrase)
}

fn stage_role(flight: &Flight) -> Role {
    match flight.stage {
        Stage::Sent | Stage::Accepted | Stage::Observed(_) => Role::Moving,
        Stage::InEffect(_) => Role::Ok,
        Stage::Unknown(_) | Stage::Superseded(_) => Role::Warn,
        Stage::Refused(_) | Stage::Overdue(_) => Role::Bad,
    }
}

/// What the notice of a small terminal still says: name, step, router's share, age.
pub fn one_line(model: &Model) -> String {
    let Some(release) = model.meant().and_then(|id| model.fleet.release(id)) else {
        let [needs, moving, unknown, quiet] = super::fleet::list(model).counts();
        return format!("!{needs} >{moving} ?{unknown} ={quiet}");
    };
    let verdict = verdict(model, &release);
    let entry = entry_of(model, &release);
    let row = super::fleet::row(model, &entry);
    let (step, router) = row.map(|r| (r.step, r.share.router)).unwrap_or_default();
    let age = match &verdict.doubt {
        Doubt::None => "live".to_owned(),
        Doubt::Old(age) => age.clone(),
        Doubt::Blind(why) => why.clone(),
    };
    [verdict.name, verdict.phase, step, router, age]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
