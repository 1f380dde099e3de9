//! The way back: to which version, in which moves, how warm it is, how long it takes, and who
//! would undo it.
//!
//! Worked out from the state alone, so it can stand on the screen before it is needed, and a way
//! that was cut short goes on from wherever it is. Sources: what the controller does with an abort
//! and with an older template (`rollout/sync.go` `isRollbackWithinWindow`, `shouldFullPromote`,
//! `rollout/bluegreen.go`, `rollout/service.go` `reconcileActiveService` of Argo Rollouts 1.10).

mod estimate;

use super::action::Verb;
use super::id::{PodHash, WorkloadKind};
use super::legality::{self, Record, UndoTarget};
use super::phase;
use super::release::{Release, Revision, Role};
use super::strategy::{BlueGreen, Strategy};
use super::text::SafeText;
use super::time::{Span, Timestamp};

/// How one gets back from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayBack {
    /// Nothing is to be sent: users are on the version to go back to, or being brought there.
    Home(SafeText),
    /// There is a way.
    Open(Box<Way>),
    /// There is none; why.
    Lost(SafeText),
}

/// A way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Where it leads.
    pub target: UndoTarget,
    /// What has to be done, in this order.
    pub moves: Vec<Verb>,
    /// Available pods of the target, and those that are wanted.
    pub pods: (i32, i32),
    /// When the pods of the target go (`scale-down-deadline`), if that is still to come.
    pub cold_at: Option<Timestamp>,
    /// What becomes of the steps.
    pub steps: Steps,
    /// What else has to be known before, in sentences.
    pub remarks: Vec<SafeText>,
    /// Whether a GitOps tool would put the bad version back.
    pub reverted_by: Option<SafeText>,
    /// How long until every user is on the target, from the first move; nothing where no pod of
    /// this workload has shown yet how long it takes to start.
    pub takes: Option<Span>,
}

/// What becomes of the steps, pauses and analyses on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    /// There are none to go through.
    None,
    /// The controller skips them: the target is stable, still warm, or within the rollback window.
    Skipped,
    /// They would come again, so many of them: the last move skips them.
    Again(usize),
    /// The preview and its pause would come again: the last move skips them.
    Preview,
}

/// How warm the target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warmth {
    /// None of its pods is available.
    Cold,
    /// Some are.
    Partly,
    /// All are.
    Warm,
}

impl Warmth {
    /// The word for screens and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Partly => "partly warm",
            Self::Warm => "warm",
        }
    }
}

impl Way {
    /// How warm the target is.
    pub fn warmth(&self) -> Warmth {
        match self.pods {
            (available, wanted) if available >= wanted => Warmth::Warm,
            (available, _) if available > 0 => Warmth::Partly,
            _ => Warmth::Cold,
        }
    }

    /// The first move.
    pub fn first(&self) -> Option<Verb> {
        self.moves.first().copied()
    }
}

impl WayBack {
    /// The way, if there is one to go.
    pub fn way(&self) -> Option<&Way> {
        match self {
            Self::Open(way) => Some(way),
            Self::Home(_) | Self::Lost(_) => None,
        }
    }
}

fn lost(reason: impl Into<SafeText>) -> WayBack {
    WayBack::Lost(reason.into())
}

fn home(text: impl Into<SafeText>) -> WayBack {
    WayBack::Home(text.into())
}

/// The way back from here; to `target` where one was chosen before, else to the last version that
/// is known to be good.
///
/// With a target it can be asked again after every move: what is left of the way is what it says.
pub fn of(release: &Release<'_>, target: Option<&PodHash>, now: Timestamp) -> WayBack {
    let workload = release.workload;
    if workload.deleting {
        return lost("it is being deleted");
    }
    if let Some(wanted) = target
        && release.current_hash() == Some(wanted)
    {
        return arriving(release, wanted, now);
    }
    let targets = legality::undo_targets(release);
    let found = match target {
        Some(hash) => targets.iter().find(|t| t.hash == *hash),
        None => targets.iter().find(|t| t.preferred),
    };
    if release.is_updating() && workload.id.kind == WorkloadKind::Rollout {
        return from_update(release, target, found, now);
    }
    let Some(found) = found else {
        return lost(match target {
            Some(hash) => format!("revision {hash} is gone"),
            None => "there is no other revision to go back to".to_owned(),
        });
    };
    if let Some(why) = against(&found.record).filter(|_| target.is_none()) {
        return lost(format!("no other revision is known to be good: {why}"));
    }
    from_complete(release, found, now)
}

/// What speaks against a version.
fn against(record: &Record) -> Option<SafeText> {
    match record {
        Record::FailedAnalysis(why) | Record::Aborted(why) => Some(why.clone()),
        Record::Left => Some("users were brought back from it before".into()),
        Record::Stable | Record::Completed | Record::Clean => None,
    }
}

