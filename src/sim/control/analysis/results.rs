//! `status.metricResults` of a run: its metrics' counts and measurements.
//!
//! Never decides what they mean. Called by whatever measures and judges.

use serde_json::{Value, json};

use super::is_over;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::time::{self, Moment};

/// What is known of a metric.
pub(super) fn of<'r>(run: &'r Value, metric: &str) -> Option<&'r Value> {
    run.items("/status/metricResults").iter().find(|result| result.text("/name") == metric)
}

/// Puts what is known of a metric in its place, or at the end.
pub(super) fn put(run: &mut Value, result: Value) {
    let results = run.items("/status/metricResults");
    let known = results.iter().position(|known| known.text("/name") == result.text("/name"));
    let place = known.unwrap_or(results.len());
    if results.is_empty() {
        run.set("/status/metricResults", json!([result]));
    } else {
        run.set(&format!("/status/metricResults/{place}"), result);
    }
}

/// The newest measurement of a metric, over or not.
pub(super) fn last<'r>(run: &'r Value, metric: &str) -> Option<&'r Value> {
    of(run, metric)?.items("/measurements").last()
}

/// Whether a metric has its last phase.
pub(super) fn is_done(run: &Value, metric: &str) -> bool {
    of(run, metric).is_some_and(|result| is_over(result.text("/phase")))
}

/// Whether a run measures no more: it was told to end, or a metric that counts has gone wrong.
pub(super) fn is_ending(run: &Value) -> bool {
    let wrong = |result: &Value| {
        let phase = result.text("/phase");
        !result.flag("/dryRun") && matches!(phase, "Failed" | "Error" | "Inconclusive")
    };
    run.flag("/spec/terminate") || run.items("/status/metricResults").iter().any(wrong)
}

/// Counts a measurement that is over, and adds it, or puts it in the place of the one that was
/// resumed.
pub(super) fn add(result: &mut Value, measurement: Value, resumed: bool) {
    match measurement.text("/phase") {
        "Successful" => {
            count(result, &["successful", "count", "consecutiveSuccess"], &["consecutiveError"]);
        }
        "Failed" => {
            count(result, &["failed", "count"], &["consecutiveError", "consecutiveSuccess"]);
        }
        "Inconclusive" => {
            count(result, &["inconclusive", "count"], &["consecutiveError", "consecutiveSuccess"]);
        }
        "Error" => count(result, &["error", "consecutiveError"], &["consecutiveSuccess"]),
        _ => {}
    }
    let known = result.items("/measurements").len();
    if known == 0 {
        result.set("/measurements", json!([measurement]));
    } else {
        let place = if resumed { known - 1 } else { known };
        result.set(&format!("/measurements/{place}"), measurement);
    }
}

fn count(result: &mut Value, up: &[&str], zero: &[&str]) {
    for field in up {
        let pointer = format!("/{field}");
        result.set(&pointer, result.int(&pointer) + 1);
    }
    for field in zero {
        result.take_out(&format!("/{field}"));
    }
}

/// Keeps only the newest measurements of a metric; whether some were dropped.
pub(super) fn trim(run: &mut Value, metric: &str, kept: usize) -> bool {
    let Some(mut result) = of(run, metric).cloned() else { return false };
    let measurements = result.items("/measurements");
    let Some(dropped) = measurements.len().checked_sub(kept).filter(|dropped| *dropped > 0) else {
        return false;
    };
    let newest: Vec<Value> = measurements.iter().skip(dropped).cloned().collect();
    result.set("/measurements", newest);
    put(run, result);
    true
}

/// Cuts every instant of a status to whole seconds: until it is written, it is known more exactly.
pub(super) fn cut(status: &mut Value) {
    match status {
        Value::Object(members) => {
            for (key, value) in members {
                match value.as_str().and_then(time::parse) {
                    Some(at) if key.ends_with("At") => *value = time::seconds(at).into(),
                    _ => cut(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(cut),
        _ => {}
    }
}

/// An instant of a document.
pub(super) fn instant(document: &Value, pointer: &str) -> Option<Moment> {
    time::parse(document.text(pointer))
}
