//! What the measurements of a run mean: the phase of each metric, and of the run by its metrics.
//!
//! Never measures. Called by the controller after each round of measurements.

use serde_json::{Value, json};

use super::is_over;
use super::plan::{Plan, effective_count, number};
use super::results;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::time::{self, Moment};

/// Errors in a row that a metric may have when it says nothing of it.
const ERRORS: i64 = 4;

/// Phases from best to worst.
const BY_GRAVITY: &[&str] =
    &["Successful", "Running", "Pending", "Inconclusive", "Error", "Failed"];

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assessment {
    pub(super) phase: &'static str,
    pub(super) message: String,
    /// Metrics that have just got their last phase, with it.
    pub(super) completed: Vec<(String, &'static str)>,
}

/// Assesses a run, and writes into its status the phases of its metrics and both summaries.
pub(super) fn assess(run: &mut Value, plan: &Plan, now: Moment) -> Assessment {
    let ending = results::is_ending(run);
    if run.text("/status/startedAt").is_empty() {
        run.set("/status/startedAt", time::micros(now));
    }
    let told_to_end = run.flag("/spec/terminate");
    let mut round = Round {
        worst: "",
        message: if told_to_end { "Run Terminated".into() } else { String::new() },
        counted: Summary::default(),
        dry: Summary::default(),
        completed: Vec::new(),
    };
    let mut all_over = true;
    for metric in &plan.metrics {
        all_over &= round.metric(run, metric, plan.dry.contains(metric.text("/name")), ending);
    }
    run.set("/status/runSummary", round.counted.written());
    run.set("/status/dryRunSummary", round.dry.written());
    let (phase, message) = match round.worst {
        "" if ending => ("Successful", round.message),
        worst if ending || (all_over && !worst.is_empty()) => (worst, round.message),
        _ => ("Running", String::new()),
    };
    Assessment { phase, message: message.trim().to_owned(), completed: round.completed }
}

/// How many metrics ended how.
#[derive(Debug, Default)]
struct Summary {
    count: u32,
    successful: u32,
    failed: u32,
    inconclusive: u32,
    error: u32,
}

impl Summary {
    fn add(&mut self, phase: Option<&str>) {
        *match phase {
            Some("Failed") => &mut self.failed,
            Some("Inconclusive") => &mut self.inconclusive,
            Some("Error") => &mut self.error,
            _ => &mut self.successful,
        } += 1;
    }

    fn written(&self) -> Value {
        let mut written = json!({});
        for (field, count) in [
            ("/count", self.count),
            ("/successful", self.successful),
            ("/failed", self.failed),
            ("/inconclusive", self.inconclusive),
            ("/error", self.error),
        ] {
            if count > 0 {
                written.set(field, count);
            }
        }
        written
    }
}

#[derive(Debug)]
struct Round {
    worst: &'static str,
    message: String,
    counted: Summary,
    dry: Summary,
    completed: Vec<(String, &'static str)>,
}

impl Round {
    /// Assesses one metric; whether it is over.
    fn metric(&mut self, run: &mut Value, metric: &Value, dry: bool, ending: bool) -> bool {
        let summary = if dry { &mut self.dry } else { &mut self.counted };
        summary.count += 1;
        let name = metric.text("/name");
        // One that waits for its first measurement is not known yet.
        let Some(mut result) = results::of(run, name).cloned() else { return false };
        let phase = phase_of(metric, &result, ending);
        if result.text("/phase") != phase {
            if is_over(phase) {
                self.completed.push((name.to_owned(), phase));
            }
            let last = result.items("/measurements").last();
            if let Some(message) = last.map(|last| last.text("/message").to_owned()) {
                set_message(&mut result, &message);
            }
            result.set("/phase", phase);
            results::put(run, result.clone());
        }
        if !is_over(phase) {
            return false;
        }
        let beyond = beyond_limits(metric, &result);
        summary.add(beyond.as_ref().map(|(phase, _)| *phase));
        let why = beyond.map(|(_, why)| why);
        if dry {
            if self.worst.is_empty() {
                self.worst = "Successful";
            }
            if let Some(why) = why {
                set_message(&mut result, &format!("Metric assessed {phase} due to {why}"));
                results::put(run, result);
            }
        } else if self.worst.is_empty() || is_worse(self.worst, phase) {
            self.worst = phase;
            if let Some(why) = why {
                self.message = format!("Metric \"{name}\" assessed {phase} due to {why}");
                let told = result.text("/message");
                if !told.is_empty() {
                    self.message += &format!(": \"Error Message: {told}\"");
                }
            }
        }
        true
    }
}

fn set_message(result: &mut Value, message: &str) {
    if message.is_empty() {
        result.take_out("/message");
    } else {
        result.set("/message", message);
    }
}

/// Whether the second phase is worse than the first.
pub(crate) fn is_worse(than: &str, phase: &str) -> bool {
    let gravity = |phase| BY_GRAVITY.iter().position(|known| *known == phase).unwrap_or(0);
    gravity(phase) > gravity(than)
}

/// A phase as this table has it.
fn known(phase: &str) -> &'static str {
    BY_GRAVITY.iter().find(|known| **known == phase).copied().unwrap_or("")
}

/// The phase of a metric by its measurements and limits.
fn phase_of(metric: &Value, result: &Value, ending: bool) -> &'static str {
    if is_over(result.text("/phase")) {
        return known(result.text("/phase"));
    }
    let Some(last) = result.items("/measurements").last() else {
        return if ending { "Successful" } else { "Pending" };
    };
    if !is_over(last.text("/phase")) {
        return "Running";
    }
    if let Some((phase, _)) = beyond_limits(metric, result) {
        return phase;
    }
    let wanted = number(metric, "consecutiveSuccessLimit").filter(|limit| *limit > 0);
    if wanted.is_some_and(|limit| result.int("/consecutiveSuccess") >= limit) {
        return "Successful";
    }
    if effective_count(metric).is_some_and(|count| result.int("/count") >= count) {
        let may_fail = number(metric, "failureLimit").is_none_or(|limit| limit >= 0);
        return match (wanted, may_fail) {
            (Some(_), true) => "Inconclusive",
            (Some(_), false) => "Failed",
            (None, _) => "Successful",
        };
    }
    if ending { "Successful" } else { "Running" }
}

