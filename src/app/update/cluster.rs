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

use super::{actions, dialogs, gate};

pub(super) fn observed(model: &mut Model, observations: Vec<Observation>) -> Vec<Effect> {
    for observation in observations {
        for (id, entry) in model.fleet.apply(model.now, observation) {
            model.tell(&id, entry);
        }
    }
    let touched = model.fleet.take_touched();
    roster::follow(model, touched);
    select(model);
    dialogs::refresh(model);
    let mut effects = gate::follow(model);
    effects.extend(actions::follow(model));
    effects
}

/// Counts the rows of the Fleet screen anew: filter or order changed.
pub(super) fn count(model: &mut Model) {
    model.fleet_view.roster = Some(roster::of(model));
    select(model);
}

/// Time has passed.
pub(super) fn recount(model: &mut Model) {
    let fleeting = roster::fleeting(model);
    if !fleeting.is_empty() {
        roster::follow(model, fleeting);
    }
    select(model);
}

/// Until a key was pressed or all was listed, the first row is selected, whichever that is.
fn select(model: &mut Model) {
    let view = &mut model.fleet_view;
    if view.selected.is_none() || !view.kept {
        let first = view.roster.as_ref().and_then(|roster| roster.rows().first());
        view.selected = first.map(|row| row.id.clone());
    }
    // What was listed last may have changed the order: it counts once more after it.
    view.kept |= !model.sources.is_empty() && !model.sources.values().any(is_loading);
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
    if has_answered(model) {
        // What is not there now is not there: the last view has nothing to say any more.
        model.fleet_view.last = None;
    }
    dialogs::refresh(model);
    Vec::new()
}

/// Whether every kind of workload was listed, or cannot be, in every namespace that is watched.
///
/// A source that has not begun is not there yet: that nothing is missing among those that are
/// there says nothing.
fn has_answered(model: &Model) -> bool {
    let namespaces = model.session.scope.namespaces();
    let kinds = ResourceKind::ALL.into_iter().filter(|kind| kind.is_workload());
    let mut wanted = kinds.flat_map(|kind| {
        namespaces.iter().map(move |namespace| SourceId { kind, namespace: namespace.clone() })
    });
    wanted.all(|id| match model.sources.get(&id) {
        None | Some(SourceState::Loading(_) | SourceState::Stale { .. }) => false,
        Some(_) => true,
    })
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
    let told = model.pulse.as_ref().and_then(|p| p.sign_in.as_ref());
    if let Some(text) = pulse.sign_in.as_ref().filter(|text| told != Some(text)) {
        let now = model.now;
        model.troubles.note(now, "credentials", text.clone());
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
