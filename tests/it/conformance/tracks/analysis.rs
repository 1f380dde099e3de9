//! AnalysisRuns and Experiments.
//!
//! Of a metric without an end, or with one that nobody waits for, the number of measurements is a
//! matter of time; it is noted as `some`.

use serde_json::Value;

use super::{Desk, list, row, word};

/// Measurements that nobody waits for.
const MANY: u64 = 100;

/// An AnalysisRun.
pub(super) fn run(desk: &mut Desk<'_>) {
    if desk.entry.gone {
        return desk.note("phase", "deleted");
    }
    let (phase, message) = (desk.word("/status/phase"), desk.word("/status/message"));
    desk.note("phase", &format!("{phase}: {message}"));
    desk.note_word("terminate", "/spec/terminate");
    let labels = ["rollout-type", "step-index"];
    let labels = labels.map(|l| word(&desk.at("/metadata/labels")[l])).to_vec();
    desk.note("labels", &row(labels));
    desk.note_word("revision", "/metadata/annotations/rollout.argoproj.io~1revision");
    desk.note_word("owner", "/metadata/ownerReferences/0/kind");
    let args = list(desk.at("/spec/args")).iter();
    let args = row(args.map(|a| format!("{}={}", word(&a["name"]), word(&a["value"]))).collect());
    desk.note("arguments", &args);
    for group in ["runSummary", "dryRunSummary"] {
        let summary = counts(&desk.at("/status")[group], false);
        desk.note(group, &summary);
    }
    let results = list(desk.at("/status/metricResults")).to_vec();
    for result in &results {
        metric(desk, result);
    }
}

fn metric(desk: &mut Desk<'_>, result: &Value) {
    let name = word(&result["name"]);
    let spec = list(desk.at("/spec/metrics")).iter().find(|m| m["name"] == result["name"]);
    let endless = spec.is_some_and(|m| match m["count"].as_u64() {
        None => m["interval"].is_string(),
        Some(count) => count > MANY,
    });
    let dry = if result["dryRun"] == true { ", dry" } else { "" };
    let state = format!(
        "{}{dry} ({}): {}: {}",
        word(&result["phase"]),
        counts(result, endless),
        word(&result["message"]),
        measurements(&result["measurements"], endless),
    );
    desk.note(&format!("metric {name}"), &state);
    let query = result["metadata"]["ResolvedPrometheusQuery"].as_str();
    desk.note(&format!("query {name}"), query.unwrap_or("-"));
}

/// The counters that are not 0.
fn counts(of: &Value, endless: bool) -> String {
    let names = [
        "count",
        "successful",
        "failed",
        "inconclusive",
        "error",
        "consecutiveError",
        "consecutiveSuccess",
    ];
    let words = names.iter().filter_map(|name| {
        let count = of[*name].as_u64().filter(|count| *count > 0)?;
        Some(if endless { format!("{name} some") } else { format!("{name} {count}") })
    });
    row(words.collect())
}

/// Phases and values, equal ones in a row counted.
fn measurements(all: &Value, endless: bool) -> String {
    let mut runs: Vec<(String, u32)> = Vec::new();
    for one in list(all) {
        let finished = if one["finishedAt"].is_null() { " unfinished" } else { "" };
        let mut text = format!("{} {}{finished}", word(&one["phase"]), word(&one["value"]));
        if let Some(message) = one["message"].as_str() {
            text.push_str(&format!(" ({message})"));
        }
        match runs.last_mut() {
            Some((last, count)) if *last == text => *count += 1,
            _ => runs.push((text, 1)),
        }
    }
    let told = runs.into_iter().map(|(text, count)| match count {
        _ if endless => format!("{text} ×some"),
        1 => text,
        count => format!("{text} ×{count}"),
    });
    row(told.collect())
}

/// An Experiment.
pub(super) fn experiment(desk: &mut Desk<'_>) {
    if desk.entry.gone {
        return desk.note("phase", "deleted");
    }
    let (phase, message) = (desk.word("/status/phase"), desk.word("/status/message"));
    desk.note("phase", &format!("{phase}: {message}"));
    desk.note_word("terminate", "/spec/terminate");
    desk.note_word("duration", "/spec/duration");
    desk.note("available", if desk.at("/status/availableAt").is_string() { "yes" } else { "-" });
    desk.note_word("owner", "/metadata/ownerReferences/0/kind");
    desk.note_word("revision", "/metadata/annotations/rollout.argoproj.io~1revision");
    for template in list(desk.at("/status/templateStatuses")).to_vec() {
        let state = format!("{}: {}", word(&template["status"]), word(&template["message"]));
        let name = word(&template["name"]);
        desk.note(&format!("template {name}"), &state);
        let service =
            format!("{} {}", word(&template["serviceName"]), word(&template["podTemplateHash"]));
        desk.note(&format!("template {name} service"), &service);
    }
    for run in list(desk.at("/status/analysisRuns")).to_vec() {
        let state = format!(
            "{} {}: {}",
            word(&run["analysisRun"]),
            word(&run["phase"]),
            word(&run["message"])
        );
        desk.note(&format!("analysis {}", word(&run["name"])), &state);
    }
    desk.conditions();
}
