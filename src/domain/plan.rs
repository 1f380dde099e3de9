//! What exactly would be done: the writes, what they assert, and what to tell the person.
//!
//! A plan is made from the state on screen. Its asserts are the witness: they become the leading
//! `test` operations of the JSON Patch, so the API server refuses it when anything moved. The
//! `cluster` room turns writes into patches; nothing else writes.

use super::action::{Action, Verb};
use super::id::{PodHash, Uid, WorkloadId, WorkloadKind};
use super::legality::{self, Legality, Record};
use super::phase;
use super::receipt::Expectation;
use super::release::{Release, Role};
use super::strategy::Strategy;
use super::text::SafeText;
use super::time::{Timestamp, length, to_rfc3339};
use super::workload::PauseReason;

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
}

impl Plan {
    /// The rights its writes need.
    pub fn permissions(&self) -> Vec<Permission> {
        self.writes.iter().map(|w| permission(&w.object, w.status)).collect()
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
        self.writes.len() == other.writes.len()
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
    }
}

/// Makes the plan of an action, or says why it is refused.
pub fn make(release: &Release<'_>, action: &Action, now: Timestamp) -> Result<Plan, SafeText> {
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
    }
    Ok(draft.plan)
}

/// A plan in the making.
struct Draft<'a, 'r> {
    release: &'a Release<'r>,
    plan: Plan,
}

impl<'a, 'r> Draft<'a, 'r> {
    fn new(release: &'a Release<'r>, action: &Action) -> Self {
        let workload = release.workload;
        let plan = Plan {
            id: workload.id.clone(),
            uid: workload.uid.clone(),
            action: action.clone(),
            writes: Vec::new(),
            danger: Danger::Forward,
            typed: release.current_hash().cloned().unwrap_or_default(),
            notes: Vec::new(),
            command: SafeText::default(),
            expectation: Expectation::Nothing,
        };
        Self { release, plan }
    }

    fn note(&mut self, label: &'static str, text: impl Into<SafeText>) {
        self.plan.notes.push(Note { label, text: text.into(), warning: false });
    }

    fn warn(&mut self, label: &'static str, text: impl Into<SafeText>) {
        self.plan.notes.push(Note { label, text: text.into(), warning: true });
    }

    fn command(&mut self, tool: &str, verb: &str, tail: &str) {
        let id = &self.plan.id;
        self.plan.command = format!("{tool} {verb} {} -n {}{tail}", id.name, id.namespace).into();
    }

    fn plugin(&mut self, verb: &str, tail: &str) {
        self.command("kubectl argo rollouts", verb, tail);
    }

    /// The witness of a status write: everything that names this very moment of the rollout.
    fn status_asserts(&self) -> Vec<Assert> {
        let workload = self.release.workload;
        let status = &workload.status;
        let start = phase::pause(workload).map(|p| p.start_text.clone());
        vec![
            Assert::Uid(workload.uid.clone()),
            Assert::Generation(workload.generation),
            Assert::CurrentHash(status.current_hash.clone()),
            Assert::StableHash(status.stable_hash.clone()),
            Assert::StepIndex(status.step_index),
            Assert::PauseStart(start),
            Assert::Aborted(status.abort),
        ]
    }

    /// The witness of an abort: only what makes it the same update. It must not be refused because
    /// the update moved one step further in the meantime.
    fn abort_asserts(&self) -> Vec<Assert> {
        let workload = self.release.workload;
        vec![
            Assert::Uid(workload.uid.clone()),
            Assert::CurrentHash(workload.status.current_hash.clone()),
            Assert::StableHash(workload.status.stable_hash.clone()),
            Assert::Aborted(false),
        ]
    }

    fn spec_asserts(&self) -> Vec<Assert> {
        let workload = self.release.workload;
        vec![
            Assert::Uid(workload.uid.clone()),
            Assert::Generation(workload.generation),
            Assert::Paused(workload.paused),
        ]
    }

    fn write(&mut self, status: bool, asserts: Vec<Assert>, changes: Vec<Change>) {
        let object = self.plan.id.clone();
        self.plan.writes.push(Write { object, status, asserts, changes });
    }

