//! The Journal screen: asks for the journal, takes it in, moves on it, opens an action.

use crate::app::effect::Effect;
use crate::app::logbook::Logbook;
use crate::app::model::Model;
use crate::app::screen::Screen;
use crate::domain::text::SafeText;

use super::looking::{clamp, push};

/// Opens it: of the workload whose screen this is, else of all. There, shows all.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let of = model.screen().workload().cloned();
    if let Some(Screen::Journal(from)) = model.screens.last_mut() {
        *from = None;
    } else {
        push(model, Screen::Journal(of));
    }
    model.logbook.selected = 0;
    read(model)
}

/// Asks for the journal anew. What is shown stays until it is there.
pub(super) fn read(model: &mut Model) -> Vec<Effect> {
    model.logbook.epoch = model.take_number();
    vec![Effect::ReadJournal(model.logbook.epoch)]
}

/// Takes it in.
pub(super) fn taken(
    model: &mut Model,
    epoch: u64,
    read: Result<Box<Logbook>, SafeText>,
) -> Vec<Effect> {
    if model.logbook.epoch == epoch {
        model.logbook.read = Some(read);
    }
    Vec::new()
}

/// Moves the selection.
pub(super) fn move_by(model: &mut Model, by: isize) {
    let Screen::Journal(of) = model.screen().clone() else { return };
    let count = model.logbook.shown(of.as_ref()).count();
    model.logbook.selected = clamp(model.logbook.selected, by, count);
}

/// Opens the selected action.
pub(super) fn open_row(model: &mut Model) {
    let Screen::Journal(of) = model.screen().clone() else { return };
    let deed = model.logbook.shown(of.as_ref()).nth(model.logbook.selected);
    if let Some((session, ticket)) = deed.map(|deed| (deed.session.clone(), deed.ticket)) {
        push(model, Screen::Deed(session, ticket));
    }
}
