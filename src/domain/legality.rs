//! Which verbs make sense now, and why the others do not.
//!
//! The rules come from what the controller does with each patch (Argo Rollouts 1.10, checked
//! against the real controller by the plane suite): what is refused here would have been wrong or
//! useless. Permission is another question, asked of the API server.

use super::action::Verb;
use super::event::Event;
use super::id::{PodHash, WorkloadKind};
use super::phase;
use super::release::{Release, Revision, Role};
use super::strategy::{Canary, Step, Strategy};
use super::text::SafeText;
use super::time::{Timestamp, length};
use super::way_back::{self, WayBack};
use super::workload::PauseReason;

/// May it be done?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Legality {
    /// Yes.
    Allowed,
    /// No, because.
    Refused(SafeText),
}

impl Legality {
    /// Whether it is allowed.
    pub fn is_allowed(&self) -> bool {
        *self == Self::Allowed
    }

    /// The reason of a refusal.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Allowed => None,
            Self::Refused(reason) => Some(reason),
        }
    }
}

fn refuse(reason: impl Into<SafeText>) -> Legality {
    Legality::Refused(reason.into())
}

/// Whether `verb` may be done to `release` now.
pub fn of(release: &Release<'_>, verb: Verb, now: Timestamp) -> Legality {
    if release.workload.deleting {
        return refuse("it is being deleted");
    }
    match (release.workload.id.kind, verb) {
        (_, Verb::Pause) => pause(release),
        (_, Verb::Resume) => resume(release),
        (_, Verb::Undo) => undo(release, now),
        (_, Verb::Restart) => restart(release),
        (_, Verb::WaveOff) => wave_off(&way_back::of(release, None, now)),
        (WorkloadKind::Rollout, Verb::Promote) => promote(release, now),
        (WorkloadKind::Rollout, Verb::PromoteFull) => promote_full(release),
        (WorkloadKind::Rollout, Verb::Abort) => abort(release),
        (WorkloadKind::Rollout, Verb::Retry) => retry(release),
        (WorkloadKind::Deployment, Verb::Promote | Verb::PromoteFull) => {
            refuse("a Deployment has no steps to promote")
        }
        (WorkloadKind::Deployment, Verb::Abort) => {
            refuse("a Deployment cannot be aborted; undo goes back to an older revision")
        }
        (WorkloadKind::Deployment, Verb::Retry) => refuse("a Deployment is never aborted"),
    }
}

fn promote(release: &Release<'_>, now: Timestamp) -> Legality {
    let workload = release.workload;
    let status = &workload.status;
    if let Some(refusal) = not_forward(release) {
        return refusal;
    }
    if status.abort {
        return refuse("aborted: retry it or undo it first");
    }
    if status.promote_full {
        return refuse("full promotion is already under way");
    }
    if phase::is_unpausing(workload) {
        return refuse("already promoted; waiting for the controller");
    }
    if workload.paused {
        return refuse("held: resume it first, promoting now would also skip the step");
    }
    match &workload.strategy {
        Strategy::Canary(canary) => promote_canary(release, canary),
        Strategy::BlueGreen(_) => promote_blue_green(release, now),
        _ => refuse("this strategy is not known here"),
    }
}

/// Refusals that every forward verb shares.
fn not_forward(release: &Release<'_>) -> Option<Legality> {
    let workload = release.workload;
    if !phase::is_observed(workload) {
        return Some(refuse("the controller has not seen the newest spec yet"));
    }
    if let Some(phase::Trouble::InvalidSpec(message)) = phase::trouble(workload) {
        return Some(refuse(format!("the spec is invalid: {message}")));
    }
    match (&workload.status.current_hash, &workload.status.stable_hash) {
        (Some(current), Some(stable)) if current == stable => {
            Some(refuse("nothing to promote: the wanted version is stable"))
        }
        (Some(_), Some(_)) => None,
        _ => Some(refuse("first deployment: there is nothing to promote over")),
    }
}

fn promote_canary(release: &Release<'_>, canary: &Canary) -> Legality {
    let status = &release.workload.status;
    if canary.steps.is_empty() {
        return refuse("this canary has no steps; it goes on by itself");
    }
    if phase::pause(release.workload).is_some() {
        return Legality::Allowed;
    }
    let Some(index) = status.step_index else {
        return refuse("the controller has not reported a step yet");
    };
    match canary.steps.get(index) {
        None => refuse("all steps are done; it is being made stable"),
        Some(Step::Analysis(_)) => {
            refuse(format!("step {} is a running analysis, promoting would skip it", index + 1))
        }
        Some(step) => refuse(format!(
            "step {} ({}) is still under way, promoting would skip it",
            index + 1,
            step.label()
        )),
    }
}

