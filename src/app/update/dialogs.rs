//! Dialogs: keys while one is open, and keeping it true to what is on the screen.

use crate::app::text_field as input;

use crate::app::access::Access;
use crate::app::availability::{self, Availability};
use crate::app::dialog::{Confirmation, Dialog, Field, RevisionPicker};
use crate::app::effect::Effect;
use crate::app::gate;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::domain::action::{Action, Verb};
use crate::domain::id::WorkloadId;
use crate::domain::legality;
use crate::domain::plan::{self, Plan};
use crate::domain::text::SafeText;

use super::{actions, arming, revert, toast};

/// Asks for a verb on what is meant: opens the dialog, or says why not.
pub(super) fn ask(model: &mut Model, verb: Verb) -> Vec<Effect> {
    let Some(id) = model.meant().cloned() else {
        toast(model, false, "nothing is selected");
        return Vec::new();
    };
    let availability = availability::of(model, &id, verb);
    if let Availability::Disabled(reason) = &availability {
        note_press(model, &id);
        let text = format!("{} {}: {reason}", verb.name(), id.name);
        toast(model, false, text);
        return Vec::new();
    }
    if verb == Verb::Undo {
        return pick_revision(model, &id);
    }
    let Some(release) = model.fleet.release(&id) else { return Vec::new() };
    let action = model.action(&release, verb);
    confirm(model, &id, &action)
}

/// A key pressed again while the action is on its way is counted, not obeyed.
fn note_press(model: &mut Model, id: &WorkloadId) {
    let flight = model.flights.iter_mut().rev().find(|f| f.plan.id == *id && !f.stage.is_over());
    if let Some(flight) = flight {
        flight.pressed_again += 1;
    }
}

fn pick_revision(model: &mut Model, id: &WorkloadId) -> Vec<Effect> {
    let Some(release) = model.fleet.release(id) else { return Vec::new() };
    let targets = legality::undo_targets(&release);
    let selected = targets.iter().position(|t| t.preferred).unwrap_or(0);
    model.dialog = Some(Dialog::PickRevision(RevisionPicker { id: id.clone(), targets, selected }));
    Vec::new()
}

/// Opens the confirmation of an action.
fn confirm(model: &mut Model, id: &WorkloadId, action: &Action) -> Vec<Effect> {
    let Some(release) = model.fleet.release(id) else { return Vec::new() };
    match plan::make(&release, action, model.now) {
        Ok(plan) => {
            let level = model.session.environment(&id.namespace).level;
            let stale = availability::of(model, id, action.verb) == Availability::Blind;
            let wanted = model.access.stale(model.now, plan.permissions());
            let shut = gate::shut(model, &plan);
            let plan = gate::noted(model, plan);
            let dialog = Confirmation::new(plan, level, stale, model.now).past_gate(shut);
            model.dialog = Some(Dialog::Confirm(Box::new(dialog)));
            refresh(model);
            let mut effects: Vec<Effect> = super::gate::ask_kept(model, id).into_iter().collect();
            effects.extend((!wanted.is_empty()).then_some(Effect::CheckAccess(wanted)));
            effects
        }
        Err(reason) => {
            toast(model, false, format!("{}: {reason}", action.verb.name()));
            Vec::new()
        }
    }
}

/// Makes the open dialog true again after something changed.
pub(super) fn refresh(model: &mut Model) {
    match model.dialog.take() {
        Some(Dialog::Confirm(mut dialog)) => {
            refresh_confirmation(model, &mut dialog);
            model.dialog = Some(Dialog::Confirm(dialog));
        }
        Some(Dialog::PickRevision(mut picker)) => {
            if let Some(release) = model.fleet.release(&picker.id) {
                let chosen = picker.targets.get(picker.selected).map(|t| t.hash.clone());
                picker.targets = legality::undo_targets(&release);
                picker.selected = picker
                    .targets
                    .iter()
                    .position(|t| Some(&t.hash) == chosen.as_ref())
                    .or_else(|| picker.targets.iter().position(|t| t.preferred))
                    .unwrap_or(0);
            }
            model.dialog = Some(Dialog::PickRevision(picker));
        }
        other => model.dialog = other,
    }
}

fn refresh_confirmation(model: &Model, dialog: &mut Confirmation) {
    let id = dialog.plan.id.clone();
    let verb = dialog.plan.action.verb;
    let availability = availability::of(model, &id, verb);
    let stale = availability == Availability::Blind;
    let fresh: Result<Plan, SafeText> = match availability {
        Availability::Disabled(reason) => Err(reason),
        Availability::Ready | Availability::Blind => match model.fleet.release(&id) {
            Some(release) if release.workload.uid != dialog.plan.uid => {
                Err("it was deleted and made anew".into())
            }
            Some(release) => plan::make(&release, &dialog.plan.action, model.now),
            None => Err("it is gone".into()),
        },
    };
    match fresh {
        Err(reason) => dialog.refused = Some(reason),
        Ok(plan) => {
            let denied = plan
                .permissions()
                .into_iter()
                .find(|p| model.access.get(p) == Some(&Access::Denied));
            dialog.refused = denied.map(|p| format!("not permitted: {p}").into());
            let changed = !plan.is_same_as(&dialog.plan);
            if changed {
                dialog.changed = differences(&dialog.plan, &plan);
            }
            let shut = gate::shut(model, &plan);
            let plan = gate::noted(model, plan);
            let fresh = Confirmation::new(plan.clone(), dialog.trigger.level, stale, model.now);
            let fresh = fresh.past_gate(shut);
            let gate_moved = fresh.gate.is_some() != dialog.gate.is_some();
            dialog.gate = fresh.gate;
            dialog.reason_required = fresh.reason_required;
            let asks_otherwise = fresh.token != dialog.token || gate_moved;
            if asks_otherwise {
                dialog.token = fresh.token;
                dialog.typed.reset();
                dialog.field = dialog.missing().unwrap_or(Field::Buttons);
            }
            if changed || asks_otherwise {
                dialog.trigger.rearm(model.now);
            }
            dialog.plan = plan;
        }
    }
}

