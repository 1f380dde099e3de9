//! The story of a workload: what was seen to change, and when.
//!
//! Compares two states of an object and says in words what moved. Events of the cluster are merged
//! in by the model; they may be lost, these observations are our own. Called by `fleet`.

use super::analysis::AnalysisRun;
use super::phase;
use super::pod::{Pod, PodState};
use super::strategy::Strategy;
use super::text::SafeText;
use super::time::Timestamp;
use super::workload::Workload;

/// What an entry is about; also the filter on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// A version, its spec, its phase.
    Release,
    /// Steps and pauses.
    Step,
    /// Weights and Services.
    Traffic,
    /// Analysis runs.
    Analysis,
    /// Pods.
    Pods,
    /// What people did through this program.
    People,
    /// What a guard saw and did.
    Guard,
    /// Events of the cluster.
    Event,
}

impl Topic {
    /// The word for screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Step => "step",
            Self::Traffic => "traffic",
            Self::Analysis => "analysis",
            Self::Pods => "pods",
            Self::People => "people",
            Self::Guard => "guard",
            Self::Event => "event",
        }
    }
}

/// How an entry is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Plain.
    Plain,
    /// Good news.
    Good,
    /// Worth a look.
    Warn,
    /// Bad news.
    Bad,
}

/// One line of the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was seen (or, for an event, when it happened).
    pub at: Timestamp,
    /// What it is about.
    pub topic: Topic,
    /// How to take it.
    pub tone: Tone,
    /// The line.
    pub text: SafeText,
}

fn entry(at: Timestamp, topic: Topic, tone: Tone, text: impl Into<SafeText>) -> Entry {
    Entry { at, topic, tone, text: text.into() }
}

/// The workload is gone.
pub fn deleted(at: Timestamp) -> Entry {
    entry(at, Topic::Release, Tone::Warn, "deleted")
}

/// What was measured of the traffic, where it is news.
pub fn of_measured(at: Timestamp, tone: Tone, text: &str) -> Entry {
    entry(at, Topic::Traffic, tone, text)
}

/// What moved between two states of a workload.
pub fn of_workload(at: Timestamp, before: &Workload, after: &Workload) -> Vec<Entry> {
    let mut story = Vec::new();
    if before.uid != after.uid {
        story.push(entry(at, Topic::Release, Tone::Warn, "deleted and made anew"));
        return story;
    }
    release_entries(at, before, after, &mut story);
    step_entries(at, before, after, &mut story);
    traffic_entries(at, before, after, &mut story);
    story
}

fn release_entries(at: Timestamp, before: &Workload, after: &Workload, story: &mut Vec<Entry>) {
    let (old, new) = (&before.status, &after.status);
    if let (Some(from), Some(to)) = (&old.current_hash, &new.current_hash)
        && from != to
    {
        let images: Vec<&str> = after.images.iter().map(super::workload::Image::short).collect();
        let text = format!("new version {to} (was {from}) {}", images.join(" "));
        story.push(entry(at, Topic::Release, Tone::Plain, text));
    } else if before.images != after.images && !after.images.is_empty() {
        let images: Vec<&str> = after.images.iter().map(super::workload::Image::short).collect();
        story.push(entry(
            at,
            Topic::Release,
            Tone::Plain,
            format!("images now {}", images.join(" ")),
        ));
    }
    if before.replicas != after.replicas {
        let text = format!("replicas {} -> {}", before.replicas, after.replicas);
        story.push(entry(at, Topic::Release, Tone::Plain, text));
    }
    if before.paused != after.paused {
        let text = if after.paused { "held (spec.paused)" } else { "resumed (spec.paused off)" };
        story.push(entry(at, Topic::Release, Tone::Plain, text));
    }
    if !old.abort && new.abort {
        story.push(entry(at, Topic::Release, Tone::Bad, "aborted: traffic goes back to stable"));
    }
    if old.abort && !new.abort {
        story.push(entry(at, Topic::Release, Tone::Plain, "abort cleared"));
    }
    if !old.promote_full && new.promote_full {
        story.push(entry(at, Topic::Release, Tone::Plain, "full promotion requested"));
    }
    if let (Some(from), Some(to)) = (&old.stable_hash, &new.stable_hash)
        && from != to
    {
        let text = format!("{to} is stable now (was {from})");
        story.push(entry(at, Topic::Release, Tone::Good, text));
    }
    let (was, is) = (phase::of(before), phase::of(after));
    if was.phase != is.phase {
        let tone = match is.phase {
            phase::Phase::Healthy => Tone::Good,
            phase::Phase::Degraded => Tone::Bad,
            phase::Phase::Paused | phase::Phase::Progressing | phase::Phase::Unknown => Tone::Plain,
        };
        let mut text = format!("{} -> {}", was.phase.as_str(), is.phase.as_str());
        if !is.message.is_empty() {
            text.push_str(&format!(": {}", is.message));
        }
        story.push(entry(at, Topic::Release, tone, text));
    }
}

