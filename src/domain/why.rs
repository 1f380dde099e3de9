//! Why a workload stands where it stands, in one sentence and what to do about it.
//!
//! Reads only what was observed; says nothing it does not know.

use super::analysis::{AnalysisRun, Metric, Verdict, limit};
use super::id::WorkloadKind;
use super::phase::{self, Phase, Trouble};
use super::pod::PodState;
use super::release::{Release, Role};
use super::strategy::{BlueGreen, PauseLength, Step, Strategy};
use super::time::{Timestamp, clock, length};
use super::workload::{AnalysisStatus, PauseReason};

/// A sentence, its evidence, and the way on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Why {
    /// The reason, in one sentence.
    pub sentence: String,
    /// What it rests on, a line each.
    pub evidence: Vec<String>,
    /// What can be done.
    pub next: Option<String>,
}

impl Why {
    fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), ..Self::default() }
    }

    fn next(mut self, text: impl Into<String>) -> Self {
        self.next = Some(text.into());
        self
    }

    fn evidence(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(lines);
        self
    }
}

/// Why it stands where it stands.
pub fn of(release: &Release<'_>, now: Timestamp) -> Why {
    let workload = release.workload;
    let standing = phase::of(workload);
    let why = match standing.phase {
        Phase::Degraded => degraded(release, now),
        Phase::Paused => paused(release, now),
        Phase::Progressing => progressing(release, &standing.message, now),
        Phase::Healthy => healthy(release, now),
        Phase::Unknown if standing.message.is_empty() => Why::new("the controller has not said"),
        Phase::Unknown => Why::new(standing.message.to_string()),
    };
    let lines = pod_troubles(release, now);
    why.evidence(lines)
}

fn degraded(release: &Release<'_>, now: Timestamp) -> Why {
    let workload = release.workload;
    let stable = release.stable().map_or("stable".into(), super::release::Revision::number_text);
    match phase::trouble(workload) {
        Some(Trouble::InvalidSpec(message)) => {
            Why::new(format!("the spec is refused by the controller: {message}"))
                .next("correct the spec; the controller looks again every 20 s")
        }
        Some(Trouble::Aborted(message)) => aborted(release, &message, &stable),
        Some(Trouble::DeadlineExceeded(message)) => {
            let pods = worst_pod(release, now);
            let cause = pods.unwrap_or_else(|| message.to_string());
            let limit = length(workload.progress_deadline);
            let back = match workload.id.kind {
                WorkloadKind::Rollout => "abort or undo goes back",
                WorkloadKind::Deployment => "undo goes back",
            };
            Why::new(format!("stuck: no progress within {limit}; {cause}"))
                .next(format!("nothing is rolled back by itself; {back}"))
        }
        Some(Trouble::ReplicaFailure(message)) => {
            Why::new(format!("pods cannot be created: {message}"))
        }
        None => Why::new(format!("degraded: {}", workload.status.message)),
    }
}

fn aborted(release: &Release<'_>, message: &str, stable: &str) -> Why {
    // The controller adds a colon and its reason only when it aborted by itself: a run that failed
    // before a retry must not be blamed for what a person did afterwards.
    let by_itself = message.contains(": ");
    let failed = release.analysis.iter().copied().filter(|_| by_itself).find(|run| {
        run.verdict.is_bad() && (run.hash.is_none() || run.hash.as_ref() == release.current_hash())
    });
    let why = match failed {
        Some(run) => {
            Why::new(format!("aborted by analysis, users are on {stable}: {}", run_sentence(run)))
                .evidence([message.to_owned()])
        }
        None if by_itself => Why::new(format!("aborted, users are on {stable}: {message}")),
        None => Why::new(format!("aborted by hand, users are on {stable}")),
    };
    why.next("Degraded is expected after an abort; retry tries it again, undo makes it clean")
}

