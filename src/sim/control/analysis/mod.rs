//! The controller of AnalysisRuns: it measures, judges each metric, and the run by its metrics.
//!
//! Never knows why somebody wants a run, nor what becomes of its verdict. Called by the world;
//! [`draft`] by the rollout and experiment controllers.

mod arguments;
mod assessment;
mod condition;
pub(crate) mod draft;
mod job;
mod plan;
mod prometheus;
mod provider;
mod reading;
mod results;
mod schedule;

use serde_json::{Value, json};

use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Key, Kind, Object, Part, Store, What};
use crate::sim::time::{self, Moment, Span};
use crate::sim::world::{Controller, EventType, Turn};
use arguments::Arguments;
pub(crate) use assessment::is_worse;
use plan::Plan;
use prometheus::Ask;

/// How the real controller signs its events.
const SOURCE: &str = "rollouts-controller";

/// How often the real controller looks at every run even though nothing happened: what has outlived
/// its time goes then.
const RESYNC: Span = Span::minutes(15);

/// The controllers of this folder.
pub(crate) fn controllers() -> Vec<Box<dyn Controller>> {
    vec![Box::new(AnalysisRuns { ask: crate::sim::prometheus::ask })]
}

/// The controller with answers from elsewhere than this world's Prometheus.
#[cfg(test)]
pub(crate) fn asking(ask: Ask) -> Box<dyn Controller> {
    Box::new(AnalysisRuns { ask })
}

/// Whether a phase of a run, a metric or a measurement is its last.
pub(crate) fn is_over(phase: &str) -> bool {
    matches!(phase, "Successful" | "Failed" | "Error" | "Inconclusive")
}

#[derive(Debug)]
struct AnalysisRuns {
    ask: Ask,
}

impl Controller for AnalysisRuns {
    fn name(&self) -> &'static str {
        "analysis"
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        match change.key.kind {
            Kind::AnalysisRun if change.what != What::Deleted => keys.push(change.key.clone()),
            Kind::Job => {
                let ends = |c: &Value| matches!(c.text("/type"), "Complete" | "Failed");
                let owner = change.object.controller();
                if let Some(owner) = owner.filter(|owner| owner.text("/kind") == "AnalysisRun")
                    && change.object.items("/status/conditions").iter().any(ends)
                {
                    keys.push(change.key.beside(Kind::AnalysisRun, owner.text("/name")));
                }
            }
            _ => {}
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let Some(run) = turn.store.get(key).cloned().filter(|run| !run.is_leaving()) else {
            return;
        };
        if is_over(run.text("/status/phase")) {
            return outlive(turn, key, &run);
        }
        let mut next = run.as_ref().clone();
        if let Err(message) = self.proceed(turn, &mut next) {
            next.set("/status/phase", "Error");
            next.set("/status/message", message);
            tell_end(turn, &next);
        }
        write(turn, key, &run, next);
    }
}

impl AnalysisRuns {
    /// Measures what is due and judges; the message of a run that cannot go on.
    fn proceed(&self, turn: &mut Turn<'_>, run: &mut Value) -> Result<(), String> {
        let plan = Plan::of(run)?;
        let unresolved = |why: String| format!("Unable to resolve metric arguments: {why}");
        let arguments = Arguments::complete(run, turn.store).map_err(unresolved)?;
        let mut tasks = Vec::new();
        for (index, task) in schedule::due(run, &plan.metrics, turn.now) {
            let metric = run.items("/spec/metrics").get(index).cloned().unwrap_or_default();
            tasks.push((arguments.fill(&metric).map_err(unresolved)?, task));
        }
        let before = run.clone();
        for (metric, task) in tasks {
            let name = metric.text("/name");
            let taken = provider::take(self.ask, turn, &before, &metric, task);
            let mut measurement = taken.measurement;
            let message = arguments.redacted(measurement.text("/message"));
            if !message.is_empty() {
                measurement.set("/message", message);
            }
            let mut result = match results::of(run, name) {
                Some(result) => result.clone(),
                None => fresh(name, plan.dry.contains(name), taken.metadata),
            };
            results::add(&mut result, measurement, task == schedule::Task::Resume);
            results::put(run, result);
        }
        conclude(turn, run, &plan);
        Ok(())
    }
}

