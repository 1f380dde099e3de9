//! A plan in the making: what each verb writes, and what it tells the person.
//!
//! Only ever starts from what is allowed. Called by [`super::make`].

use super::{Assert, Change, Danger, Note, Plan, Write};
use crate::domain::action::{Action, Verb};
use crate::domain::analysis::Verdict;
use crate::domain::id::WorkloadKind;
use crate::domain::legality::{self, Record};
use crate::domain::phase;
use crate::domain::receipt::Expectation;
use crate::domain::release::{Release, Revision, Role, number_text};
use crate::domain::strategy::{Canary, Strategy};
use crate::domain::text::SafeText;
use crate::domain::time::{Timestamp, length, to_rfc3339};
use crate::domain::traffic;
use crate::domain::way_back::{Steps, Warmth, Way};
use crate::domain::workload::PauseReason;

/// The plan of a whole way back, out of that of its first move.
pub(super) fn wave_off(first: Plan, release: &Release<'_>, way: &Way, now: Timestamp) -> Plan {
    let name = format!("{} {}", number_text(way.target.revision), way.target.hash);
    let note = |label, text: String| Note { label, text: text.into(), warning: false };
    let warn = |label, text: String| Note { label, text: text.into(), warning: true };
    let from = release.current_hash().cloned().unwrap_or_default();
    let number = number_text(release.current().and_then(|r| r.replica_set.revision));
    let mut notes = vec![note("now", format!("{number} {from} is wanted"))];
    let moves: Vec<&str> = way.moves.iter().map(|verb| verb.name()).collect();
    notes.push(note("then", format!("{}: users go back to {name}", moves.join(", then "))));
    let (available, wanted) = way.pods;
    let warmth = way.warmth();
    let warm = format!("{} of {wanted} of its pods are available: {}", available, warmth.word());
    notes.push(Note { warning: warmth != Warmth::Warm, ..note("pods", warm) });
    if let Some(at) = way.cold_at {
        notes.push(warn("pods", format!("they go in {}", length(at - now))));
    }
    let takes = way.takes.map_or_else(
        || "not known: no pod has started here that could tell".to_owned(),
        |takes| format!("about {} until every user is on it", length(takes)),
    );
    notes.push(note("takes", takes));
    match way.steps {
        Steps::None | Steps::Skipped => {}
        Steps::Again(count) => {
            notes.push(note("steps", format!("{count} would come again: they are skipped")));
        }
        Steps::Preview => {
            notes.push(note("steps", "preview and pause would come again: skipped".to_owned()));
        }
    }
    notes.extend(way.remarks.iter().map(|remark| warn("note", remark.to_string())));
    // What the first move says of itself beyond that: holds, capacity, GitOps.
    let said = first.notes.iter().filter(|note| matches!(note.label, "note" | "git"));
    notes.extend(said.cloned());
    Plan {
        action: Action { verb: Verb::WaveOff, target: Some(way.target.hash.clone()) },
        danger: Danger::Safety,
        notes,
        expectation: Expectation::Back { from, to: way.target.hash.clone() },
        proof: Some(first.expectation),
        ..first
    }
}

/// A plan in the making.
pub(super) struct Draft<'a, 'r> {
    release: &'a Release<'r>,
    pub(super) plan: Plan,
}

