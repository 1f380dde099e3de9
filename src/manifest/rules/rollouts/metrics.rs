//! How often a metric is measured, and how many failures it forgives (W33, W36).
//!
//! Source: Argo Rollouts `analysis_types.go` (`EffectiveCount`) and `analysis.go`
//! (`assessMetricStatus`); X17. Called through the table of rules.

use crate::manifest::rules::case::{Case, Said};

use super::reading::{Role, counting};

/// W33: an analysis that something waits for comes to an end.
pub(super) fn ends(case: &mut Case<'_>) {
    for used in case.analyses {
        if matches!(used.role, Role::Background(_) | Role::Experiment(_)) {
            continue;
        }
        for measured in &used.measured {
            let Some(metric) = measured.metric() else { continue };
            let interval = metric.text("interval").filter(|text| !text.is_empty());
            let endless = matches!(used.number(metric, "count"), Ok(None | Some(0)));
            let Some(interval) = interval.filter(|_| endless) else { continue };
            let said = Said::of(
                format!("no count, every {interval}"),
                "a count",
                "it is measured for ever; the controller refuses it where a release waits for it",
                "count: 5",
            );
            case.broken(measured.template.object, &metric.spot.key("count"), said);
        }
    }
}

/// W36: failed measurements are not forgiven by the handful (X17).
pub(super) fn tolerates(case: &mut Case<'_>) {
    let most = case.profile.failure_share;
    for (used, measured, metric) in counting(case.analyses) {
        let number = |key| used.number(metric, key);
        let (Ok(limit), Ok(count)) = (number("failureLimit"), number("count")) else { continue };
        let limit = limit.unwrap_or(0);
        let streak = matches!(number("consecutiveSuccessLimit"), Ok(Some(1..)));
        let count = match count.filter(|count| *count > 0) {
            Some(count) => Some(count),
            None if metric.text("interval").is_none() => Some(1),
            None => None,
        };
        let measured_text = match (limit, count) {
            // It has to be good many times in a row at the end, whatever came before.
            (..0, _) if streak => continue,
            (..0, _) => "any number of failures".to_owned(),
            (_, None) => continue,
            (limit, Some(count)) if share(limit, count) <= most + 1e-9 => continue,
            (limit, Some(count)) => {
                format!("{limit} of {count} ({:.0} %)", share(limit, count) * 100.0)
            }
        };
        let fix = match count {
            Some(count) => format!("failureLimit: {}", forgiven(count, most)),
            None => "failureLimit: 0".to_owned(),
        };
        let wanted = format!("at most {:.0} % of the measurements", most * 100.0);
        let why = "so many measurements may be over the limit, and the analysis is still a success";
        let said = Said::of(measured_text, wanted, why, fix);
        case.broken(measured.template.object, &metric.spot.key("failureLimit"), said);
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of measurements are small")]
fn share(limit: i64, count: i64) -> f64 {
    limit as f64 / count as f64
}

/// The largest limit of so many measurements that is still within the share.
fn forgiven(count: i64, most: f64) -> i64 {
    (0..count.min(1_000)).rev().find(|limit| share(*limit, count) <= most + 1e-9).unwrap_or(0)
}
