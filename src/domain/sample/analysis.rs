//! Analysis samples: a run with one metric that passes, until a word changes it.
//!
//! Called by tests only.

use super::at;
use super::workload::CURRENT;
use crate::domain::analysis::{AnalysisRole, AnalysisRun, Measurement, Metric, Verdict};
use crate::domain::id::ObjectRef;

/// A run for the version under way that began at the hour.
pub(crate) fn an_analysis(role: AnalysisRole, verdict: Verdict, metric: Metric) -> AnalysisRun {
    let name = format!("run-{}", role.word());
    AnalysisRun {
        id: ObjectRef { namespace: "shop".into(), name: name.as_str().into() },
        uid: name.into(),
        owner: None,
        role,
        step_index: None,
        hash: Some(CURRENT.into()),
        revision: Some(42),
        created: Some(at(0)),
        verdict,
        message: "".into(),
        started: Some(at(0)),
        completed: Some(at(490)),
        terminating: false,
        metrics: vec![metric],
    }
}

/// A metric that has measured these values, each with this verdict; at most 0.05 is good, one
/// failure is allowed.
pub(crate) fn a_metric(verdict: Verdict, values: &[&str]) -> Metric {
    let measurements = values.iter().map(|value| Measurement {
        verdict: verdict.clone(),
        value: (*value).into(),
        message: "".into(),
        started: Some(at(0)),
        finished: Some(at(1)),
        job: None,
    });
    let measurements: Vec<Measurement> = measurements.collect();
    let count = i32::try_from(measurements.len()).unwrap_or(0);
    let only = |which: &Verdict| if verdict == *which { count } else { 0 };
    Metric {
        name: "error-rate".into(),
        provider: "prometheus".into(),
        success_condition: Some("result[0] <= 0.05".into()),
        failure_condition: None,
        initial_delay: None,
        interval: Some("30s".into()),
        count: Some("5".into()),
        failure_limit: 1,
        inconclusive_limit: 0,
        error_limit: 4,
        success_limit: 0,
        query: None,
        address: None,
        dry_run: false,
        measured: count,
        successful: only(&Verdict::Successful),
        failed: only(&Verdict::Failed),
        inconclusive: only(&Verdict::Inconclusive),
        errors: only(&Verdict::Error),
        consecutive_errors: only(&Verdict::Error),
        consecutive_successes: only(&Verdict::Successful),
        measurements,
        verdict,
        message: "".into(),
    }
}
