//! An analysis judged once more, from what was measured: does the verdict follow, and what is next?
//!
//! Source: Argo Rollouts, `utils/evaluate` (`EvaluateResult`) and `analysis/analysis.go`
//! (`assessMetricStatus`, `generateMetricTasks`). Never replaces the controller's verdict; says
//! where it does not follow from the measurements, and says nothing where it cannot know.

use super::limit::Limits;
use super::{AnalysisRun, Measurement, Metric, Verdict};
use crate::domain::time::{Span, Timestamp, parse_go_duration};

/// After an error the controller measures again so much later, whatever the interval.
const AFTER_ERROR: Span = Span::seconds(10);

/// The verdict that a value gets by the conditions of its metric; nothing when one of them cannot
/// be read.
pub fn of_value(metric: &Metric, value: f64) -> Option<Verdict> {
    let success = match &metric.success_condition {
        Some(condition) => Some(Limits::of_success(condition)?.hold(value)),
        None => None,
    };
    let failure = match &metric.failure_condition {
        // What is not a number compares false, and so is not bad.
        Some(condition) => Some(!value.is_nan() && !Limits::of_failure(condition)?.hold(value)),
        None => None,
    };
    Some(match (success, failure) {
        (_, Some(true)) | (Some(false), None) => Verdict::Failed,
        (Some(false), Some(false)) => Verdict::Inconclusive,
        (Some(true) | None, _) => Verdict::Successful,
    })
}

/// The only value of a measurement: `[0.31]` or `0.31`; nothing for several, none, or text.
pub fn value_of(measurement: &Measurement) -> Option<f64> {
    let text = measurement.value.trim();
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    match inner {
        "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        inner => inner.parse().ok(),
    }
}

/// Where the controller's verdicts on a metric do not follow from what it measured, in a sentence.
pub fn doubt(run: &AnalysisRun, metric: &Metric) -> Option<String> {
    let judged = metric.measurements.iter().find_map(|measurement| {
        let verdict = &measurement.verdict;
        let by_value =
            matches!(verdict, Verdict::Successful | Verdict::Failed | Verdict::Inconclusive);
        let follows = of_value(metric, value_of(measurement).filter(|_| by_value)?)?;
        (follows != *verdict).then(|| {
            let (value, verdict, follows) =
                (&measurement.value, verdict.as_str(), follows.as_str());
            format!("measured {value}, which is {follows} by its conditions, not {verdict}")
        })
    });
    judged.or_else(|| miscounted(run, metric))
}

/// The same for the verdict on the whole metric, by its counts.
fn miscounted(run: &AnalysisRun, metric: &Metric) -> Option<String> {
    if !metric.verdict.is_completed() || run.is_cut_short() {
        return None;
    }
    let failures = ("failed", metric.failed, metric.failure_limit, Verdict::Failed);
    let undecided =
        ("undecided", metric.inconclusive, metric.inconclusive_limit, Verdict::Inconclusive);
    let errors = ("errors in a row", metric.consecutive_errors, metric.error_limit, Verdict::Error);
    // The controller lets the later one win.
    let beyond = |&(_, count, limit, _): &(&str, i32, i32, Verdict)| limit >= 0 && count > limit;
    let (word, count, limit, follows) = [errors, undecided, failures].into_iter().find(beyond)?;
    (follows != metric.verdict).then(|| {
        let (verdict, follows) = (metric.verdict.as_str(), follows.as_str());
        format!("{count} {word} of {limit} allowed is {follows}, not {verdict}")
    })
}