    fn versions(&self) -> (String, String) {
        let name = |r: Option<&super::release::Revision<'_>>| {
            r.map_or_else(
                || "?".to_owned(),
                |r| format!("{} {}", r.number_text(), r.replica_set.hash),
            )
        };
        (name(self.release.current()), name(self.release.stable()))
    }

    fn promote(&mut self) {
        let workload = self.release.workload;
        let status = &workload.status;
        let (current, stable) = self.versions();
        let inconclusive_step = status
            .step_analysis
            .as_ref()
            .is_some_and(|a| a.verdict == super::analysis::Verdict::Inconclusive);
        let mut changes = vec![Change::ClearPauses];
        if let Strategy::Canary(canary) = &workload.strategy {
            let index = status.step_index.unwrap_or(0);
            let count = canary.steps.len();
            let wanted = canary.weight_at(index);
            self.note(
                "now",
                format!("step {}/{count}, {current} wants {wanted}% over {stable}", index + 1),
            );
            let next = canary.steps.get(index + 1).map_or_else(
                || "the last step is done: it is made stable".to_owned(),
                |s| format!("step {}/{count} {}", index + 2, s.label()),
            );
            match phase::pause(workload).map(|p| &p.reason) {
                Some(PauseReason::InconclusiveAnalysisRun) if inconclusive_step => {
                    changes.push(Change::ClearControllerPause);
                    changes.push(Change::SetStepIndex(index + 1));
                    self.warn("then", format!("the undecided analysis is accepted: {next}"));
                }
                Some(PauseReason::InconclusiveAnalysisRun) => {
                    self.note("then", "the background analysis measures again; the step stays");
                }
                Some(PauseReason::InconclusiveExperiment) => {
                    self.note("then", "a new experiment runs; the step stays");
                }
                _ => self.note("then", format!("one step: {next}")),
            }
            if let Some(ends) = phase::pause_ends(workload) {
                let at = ends.format("%H:%M:%S");
                self.warn(
                    "note",
                    format!("the pause would end by itself at {at}; the rest is skipped"),
                );
            }
            let stays = matches!(
                phase::pause(workload).map(|p| &p.reason),
                Some(PauseReason::InconclusiveAnalysisRun | PauseReason::InconclusiveExperiment)
            ) && !inconclusive_step;
            self.plan.expectation = if stays {
                Expectation::Unpaused { pause_start: self.pause_start() }
            } else {
                Expectation::StepPassed { index, hash: self.plan.typed.clone() }
            };
        } else {
            let preview = self.release.workload.status.preview_hash.clone().unwrap_or_default();
            let inconclusive = phase::pause(workload)
                .is_some_and(|p| p.reason == PauseReason::InconclusiveAnalysisRun);
            self.note("now", format!("users are on {stable}; {current} waits behind the preview"));
            if inconclusive {
                self.note("then", "the analysis measures again; nothing switches yet");
                self.plan.expectation = Expectation::Unpaused { pause_start: self.pause_start() };
            } else {
                self.note("then", format!("the active Service switches to {preview}"));
                self.plan.expectation = Expectation::Switched { hash: self.plan.typed.clone() };
                if let Strategy::BlueGreen(settings) = &workload.strategy {
                    let warm = length(settings.scale_down_delay);
                    self.note("after", format!("the old version stays warm for {warm}"));
                }
            }
        }
        self.plugin("promote", "");
        self.write(true, self.status_asserts(), changes);
    }

    fn pause_start(&self) -> SafeText {
        phase::pause(self.release.workload).map(|p| p.start_text.clone()).unwrap_or_default()
    }

    fn promote_full(&mut self) {
        let workload = self.release.workload;
        let (current, stable) = self.versions();
        self.plan.danger = Danger::Grave;
        self.note("now", format!("{current} is on its way over {stable}"));
        if workload.status.abort {
            self.warn("note", format!("this SHIPS the version that was aborted: {current}"));
        }
        self.warn(
            "then",
            "all remaining steps, pauses and analyses are skipped; all traffic moves",
        );
        self.note("after", format!("{current} becomes stable; while it does, abort is not heard"));
        self.plugin("promote", " --full");
        self.plan.expectation = Expectation::FullyPromoted { hash: self.plan.typed.clone() };
        self.write(true, self.status_asserts(), vec![Change::SetPromoteFull(true)]);
    }

    fn hold(&mut self, hold: bool) {
        let is_rollout = self.plan.id.kind == WorkloadKind::Rollout;
        let paused = self.release.workload.paused;
        self.note("now", if paused { "held (spec.paused)" } else { "not held" });
        if hold {
            self.plan.danger = Danger::Safety;
            self.note("then", "spec.paused: pods and steps stay where they are");
            if is_rollout {
                self.note(
                    "after",
                    "a timed pause keeps counting and analysis goes on; traffic stays",
                );
            }
        } else {
            self.note("then", "spec.paused off: it goes on where it stopped; no step is skipped");
        }
        if is_rollout && hold {
            self.plugin("pause", "");
        } else if is_rollout {
            let body = r#" --type merge -p '{"spec":{"paused":false}}'"#;
            self.command("kubectl patch", "rollout", body);
        } else {
            self.command(
                "kubectl rollout",
                if hold { "pause deployment" } else { "resume deployment" },
                "",
            );
        }
        self.warn_gitops();
        self.plan.expectation = Expectation::Held(hold);
        self.write(false, self.spec_asserts(), vec![Change::SetPaused(hold)]);
    }

    fn abort(&mut self, now: Timestamp) {
        let workload = self.release.workload;
        let (current, stable) = self.versions();
        self.plan.danger = Danger::Safety;
        let traffic = super::traffic::of(self.release, now);
        let share = traffic.router_share().map_or_else(String::new, |s| format!(" with {s}%"));
        self.note("now", format!("{current} runs{share} over {stable}"));
        let warm = self.release.stable().map_or_else(
            || "the stable version cannot be seen".to_owned(),
            |r| {
                format!(
                    "{stable} has {} of {} pods available",
                    r.replica_set.available, workload.replicas
                )
            },
        );
        self.note("then", format!("status.abort: traffic goes back; {warm}"));
        self.note("after", format!("phase reads Degraded: expected, users are on {stable}"));
        if let Some(stable) = self.release.stable()
            && stable.replica_set.available < workload.replicas
            && workload.strategy.canary().is_some_and(super::strategy::Canary::has_router)
        {
            let (have, want) = (stable.replica_set.available, workload.replicas);
            self.warn(
                "note",
                format!("the weight only falls once stable is complete: {have}/{want} now"),
            );
        }
        if workload.paused {
            self.warn("note", "it is held: pods and Services only follow after a resume");
        }
        if workload.gitops.is_some() {
            self.note(
                "git",
                "the repository still asks for the new version; an abort is not reverted",
            );
        }
        self.plugin("abort", "");
        self.plan.expectation = Expectation::Aborted { hash: self.plan.typed.clone() };
        // Clearing promoteFull as well: while it is set, the controller drops the abort.
        let mut changes = vec![Change::SetAbort(true)];
        if workload.status.promote_full {
            changes.push(Change::SetPromoteFull(false));
        }
        self.write(true, self.abort_asserts(), changes);
    }

    fn retry(&mut self) {
        let (current, stable) = self.versions();
        self.note("now", format!("aborted: users are on {stable}"));
        self.note("then", format!("{current} is tried again, from the first step"));
        self.plugin("retry rollout", "");
        self.plan.expectation = Expectation::Retried { hash: self.plan.typed.clone() };
        self.write(true, self.status_asserts(), vec![Change::SetAbort(false)]);
    }

    fn restart(&mut self, now: Timestamp) {
        let replicas = self.release.workload.replicas;
        self.note("now", format!("{replicas} pods wanted"));
        self.note("then", "every pod is replaced by a new one of the same version");
        if self.plan.id.kind == WorkloadKind::Rollout {
            if replicas == 1 {
                self.warn("note", "with one pod there is a gap: no new pod is started before");
            }
            self.plugin("restart", "");
        } else {
            self.command("kubectl rollout", "restart deployment", "");
        }
        self.warn_gitops();
        self.plan.expectation = Expectation::Restarted { at: to_rfc3339(now).into() };
        self.write(false, self.spec_asserts(), vec![Change::SetRestartAt(now)]);
    }

    fn undo(&mut self) -> Result<(), SafeText> {
        let targets = legality::undo_targets(self.release);
        let wanted = self.plan.action.target.clone();
        let target = targets
            .iter()
            .find(|t| wanted.as_ref().map_or(t.preferred, |hash| t.hash == *hash))
            .ok_or_else(|| SafeText::from("that revision is gone, or it is already wanted"))?;
        let revision = self
            .release
            .by_hash(&target.hash)
            .ok_or_else(|| SafeText::from("that revision is gone"))?;
        self.plan.action.target = Some(target.hash.clone());
        self.plan.danger = Danger::Grave;
        self.plan.typed = target.hash.clone();
        let (current, _) = self.versions();
        let name = revision.number_text();
        self.note("now", format!("{current} is wanted"));
        self.note(
            "then",
            format!("the template of {name} {} comes back: {}", target.hash, target.images),
        );
        self.note_undo_path(revision.is(Role::Stable) && self.release.is_updating());
        match &target.record {
            Record::FailedAnalysis(message) => {
                self.warn("note", format!("an analysis of {name} failed: {message}"));
            }
            Record::Stable | Record::Clean => {}
        }
        if let Some(plain) = targets.iter().find(|t| t.plain && t.hash != target.hash) {
            let number = plain.revision.map_or_else(|| "?".into(), |n| n.to_string());
            self.note("note", format!("a plain undo would have picked r{number} {}", plain.hash));
        }
        self.warn_gitops();
        let number = target.revision.map_or_else(String::new, |n| format!(" --to-revision={n}"));
        if self.plan.id.kind == WorkloadKind::Rollout {
            self.plugin("undo", &number);
        } else {
            self.command("kubectl rollout", "undo deployment", &number);
        }
        self.plan.expectation = Expectation::Undone { hash: target.hash.clone() };
        let change = Change::CopyTemplate {
            replica_set: revision.replica_set.id.name.clone(),
            uid: revision.replica_set.uid.clone(),
        };
        self.write_undo(change);
        Ok(())
    }

    /// Says how the controller will walk back: at once to stable, or through all steps again.
    fn note_undo_path(&mut self, to_stable: bool) {
        let workload = self.release.workload;
        match &workload.strategy {
            Strategy::Canary(c) if to_stable && c.has_router() => {
                self.note("after", "it is the stable version: traffic goes back at once, no steps");
            }
            Strategy::Canary(_) if to_stable => {
                self.note(
                    "after",
                    "it is the stable version: pods go back within the budget, no steps",
                );
            }
            Strategy::Canary(c) if workload.rollback_window.is_none() => {
                let steps = c.steps.len();
                self.warn("after", format!("it is not stable now: all {steps} steps run again"));
            }
            Strategy::BlueGreen(_) if to_stable => {
                self.note("after", "it is the stable version: no pause, no analysis");
            }
            Strategy::BlueGreen(_) => {
                self.note(
                    "after",
                    "at once while it is warm, else through preview and pause again",
                );
            }
            Strategy::Canary(_) => {
                self.note("after", "within the rollback window: steps are skipped");
            }
            Strategy::Rolling(_) | Strategy::Recreate | Strategy::Unknown => {
                self.note("after", "pods are replaced within surge and unavailable budget");
            }
        }
    }

    fn write_undo(&mut self, change: Change) {
        if let Some(referenced) = self.release.referenced {
            let asserts = vec![
                Assert::Uid(referenced.uid.clone()),
                Assert::Generation(referenced.generation),
            ];
            let object = referenced.id.clone();
            self.plan.writes.push(Write { object, status: false, asserts, changes: vec![change] });
            return;
        }
        let mut asserts = self.spec_asserts();
        if self.plan.id.kind == WorkloadKind::Rollout {
            let status = &self.release.workload.status;
            asserts.push(Assert::CurrentHash(status.current_hash.clone()));
            asserts.push(Assert::StableHash(status.stable_hash.clone()));
        }
        self.write(false, asserts, vec![change]);
    }

    fn warn_gitops(&mut self) {
        let owner = self.release.workload.gitops.as_ref();
        if let Some(owner) = owner {
            let text = format!(
                "{} ({}) may revert this to what the repository says",
                owner.tool, owner.name
            );
            self.warn("git", text);
        }
    }
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