fn promote_blue_green(release: &Release<'_>, now: Timestamp) -> Legality {
    let workload = release.workload;
    let status = &workload.status;
    let Some(pause) = phase::pause(workload) else {
        if status.active_hash == status.current_hash {
            return refuse("already switched; waiting to be made stable");
        }
        if status.pre_analysis.as_ref().is_some_and(|a| !a.verdict.is_completed()) {
            return refuse("the pre-promotion analysis is still running");
        }
        return refuse("the preview is not ready to be switched to yet");
    };
    if pause.reason == PauseReason::BlueGreenPause
        && let Some(ends) = phase::pause_ends(workload)
    {
        return refuse(format!(
            "it switches by itself in {}; promoting would only restart that timer",
            length(ends - now)
        ));
    }
    Legality::Allowed
}

fn promote_full(release: &Release<'_>) -> Legality {
    let workload = release.workload;
    if let Some(refusal) = not_forward(release) {
        return refusal;
    }
    if workload.status.promote_full {
        return refuse("full promotion is already under way");
    }
    if workload.paused {
        return refuse("held: resume it first, a full promotion has no effect while it is held");
    }
    Legality::Allowed
}

fn pause(release: &Release<'_>) -> Legality {
    let workload = release.workload;
    if workload.paused {
        return refuse("already held");
    }
    if workload.status.abort {
        return refuse("aborted: holding it would hold up the way back");
    }
    Legality::Allowed
}

fn resume(release: &Release<'_>) -> Legality {
    if release.workload.paused {
        return Legality::Allowed;
    }
    if phase::pause(release.workload).is_some() {
        return refuse("not held: it waits at its own pause, which only promote moves on");
    }
    refuse("not held")
}

fn abort(release: &Release<'_>) -> Legality {
    let workload = release.workload;
    let status = &workload.status;
    if status.abort {
        return refuse("already aborted");
    }
    match (&status.current_hash, &status.stable_hash) {
        (Some(current), Some(stable)) if current == stable => {
            refuse("nothing to abort: the wanted version is stable; undo goes back to an older one")
        }
        (Some(_), Some(_)) => Legality::Allowed,
        _ => refuse("first deployment: there is no stable version to go back to"),
    }
}

fn retry(release: &Release<'_>) -> Legality {
    let workload = release.workload;
    if !workload.status.abort {
        return refuse("not aborted");
    }
    if !workload.is_updating() {
        return refuse("nothing to retry: the wanted version is stable");
    }
    Legality::Allowed
}

fn restart(release: &Release<'_>) -> Legality {
    let workload = release.workload;
    if workload.replicas == 0 {
        return refuse("it has no pods to restart");
    }
    if workload.id.kind == WorkloadKind::Deployment && workload.paused {
        return refuse("held: resume it first, a held Deployment does not restart");
    }
    if workload.restart_at.is_some()
        && workload.restart_at != workload.status.restarted_at
        && workload.id.kind == WorkloadKind::Rollout
    {
        return refuse("a restart is already under way");
    }
    Legality::Allowed
}

fn undo(release: &Release<'_>, _now: Timestamp) -> Legality {
    let workload = release.workload;
    if workload.id.kind == WorkloadKind::Deployment && workload.paused {
        return refuse("held: resume it first, a held Deployment does not roll back");
    }
    if let Some(reference) = &workload.workload_ref {
        if reference.kind != "Deployment" {
            return refuse(format!(
                "its template lives in {} {}, which has no revisions to go back to here",
                reference.kind, reference.name
            ));
        }
        if release.referenced.is_none() {
            return refuse(format!(
                "its template lives in Deployment {}, which cannot be seen",
                reference.name
            ));
        }
    }
    if undo_targets(release).is_empty() {
        return refuse("there is no other revision to go back to");
    }
    Legality::Allowed
}

/// Whether this way back may be gone.
pub fn wave_off(way: &WayBack) -> Legality {
    match way {
        WayBack::Open(_) => Legality::Allowed,
        WayBack::Home(text) => refuse(format!("nothing to wave off: {text}")),
        WayBack::Lost(why) => refuse(format!("no way back: {why}")),
    }
}