/// What moved between two plans for the same action, in words.
fn differences(before: &Plan, after: &Plan) -> Vec<SafeText> {
    let pairs = before.writes.iter().zip(&after.writes);
    let mut lines: Vec<SafeText> = pairs
        .flat_map(|(old, new)| old.asserts.iter().zip(&new.asserts))
        .filter(|(old, new)| old != new)
        .map(|(old, new)| SafeText::from(format!("{} -> {}", old.words(), new.value_words())))
        .collect();
    if lines.is_empty() {
        lines.push("what would be written changed".into());
    }
    lines
}

/// A key while a dialog is open.
pub(super) fn key(model: &mut Model, key: Key) -> Vec<Effect> {
    match model.dialog.take() {
        Some(Dialog::Confirm(dialog)) => confirmation_key(model, dialog, key),
        Some(Dialog::PickRevision(picker)) => picker_key(model, picker, key),
        Some(Dialog::Arm(dialog)) => arming::arm_key(model, dialog, key),
        Some(Dialog::Disarm(uid)) => arming::disarm_key(model, uid, key),
        Some(Dialog::Revert(trigger)) => revert::key(model, trigger, key),
        Some(Dialog::Quit) => match key {
            Key::Enter | Key::Ctrl('c') | Key::Char('q' | 'y') => vec![Effect::Quit],
            Key::Esc | Key::Char('n') => Vec::new(),
            _ => {
                model.dialog = Some(Dialog::Quit);
                Vec::new()
            }
        },
        None => Vec::new(),
    }
}

/// Notes whether the last thing before an Enter came by itself. Whether a post is to be left is not
/// asked into noise, whose next key may be the yes: who means it asks again.
pub(super) fn hurried(model: &mut Model, burst: bool) {
    if burst && matches!(model.dialog, Some(Dialog::Quit | Dialog::Disarm(_))) {
        model.dialog = None;
        toast(model, false, "keys came in a burst: nothing is left or disarmed");
    }
    let trigger = match &mut model.dialog {
        Some(Dialog::Confirm(dialog)) => &mut dialog.trigger,
        Some(Dialog::Arm(dialog)) => &mut dialog.trigger,
        Some(Dialog::Revert(trigger)) => trigger,
        _ => return,
    };
    trigger.hasty = burst;
}

/// Pasted text while a dialog is open: only ever into a text field.
pub(super) fn paste(model: &mut Model, text: &str) {
    match &mut model.dialog {
        Some(Dialog::Confirm(dialog)) if dialog.field == Field::Reason => {
            for c in SafeText::new(text).chars().take(200) {
                input::insert(&mut dialog.reason, c);
            }
        }
        // The token is typed by hand, that is its point.
        _ => hurried(model, true),
    }
}

fn confirmation_key(model: &mut Model, mut dialog: Box<Confirmation>, key: Key) -> Vec<Effect> {
    match key {
        Key::Esc | Key::Ctrl('c') => {
            toast(
                model,
                true,
                format!("{} left: nothing was sent", dialog.plan.action.verb.name()),
            );
            return Vec::new();
        }
        Key::Enter => {
            // A pass may have ended while the dialog was open.
            let shut = gate::shut(model, &dialog.plan);
            if shut.is_some() && dialog.gate.is_none() {
                dialog = Box::new(dialog.past_gate(shut));
                dialog.trigger.rearm(model.now);
            }
            if dialog.hindrance(model.now).is_none() {
                let reason = dialog.told(dialog.reason.value());
                return actions::begin(model, dialog.plan, reason).1;
            }
            dialog.trigger.calm(model.now);
            // Enter on the way to the button goes to what is missing.
            dialog.field = dialog.missing().unwrap_or(dialog.field);
        }
        Key::Tab | Key::Down => dialog.field = step(&dialog, 1),
        Key::BackTab | Key::Up => dialog.field = step(&dialog, -1),
        other => match dialog.field {
            Field::Token => input::edit(&mut dialog.typed, other),
            Field::Reason => input::edit(&mut dialog.reason, other),
            Field::Buttons => {}
        },
    }
    model.dialog = Some(Dialog::Confirm(dialog));
    Vec::new()
}

fn step(dialog: &Confirmation, by: isize) -> Field {
    let fields = dialog.fields();
    let at = fields.iter().position(|f| *f == dialog.field).unwrap_or(0);
    let count = fields.len().max(1);
    let next = (at + count).saturating_add_signed(by) % count;
    fields.get(next).copied().unwrap_or(Field::Buttons)
}

fn picker_key(model: &mut Model, mut picker: RevisionPicker, key: Key) -> Vec<Effect> {
    match key {
        Key::Esc | Key::Ctrl('c') | Key::Char('q') => return Vec::new(),
        Key::Down | Key::Char('j') => {
            picker.selected = (picker.selected + 1).min(picker.targets.len().saturating_sub(1));
        }
        Key::Up | Key::Char('k') => picker.selected = picker.selected.saturating_sub(1),
        Key::Enter => {
            let Some(target) = picker.targets.get(picker.selected) else { return Vec::new() };
            let action = Action { verb: Verb::Undo, target: Some(target.hash.clone()) };
            return confirm(model, &picker.id, &action);
        }
        _ => {}
    }
    model.dialog = Some(Dialog::PickRevision(picker));
    Vec::new()
}
