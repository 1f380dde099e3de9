//! What exactly would be done: the writes, what they assert, and what to tell the person.
//!
//! A plan is made from the state on screen. Its asserts are the witness: they become the leading
//! `test` operations of the JSON Patch, so the API server refuses it when anything moved. The
//! `cluster` room turns writes into patches; nothing else writes.

mod draft;

use super::action::{Action, Verb};
use super::id::{PodHash, Uid, WorkloadId, WorkloadKind};
use super::legality::{self, Legality};
use super::receipt::Expectation;
use super::release::Release;
use super::text::SafeText;
use super::time::Timestamp;
use super::way_back;

use draft::Draft;

/// One fact that must still hold when the write arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assert {
    /// `metadata.uid`.
    Uid(Uid),
    /// `metadata.generation`.
    Generation(i64),
    /// `status.currentPodHash`.
    CurrentHash(Option<PodHash>),
    /// `status.stableRS`.
    StableHash(Option<PodHash>),
    /// `status.currentStepIndex`.
    StepIndex(Option<usize>),
    /// `status.pauseConditions/0/startTime`, or no pause at all.
    PauseStart(Option<SafeText>),
    /// `status.abort`; false means absent or false.
    Aborted(bool),
    /// `status.promoteFull`; false means absent or false.
    PromoteFull(bool),
    /// `spec.paused`; false means absent or false.
    Paused(bool),
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Remove `status.pauseConditions`.
    ClearPauses,
    /// Remove `status.controllerPause`.
    ClearControllerPause,
    /// Set `status.currentStepIndex`.
    SetStepIndex(usize),
    /// Set `status.promoteFull`.
    SetPromoteFull(bool),
    /// Set `status.abort`.
    SetAbort(bool),
    /// Set `spec.paused`.
    SetPaused(bool),
    /// Set `spec.restartAt` (Rollout) or the pod template annotation
    /// `kubectl.kubernetes.io/restartedAt` (Deployment).
    SetRestartAt(Timestamp),
    /// Replace `spec.template` by that of the ReplicaSet with this UID, without the labels and
    /// injected metadata that the controller added.
    CopyTemplate {
        /// Name of the ReplicaSet.
        replica_set: SafeText,
        /// Its UID: a namesake is refused.
        uid: Uid,
    },
}

/// One request to the API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Object that is patched.
    pub object: WorkloadId,
    /// Whether it goes to the `status` subresource.
    pub status: bool,
    /// What must still hold.
    pub asserts: Vec<Assert>,
    /// What changes.
    pub changes: Vec<Change>,
}

/// A right that is needed: `patch rollouts/status in shop`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission {
    /// Verb of the API.
    pub verb: &'static str,
    /// API group.
    pub group: &'static str,
    /// Resource.
    pub resource: &'static str,
    /// Subresource, or empty.
    pub subresource: &'static str,
    /// Namespace.
    pub namespace: SafeText,
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let slash = if self.subresource.is_empty() { "" } else { "/" };
        let Self { verb, resource, subresource, namespace, .. } = self;
        write!(f, "{verb} {resource}{slash}{subresource} in {namespace}")
    }
}

/// How much has to be said before it is done (the confirmation ladder).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Danger {
    /// Toward safety: Enter.
    Safety,
    /// Forward and reversible: Enter, a reason may be given.
    Forward,
    /// Hard to take back: part of the target hash is typed, a reason is required.
    Grave,
}

/// A line of the dialog: label and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// `now`, `then`, `after`, `git`, `note`.
    pub label: &'static str,
    /// The sentence.
    pub text: SafeText,
    /// Whether it is a warning.
    pub warning: bool,
}

/// What exactly would be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// To which workload.
    pub id: WorkloadId,
    /// To which object of that name.
    pub uid: Uid,
    /// What.
    pub action: Action,
    /// Requests, in order; the next one only goes out when the one before was accepted.
    pub writes: Vec<Write>,
    /// How much has to be confirmed.
    pub danger: Danger,
    /// Hash whose first characters are typed for a grave action.
    pub typed: SafeText,
    /// The dialog's lines.
    pub notes: Vec<Note>,
    /// The same thing with the usual tools.
    pub command: SafeText,
    /// What will show that it took effect.
    pub expectation: Expectation,
    /// What will show that its writes arrived, where what is expected takes more than them.
    pub proof: Option<Expectation>,
    /// What follows by itself, each planned from the state that is there by then.
    pub rest: Vec<Verb>,
    /// The rights that the rest will need.
    pub later: Vec<Permission>,
}

impl Plan {
    /// The rights its writes need, and what follows.
    pub fn permissions(&self) -> Vec<Permission> {
        let mut all: Vec<Permission> =
            self.writes.iter().map(|w| permission(&w.object, w.status)).collect();
        let later = self.later.iter().filter(|p| !all.contains(p)).cloned().collect::<Vec<_>>();
        all.extend(later);
        all
    }

