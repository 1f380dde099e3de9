//! The rules that look at Rollouts, their traffic and their analyses: W21 to W42, and W46.
//!
//! Source: release-engineering B3, and the faults X10 to X31 that it was made from. Those that ask
//! a live cluster say nothing where none was asked. Called by `judge`.

mod conditions;
mod labels;
mod ladder;
mod limits;
mod live;
mod merged;
mod metrics;
mod nginx;
mod promql;
mod query;
pub(crate) mod reading;
mod references;
mod switch;
mod undo;
mod watched;

use crate::domain::readiness::Severity;

use super::case::Case;
use super::{Rule, Weights};

pub use live::{Questions, questions};
pub use reading::{Shelf, Use};

const CANARY_WARNING: Weights =
    Weights { rolling: None, blue_green: None, canary: Some(Severity::Warning) };
const CANARY_ERROR: Weights =
    Weights { rolling: None, blue_green: None, canary: Some(Severity::Error) };
const SWITCH_WARNING: Weights =
    Weights { rolling: None, blue_green: Some(Severity::Warning), canary: None };
const SWITCH_ERROR: Weights =
    Weights { rolling: None, blue_green: Some(Severity::Error), canary: None };
const WARNING: Weights = Weights::rollouts(Severity::Warning);
const ERROR: Weights = Weights::rollouts(Severity::Error);

/// The rules.
pub const RULES: &[Rule] = &[
    row("W21", "switch without asking", SWITCH_WARNING, switch::asks),
    row("W22", "old version gone too soon", SWITCH_ERROR, switch::stays),
    row("W23", "switch without analysis", SWITCH_WARNING, switch::analysed),
    row("W24", "traffic asked of a preview", SWITCH_ERROR, switch::has_users),
    row("W25", "two Services", ERROR, switch::services),
    row("W26", "ladder of weights", CANARY_WARNING, ladder::weights),
    row("W27", "approval before the end", CANARY_ERROR, ladder::approval),
    row("W28", "analysis during pauses", CANARY_WARNING, watched::throughout),
    row("W29", "errors watched at first", CANARY_WARNING, watched::errors_first),
    row("W30", "undo without steps", ERROR, undo::window),
    row("W31", "what is referred to", ERROR, references::found),
    row("W32", "merged templates", ERROR, merged::fits),
    row("W33", "metric without end", ERROR, metrics::ends),
    row("W34", "ratio of nothing", ERROR, query::has_value),
    row("W35", "value that is no number", WARNING, conditions::defined),
    row("W36", "tolerated failures", WARNING, metrics::tolerates),
    row("W37", "limit looser than the guard", WARNING, limits::as_tight),
    row("W38", "range of a query", WARNING, query::ranges),
    row("W39", "buckets around the limit", ERROR, live::brackets),
    row("W40", "query without an answer", ERROR, live::answers),
    row("W41", "labels at odds", WARNING, labels::agree),
    row("W42", "ingress-nginx", CANARY_WARNING, nginx::routes),
    row("W46", "rights of this user", Weights::all(Severity::Error), live::rights),
];

const fn row(
    id: &'static str,
    title: &'static str,
    weight: Weights,
    look: fn(&mut Case<'_>),
) -> Rule {
    Rule { id, title, weight, look }
}

#[cfg(test)]
mod tests;