/// When a metric is measured next; nothing when it is not, when it is being measured, or when that
/// cannot be read.
pub fn next(run: &AnalysisRun, metric: &Metric) -> Option<Timestamp> {
    let is_under_way = matches!(run.verdict, Verdict::Running | Verdict::Pending);
    if !is_under_way || run.terminating || metric.verdict.is_completed() {
        return None;
    }
    let Some(last) = metric.measurements.last() else {
        let delay = match &metric.initial_delay {
            Some(delay) => parse_go_duration(delay)?,
            None => Span::zero(),
        };
        return Some(run.started? + delay);
    };
    let finished = last.finished?;
    if last.verdict == Verdict::Error {
        return Some(finished + AFTER_ERROR);
    }
    let wanted: Option<i32> = metric.count.as_ref().and_then(|count| count.trim().parse().ok());
    if wanted.is_some_and(|wanted| metric.measured >= wanted) {
        return None;
    }
    Some(finished + parse_go_duration(metric.interval.as_ref()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::analysis::AnalysisRole;
    use crate::domain::sample::{a_metric, an_analysis, at};

    fn with(success: Option<&str>, failure: Option<&str>) -> Metric {
        let mut metric = a_metric(Verdict::Running, &[]);
        metric.success_condition = success.map(Into::into);
        metric.failure_condition = failure.map(Into::into);
        metric
    }

    #[test]
    fn values_are_judged_as_the_controller_judges_them() {
        let low = Some("result[0] <= 0.05");
        let high = Some("result[0] > 0.1");
        let quiet = Some("isNaN(result[0]) || result[0] <= 0.05");
        let cases = [
            (with(None, None), 9.0, Some(Verdict::Successful)),
            (with(low, None), 0.05, Some(Verdict::Successful)),
            (with(low, None), 0.06, Some(Verdict::Failed)),
            (with(low, None), f64::NAN, Some(Verdict::Failed)),
            (with(quiet, None), f64::NAN, Some(Verdict::Successful)),
            (with(None, high), 0.1, Some(Verdict::Successful)),
            (with(None, high), 0.11, Some(Verdict::Failed)),
            (with(None, high), f64::NAN, Some(Verdict::Successful)),
            (with(low, high), 0.01, Some(Verdict::Successful)),
            (with(low, high), 0.07, Some(Verdict::Inconclusive)),
            (with(low, high), 0.2, Some(Verdict::Failed)),
            (with(Some("result.ok"), None), 1.0, None),
            (with(low, Some("result == 3")), 1.0, None),
        ];
        for (metric, value, wanted) in cases {
            assert_eq!(of_value(&metric, value), wanted, "{metric:?} {value}");
        }
    }

    #[test]
    fn one_value_is_read_and_nothing_else() {
        let cases = [
            ("[0.31]", Some(0.31)),
            ("0.31", Some(0.31)),
            ("[+Inf]", Some(f64::INFINITY)),
            ("[0.1,0.2]", None),
            ("[]", None),
            ("", None),
            ("{\"a\":1}", None),
        ];
        for (text, wanted) in cases {
            let metric = a_metric(Verdict::Successful, &[text]);
            assert_eq!(value_of(&metric.measurements[0]), wanted, "{text}");
        }
        assert!(value_of(&a_metric(Verdict::Failed, &["[NaN]"]).measurements[0]).unwrap().is_nan());
    }

    #[test]
    fn a_verdict_that_does_not_follow_is_said() {
        let said = |metric: &Metric| {
            let run = an_analysis(AnalysisRole::Step, metric.verdict.clone(), metric.clone());
            doubt(&run, metric)
        };
        assert_eq!(said(&a_metric(Verdict::Successful, &["[0.01]"])), None);
        assert_eq!(said(&a_metric(Verdict::Failed, &["[0.2]", "[0.31]"])), None);
        assert_eq!(said(&a_metric(Verdict::Error, &["", "", "", "", ""])), None);
        let flattering = a_metric(Verdict::Successful, &["[0.01]", "[0.31]"]);
        assert_eq!(
            said(&flattering).unwrap(),
            "measured [0.31], which is Failed by its conditions, not Successful"
        );
        let mut miscounted = a_metric(Verdict::Successful, &["[0.01]"]);
        miscounted.failed = 2;
        assert_eq!(said(&miscounted).unwrap(), "2 failed of 1 allowed is Failed, not Successful");
        miscounted.failure_limit = -1;
        assert_eq!(said(&miscounted), None, "a negative limit is none");
        miscounted.consecutive_errors = 5;
        assert!(said(&miscounted).unwrap().starts_with("5 errors in a row of 4 allowed is Error"));
    }

    #[test]
    fn a_run_that_was_cut_short_is_no_doubt() {
        let mut metric = a_metric(Verdict::Successful, &["[0.01]"]);
        metric.failed = 2;
        let mut run = an_analysis(AnalysisRole::Step, Verdict::Successful, metric.clone());
        run.terminating = true;
        assert_eq!(doubt(&run, &metric), None);
    }

    #[test]
    fn the_next_measurement() {
        let mut metric = a_metric(Verdict::Running, &[]);
        let running = |metric: &Metric| {
            let run = an_analysis(AnalysisRole::Step, Verdict::Running, metric.clone());
            next(&run, metric)
        };
        assert_eq!(running(&metric), Some(at(0)));
        metric.initial_delay = Some("1m".into());
        assert_eq!(running(&metric), Some(at(60)));
        let mut metric = a_metric(Verdict::Running, &["[0.01]"]);
        metric.measurements[0].verdict = Verdict::Successful;
        assert_eq!(running(&metric), Some(at(31)), "thirty seconds after the end of the last");
        metric.measurements[0].verdict = Verdict::Error;
        assert_eq!(running(&metric), Some(at(11)), "ten seconds after an error");
        metric.measurements[0].verdict = Verdict::Successful;
        metric.measured = 5;
        assert_eq!(running(&metric), None, "as often as was wanted");
        metric.measured = 1;
        metric.measurements[0].finished = None;
        assert_eq!(running(&metric), None, "under way");
        let done = a_metric(Verdict::Successful, &["[0.01]"]);
        assert_eq!(running(&done), None);
    }
}
