//! Queries that have a value, over a time that has samples (W34, W38).
//!
//! Source: X12 to X14; Prometheus needs two samples within a range, and four scrapes leave room for
//! one that failed. Called through the table of rules.

use crate::domain::time::length;
use crate::manifest::rules::case::{Case, Said};

use super::promql::{Emptiness, Outcome, Query, Ratio, Shape};
use super::reading::{Metric, counting};

/// W34: a division of two series has a value even when one of them is not there.
pub(super) fn has_value(case: &mut Case<'_>) {
    for (_, measured, metric) in counting(case.analyses) {
        let Some(query) = &measured.query else { continue };
        let spot = metric.query_spot();
        let facts = match &**query {
            Query::Good(facts) => facts,
            Query::Unreadable(reason) => {
                let reason = format!("the query cannot be read: {reason}");
                let said = Said::of("a query", "PromQL", "nothing can be said of it", "correct it");
                case.unknown(measured.template.object, &spot, &reason, said);
                continue;
            }
        };
        let Some(ratio) = facts.ratio.filter(|ratio| ratio.whole.is_some()) else { continue };
        if is_told(metric) {
            continue;
        }
        let said = Said::of(
            missing(ratio),
            "a query that always has a value",
            what_then(ratio, facts.shape),
            "(sum(…) or vector(0)) on both sides, and a metric for the least traffic",
        );
        case.broken(measured.template.object, &spot, said);
    }
}

/// Each condition that is there says what an empty result means. One that does not is an error
/// whatever the other says.
pub(super) fn is_told(metric: &Metric<'_>) -> bool {
    const GUARDS: [&str; 5] = ["len(result", "all(result", "any(result", "none(result", "count("];
    let conditions = ["successCondition", "failureCondition"].map(|key| metric.text(key));
    let mut there = conditions.iter().flatten().peekable();
    there.peek().is_some() && there.all(|text| GUARDS.iter().any(|guard| text.contains(guard)))
}

fn missing(ratio: Ratio) -> &'static str {
    match (ratio.above, ratio.below, ratio.whole) {
        (Some(_), Some(_), _) => "both sides of the division can be empty",
        (Some(_), None, _) => "what is divided can be empty",
        (None, Some(_), _) => "what it is divided by can be empty",
        (None, None, Some(Emptiness::Comparison)) => "the comparison can leave nothing",
        (None, None, _) => "the sides may have no labels in common",
    }
}

fn what_then(ratio: Ratio, shape: Shape) -> &'static str {
    match (ratio.above, shape.outcome()) {
        (Some(_), Some(Outcome::Failed)) => {
            "empty on a service that never failed: five errors in a row abort a healthy release"
        }
        (Some(_), Some(Outcome::Good)) => {
            "empty in a full outage: the abort says that there was no data, not that all failed"
        }
        _ => "an empty result is an error, and the fifth in a row aborts the release",
    }
}

/// W38: a range spans four scrapes.
pub(super) fn ranges(case: &mut Case<'_>) {
    let least = case.profile.scrape.checked_mul(4).unwrap_or(case.profile.scrape);
    for (_, measured, metric) in counting(case.analyses) {
        let Some(facts) = measured.facts() else { continue };
        let ranges = facts.selectors.iter().filter_map(|selector| selector.range);
        let Some(shortest) = ranges.min().filter(|shortest| *shortest < least) else { continue };
        let said = Said::of(
            format!("[{}]", length(shortest)),
            format!("at least [{}], four scrapes", length(least)),
            "after one missed scrape there are too few samples, and the result is empty",
            format!("[{}]", length(least)),
        );
        case.broken(measured.template.object, &metric.query_spot(), said);
    }
}