/// What is known of a metric before its first measurement.
fn fresh(name: &str, dry: bool, metadata: Option<Value>) -> Value {
    let mut result = json!({"name": name, "phase": "Running"});
    if dry {
        result.set("/dryRun", true);
    }
    if let Some(metadata) = metadata {
        result.set("/metadata", metadata);
    }
    result
}

/// Judges the run, drops old measurements, and sees when it goes on.
fn conclude(turn: &mut Turn<'_>, run: &mut Value, plan: &Plan) {
    let found = assessment::assess(run, plan, turn.now);
    for (metric, phase) in &found.completed {
        let message = format!("Metric '{metric}' Completed. Result: {phase}");
        turn.event(SOURCE, run, gravity(phase), &format!("Metric{phase}"), message);
    }
    if found.phase != run.text("/status/phase") {
        run.set("/status/phase", found.phase);
        if found.message.is_empty() {
            run.take_out("/status/message");
        } else {
            run.set("/status/message", found.message);
        }
        if is_over(found.phase) {
            tell_end(turn, run);
            if run.text("/status/completedAt").is_empty() {
                run.set("/status/completedAt", time::micros(turn.now));
            }
        }
    }
    for metric in &plan.metrics {
        let (name, kept) = (metric.text("/name"), plan.kept(metric.text("/name")));
        if results::trim(run, name, kept) && plan::provider(metric) == "job" {
            job::sweep(turn, run, kept);
        }
    }
    if let Some(at) = schedule::next(run, &plan.metrics, turn.now) {
        turn.again_at(at);
    }
}

fn gravity(phase: &str) -> EventType {
    if matches!(phase, "Error" | "Failed") { EventType::Warning } else { EventType::Normal }
}

fn tell_end(turn: &mut Turn<'_>, run: &Value) {
    let phase = run.text("/status/phase");
    let message = format!("Analysis Completed. Result: {phase}");
    turn.event(SOURCE, run, gravity(phase), &format!("AnalysisRun{phase}"), message);
}

/// Writes the status, as the controller patches it: parts that are as empty as before stay absent.
fn write(turn: &mut Turn<'_>, key: &Key, run: &Object, mut next: Value) {
    let summary = "/status/runSummary";
    if run.pointer(summary).is_none() && next.pointer(summary) == Some(&json!({})) {
        next.take_out(summary);
    }
    if let Some(status) = next.get_mut("status") {
        results::cut(status);
    }
    let written = turn.store.modify(key, Part::Main, turn.now, |object| {
        if let Some(status) = next.get("status") {
            object.set("/status", status.clone());
        }
    });
    debug_assert!(written.is_ok(), "{written:?}");
}

/// Deletes a run that is over and has outlived its time.
fn outlive(turn: &mut Turn<'_>, key: &Key, run: &Value) {
    let Some(until) = lifetime(run) else { return };
    if turn.now <= until {
        return turn.again_at(next_resync(until));
    }
    let gone = turn.store.delete(key, None, turn.now);
    debug_assert!(gone.is_ok(), "{gone:?}");
}

/// Until when a run is kept that is over, when it says so.
fn lifetime(run: &Value) -> Option<Moment> {
    let strategy = run.pointer("/spec/ttlStrategy")?;
    let completed = results::instant(run, "/status/completedAt")?;
    let own = match run.text("/status/phase") {
        "Successful" => strategy.int_maybe("/secondsAfterSuccess"),
        "Failed" => strategy.int_maybe("/secondsAfterFailure"),
        _ => None,
    };
    let seconds = own.or_else(|| strategy.int_maybe("/secondsAfterCompletion"))?;
    // Only whole seconds count, and they must have passed.
    Some(completed + Span::seconds(seconds) + Span::milliseconds(999))
}

/// When every run is looked at for the first time after an instant.
fn next_resync(after: Moment) -> Moment {
    let late = after.timestamp().rem_euclid(RESYNC.num_seconds());
    time::whole(after) + RESYNC - Span::seconds(late)
}

#[cfg(test)]
mod tests;
