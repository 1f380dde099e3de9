//! Limits of analyses are as tight as the guard's (W37).
//!
//! Source: X18; R103, R104. Only shares of failed or good requests and quantiles of durations are
//! compared: the guard has no limit for anything else. Called through the table of rules.

use crate::domain::analysis::limit::{Good, Limit, Limits};
use crate::domain::time::{Span, length};
use crate::manifest::profile::Profile;
use crate::manifest::rules::case::{Case, Said};

use super::promql::{Kind, Outcome, Shape};
use super::reading::{Metric, Use, counting};

/// W37: what an analysis passes, the guard passes too.
pub(super) fn as_tight(case: &mut Case<'_>) {
    for (used, measured, metric) in counting(case.analyses) {
        let facts = measured.facts();
        let Some(shape) = facts.map(|facts| facts.shape) else { continue };
        let Some((key, lines)) = passing(used, metric) else { continue };
        let looser = lines.iter().find_map(|line| looser(*line, shape, case.profile));
        let Some((tolerated, wanted)) = looser else { continue };
        let said = Said::of(
            tolerated,
            wanted,
            "a release passes its analysis with values at which the guard takes it back",
            "the guard's limit in the condition",
        );
        case.broken(measured.template.object, &metric.spot.key(key), said);
    }
}

/// The lines that a value has to keep to pass, and the field that draws them.
pub(super) fn passing(used: &Use<'_>, metric: &Metric<'_>) -> Option<(&'static str, Vec<Limit>)> {
    let success = used.text(metric, "successCondition").and_then(|text| Limits::of_success(&text));
    if let Some(limits) = success {
        return Some(("successCondition", limits.lines));
    }
    let failure = used.text(metric, "failureCondition").and_then(|text| Limits::of_failure(&text));
    failure.map(|limits| ("failureCondition", limits.lines))
}

/// What a line lets through that the guard does not, and what the guard wants.
fn looser(line: Limit, shape: Shape, profile: &Profile) -> Option<(String, String)> {
    let is_ceiling = matches!(line.good, Good::AtMost | Good::Below);
    match shape.kind {
        Kind::Share(outcome) => {
            let share = line.at / shape.scale;
            let failed = match (outcome, is_ceiling) {
                (Outcome::Failed, true) => share,
                (Outcome::Good, false) => 1.0 - share,
                _ => return None,
            };
            let most = profile.error_limit;
            let words = |share: f64| format!("{} % of failed requests", rounded(share * 100.0));
            (failed > most + 1e-9).then(|| (words(failed), format!("at most {}", words(most))))
        }
        // A limit of a higher quantile may be higher.
        Kind::Quantile(quantile, _) if is_ceiling && quantile <= 0.99 => {
            let value = seconds(line.at, shape, profile)?;
            let most = profile.latency_limit;
            let percentile = rounded(quantile * 100.0);
            (value > most.as_seconds_f64() + 1e-9).then(|| {
                let said = format!("P{percentile} up to {} s", rounded(value));
                (said, format!("at most {}", length(most)))
            })
        }
        _ => None,
    }
}

/// A limit of a quantile in seconds: by the unit in the metric's name and by what the query is
/// multiplied with, else by its size.
pub(super) fn seconds(at: f64, shape: Shape, profile: &Profile) -> Option<f64> {
    let Kind::Quantile(_, unit) = shape.kind else { return None };
    let seconds = match unit {
        Some(unit) => at * unit / shape.scale,
        // Only seconds are multiplied, and only milliseconds divided, by a thousand.
        None if (shape.scale - 1e3).abs() < 1e-9 => at / 1e3,
        None if (shape.scale - 1e-3).abs() < 1e-9 => at,
        None if at > thirty_times(profile.latency_limit) => at / 1e3,
        None => at,
    };
    seconds.is_finite().then_some(seconds)
}

/// No limit in seconds is as large as this; one in milliseconds is.
fn thirty_times(limit: Span) -> f64 {
    limit.as_seconds_f64() * 30.0
}

/// Without the noise of binary fractions.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
