//! The Readiness screen: asks, and takes in what was found.
//!
//! An answer that is not the newest changes nothing.

use std::sync::Arc;

use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::readiness::{Exam, Examined};
use crate::app::screen::Screen;
use crate::domain::id::WorkloadId;
use crate::domain::text::SafeText;

use super::looking;

/// Opens it, and asks.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.meant().cloned() else { return Vec::new() };
    let mut effects = looking::show(model, Screen::Readiness);
    effects.extend(ask(model, &id));
    effects
}

/// Asks anew. What is shown stays until the answer is there.
pub(super) fn ask(model: &mut Model, id: &WorkloadId) -> Vec<Effect> {
    let epoch = model.take_number();
    model.readiness.epoch = epoch;
    model.readiness.asked = Some(id.clone());
    let subject = model.metrics.subjects.get(id);
    let exam = Exam {
        workload: id.clone(),
        terms: model.terms_of(id),
        catalogue: Arc::clone(&model.catalogue),
        prometheus: subject.and_then(|subject| subject.address().cloned()),
    };
    vec![Effect::Examine(epoch, Box::new(exam))]
}

/// Takes an answer in.
pub(super) fn examined(
    model: &mut Model,
    epoch: u64,
    found: Result<Box<Examined>, SafeText>,
) -> Vec<Effect> {
    if model.readiness.epoch != epoch {
        return Vec::new();
    }
    if let Some(id) = model.readiness.asked.take() {
        model.readiness.found = Some((id, model.now, found));
    }
    Vec::new()
}