fn paused(release: &Release<'_>, now: Timestamp) -> Why {
    let workload = release.workload;
    if workload.paused {
        return Why::new("held by hand (spec.paused)")
            .next("resume lets it go on, no step is skipped");
    }
    let Some(pause) = phase::pause(workload) else {
        return Why::new(format!("paused: {}", workload.status.message));
    };
    let since = pause.start.map_or_else(String::new, |s| format!(" since {}", length(now - s)));
    match &pause.reason {
        PauseReason::CanaryPauseStep | PauseReason::BlueGreenPause => {
            if let Some(ends) = phase::pause_ends(workload) {
                let left = clock(ends - now);
                return Why::new(format!("paused by a timer, goes on by itself in {left}"));
            }
            let at = match (&workload.strategy, workload.status.step_index) {
                (Strategy::Canary(c), Some(i)) => format!(" at step {}/{}", i + 1, c.steps.len()),
                (Strategy::BlueGreen(_), _) => " before the switch".to_owned(),
                _ => String::new(),
            };
            Why::new(format!("waits for a person{at}{since}"))
                .next("promote moves it on, abort goes back")
        }
        PauseReason::InconclusiveAnalysisRun => {
            let run = release.analysis.iter().find(|r| r.verdict == Verdict::Inconclusive);
            let detail = run.map_or_else(String::new, |r| format!(": {}", run_sentence(r)));
            Why::new(format!("an analysis could not decide{detail}"))
                .next("promote accepts it or measures again, abort goes back")
        }
        PauseReason::InconclusiveExperiment => Why::new("an experiment could not decide")
            .next("promote runs it again, abort goes back"),
        PauseReason::Other(reason) => Why::new(format!("paused: {reason}{since}")),
    }
}

fn progressing(release: &Release<'_>, message: &str, now: Timestamp) -> Why {
    let workload = release.workload;
    if let Some(trouble) = worst_pod(release, now) {
        let left = deadline(release)
            .map_or_else(String::new, |d| format!("; called stuck in {}", clock(d - now)));
        return Why::new(format!("not getting ready: {trouble}{left}"));
    }
    if workload.status.promote_full {
        return Why::new("full promotion under way; abort can still end it");
    }
    if let Strategy::BlueGreen(settings) = &workload.strategy {
        return Why::new(preview_sentence(release, settings, message));
    }
    let Strategy::Canary(canary) = &workload.strategy else {
        return Why::new(message);
    };
    let Some(index) = workload.status.step_index else {
        return Why::new(message);
    };
    let count = canary.steps.len();
    let Some(step) = canary.steps.get(index) else {
        return Why::new(if workload.is_updating() {
            "all steps done; being made stable"
        } else {
            message
        });
    };
    let at = format!("step {}/{count} {}", index + 1, step.label());
    match step {
        Step::SetWeight(weight) => {
            let pods = release.revision(Role::Canary).map_or_else(String::new, |r| {
                format!(
                    ", {} of {} canary pods available",
                    r.replica_set.available, r.replica_set.desired
                )
            });
            Why::new(format!("{at}: bringing traffic to {weight}%{pods}"))
        }
        Step::Analysis(_) => {
            let run = release.current_analysis(super::analysis::AnalysisRole::Step);
            let detail = run.map_or_else(String::new, |r| format!(": {}", run_sentence(r)));
            Why::new(format!("{at} runs{detail}"))
        }
        Step::Pause(PauseLength::UntilPromoted) if !phase::is_unpausing(workload) => {
            Why::new(format!("{at}: about to wait for a person"))
        }
        _ => Why::new(format!("{at}: {message}")),
    }
}

/// What a blue-green in progress waits for, in the order in which it happens.
fn preview_sentence(release: &Release<'_>, settings: &BlueGreen, message: &str) -> String {
    let status = &release.workload.status;
    let running = |analysis: &Option<AnalysisStatus>| {
        analysis.as_ref().is_some_and(|a| !a.verdict.is_completed())
    };
    if !release.is_updating() || phase::is_unpausing(release.workload) {
        return message.to_owned();
    }
    let switched = status.active_hash == status.current_hash;
    if switched && running(&status.post_analysis) {
        return "switched; the post-promotion analysis runs, an abort still goes back".to_owned();
    }
    if switched {
        return "switched; being made stable".to_owned();
    }
    if running(&status.pre_analysis) {
        return "the pre-promotion analysis of the preview runs".to_owned();
    }
    let wanted = settings.preview_replicas.unwrap_or(release.workload.replicas);
    match release.current().map(|r| r.replica_set.available) {
        Some(available) if available < wanted => {
            format!("bringing up the preview: {available} of {wanted} pods available")
        }
        _ => message.to_owned(),
    }
}