/// The target is wanted already: what is left is what holds it up.
fn arriving(release: &Release<'_>, target: &PodHash, now: Timestamp) -> WayBack {
    let workload = release.workload;
    if !release.is_updating() {
        return home(format!("{target} is wanted and complete"));
    }
    if workload.status.abort {
        // Somebody changed their mind on the way: that is not undone by itself.
        return home(format!(
            "the way to {target} was aborted: users are where they were before it"
        ));
    }
    if !phase::is_observed(workload) {
        return home(format!("{target} is wanted; the controller has not seen it yet"));
    }
    let Some(revision) = release.by_hash(target) else {
        return home(format!("{target} is wanted; its ReplicaSet is still to come"));
    };
    let target = target_of(release, revision);
    let mut moves = Vec::new();
    if workload.paused {
        moves.push(Verb::Resume);
    }
    let steps = steps_of(release, revision, now);
    let held_up = matches!(steps, Steps::Again(_) | Steps::Preview);
    if held_up && !workload.status.promote_full {
        moves.push(Verb::PromoteFull);
    }
    if moves.is_empty() {
        return home(format!("{} is wanted and on its way", target.hash));
    }
    WayBack::Open(Box::new(finish(release, target, moves, steps, now)))
}

/// An update of a Rollout is under way, or was aborted.
fn from_update(
    release: &Release<'_>,
    asked: Option<&PodHash>,
    found: Option<&UndoTarget>,
    now: Timestamp,
) -> WayBack {
    let workload = release.workload;
    let status = &workload.status;
    let Some(stable) = release.stable() else {
        return lost("the stable version cannot be seen");
    };
    let stable_hash = &stable.replica_set.hash;
    if asked.is_some_and(|hash| hash != stable_hash) {
        // Somebody chose another version than the stable one.
        return match found {
            Some(found) => from_complete(release, found, now),
            None => lost("that revision is gone"),
        };
    }
    let target = target_of(release, stable);
    let mut moves = Vec::new();
    let mut steps = Steps::Skipped;
    if !status.abort {
        moves.push(if abort_works(release, stable) { Verb::Abort } else { Verb::Undo });
    } else if !users_elsewhere(release) {
        return home(format!("aborted: users are on {} {stable_hash}", stable.number_text()));
    } else if abort_works(release, stable) {
        steps = Steps::None;
    } else {
        // The abort was taken, and the Service waits for the version that is sick.
        moves.push(Verb::Undo);
    }
    if workload.paused && hold_halts(release) {
        moves.push(Verb::Resume);
    }
    if moves.is_empty() {
        let number = stable.number_text();
        return home(format!("aborted: users are going back to {number} {stable_hash}"));
    }
    WayBack::Open(Box::new(finish(release, target, moves, steps, now)))
}

/// Whether users may still be on another version than the stable one.
fn users_elsewhere(release: &Release<'_>) -> bool {
    let status = &release.workload.status;
    match &release.workload.strategy {
        Strategy::BlueGreen(_) => status.active_hash != status.stable_hash,
        Strategy::Canary(canary) if canary.has_router() => {
            status.weights.as_ref().is_some_and(|weights| weights.canary.weight > 0)
        }
        _ => release.current().is_some_and(|r| r.replica_set.replicas > 0),
    }
}

/// Whether a hold (`spec.paused`) halts the way back: it halts pods and Services, not a router
/// (`haltProgress` in `rollout/context.go`).
fn hold_halts(release: &Release<'_>) -> bool {
    match &release.workload.strategy {
        Strategy::Canary(canary) => !canary.has_router(),
        Strategy::BlueGreen(_) => has_switched(release),
        _ => true,
    }
}

/// Whether the active Service of a blue-green points at the new version already.
fn has_switched(release: &Release<'_>) -> bool {
    let status = &release.workload.status;
    status.active_hash.is_some() && status.active_hash == status.current_hash
}

/// Whether the controller would keep an abort and follow it.
///
/// It drops one while a rollback within the window runs (`RemoveAbort`), and after the switch of a
/// blue-green it only switches back while the *new* version is complete, which is when nobody
/// aborts (`reconcileActiveService`).
fn abort_works(release: &Release<'_>, stable: &Revision<'_>) -> bool {
    let workload = release.workload;
    let Some(current) = release.current() else { return true };
    if is_within_window(release, current, stable) {
        return false;
    }
    let complete = current.replica_set.available == workload.replicas;
    !matches!(workload.strategy, Strategy::BlueGreen(_)) || !has_switched(release) || complete
}