fn step_entries(at: Timestamp, before: &Workload, after: &Workload, story: &mut Vec<Entry>) {
    let Strategy::Canary(canary) = &after.strategy else {
        return;
    };
    let (old, new) = (before.status.step_index, after.status.step_index);
    if old == new || before.status.current_hash != after.status.current_hash {
        return;
    }
    let Some(index) = new else { return };
    let count = canary.steps.len();
    let text = match canary.steps.get(index) {
        Some(step) => format!("step {}/{count} {}", index + 1, step.label()),
        None => format!("all {count} steps done"),
    };
    story.push(entry(at, Topic::Step, Tone::Plain, text));
}

fn traffic_entries(at: Timestamp, before: &Workload, after: &Workload, story: &mut Vec<Entry>) {
    let weight = |w: &Workload| w.status.weights.as_ref().map(|w| w.canary.weight);
    if let (Some(from), Some(to)) = (weight(before), weight(after))
        && from != to
    {
        story.push(entry(at, Topic::Traffic, Tone::Plain, format!("router weight {from} -> {to}")));
    }
    if let (Some(from), Some(to)) = (&before.status.active_hash, &after.status.active_hash)
        && from != to
    {
        let text = format!("active Service switched from {from} to {to}");
        story.push(entry(at, Topic::Traffic, Tone::Plain, text));
    }
}

/// What moved between two states of a pod. A pod seen for the first time tells nothing: it may be
/// old news.
pub fn of_pod(at: Timestamp, before: Option<&Pod>, after: &Pod) -> Vec<Entry> {
    let Some(before) = before else {
        return Vec::new();
    };
    let (was, is) = (before.state(at), after.state(at));
    let name = after.id.name.rsplit('-').next().unwrap_or(&after.id.name);
    if was != PodState::Ready && is == PodState::Ready {
        let took = after.created.map(|c| super::time::length(at - c)).unwrap_or_default();
        return vec![entry(at, Topic::Pods, Tone::Good, format!("pod {name} ready after {took}"))];
    }
    let worse = is == PodState::Broken
        && (was != PodState::Broken || before.restarts() != after.restarts());
    if worse {
        let text = format!("pod {name}: {}", after.trouble(at).unwrap_or_default());
        return vec![entry(at, Topic::Pods, Tone::Bad, text)];
    }
    Vec::new()
}

/// What moved between two states of an analysis run.
pub fn of_analysis(at: Timestamp, before: Option<&AnalysisRun>, after: &AnalysisRun) -> Vec<Entry> {
    let Some(before) = before else {
        return Vec::new();
    };
    let mut story = Vec::new();
    for metric in &after.metrics {
        let old = before.metrics.iter().find(|m| m.name == metric.name);
        let grew =
            |count: fn(&super::analysis::Metric) -> i32| count(metric) > old.map_or(0, count);
        let last = metric.measurements.last();
        let value = last.map(|m| m.value.as_str()).unwrap_or_default();
        if grew(|m| m.failed) {
            let text = format!(
                "{} measured {value}: failure {} of {} allowed",
                metric.name, metric.failed, metric.failure_limit
            );
            story.push(entry(at, Topic::Analysis, Tone::Bad, text));
        } else if grew(|m| m.errors) {
            let message = last.map(|m| m.message.as_str()).unwrap_or_default();
            let text = format!("{} could not be measured: {message}", metric.name);
            story.push(entry(at, Topic::Analysis, Tone::Warn, text));
        }
    }
    if before.verdict != after.verdict {
        let tone = match &after.verdict {
            v if v.is_bad() => Tone::Bad,
            _ if after.is_cut_short() => Tone::Plain,
            super::analysis::Verdict::Successful => Tone::Good,
            super::analysis::Verdict::Inconclusive => Tone::Warn,
            _ => Tone::Plain,
        };
        let mut text = format!("{} analysis {}", after.role.word(), after.verdict_word());
        if !after.message.is_empty() && !after.is_cut_short() {
            text.push_str(&format!(": {}", after.message));
        }
        story.push(entry(at, Topic::Analysis, tone, text));
    }
    story
}

#[cfg(test)]
mod tests;
