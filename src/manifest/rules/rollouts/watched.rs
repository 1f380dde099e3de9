//! When a canary is watched, and whether errors are (W28, W29).
//!
//! Source: `spec.strategy.canary.analysis` and the analysis steps; X18, X23. Called through the
//! table of rules.

use crate::domain::analysis::limit::Good;
use crate::domain::strategy::PauseLength;
use crate::domain::time::{Span, length};
use crate::manifest::rules::case::{Case, Said};

use super::limits::passing;
use super::promql::{Kind, Outcome};
use super::reading::steps::{Placed, Step, canary, steps};
use super::reading::{Measured, Metric, Role, Use, counting};

/// W28: an analysis runs beside the steps, so that pauses are watched too (X23).
pub(super) fn throughout(case: &mut Case<'_>) {
    let Some(canary) = canary(case.workload) else { return };
    let spot = canary.key("analysis");
    let steps = steps(case.workload);
    let fix = "strategy.canary.analysis with the templates, and startingStep: 1";
    let why = "during pauses nobody looks: a canary that fails then is found at the next analysis";
    if spot.key("templates").elements().is_empty() {
        let paused = length(paused(&steps));
        let measured = format!("none; {paused} of timed pauses unwatched");
        let said = Said::of(measured, "an analysis beside the steps", why, fix);
        return case.broken(case.workload.object, &spot, said);
    }
    let start = spot.key("startingStep");
    let from = start.int().and_then(|step| usize::try_from(step).ok()).unwrap_or(0);
    let before = steps.get(..from.min(steps.len())).unwrap_or_default();
    let first = before.iter().position(|placed| placed.weight().is_some_and(|w| w > 0));
    let exposed = first.and_then(|first| before.get(first..)).unwrap_or_default();
    let pauses = exposed.iter().any(|placed| matches!(placed.step, Step::Pause(_)));
    if pauses || (from >= steps.len() && !steps.is_empty()) {
        let measured = format!("begins at step {from} of {}", steps.len());
        let wanted = "before the first pause at which users are on the canary";
        case.broken(case.workload.object, &start, Said::of(measured, wanted, why, fix));
    }
}

fn paused(steps: &[Placed<'_>]) -> Span {
    let spans = steps.iter().filter_map(|placed| match placed.step {
        Step::Pause(PauseLength::For(span)) => Some(span),
        _ => None,
    });
    spans.fold(Span::zero(), |sum, span| sum.checked_add(&span).unwrap_or(Span::MAX))
}

/// W29: errors are watched as soon as there are users (X18).
pub(super) fn errors_first(case: &mut Case<'_>) {
    let Some(canary) = canary(case.workload) else { return };
    let steps = steps(case.workload);
    let is_on = |placed: &Placed<'_>| placed.weight().is_some_and(|weight| weight > 0);
    let Some(first) = steps.iter().position(is_on) else { return };
    let rest = steps.get(first + 1..).unwrap_or_default();
    let weight = steps.get(first).and_then(Placed::weight).unwrap_or_default();
    let is_next = |placed: &Placed<'_>| {
        matches!(placed.step, Step::Weight(_)) && placed.weight() != Some(weight)
    };
    let end = rest.iter().position(is_next).map_or(steps.len(), |next| first + 1 + next);
    let at_first = |role: Role| match role {
        Role::Step(index) | Role::Experiment(index) => index > first && index < end,
        Role::Background(from) => from < end,
        Role::Before | Role::After => false,
    };
    let limit = case.profile.error_limit;
    let mut found = counting(case.analyses).filter(|(used, ..)| at_first(used.role));
    if found.any(|(used, measured, metric)| watches_errors(used, measured, metric, limit)) {
        return;
    }
    let here: Vec<&Use<'_>> = case.analyses.iter().filter(|used| at_first(used.role)).collect();
    let spot =
        here.first().map_or_else(|| canary.key("analysis"), |used| used.spot.key("templates"));
    let names: Vec<&str> =
        here.iter().flat_map(|used| &used.named).map(|named| named.name).collect();
    let measured = if names.is_empty() { "no analysis".to_owned() } else { names.join(", ") };
    let said = Said::of(
        measured,
        format!("the share of failed requests, from {weight} % on"),
        "the first users are there to find errors, and errors are not looked at",
        "the template of the error rate in the first analysis, or beside all steps",
    );
    match unread(&here) {
        Some(reason) => case.unknown(case.workload.object, &spot, &reason, said),
        None => case.broken(case.workload.object, &spot, said),
    }
}

/// It counts failed requests; or good ones, with a limit that allows no more failed ones than the
/// guard does.
fn watches_errors(used: &Use<'_>, measured: &Measured<'_>, metric: &Metric<'_>, most: f64) -> bool {
    let facts = measured.facts();
    let Some(shape) = facts.map(|facts| facts.shape) else { return false };
    match (shape.outcome(), shape.kind) {
        (Some(Outcome::Failed), _) => true,
        (Some(Outcome::Good), Kind::Share(_)) => {
            let lines = passing(used, metric).map(|(_, lines)| lines).unwrap_or_default();
            lines.iter().any(|line| {
                let floor = matches!(line.good, Good::AtLeast | Good::Above);
                floor && 1.0 - line.at / shape.scale <= most + 1e-9
            })
        }
        _ => false,
    }
}

/// Why it cannot be told whether one of these watches errors.
fn unread(uses: &[&Use<'_>]) -> Option<String> {
    uses.iter().find_map(|used| {
        if let Some(lost) = used.lost.first() {
            return Some(format!("template {} is not among what was read", lost.reference.name));
        }
        let metrics = used.measured.iter().filter(|measured| !measured.dry);
        metrics.filter_map(Measured::metric).find_map(|metric| match metric.provider {
            "prometheus" | "web" | "job" | "" => None,
            other => Some(format!("what {} asks {other} is not understood here", metric.name)),
        })
    })
}
