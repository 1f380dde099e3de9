//! Limits of analyses are as tight as the guard's (W37).
//!
//! Source: X18; R103, R104. Only shares of failed or good requests and quantiles of durations are
//! compared: the guard has no limit for anything else. Called through the table of rules.

use crate::domain::analysis::limit::{Good, Limit, Limits};
use crate::domain::time::length;
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
        let Some(looser) = looser else { continue };
        let said = Said::of(
            looser.tolerated,
            looser.wanted,
            "a release passes its analysis with values at which the guard takes it back",
            "the guard's limit in the condition",
        );
        let (object, spot) = (measured.template.object, metric.spot.key(key));
        match looser.doubt {
            Some(reason) => case.unknown(object, &spot, reason, said),
            None => case.broken(object, &spot, said),
        }
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

/// A line that lets through what the guard does not.
struct Looser {
    /// What it lets through.
    tolerated: String,
    /// What the guard wants.
    wanted: String,
    /// Why it may be as tight all the same.
    doubt: Option<&'static str>,
}

/// What a line lets through that the guard does not, or may.
fn looser(line: Limit, shape: Shape, profile: &Profile) -> Option<Looser> {
    let is_ceiling = matches!(line.good, Good::AtMost | Good::Below);
    // In the unit of what is measured, whatever the query multiplies it with.
    let at = line.at / shape.scale;
    if !at.is_finite() {
        return None;
    }
    match shape.kind {
        Kind::Share(outcome) => {
            let failed = match (outcome, is_ceiling) {
                (Outcome::Failed, true) => at,
                (Outcome::Good, false) => 1.0 - at,
                _ => return None,
            };
            let most = profile.error_limit;
            let words = |share: f64| format!("{} % of failed requests", rounded(share * 100.0));
            let wanted = format!("at most {}", words(most));
            let looser = Looser { tolerated: words(failed), wanted, doubt: None };
            (failed > most + 1e-9).then_some(looser)
        }
        // A limit of a higher quantile may be higher.
        Kind::Quantile(quantile, unit) if is_ceiling && quantile <= 0.99 => {
            slower(at, quantile, unit.or_else(|| unit_of(at, shape.scale, profile)), profile)
        }
        _ => None,
    }
}

/// What a limit of a quantile lets through: its unit in seconds may not be known.
fn slower(at: f64, quantile: f64, unit: Option<f64>, profile: &Profile) -> Option<Looser> {
    let most = profile.latency_limit;
    let percentile = rounded(quantile * 100.0);
    let wanted = format!("at most {}", length(most));
    let Some(unit) = unit else {
        let tolerated = format!("P{percentile} up to {}", rounded(at));
        let doubt = "the metric's name does not say whether it is of seconds or of milliseconds";
        return Some(Looser { tolerated, wanted, doubt: Some(doubt) });
    };
    let seconds = at * unit;
    let tolerated = format!("P{percentile} up to {} s", rounded(seconds));
    (seconds > most.as_seconds_f64() + 1e-9).then_some(Looser { tolerated, wanted, doubt: None })
}

/// Seconds in one unit of a metric whose name has none, by what it is multiplied with, else by the
/// size of its limit. None where it may be seconds as well as milliseconds.
fn unit_of(at: f64, scale: f64, profile: &Profile) -> Option<f64> {
    let most = profile.latency_limit.as_seconds_f64();
    // No limit is as long as this.
    let endless = most * 30.0;
    // Only seconds are multiplied, and only milliseconds divided, by a thousand.
    if (scale - 1e3).abs() < 1e-9 {
        Some(1.0)
    } else if (scale - 1e-3).abs() < 1e-9 {
        Some(1e-3)
    } else if at <= most {
        // It is tight enough in either.
        Some(1.0)
    } else if at > endless && at * 1e-3 <= endless {
        Some(1e-3)
    } else {
        None
    }
}

/// Without the noise of binary fractions.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