fn healthy(release: &Release<'_>, now: Timestamp) -> Why {
    if let Some(trouble) = worst_pod(release, now) {
        Why::new(format!("healthy for the controller, but {trouble}"))
    } else {
        let stable = release.stable().or_else(|| release.current());
        let name = stable.map_or_else(|| "it".to_owned(), super::release::Revision::number_text);
        Why::new(format!("{name} is complete and takes all traffic"))
    }
}

/// When the controller will call it stuck: last progress plus the deadline. Only while the deadline
/// runs: not at pauses, analyses and experiments.
pub fn deadline(release: &Release<'_>) -> Option<Timestamp> {
    let workload = release.workload;
    if !release.is_updating() || workload.paused || !workload.status.pauses.is_empty() {
        return None;
    }
    if phase::trouble(workload).is_some() {
        return None;
    }
    if let (Strategy::Canary(canary), Some(index)) =
        (&workload.strategy, workload.status.step_index)
        && matches!(
            canary.steps.get(index),
            Some(Step::Pause(_) | Step::Analysis(_) | Step::Experiment(_, _))
        )
    {
        return None;
    }
    let progressing = workload.condition("Progressing")?;
    Some(progressing.updated? + workload.progress_deadline)
}

/// What a run found, with value, limit and count.
pub fn run_sentence(run: &AnalysisRun) -> String {
    let worst = run.metrics.iter().filter(|m| !m.dry_run).max_by_key(|m| severity(&m.verdict));
    match worst {
        Some(metric) if severity(&metric.verdict) > 0 => metric_sentence(metric),
        _ if run.is_cut_short() => "ended before it could judge".to_owned(),
        _ if !run.message.is_empty() => run.message.to_string(),
        _ => {
            let done = run.metrics.iter().filter(|m| m.verdict == Verdict::Successful).count();
            format!("{done} of {} metrics passed", run.metrics.len())
        }
    }
}

fn severity(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Failed => 4,
        Verdict::Error => 3,
        Verdict::Inconclusive => 2,
        Verdict::Unknown(_) => 1,
        Verdict::Pending | Verdict::Running | Verdict::Successful => 0,
    }
}

/// What one metric found: value, condition and count against limit.
pub fn metric_sentence(metric: &Metric) -> String {
    let shown =
        |verdict: &Verdict| metric.measurements.iter().rev().find(|m| m.verdict == *verdict);
    let value = |verdict: &Verdict| shown(verdict).map_or("nothing", |m| m.value.as_str());
    match &metric.verdict {
        Verdict::Failed => format!(
            "{} measured {}, {}; failed {} times, {} allowed",
            metric.name,
            value(&Verdict::Failed),
            limit::words(metric),
            metric.failed,
            metric.failure_limit.max(0)
        ),
        Verdict::Error => format!(
            "{} could not be measured {} times in a row, {} allowed: {}",
            metric.name,
            metric.consecutive_errors.max(metric.errors),
            metric.error_limit,
            shown(&Verdict::Error).map_or("", |m| m.message.as_str())
        ),
        Verdict::Inconclusive => format!(
            "{} measured {}, neither good nor bad by its conditions",
            metric.name,
            value(&Verdict::Inconclusive)
        ),
        other => format!("{} {}", metric.name, other.as_str()),
    }
}

/// The most telling pod trouble of the newest version that has one.
fn worst_pod(release: &Release<'_>, now: Timestamp) -> Option<String> {
    let troubled = |state: PodState| {
        matches!(state, PodState::Broken | PodState::Unready | PodState::Unscheduled)
    };
    for revision in &release.revisions {
        let worst =
            revision.pods.iter().filter(|p| troubled(p.state(now))).min_by_key(|p| p.state(now));
        if let Some(pod) = worst {
            let count = revision.pods.iter().filter(|p| troubled(p.state(now))).count();
            let what = pod.trouble(now).unwrap_or_default();
            let number = revision.number_text();
            let all = revision.pods.len();
            return Some(format!("{count} of {all} pods of {number}: {what}"));
        }
    }
    None
}

fn pod_troubles(release: &Release<'_>, now: Timestamp) -> Vec<String> {
    release
        .pods()
        .filter(|(_, pod)| !matches!(pod.state(now), PodState::Starting))
        .filter_map(|(revision, pod)| {
            let trouble = pod.trouble(now)?;
            Some(format!("{} {}: {trouble}", revision.number_text(), pod.id.name))
        })
        .take(8)
        .collect()
}

#[cfg(test)]
mod tests;