/// The wanted version is the one that users are on; another one is to be.
fn from_complete(release: &Release<'_>, target: &UndoTarget, now: Timestamp) -> WayBack {
    let workload = release.workload;
    if let Some(reference) = &workload.workload_ref
        && (reference.kind != "Deployment" || release.referenced.is_none())
    {
        return lost(format!(
            "its template lives in {} {}, which cannot be put back from here",
            reference.kind, reference.name
        ));
    }
    let Some(revision) = release.by_hash(&target.hash) else {
        return lost(format!("revision {} is gone", target.hash));
    };
    let steps = steps_of(release, revision, now);
    let mut moves = vec![Verb::Undo];
    if workload.paused {
        match workload.id.kind {
            // The API refuses nothing, but nothing would move: let go first, as kubectl wants it.
            WorkloadKind::Deployment => moves.insert(0, Verb::Resume),
            WorkloadKind::Rollout => moves.push(Verb::Resume),
        }
    }
    if matches!(steps, Steps::Again(_) | Steps::Preview) {
        moves.push(Verb::PromoteFull);
    }
    WayBack::Open(Box::new(finish(release, target.clone(), moves, steps, now)))
}

/// What becomes of the steps when the template of `target` is wanted.
fn steps_of(release: &Release<'_>, target: &Revision<'_>, now: Timestamp) -> Steps {
    let to_stable = release.is_updating() && target.is(Role::Stable);
    let skips = to_stable
        || release.stable().is_some_and(|stable| is_within_window(release, target, stable));
    match &release.workload.strategy {
        Strategy::Canary(canary) if canary.steps.is_empty() => Steps::None,
        Strategy::BlueGreen(settings) if !stops_before_switch(settings) => Steps::None,
        Strategy::Canary(_) | Strategy::BlueGreen(_) if skips => Steps::Skipped,
        Strategy::Canary(canary) => Steps::Again(canary.steps.len()),
        // The controller goes straight to a version whose pods it has not taken away yet.
        Strategy::BlueGreen(_) if is_still_there(release, target, now) => Steps::Skipped,
        Strategy::BlueGreen(_) => Steps::Preview,
        Strategy::Rolling(_) | Strategy::Recreate | Strategy::Unknown => Steps::None,
    }
}

fn stops_before_switch(settings: &BlueGreen) -> bool {
    !settings.auto_promotion
        || settings.auto_promotion_after.is_some()
        || !settings.before.templates.is_empty()
}

fn is_still_there(release: &Release<'_>, target: &Revision<'_>, now: Timestamp) -> bool {
    let set = target.replica_set;
    set.available >= release.workload.replicas
        && set.scale_down_deadline.is_some_and(|deadline| deadline > now)
}

/// Whether going from `newer` to `older` lies within `spec.rollbackWindow`: fewer than so many
/// ReplicaSets were made strictly between the two. It goes by age, not by revision number.
fn is_within_window(release: &Release<'_>, older: &Revision<'_>, newer: &Revision<'_>) -> bool {
    let Some(window) = release.workload.rollback_window else { return false };
    let (Some(old), Some(new)) = (older.replica_set.created, newer.replica_set.created) else {
        return false;
    };
    let made = release.revisions.iter().filter_map(|r| r.replica_set.created);
    let between = made.filter(|at| *at > old && *at < new).count();
    old < new && between < usize::try_from(window).unwrap_or(usize::MAX)
}

fn target_of(release: &Release<'_>, revision: &Revision<'_>) -> UndoTarget {
    let known = legality::undo_targets(release);
    let hash = &revision.replica_set.hash;
    known
        .into_iter()
        .find(|target| target.hash == *hash)
        .unwrap_or_else(|| legality::target_of(release, revision))
}

/// The rest of what is to be known of a way.
fn finish(
    release: &Release<'_>,
    target: UndoTarget,
    moves: Vec<Verb>,
    steps: Steps,
    now: Timestamp,
) -> Way {
    let workload = release.workload;
    let revision = release.by_hash(&target.hash);
    let changes_spec = moves.iter().any(|verb| matches!(verb, Verb::Undo | Verb::Resume));
    let cold_at = revision.and_then(|r| r.replica_set.scale_down_deadline).filter(|at| *at > now);
    let mut remarks = Vec::new();
    if let Some(why) = against(&target.record) {
        remarks.push(format!("{} was not good: {why}", target.hash).into());
    } else if target.record == Record::Clean {
        remarks.push("nothing is known of how it went, good or bad".into());
    }
    let reverted_by = workload
        .gitops
        .as_ref()
        .filter(|_| changes_spec)
        .map(|owner| format!("{} ({})", owner.tool, owner.name).into());
    let pods = (target.available, workload.replicas);
    let takes = estimate::of(release, revision, &moves);
    Way { target, moves, pods, cold_at, steps, remarks, reverted_by, takes }
}

#[cfg(test)]
mod tests;