/// The limit that a metric has passed: the phase that makes of it, and why.
fn beyond_limits(metric: &Value, result: &Value) -> Option<(&'static str, String)> {
    let limit = |field| number(metric, field).unwrap_or(0);
    let errors = number(metric, "consecutiveErrorLimit").unwrap_or(ERRORS);
    let (failed, may_fail) = (result.int("/failed"), limit("failureLimit"));
    let (open, may_be_open) = (result.int("/inconclusive"), limit("inconclusiveLimit"));
    let in_a_row = result.int("/consecutiveError");
    // Where several were passed, errors weigh more than open questions, and these than failures.
    if in_a_row > errors {
        let why = format!("consecutiveErrors ({in_a_row}) > consecutiveErrorLimit ({errors})");
        Some(("Error", why))
    } else if open > may_be_open {
        let why = format!("inconclusive ({open}) > inconclusiveLimit ({may_be_open})");
        Some(("Inconclusive", why))
    } else if may_fail >= 0 && failed > may_fail {
        Some(("Failed", format!("failed ({failed}) > failureLimit ({may_fail})")))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::time::parse;

    /// A metric's limits, what is known of it, whether the run is ending, and its phase by that.
    #[test]
    fn the_phase_of_a_metric() {
        let over = |phase: &str| json!([{"phase": phase}]);
        let cases = [
            (json!({}), json!({}), false, "Pending"),
            (json!({}), json!({}), true, "Successful"),
            (json!({}), json!({"measurements": over("Running")}), true, "Running"),
            (json!({"interval": "1s"}), json!({"successful": 9, "count": 9}), false, "Running"),
            (json!({"interval": "1s"}), json!({"successful": 9, "count": 9}), true, "Successful"),
            (json!({}), json!({"failed": 1, "count": 1}), false, "Failed"),
            (json!({"failureLimit": "1"}), json!({"failed": 1, "count": 1}), false, "Successful"),
            (json!({}), json!({"inconclusive": 1, "failed": 1}), false, "Inconclusive"),
            (
                json!({"inconclusiveLimit": 1}),
                json!({"inconclusive": 1, "failed": 1}),
                false,
                "Failed",
            ),
            (json!({}), json!({"consecutiveError": 4}), false, "Running"),
            (json!({}), json!({"consecutiveError": 5, "inconclusive": 1}), false, "Error"),
            (
                json!({"consecutiveErrorLimit": "5"}),
                json!({"consecutiveError": 5}),
                true,
                "Successful",
            ),
            (
                json!({"consecutiveSuccessLimit": 2, "interval": "1s"}),
                json!({"consecutiveSuccess": 2, "count": 2}),
                false,
                "Successful",
            ),
            (json!({"consecutiveSuccessLimit": 2}), json!({"count": 1}), false, "Inconclusive"),
            (
                json!({"consecutiveSuccessLimit": 2, "failureLimit": -1}),
                json!({"count": 1, "failed": 7}),
                false,
                "Failed",
            ),
            (json!({}), json!({"phase": "Error", "failed": 1}), false, "Error"),
        ];
        for (metric, known, ending, phase) in cases {
            let mut result = known.clone();
            if known.as_object().is_some_and(|known| !known.is_empty())
                && known.get("measurements").is_none()
            {
                result.set("/measurements", over("Successful"));
            }
            assert_eq!(phase_of(&metric, &result, ending), phase, "{metric} {known}");
        }
    }

    fn run(results: &Value, rest: &Value) -> Value {
        let metric = |result: &Value| {
            let name = result.text("/name");
            json!({"name": name, "provider": {"web": {}}, "interval": "1s"})
        };
        let metrics: Vec<Value> = results.items("").iter().map(metric).collect();
        let mut spec = rest.clone();
        spec.set("/metrics", metrics);
        json!({"spec": spec, "status": {"metricResults": results}})
    }

    fn assessed(run: &mut Value) -> Assessment {
        let plan = Plan::of(run).unwrap();
        assess(run, &plan, parse("2026-11-24T10:00:00Z").unwrap())
    }

    fn result(name: &str, failed: i64, message: &str) -> Value {
        let measured = json!([{"phase": "Failed", "message": message}]);
        json!({"name": name, "phase": "Running", "failed": failed, "measurements": measured})
    }

    #[test]
    fn the_worst_metric_that_counts_makes_the_run() {
        let results = json!([
            {"name": "fine", "phase": "Successful"},
            {"name": "open", "phase": "Inconclusive", "inconclusive": 2},
            {"name": "bad", "phase": "Failed", "failed": 1, "message": "why"},
            {"name": "dry", "phase": "Error", "dryRun": true, "consecutiveError": 5},
        ]);
        let mut run = run(&results, &json!({"dryRun": [{"metricName": "dry"}]}));
        let found = assessed(&mut run);
        assert_eq!(found.phase, "Failed");
        let told = "Metric \"bad\" assessed Failed due to failed (1) > failureLimit (0): \
                    \"Error Message: why\"";
        assert_eq!(found.message, told);
        let summary = json!({"count": 3, "successful": 1, "failed": 1, "inconclusive": 1});
        assert_eq!(run.pointer("/status/runSummary"), Some(&summary));
        let dry = json!({"count": 1, "error": 1});
        assert_eq!(run.pointer("/status/dryRunSummary"), Some(&dry));
        let told = "Metric assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4)";
        assert_eq!(run.text("/status/metricResults/3/message"), told);
    }

    #[test]
    fn a_failure_ends_the_run_only_with_the_next_look() {
        let other =
            json!({"name": "other", "phase": "Running", "measurements": [{"phase": "Successful"}]});
        let mut run = run(&json!([result("bad", 1, ""), other]), &json!({}));
        let first = assessed(&mut run);
        assert_eq!((first.phase, first.completed), ("Running", vec![("bad".into(), "Failed")]));
        let second = assessed(&mut run);
        assert_eq!(
            (second.phase, second.completed),
            ("Failed", vec![("other".into(), "Successful")])
        );
    }
}
