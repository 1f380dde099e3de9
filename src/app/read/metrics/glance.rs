//! The measured values of a workload in a few letters, for the rows of the fleet.
//!
//! Called by the fleet's selector, and by `report`.

use crate::app::metrics::Subject;
use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::id::WorkloadId;
use crate::domain::measure::Reading;
use crate::domain::measure::panel::{Panel, Unit};
use crate::domain::measure::share::{Measured, Truth};

use super::share::{age, percent};

/// A few letters and how to take them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Short {
    /// The letters; empty where nothing is measured.
    pub text: String,
    /// How to take them; nothing is plain.
    pub role: Option<Role>,
}

impl Short {
    fn new(text: impl Into<String>, role: Role) -> Self {
        Self { text: text.into(), role: Some(role) }
    }
}

/// Measured share, errors and P99 of the new version; of the only one, when there is no update.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Glance {
    /// Share.
    pub share: Short,
    /// Errors.
    pub errors: Short,
    /// P99.
    pub p99: Short,
}

/// The measured values of a workload.
pub fn of(model: &Model, id: &WorkloadId) -> Glance {
    let Some(subject) = model.metrics.subject(id) else { return Glance::default() };
    Glance {
        share: share(model, subject),
        errors: value(model, subject, "errors"),
        p99: value(model, subject, "p99"),
    }
}

fn share(model: &Model, subject: &Subject) -> Short {
    let Some(measured) = &subject.measured else { return Short::default() };
    let Some(share) = Measured::share(measured) else { return Short::new("few", Role::Muted) };
    let text = percent(share);
    if age(model, subject, measured).is_some() {
        return Short::new(format!("{text}?"), Role::Stale);
    }
    match subject.truth {
        _ if subject.overload.is_some() => Short::new(format!("{text}!"), Role::Bad),
        Some(Truth::Disagrees(_)) => Short::new(format!("{text}!"), Role::Bad),
        Some(Truth::Settling(_)) => Short::new(text, Role::Moving),
        Some(Truth::TooFew) => Short::new("few", Role::Muted),
        Some(Truth::Agrees) | None => Short::new(text, Role::Text),
    }
}

/// The usual panel with this title.
pub fn usual<'s>(subject: &'s Subject, title: &str) -> Option<&'s Panel> {
    let own = |panel: &&Panel| panel.source.is_usual() && panel.title == title;
    subject.panels.iter().find(own)
}

fn value(model: &Model, subject: &Subject, title: &str) -> Short {
    let Some(panel) = usual(subject, title) else { return Short::default() };
    let Some(line) = panel.lines.first() else { return Short::default() };
    let reading = model.metrics.reading(subject, panel, line, model.now);
    short(panel.unit, &reading)
}

/// A reading in six letters at most.
fn short(unit: Unit, reading: &Reading) -> Short {
    match reading {
        Reading::Value(value) => Short::new(unit.words(*value), Role::Text),
        Reading::AtLeast(bound) => Short::new(format!(">{}", unit.words(*bound)), Role::Warn),
        Reading::Stale { value, .. } => Short::new(format!("{}?", unit.words(*value)), Role::Stale),
        Reading::LowTraffic { .. } => Short::new("few", Role::Muted),
        Reading::Undefined => Short::new("NaN", Role::Muted),
        Reading::NoSeries => Short::new("none", Role::Muted),
        Reading::Failed(_) => Short::new("fail", Role::Warn),
        Reading::Loading => Short::default(),
    }
}
