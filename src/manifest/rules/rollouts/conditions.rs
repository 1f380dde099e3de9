//! What becomes of a value that is not a number (W35).
//!
//! Source: Argo Rollouts `utils/evaluate` (`EvaluateResult`): such a value compares false, so that
//! it fails a `successCondition` and passes a `failureCondition`; with both it is inconclusive, and
//! the release pauses. X15. Called through the table of rules.

use crate::manifest::rules::case::{Case, Said};

use super::reading::{Metric, counting};

/// W35: a query that can be undefined has conditions that say what that means.
pub(super) fn defined(case: &mut Case<'_>) {
    for (_, measured, metric) in counting(case.analyses) {
        // A query that could not be read may be anything.
        let Some(query) = &measured.query else { continue };
        if query.facts().is_some_and(|facts| !facts.undefined) {
            continue;
        }
        let (key, why) = match outcome(metric) {
            Outcome::Handled => continue,
            Outcome::Fails => (
                "successCondition",
                "without requests the value is NaN, which fails: a quiet canary is taken back",
            ),
            Outcome::Passes => (
                "failureCondition",
                "without requests the value is NaN, which passes: nothing was measured",
            ),
            Outcome::Anything => {
                ("successCondition", "every value passes, and so does one that is not a number")
            }
        };
        let spot = metric.spot.key(key);
        let said = Said::of(
            spot.said(),
            "two conditions, so that NaN is inconclusive; or one that names isNaN",
            why,
            "a successCondition and a failureCondition with the same limit",
        );
        case.broken(measured.template.object, &spot, said);
    }
}

/// What a value that is not a number counts as.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It pauses the release, or a condition says what it is.
    Handled,
    /// As a failure.
    Fails,
    /// As a success.
    Passes,
    /// There are no conditions.
    Anything,
}

fn outcome(metric: &Metric<'_>) -> Outcome {
    let condition = |key| metric.text(key).filter(|text| !text.trim().is_empty());
    let (success, failure) = (condition("successCondition"), condition("failureCondition"));
    let names = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains("isNaN"));
    match (&success, &failure) {
        _ if names(&success) || names(&failure) => Outcome::Handled,
        // Denied, a comparison that is false is true.
        (Some(_), Some(failure)) if is_denied(failure) => Outcome::Fails,
        (Some(success), Some(_)) if is_denied(success) => Outcome::Passes,
        (Some(_), Some(_)) => Outcome::Handled,
        (Some(success), None) if is_denied(success) => Outcome::Passes,
        (Some(_), None) => Outcome::Fails,
        (None, Some(failure)) if is_denied(failure) => Outcome::Fails,
        (None, Some(_)) => Outcome::Passes,
        (None, None) => Outcome::Anything,
    }
}

/// `!(result[0] < 5)`, `not (…)`, `result[0] != 0`.
fn is_denied(condition: &str) -> bool {
    let text = condition.trim_start();
    text.starts_with('!')
        || text.strip_prefix("not").is_some_and(|rest| rest.starts_with([' ', '(']))
        || text.contains("!=") && !text.contains("len(")
}
