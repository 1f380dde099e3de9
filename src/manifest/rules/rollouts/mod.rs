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

use super::{Rule, Weights, rule};

pub use labels::selections;
pub use live::{Questions, questions};
pub use reading::{Shelf, Use};
pub use references::wanted;

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
    rule("W21", "switch without asking", SWITCH_WARNING, switch::asks),
    rule("W22", "old version gone too soon", SWITCH_ERROR, switch::stays),
    rule("W23", "switch without analysis", SWITCH_WARNING, switch::analysed),
    rule("W24", "traffic asked of a preview", SWITCH_ERROR, switch::has_users),
    rule("W25", "one strategy, two Services", ERROR, switch::services),
    rule("W26", "ladder of weights", CANARY_WARNING, ladder::weights),
    rule("W27", "approval before the end", CANARY_ERROR, ladder::approval),
    rule("W28", "analysis during pauses", CANARY_WARNING, watched::throughout),
    rule("W29", "errors watched at first", CANARY_WARNING, watched::errors_first),
    rule("W30", "undo without steps", ERROR, undo::window),
    rule("W31", "what is referred to", ERROR, references::found),
    rule("W32", "merged templates", ERROR, merged::fits),
    rule("W33", "metric without end", ERROR, metrics::ends),
    rule("W34", "ratio of nothing", ERROR, query::has_value),
    rule("W35", "value that is no number", WARNING, conditions::defined),
    rule("W36", "tolerated failures", WARNING, metrics::tolerates),
    rule("W37", "limit looser than the guard", WARNING, limits::as_tight),
    rule("W38", "range of a query", WARNING, query::ranges),
    rule("W39", "buckets around the limit", ERROR, live::brackets),
    rule("W40", "query without an answer", ERROR, live::answers),
    rule("W41", "labels at odds", WARNING, labels::agree),
    rule("W42", "ingress-nginx", CANARY_WARNING, nginx::routes),
    rule("W46", "rights of this user", Weights::all(Severity::Error), live::rights),
];

#[cfg(test)]
mod tests;
