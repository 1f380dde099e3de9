//! Where measurements come from.
//!
//! Prometheus and Jobs are played; of the others a measurement is an error that says so. Called by
//! the controller for every metric that is due.

use serde_json::{Value, json};

use super::plan;
use super::prometheus::Ask;
use super::schedule::Task;
use super::{is_over, job, prometheus, results};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::time;
use crate::sim::world::Turn;

/// What came of a task.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) measurement: Value,
    /// What a provider tells of the metric as a whole, when it could be reached.
    pub(super) metadata: Option<Value>,
}

/// Begins a measurement, or looks after the one under way. A run that is ending ends it.
pub(super) fn take(
    ask: Ask,
    turn: &mut Turn<'_>,
    run: &Value,
    metric: &Value,
    task: Task,
) -> Taken {
    let under_way = match task {
        Task::Begin => None,
        Task::Resume => results::last(run, metric.text("/name")).cloned(),
    };
    let (mut measurement, metadata) = match plan::provider(metric) {
        "prometheus" => match (prometheus::misconfigured(metric), under_way) {
            (Some(why), under_way) => (unreached(turn, under_way, why), None),
            // There is never one under way: Prometheus answers at once.
            (None, Some(measurement)) => (measurement, prometheus::metadata(metric)),
            (None, None) => {
                let measurement = prometheus::measure(ask, turn.ground, metric, turn.now);
                (measurement, prometheus::metadata(metric))
            }
        },
        "job" => (by_job(turn, run, metric, under_way), None),
        other => {
            let why = format!("provider {other} is not played in a drill");
            (unreached(turn, under_way, &why), None)
        }
    };
    if is_over(measurement.text("/phase")) && measurement.get("finishedAt").is_none() {
        measurement.set("/finishedAt", time::micros(turn.now));
    }
    Taken { measurement, metadata }
}

fn by_job(turn: &mut Turn<'_>, run: &Value, metric: &Value, under_way: Option<Value>) -> Value {
    let Some(under_way) = under_way else {
        return job::begin(turn, run, metric);
    };
    if !results::is_ending(run) {
        return job::resume(turn, run, under_way);
    }
    let mut ended = job::terminate(turn, run, under_way);
    if ended.text("/phase") == "Inconclusive" {
        ended.set("/message", "Metric Terminated");
    }
    ended
}

/// The measurement of a provider that could not even be made.
fn unreached(turn: &Turn<'_>, under_way: Option<Value>, why: &str) -> Value {
    let started = || json!({"startedAt": time::micros(turn.now)});
    let mut measurement = under_way.unwrap_or_else(started);
    measurement.set("/phase", "Error");
    measurement.set("/message", why);
    measurement
}
