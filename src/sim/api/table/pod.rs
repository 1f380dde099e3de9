//! Cells of pods: the word that sums up what a pod's containers do.
//!
//! Called by tables.

use serde_json::{Value, json};

use super::{born, since};
use crate::sim::object::Document;
use crate::sim::time::Moment;

pub(super) fn cells(pod: &Value, now: Moment) -> Vec<Value> {
    let summary = summary(pod);
    let sidecars = pod.items("/spec/initContainers").iter().filter(|c| stays(c)).count();
    let total = pod.items("/spec/containers").len() + sidecars;
    let restarts = match summary.last_restart.as_str() {
        last if summary.restarts > 0 && !last.is_empty() => {
            format!("{} ({} ago)", summary.restarts, since(last, now))
        }
        _ => summary.restarts.to_string(),
    };
    let or_none = |text: &str| Value::from(if text.is_empty() { "<none>" } else { text });
    vec![
        pod.name().into(),
        format!("{}/{total}", summary.ready).into(),
        summary.word.into(),
        restarts.into(),
        born(pod, now),
        or_none(pod.items("/status/podIPs").first().map_or("", |ip| ip.text("/ip"))),
        or_none(pod.text("/spec/nodeName")),
        or_none(pod.text("/status/nominatedNodeName")),
        gates(pod).into(),
    ]
}

/// What a row says of a pod that has ended.
pub(super) fn condition(pod: &Value) -> Option<Value> {
    let (reason, message) = match pod.text("/status/phase") {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(json!({"type": "Completed", "status": "True", "reason": reason, "message": message}))
}

fn gates(pod: &Value) -> String {
    let all = pod.items("/spec/readinessGates");
    if all.is_empty() {
        return "<none>".to_owned();
    }
    let open = all.iter().filter(|gate| pod.holds(gate.text("/conditionType"))).count();
    format!("{open}/{}", all.len())
}

#[derive(Debug, Default)]
struct Summary {
    word: String,
    ready: usize,
    restarts: i64,
    last_restart: String,
}

impl Summary {
    fn count(&mut self, status: &Value) {
        self.restarts += status.int("/restartCount");
        let ended = status.text("/lastState/terminated/finishedAt");
        if ended > self.last_restart.as_str() {
            ended.clone_into(&mut self.last_restart);
        }
    }
}

fn summary(pod: &Value) -> Summary {
    let mut summary = Summary::default();
    pod.text("/status/phase").clone_into(&mut summary.word);
    if !pod.text("/status/reason").is_empty() {
        pod.text("/status/reason").clone_into(&mut summary.word);
    }
    let gated =
        pod.condition("PodScheduled").is_some_and(|c| c.text("/reason") == "SchedulingGated");
    if gated {
        "SchedulingGated".clone_into(&mut summary.word);
    }
    let starting = initializing(pod, &mut summary);
    if !starting || pod.holds("Initialized") {
        running(pod, &mut summary);
    }
    let ended = matches!(pod.text("/status/phase"), "Succeeded" | "Failed");
    if pod.is_leaving() && pod.text("/status/reason") == "NodeLost" {
        "Unknown".clone_into(&mut summary.word);
    } else if pod.is_leaving() && !ended {
        "Terminating".clone_into(&mut summary.word);
    }
    summary
}

/// Goes through the containers that run first; whether one of them is not done.
fn initializing(pod: &Value, summary: &mut Summary) -> bool {
    let specs = pod.items("/spec/initContainers");
    for (at, status) in pod.items("/status/initContainerStatuses").iter().enumerate() {
        summary.count(status);
        let sidecar = specs.iter().any(|c| c.text("/name") == status.text("/name") && stays(c));
        let ended = status.pointer("/state/terminated");
        if ended.is_some_and(|ended| ended.int("/exitCode") == 0) {
            continue;
        }
        if sidecar && status.flag("/started") {
            summary.ready += usize::from(status.flag("/ready"));
            continue;
        }
        let waiting = status.text("/state/waiting/reason");
        summary.word = match ended {
            Some(ended) => format!("Init:{}", end_word(ended)),
            None if !waiting.is_empty() && waiting != "PodInitializing" => {
                format!("Init:{waiting}")
            }
            None => format!("Init:{at}/{}", specs.len()),
        };
        return true;
    }
    false
}

fn running(pod: &Value, summary: &mut Summary) {
    let specs = pod.items("/spec/initContainers");
    (summary.restarts, summary.last_restart) = (0, String::new());
    for status in pod.items("/status/initContainerStatuses") {
        if specs.iter().any(|c| c.text("/name") == status.text("/name") && stays(c)) {
            summary.count(status);
        }
    }
    let mut runs = false;
    for status in pod.items("/status/containerStatuses").iter().rev() {
        summary.count(status);
        let waiting = status.text("/state/waiting/reason");
        if !waiting.is_empty() {
            waiting.clone_into(&mut summary.word);
        } else if let Some(ended) = status.pointer("/state/terminated") {
            summary.word = end_word(ended);
        } else if status.flag("/ready") && status.pointer("/state/running").is_some() {
            runs = true;
            summary.ready += 1;
        }
    }
    if summary.word == "Completed" && runs {
        summary.word = String::from(if pod.holds("Ready") { "Running" } else { "NotReady" });
    }
}

fn end_word(ended: &Value) -> String {
    match (ended.text("/reason"), ended.int("/signal")) {
        ("", 0) => format!("ExitCode:{}", ended.int("/exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

/// Whether a container that runs first goes on beside the others.
fn stays(container: &Value) -> bool {
    container.text("/restartPolicy") == "Always"
}
