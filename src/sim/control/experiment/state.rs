//! What an experiment's spec and status say, read together.
//!
//! Never changes anything. Called by every part of the controller.

use serde_json::{Value, json};

use super::is_over;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::time::{Moment, Span, go_duration, parse};

/// Seconds in which a template must come nearer to its pods, when the spec says nothing of it.
const DEADLINE: i64 = 600;

/// Seconds from the end of a template to the end of its pods, when the spec says nothing of it.
const DELAY: i64 = 30;

/// What a status knows by a name: `templateStatuses` or `analysisRuns`.
pub(super) fn known<'s>(status: &'s Value, list: &str, name: &str) -> Option<&'s Value> {
    status.items(list).iter().find(|known| known.text("/name") == name)
}

/// Puts something that a status knows by its name in its place, or at the end.
pub(super) fn put(status: &mut Value, list: &str, item: Value) {
    let items = status.items(list);
    let place = items.iter().position(|known| known.text("/name") == item.text("/name"));
    match place {
        Some(place) => status.set(&format!("{list}/{place}"), item),
        None if items.is_empty() => status.set(list, json!([item])),
        None => status.set(&format!("{list}/{}", items.len()), item),
    }
}

/// Whether a template has its last state.
pub(super) fn is_done(state: &str) -> bool {
    matches!(state, "Successful" | "Failed" | "Error")
}

/// Whether an experiment begins nothing any more: it was told to end, is over, or something of it
/// has gone wrong or is all that was wanted.
pub(super) fn is_ending(experiment: &Value) -> bool {
    let wrong = |list: &str, field: &str, bad: &[&str]| {
        experiment.items(list).iter().any(|item| bad.contains(&item.text(field)))
    };
    experiment.flag("/spec/terminate")
        || is_over(experiment.text("/status/phase"))
        || wrong("/status/templateStatuses", "/status", &["Failed", "Error"])
        || wrong("/status/analysisRuns", "/phase", &["Failed", "Error", "Inconclusive"])
        || required_are_successful(experiment, experiment.get("status").unwrap_or(&Value::Null))
}

/// Whether the experiment waits for certain analyses.
pub(super) fn has_required(experiment: &Value) -> bool {
    experiment.items("/spec/analyses").iter().any(|a| a.flag("/requiredForCompletion"))
}

/// Whether there are analyses that it waits for, and all of them are successful.
pub(super) fn required_are_successful(experiment: &Value, status: &Value) -> bool {
    let analyses = experiment.items("/spec/analyses").iter();
    let mut required = analyses.filter(|a| a.flag("/requiredForCompletion"));
    has_required(experiment)
        && required.all(|analysis| {
            known(status, "/analysisRuns", analysis.text("/name"))
                .is_some_and(|run| run.text("/phase") == "Successful")
        })
}

/// How many pods a template is to have now.
pub(super) fn wanted(experiment: &Value, template: &Value) -> i64 {
    let status = experiment.get("status").unwrap_or(&Value::Null);
    let done = known(status, "/templateStatuses", template.text("/name"))
        .is_some_and(|known| is_done(known.text("/status")));
    if done || is_ending(experiment) { 0 } else { replicas(template) }
}

/// How many pods a template asks for.
pub(super) fn replicas(template: &Value) -> i64 {
    template.int_maybe("/replicas").unwrap_or(1)
}

/// Seconds in which a template must come nearer to its pods.
pub(super) fn deadline(experiment: &Value) -> i64 {
    experiment.int_maybe("/spec/progressDeadlineSeconds").unwrap_or(DEADLINE)
}

/// From the end of a template to the end of its pods.
pub(super) fn delay(experiment: &Value) -> Span {
    Span::seconds(experiment.int_maybe("/spec/scaleDownDelaySeconds").unwrap_or(DELAY))
}

/// When an experiment has lasted as long as it should, once that is known.
pub(super) fn ends_at(experiment: &Value, status: &Value) -> Option<Moment> {
    let duration = go_duration(experiment.text("/spec/duration"))?;
    Some(parse(status.text("/availableAt"))? + duration)
}

/// Whether an experiment has lasted as long as it should, by the status it had.
pub(super) fn has_lasted(experiment: &Value, now: Moment) -> bool {
    let status = experiment.get("status").unwrap_or(&Value::Null);
    ends_at(experiment, status).is_some_and(|end| now >= end)
}

/// When an experiment is to be looked at next, by its new status.
pub(super) fn next(experiment: &Value, status: &Value, now: Moment) -> Option<Moment> {
    let mut after = experiment.clone();
    after.set("/status", status.clone());
    if is_ending(&after) {
        return None;
    }
    let limit = Span::seconds(deadline(experiment));
    let late = experiment.items("/spec/templates").iter().filter_map(|template| {
        let known = known(status, "/templateStatuses", template.text("/name"))?;
        let waits = matches!(known.text("/status"), "Progressing" | "Running")
            && known.int("/availableReplicas") != wanted(&after, template);
        let since = parse(known.text("/lastTransitionTime"));
        since.filter(|_| waits).map(|since| since + limit)
    });
    late.chain(ends_at(experiment, status).filter(|end| *end > now)).min()
}
