//! When each metric of a run is measured.
//!
//! Instants in a status are whole seconds once they were written, so an interval counts from the
//! beginning of the second in which a measurement ended. Called by the controller before and after
//! it measures.

use serde_json::Value;

use super::plan::effective_count;
use super::results;
use crate::sim::object::Document;
use crate::sim::time::{Moment, Span, go_duration};

/// From an error to the next attempt, whatever the interval.
const RETRY: Span = Span::seconds(10);

/// What is to be done for a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// A measurement begins.
    Begin,
    /// One that is under way is looked after.
    Resume,
}

/// What is due now, by the index of the metric.
pub(super) fn due(run: &Value, metrics: &[Value], now: Moment) -> Vec<(usize, Task)> {
    let ending = results::is_ending(run);
    let task = |metric| task(run, metric, ending, now);
    let tasks = metrics.iter().enumerate();
    tasks.filter_map(|(index, metric)| Some((index, task(metric)?))).collect()
}

fn task(run: &Value, metric: &Value, ending: bool, now: Moment) -> Option<Task> {
    let name = metric.text("/name");
    if results::is_done(run, name) {
        return None;
    }
    let last = results::last(run, name);
    if let Some(under_way) = last.filter(|last| last.get("finishedAt").is_none()) {
        let waits = results::instant(under_way, "/resumeAt").is_some_and(|at| at > now);
        return (ending || !waits).then_some(Task::Resume);
    }
    if ending {
        return None;
    }
    let Some(last) = last else {
        let delay = metric.text("/initialDelay");
        let begins = results::instant(run, "/status/startedAt");
        let is_time = || Some(begins? + go_duration(delay)? <= now);
        return (delay.is_empty() || is_time() == Some(true)).then_some(Task::Begin);
    };
    if is_counted_out(run, metric) {
        return None;
    }
    // A metric without an interval is measured again only after an error.
    let interval = interval(metric, last)?.unwrap_or(RETRY);
    let finished = results::instant(last, "/finishedAt")?;
    (finished + interval <= now).then_some(Task::Begin)
}

fn is_counted_out(run: &Value, metric: &Value) -> bool {
    let counted = results::of(run, metric.text("/name")).map_or(0, |result| result.int("/count"));
    effective_count(metric).is_some_and(|count| counted >= count)
}

/// From a measurement to the next one, if it is known; nothing when it cannot be read.
#[expect(clippy::option_option, reason = "an interval that is absent is no unreadable one")]
fn interval(metric: &Value, last: &Value) -> Option<Option<Span>> {
    if last.text("/phase") == "Error" {
        return Some(Some(RETRY));
    }
    match metric.text("/interval") {
        "" => Some(None),
        text => go_duration(text).map(Some),
    }
}

/// When the run is to be looked at next.
pub(super) fn next(run: &Value, metrics: &[Value], now: Moment) -> Option<Moment> {
    metrics.iter().filter_map(|metric| next_of(run, metric, now)).min()
}

fn next_of(run: &Value, metric: &Value, now: Moment) -> Option<Moment> {
    let name = metric.text("/name");
    if results::is_done(run, name) {
        return None;
    }
    let Some(last) = results::last(run, name) else {
        let delay = metric.text("/initialDelay");
        let begins = results::instant(run, "/status/startedAt").unwrap_or(now);
        return go_duration(delay).map(|delay| begins + delay);
    };
    if last.get("finishedAt").is_none() {
        return results::instant(last, "/resumeAt");
    }
    if is_counted_out(run, metric) {
        return None;
    }
    Some(results::instant(last, "/finishedAt")? + interval(metric, last)??)
}