    /// Whether both would do the same to the same state. When a restart was asked for is no part
    /// of that: it moves with every look at the clock.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let same_change = |(a, b): (&Change, &Change)| match (a, b) {
            (Change::SetRestartAt(_), Change::SetRestartAt(_)) => true,
            (a, b) => a == b,
        };
        let same_write = |(a, b): (&Write, &Write)| {
            a.object == b.object
                && a.status == b.status
                && a.asserts == b.asserts
                && a.changes.len() == b.changes.len()
                && a.changes.iter().zip(&b.changes).all(same_change)
        };
        self.rest == other.rest
            && self.writes.len() == other.writes.len()
            && self.writes.iter().zip(&other.writes).all(same_write)
    }
}

/// The right to patch an object or its status.
pub fn permission(object: &WorkloadId, status: bool) -> Permission {
    let (group, resource) = match object.kind {
        WorkloadKind::Rollout => ("argoproj.io", "rollouts"),
        WorkloadKind::Deployment => ("apps", "deployments"),
    };
    Permission {
        verb: "patch",
        group,
        resource,
        subresource: if status { "status" } else { "" },
        namespace: object.namespace.clone(),
    }
}

/// The right that a verb needs on a release, before there is a plan.
pub fn permission_for(release: &Release<'_>, verb: Verb) -> Permission {
    let id = &release.workload.id;
    match verb {
        Verb::Promote | Verb::PromoteFull | Verb::Abort | Verb::Retry => permission(id, true),
        Verb::Undo => permission(release.referenced.map_or(id, |w| &w.id), false),
        Verb::Pause | Verb::Resume | Verb::Restart => permission(id, false),
        // Each of its moves has its own; where there is none, that of the usual one.
        Verb::WaveOff => permission(id, id.kind == WorkloadKind::Rollout),
    }
}

/// Makes the plan of an action, or says why it is refused.
pub fn make(release: &Release<'_>, action: &Action, now: Timestamp) -> Result<Plan, SafeText> {
    if action.verb == Verb::WaveOff {
        return wave_off(release, action, now);
    }
    if let Legality::Refused(reason) = legality::of(release, action.verb, now) {
        return Err(reason);
    }
    let mut draft = Draft::new(release, action);
    match action.verb {
        Verb::Promote => draft.promote(),
        Verb::PromoteFull => draft.promote_full(),
        Verb::Pause => draft.hold(true),
        Verb::Resume => draft.hold(false),
        Verb::Abort => draft.abort(now),
        Verb::Retry => draft.retry(),
        Verb::Restart => draft.restart(now),
        Verb::Undo => draft.undo()?,
        // Planned by itself above.
        Verb::WaveOff => {}
    }
    Ok(draft.plan)
}

/// The first move of the way back, with the rest of it said beforehand.
fn wave_off(release: &Release<'_>, action: &Action, now: Timestamp) -> Result<Plan, SafeText> {
    let back = way_back::of(release, action.target.as_ref(), now);
    if let Legality::Refused(reason) = legality::wave_off(&back) {
        return Err(reason);
    }
    let moves = back.way().and_then(|way| Some((way, way.moves.split_first()?)));
    let Some((way, (first, rest))) = moves else { return Err("nothing to wave off".into()) };
    let target = (*first == Verb::Undo).then(|| way.target.hash.clone());
    let later = rest.iter().map(|verb| permission_for(release, *verb)).collect();
    let plan = make(release, &Action { verb: *first, target }, now)?;
    Ok(Plan { rest: rest.to_vec(), later, ..draft::wave_off(plan, release, way, now) })
}

impl Assert {
    /// The fact in words: `step index 5`.
    pub fn words(&self) -> String {
        format!("{} {}", self.subject(), self.value_words())
    }

    /// What the fact is about.
    pub fn subject(&self) -> &'static str {
        match self {
            Self::Uid(_) => "uid",
            Self::Generation(_) => "spec generation",
            Self::CurrentHash(_) => "wanted version",
            Self::StableHash(_) => "stable version",
            Self::StepIndex(_) => "step index",
            Self::PauseStart(_) => "pause since",
            Self::Aborted(_) => "aborted",
            Self::PromoteFull(_) => "full promotion",
            Self::Paused(_) => "held",
        }
    }

    /// Its value.
    pub fn value_words(&self) -> String {
        let text = |value: &Option<SafeText>| {
            value.as_ref().map_or("none".into(), std::string::ToString::to_string)
        };
        match self {
            Self::Uid(uid) => uid.to_string(),
            Self::Generation(n) => n.to_string(),
            Self::CurrentHash(v) | Self::StableHash(v) | Self::PauseStart(v) => text(v),
            Self::StepIndex(v) => v.map_or("none".into(), |n| n.to_string()),
            Self::Aborted(v) | Self::PromoteFull(v) | Self::Paused(v) => v.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