/// What is known of a version that undo could go back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// It is the stable version: the safest target.
    Stable,
    /// It was promoted to the end once (event `RolloutCompleted`).
    Completed,
    /// An analysis of it failed.
    FailedAnalysis(SafeText),
    /// Its update was aborted (event `RolloutAborted`).
    Aborted(SafeText),
    /// An older version was wanted after it: users were brought back from it.
    Left,
    /// Nothing is known of it, for or against.
    Clean,
}

/// A version that undo could go back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoTarget {
    /// Its hash.
    pub hash: PodHash,
    /// Its revision number.
    pub revision: Option<u64>,
    /// Its images, short.
    pub images: String,
    /// What is known of it.
    pub record: Record,
    /// Available pods and desired pods of it now: whether the way back is warm.
    pub available: i32,
    /// Whether it is the one that is preselected.
    pub preferred: bool,
    /// Whether a plain `undo` of the plugin or kubectl would have picked it: the second-highest
    /// revision number.
    pub plain: bool,
}

/// Versions that undo could go back to, newest first. Preselected is the last stable one: while an
/// update runs that is `status.stableRS`, afterwards the newest one that was promoted to the end,
/// else the newest with nothing against it.
pub fn undo_targets(release: &Release<'_>) -> Vec<UndoTarget> {
    let current = release.current_hash();
    let others: Vec<&Revision<'_>> = release
        .revisions
        .iter()
        .filter(|r| Some(&r.replica_set.hash) != current && r.replica_set.revision.is_some())
        .collect();
    let plain = release.revisions.iter().filter(|r| r.replica_set.revision.is_some()).nth(1);
    let plain = plain.map(|r| r.replica_set.hash.clone());
    let mut targets: Vec<UndoTarget> = others
        .into_iter()
        .map(|r| UndoTarget {
            plain: plain.as_ref() == Some(&r.replica_set.hash),
            ..target_of(release, r)
        })
        .collect();
    let best = [Record::Stable, Record::Completed, Record::Clean]
        .iter()
        .find_map(|record| targets.iter().position(|t| t.record == *record))
        .unwrap_or(0);
    if let Some(best) = targets.get_mut(best) {
        best.preferred = true;
    }
    targets
}

/// A revision as something to go back to.
pub(super) fn target_of(release: &Release<'_>, revision: &Revision<'_>) -> UndoTarget {
    UndoTarget {
        hash: revision.replica_set.hash.clone(),
        revision: revision.replica_set.revision,
        images: images_text(revision),
        record: record_of(release, revision),
        available: revision.replica_set.available,
        preferred: false,
        plain: false,
    }
}

fn images_text(revision: &Revision<'_>) -> String {
    let images: Vec<&str> =
        revision.replica_set.images.iter().map(super::workload::Image::short).collect();
    images.join(" ")
}

fn record_of(release: &Release<'_>, revision: &Revision<'_>) -> Record {
    if release.is_updating() && revision.is(Role::Stable) {
        return Record::Stable;
    }
    let failed = release
        .analysis
        .iter()
        .find(|run| run.hash.as_ref() == Some(&revision.replica_set.hash) && run.verdict.is_bad());
    if let Some(run) = failed {
        return Record::FailedAnalysis(run.message.clone());
    }
    // Going back gives an old version a new number: what is younger and has a lower one was left.
    let (number, made) = (revision.replica_set.revision, revision.replica_set.created);
    let came_after = |other: &Revision<'_>| {
        let set = other.replica_set;
        set.created.is_some() && set.created < made && set.revision > number
    };
    if release.revisions.iter().any(came_after) {
        return Record::Left;
    }
    release.events.iter().find_map(|event| told_by(event, revision)).unwrap_or(Record::Clean)
}

/// What an event of the controller says of a revision: it names the number in both, the hash only
/// where an update was completed (`utils/conditions` and `rollout/sync.go`).
fn told_by(event: &Event, revision: &Revision<'_>) -> Option<Record> {
    let number = revision.replica_set.revision?;
    let rest = |start: &str| {
        let rest = event.message.strip_prefix(start)?.strip_prefix(&number.to_string())?;
        (!rest.starts_with(|c: char| c.is_ascii_digit())).then_some(rest)
    };
    match event.reason.as_str() {
        "RolloutCompleted" => {
            rest("Rollout completed update to revision ").map(|_| Record::Completed)
        }
        "RolloutAborted" => rest("Rollout aborted update to revision ")
            .map(|_| Record::Aborted(event.message.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
