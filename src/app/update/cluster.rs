//! What the cluster reports: objects, states of sources, the pulse, rights.

use crate::app::access::Access;
use crate::app::availability;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::msg::Pulse;
use crate::app::roster;
use crate::domain::id::ResourceKind;
use crate::domain::observation::{Observation, SourceId, SourceState};
use crate::domain::plan::Permission;
use crate::domain::text::SafeText;

use super::{actions, dialogs};

pub(super) fn observed(model: &mut Model, observations: Vec<Observation>) -> Vec<Effect> {
    // A whole list of workloads is what a person waits for: it is not left for the next tick.
    let waited_for = observations.iter().any(lists_workloads);
    for observation in observations {
        for (id, entry) in model.fleet.apply(model.now, observation) {
            model.tell(&id, entry);
        }
    }
    model.fleet_view.roster_is_old = true;
    if waited_for || model.fleet_view.roster.as_ref().is_none_or(|r| r.rows.is_empty()) {
        count(model);
    }
    dialogs::refresh(model);
    actions::follow(model)
}

fn lists_workloads(observation: &Observation) -> bool {
    match observation {
        Observation::Listed(source, _) | Observation::Complete(source, _) => {
            matches!(source.kind, ResourceKind::Rollouts | ResourceKind::Deployments)
        }
        Observation::Seen(_) | Observation::Gone(..) => false,
    }
}

/// Counts the rows of the Fleet screen anew.
pub(super) fn count(model: &mut Model) {
    let roster = roster::of(model);
    let first = roster.rows.first().map(|row| row.id.clone());
    let view = &mut model.fleet_view;
    if view.selected.is_none() || !view.kept {
        view.selected = first;
    }
    // What was listed last may have changed the order: the rows are counted once more after it.
    view.kept |= !model.sources.is_empty() && !model.sources.values().any(is_loading);
    model.fleet_view.roster = Some(roster);
    model.fleet_view.roster_is_old = false;
}

fn is_loading(state: &SourceState) -> bool {
    matches!(state, SourceState::Loading(_))
}

pub(super) fn source(model: &mut Model, source: SourceId, state: SourceState) -> Vec<Effect> {
    let kind = source.kind.resource();
    match &state {
        SourceState::Stale { error, attempt: 1, .. } => {
            let now = model.now;
            model.troubles.note(now, format!("watch {kind}"), error.clone());
        }
        SourceState::Forbidden(rule) => {
            let now = model.now;
            model.troubles.note(now, format!("watch {kind}"), format!("not permitted: {rule}"));
        }
        _ => {}
    }
    model.sources.insert(source, state);
    dialogs::refresh(model);
    Vec::new()
}

pub(super) fn odd(model: &mut Model, source: &SourceId, text: SafeText) -> Vec<Effect> {
    let now = model.now;
    model.troubles.note(now, format!("read {}", source.kind.resource()), text);
    Vec::new()
}

pub(super) fn pulse(model: &mut Model, pulse: Pulse) -> Vec<Effect> {
    let was_alive = model.pulse.as_ref().is_none_or(|p| p.alive);
    if was_alive && !pulse.alive {
        let now = model.now;
        let text = pulse.error.clone().unwrap_or_else(|| "no answer".into());
        model.troubles.note(now, "api server", text);
    }
    model.pulse = Some(pulse);
    Vec::new()
}

pub(super) fn access(model: &mut Model, answers: Vec<(Permission, Access)>) -> Vec<Effect> {
    for (permission, access) in answers {
        let now = model.now;
        if let Access::Unknown(text) = &access {
            model.troubles.note(now, "rights", text.clone());
        }
        model.access.note(now, permission, access);
    }
    dialogs::refresh(model);
    Vec::new()
}

/// Asks for the rights on what is meant now, where they are not known or old.
pub(super) fn ask_access(model: &Model) -> Vec<Effect> {
    if model.pulse.as_ref().is_some_and(|p| !p.alive) {
        return Vec::new();
    }
    let Some(id) = model.meant() else { return Vec::new() };
    let wanted = availability::permissions_of(model, id);
    let stale = model.access.stale(model.now, wanted);
    if stale.is_empty() { Vec::new() } else { vec![Effect::CheckAccess(stale)] }
}