impl<'a, 'r> Draft<'a, 'r> {
    pub(super) fn new(release: &'a Release<'r>, action: &Action) -> Self {
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
            proof: None,
            rest: Vec::new(),
            later: Vec::new(),
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
        let name = |r: Option<&Revision<'_>>| {
            r.map_or_else(
                || "?".to_owned(),
                |r| format!("{} {}", r.number_text(), r.replica_set.hash),
            )
        };
        (name(self.release.current()), name(self.release.stable()))
    }

    pub(super) fn promote(&mut self) {
        let workload = self.release.workload;
        let mut changes = vec![Change::ClearPauses];
        match &workload.strategy {
            Strategy::Canary(canary) => changes.extend(self.promote_canary(canary)),
            _ => self.promote_pair(),
        }
        self.plugin("promote", "");
        self.write(true, self.status_asserts(), changes);
    }

    /// Says what a step forward is here; gives what has to change beside the pause.
    fn promote_canary(&mut self, canary: &Canary) -> Vec<Change> {
        let workload = self.release.workload;
        let status = &workload.status;
        let (current, stable) = self.versions();
        let index = status.step_index.unwrap_or(0);
        let count = canary.steps.len();
        let wanted = canary.weight_at(index);
        let now = format!("step {}/{count}, {current} wants {wanted}% over {stable}", index + 1);
        self.note("now", now);
        let next = canary.steps.get(index + 1).map_or_else(
            || "the last step is done: it is made stable".to_owned(),
            |s| format!("step {}/{count} {}", index + 2, s.label()),
        );
        let undecided_step =
            status.step_analysis.as_ref().is_some_and(|a| a.verdict == Verdict::Inconclusive);
        let mut changes = Vec::new();
        let mut stays = false;
        match phase::pause(workload).map(|p| &p.reason) {
            Some(PauseReason::InconclusiveAnalysisRun) if undecided_step => {
                changes = vec![Change::ClearControllerPause, Change::SetStepIndex(index + 1)];
                self.warn("then", format!("the undecided analysis is accepted: {next}"));
            }
            Some(PauseReason::InconclusiveAnalysisRun) => {
                stays = true;
                self.note("then", "the background analysis measures again; the step stays");
            }
            Some(PauseReason::InconclusiveExperiment) => {
                stays = !undecided_step;
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
        self.plan.expectation = if stays {
            Expectation::Unpaused { pause_start: self.pause_start() }
        } else {
            Expectation::StepPassed { index, hash: self.plan.typed.clone() }
        };
        changes
    }

    /// Says what the switch of a blue-green is here.
    fn promote_pair(&mut self) {
        let workload = self.release.workload;
        let (current, stable) = self.versions();
        let preview = workload.status.preview_hash.clone().unwrap_or_default();
        let undecided = phase::pause(workload)
            .is_some_and(|p| p.reason == PauseReason::InconclusiveAnalysisRun);
        self.note("now", format!("users are on {stable}; {current} waits behind the preview"));
        if undecided {
            self.note("then", "the analysis measures again; nothing switches yet");
            self.plan.expectation = Expectation::Unpaused { pause_start: self.pause_start() };
            return;
        }
        self.note("then", format!("the active Service switches to {preview}"));
        self.plan.expectation = Expectation::Switched { hash: self.plan.typed.clone() };
        if let Strategy::BlueGreen(settings) = &workload.strategy {
            let warm = length(settings.scale_down_delay);
            self.note("after", format!("the old version stays warm for {warm}"));
        }
    }

    fn pause_start(&self) -> SafeText {
        phase::pause(self.release.workload).map(|p| p.start_text.clone()).unwrap_or_default()
    }

    pub(super) fn promote_full(&mut self) {
        let workload = self.release.workload;
        let (current, stable) = self.versions();
        self.plan.danger = Danger::Grave;
        self.note("now", format!("{current} is on its way over {stable}"));
        let skipped = "all remaining steps, pauses and analyses are skipped; all traffic moves";
        if workload.status.abort {
            let text = format!("SHIPS the version that was aborted, {current}: {skipped}");
            self.warn("then", text);
        } else {
            self.warn("then", skipped);
        }
        self.note("after", format!("{current} becomes stable; until then abort can still end it"));
        self.plugin("promote", " --full");
        self.plan.expectation = Expectation::FullyPromoted { hash: self.plan.typed.clone() };
        self.write(true, self.status_asserts(), vec![Change::SetPromoteFull(true)]);
    }

    pub(super) fn hold(&mut self, hold: bool) {
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

    pub(super) fn abort(&mut self, now: Timestamp) {
        let workload = self.release.workload;
        let (current, stable) = self.versions();
        self.plan.danger = Danger::Safety;
        let traffic = traffic::of(self.release, now);
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
            && workload.strategy.canary().is_some_and(Canary::has_router)
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
                "the repository still asks for the new version, and an abort is not reverted; \
                 C commits the way back there",
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

    pub(super) fn retry(&mut self) {
        let (current, stable) = self.versions();
        self.note("now", format!("aborted: users are on {stable}"));
        self.note("then", format!("{current} is tried again, from the first step"));
        self.plugin("retry rollout", "");
        self.plan.expectation = Expectation::Retried { hash: self.plan.typed.clone() };
        self.write(true, self.status_asserts(), vec![Change::SetAbort(false)]);
    }

    pub(super) fn restart(&mut self, now: Timestamp) {
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

    pub(super) fn undo(&mut self) -> Result<(), SafeText> {
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
            Record::Aborted(message) => self.warn("note", message.clone()),
            Record::Left => {
                self.warn("note", format!("users were brought back from {name} before"));
            }
            Record::Stable | Record::Completed | Record::Clean => {}
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
            let back = matches!(self.plan.action.verb, Verb::Undo | Verb::WaveOff);
            let commit = if back { "; C commits the way back there" } else { "" };
            let text = format!(
                "{} ({}) may revert this to what the repository says{commit}",
                owner.tool, owner.name
            );
            self.warn("git", text);
        }
    }
}
