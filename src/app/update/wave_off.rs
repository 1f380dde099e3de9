//! A wave-off of several moves: each is sent when the state says that it is its turn.
//!
//! Nothing is remembered but what is still to be sent: what comes next is asked of the state each
//! time, so a move is never sent twice and never into a state that it was not meant for.

use crate::app::effect::Effect;
use crate::app::flight::{Flight, Stage, Ticket};
use crate::app::model::Model;
use crate::domain::action::{Action, Verb};
use crate::domain::plan::{self, Danger};
use crate::domain::way_back;

use super::actions::begin;

/// A move that the API server refused changed nothing, and is planned anew; so often.
const TRIES: usize = 3;

/// Sends the next move of this wave-off, if it is its turn.
pub(super) fn go_on(model: &mut Model, ticket: Ticket) -> Vec<Effect> {
    let Some(flight) = model.flights.iter().find(|f| f.ticket == ticket) else { return Vec::new() };
    let Some(next) = flight.rest.first().copied() else { return Vec::new() };
    if flight.plan.action.verb != Verb::WaveOff || flight.stage.is_over() {
        return Vec::new();
    }
    match flight.carried_by.and_then(|by| model.flights.iter().find(|f| f.ticket == by)) {
        None => send(model, ticket, next),
        Some(carrier) => match &carrier.stage {
            Stage::Refused(_) if tries(model, flight, next) < TRIES => send(model, ticket, next),
            Stage::Sent | Stage::Unknown(_) | Stage::Refused(_) => Vec::new(),
            _ => {
                if let Some(flight) = model.flights.iter_mut().find(|f| f.ticket == ticket) {
                    flight.rest.remove(0);
                    flight.carried_by = None;
                }
                go_on(model, ticket)
            }
        },
    }
}

/// How often this move was sent for this wave-off.
fn tries(model: &Model, flight: &Flight, verb: Verb) -> usize {
    let same = |f: &&Flight| {
        f.plan.uid == flight.plan.uid
            && f.plan.action.verb == verb
            && f.sent_at >= flight.sent_at
            && f.ticket > flight.ticket
    };
    model.flights.iter().filter(same).count()
}

fn send(model: &mut Model, ticket: Ticket, next: Verb) -> Vec<Effect> {
    let Some(flight) = model.flights.iter().find(|f| f.ticket == ticket) else { return Vec::new() };
    let Some(target) = flight.plan.action.target.clone() else { return Vec::new() };
    let reason = format!("wave-off {}: {}", ticket.0, flight.reason);
    let reason = reason.trim_end_matches([':', ' ']).into();
    let Some(release) = model.fleet.release(&flight.plan.id) else { return Vec::new() };
    if release.workload.uid != flight.plan.uid {
        return Vec::new();
    }
    let way = way_back::of(&release, Some(&target), model.now);
    if way.way().and_then(way_back::Way::first) != Some(next) {
        return Vec::new();
    }
    let action = Action { verb: next, target: (next == Verb::Undo).then_some(target) };
    let Ok(mut plan) = plan::make(&release, &action, model.now) else { return Vec::new() };
    // Part of a way to safety: a journal that cannot be written does not hold it up half-way.
    plan.danger = Danger::Safety;
    let (carrier, effects) = begin(model, plan, reason);
    if let Some(flight) = model.flights.iter_mut().find(|f| f.ticket == ticket) {
        flight.carried_by = Some(carrier);
    }
    effects
}
