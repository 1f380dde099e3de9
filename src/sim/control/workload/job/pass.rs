//! One look at a Job: count its pods, make or delete some, and say how it stands.
//!
//! A pod that has ended is written down first, then let go, and only then counted, so that none is
//! ever counted twice. Called by the Job controller.

use serde_json::{Value, json};

use super::{Record, SOURCE, TRACKING, key_of, release};
use crate::sim::control::workload::condition;
use crate::sim::control::workload::pod::{self, Denied};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Object, Part};
use crate::sim::time::{self, Span};
use crate::sim::world::{EventType, Turn};

/// How a Job ends: condition, reason, message.
type Verdict = (&'static str, &'static str, &'static str);

const ENOUGH: Verdict =
    ("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods");
const TOO_OFTEN: Verdict =
    ("FailureTarget", "BackoffLimitExceeded", "Job has reached the specified backoff limit");
const TOO_LATE: Verdict =
    ("FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline");

/// One look.
#[derive(Debug)]
pub(super) struct Pass<'t, 'w> {
    turn: &'t mut Turn<'w>,
    key: &'t Key,
    job: Object,
    status: Value,
    pods: Vec<Object>,
    record: &'t mut Record,
    active: i64,
    ready: i64,
    terminating: i64,
}

impl<'t, 'w> Pass<'t, 'w> {
    pub(super) fn new(
        turn: &'t mut Turn<'w>,
        key: &'t Key,
        job: &Object,
        pods: Vec<Object>,
        record: &'t mut Record,
    ) -> Self {
        let count = |counts: &dyn Fn(&Value) -> bool| {
            i64::try_from(pods.iter().filter(|pod| counts(pod)).count()).unwrap_or(i64::MAX)
        };
        let active = count(&pod::is_active);
        let ready = count(&|pod| pod::is_active(pod) && pod::is_ready(pod));
        let terminating = count(&|pod| !pod::has_ended(pod) && pod.is_leaving());
        let mut status = job.get("status").cloned().unwrap_or_else(|| json!({}));
        if status.get("uncountedTerminatedPods").is_none() {
            status.set("/uncountedTerminatedPods", json!({}));
        }
        Self { turn, key, job: job.clone(), status, pods, record, active, ready, terminating }
    }

    pub(super) fn run(mut self) {
        let suspended = self.job.flag("/spec/suspend");
        if self.status.text("/startTime").is_empty() && !suspended {
            self.status.set("/startTime", time::seconds(self.turn.now));
        }
        let pods = self.pods.clone();
        let uncounted = |pod: &&Object| is_tracked(pod) && !self.is_noted(pod);
        let (mut succeeded, mut failed): (Vec<&Value>, Vec<&Value>) = (Vec::new(), Vec::new());
        for pod in pods.iter().filter(uncounted) {
            match pod.text("/status/phase") {
                "Succeeded" => succeeded.push(pod),
                _ if has_failed(pod) => failed.push(pod),
                _ => (),
            }
        }
        self.record.note(&succeeded, &failed);
        let successes = self.total("succeeded", succeeded.len());
        let failures = self.total("failed", failed.len());
        let mut verdict = self.verdict(failures);
        let suspended_before = self.status.clone();
        if verdict.is_some() {
            self.delete_active();
        } else {
            self.manage(suspended, successes);
            let wanted = self.job.int_maybe("/spec/completions");
            let enough = wanted.map_or(successes > 0, |wanted| successes >= wanted);
            if enough && self.active == 0 {
                verdict = Some(ENOUGH);
            } else {
                self.say_suspended(suspended);
            }
        }
        let changed = suspended_before.get("conditions") != self.status.get("conditions");
        self.settle(&pods, verdict, changed);
    }

    /// How many have succeeded or failed, with those that are new.
    fn total(&self, how: &str, new: usize) -> i64 {
        let noted = self.status.items(&format!("/uncountedTerminatedPods/{how}")).len();
        let more = i64::try_from(noted + new).unwrap_or(i64::MAX);
        self.status.int(&format!("/{how}")).saturating_add(more)
    }

    fn is_noted(&self, pod: &Value) -> bool {
        ["succeeded", "failed"].iter().any(|how| {
            let noted = self.status.items(&format!("/uncountedTerminatedPods/{how}"));
            noted.iter().any(|uid| uid == pod.uid())
        })
    }

    /// How the Job ends, if it must end.
    fn verdict(&mut self, failures: i64) -> Option<Verdict> {
        let stands = |kind: &str| condition::find(&self.status, kind).map(|c| c.text("/reason"));
        if stands("SuccessCriteriaMet").is_some() {
            return Some(ENOUGH);
        }
        if let Some(reason) = stands("FailureTarget") {
            return Some(if reason == TOO_LATE.1 { TOO_LATE } else { TOO_OFTEN });
        }
        let limit = self.job.int_maybe("/spec/backoffLimit").unwrap_or(6);
        if failures > limit || self.restarts_too_often(limit) {
            return Some(TOO_OFTEN);
        }
        let allowed = self.job.int_maybe("/spec/activeDeadlineSeconds")?;
        let since = time::parse(self.status.text("/startTime"))?;
        let deadline = since + Span::seconds(allowed);
        if self.turn.now >= deadline {
            return Some(TOO_LATE);
        }
        self.turn.again_at(deadline);
        None
    }

    /// Where pods are restarted in place, their restarts count.
    fn restarts_too_often(&self, limit: i64) -> bool {
        if self.job.text("/spec/template/spec/restartPolicy") != "OnFailure" {
            return false;
        }
        let restarts: i64 = self.pods.iter().map(|pod| pod::restarts(pod)).sum();
        if limit == 0 { restarts > 0 } else { restarts >= limit }
    }

    /// Makes pods that are missing, or deletes those that are too many.
    fn manage(&mut self, suspended: bool, successes: i64) {
        if suspended {
            return self.delete_active();
        }
        if self.job.is_leaving() {
            return;
        }
        let parallel = self.job.int_maybe("/spec/parallelism").unwrap_or(1);
        let wanted = match self.job.int_maybe("/spec/completions") {
            Some(completions) => (completions - successes).clamp(0, parallel),
            None if successes > 0 => self.active,
            None => parallel,
        };
        if wanted <= self.active {
            return;
        }
        if let Some(until) = self.record.until().filter(|until| *until > self.turn.now) {
            self.active = 0;
            return self.turn.again_at(until.max(self.turn.now + Span::seconds(1)));
        }
        let template = self.job.at("/spec/template").cloned().unwrap_or_default();
        let mut draft = pod::draft(&self.job, &template);
        draft.set("/metadata/finalizers", json!([TRACKING]));
        for _ in self.active..wanted {
            let (kind, reason, message) = match pod::create(self.turn, draft.clone()) {
                Ok(made) => {
                    self.active += 1;
                    (EventType::Normal, "SuccessfulCreate", format!("Created pod: {}", made.name()))
                }
                Err(Denied::NamespaceLeaves) => break,
                Err(Denied::Refused(refusal)) => {
                    self.turn.again_after(Span::seconds(1));
                    let message = format!("Error creating: {}", refusal.message);
                    (EventType::Warning, "FailedCreate", message)
                }
            };
            self.turn.event(SOURCE, &self.job, kind, reason, message);
            if reason == "FailedCreate" {
                break;
            }
        }
    }

    fn delete_active(&mut self) {
        for pod in self.pods.clone().iter().filter(|pod| pod::is_active(pod)) {
            if self.turn.store.delete(&key_of(pod), None, self.turn.now).is_err() {
                continue;
            }
            let message = format!("Deleted pod: {}", pod.name());
            self.turn.event(SOURCE, &self.job, EventType::Normal, "SuccessfulDelete", message);
            self.active -= 1;
            self.terminating += 1;
            self.ready -= i64::from(pod::is_ready(pod));
        }
    }

    fn say_suspended(&mut self, suspended: bool) {
        let known = condition::find(&self.status, "Suspended").map(|c| c.text("/status") == "True");
        let (state, reason, event, message) = match (suspended, known) {
            (true, Some(true)) | (false, None | Some(false)) => return,
            (true, _) => ("True", "JobSuspended", "Suspended", "Job suspended"),
            (false, _) => {
                self.status.set("/startTime", time::seconds(self.turn.now));
                ("False", "JobResumed", "Resumed", "Job resumed")
            }
        };
        self.turn.event(SOURCE, &self.job, EventType::Normal, event, message);
        self.say("Suspended", state, reason, message);
    }

    fn say(&mut self, kind: &str, state: &str, reason: &str, message: &str) {
        let now = time::seconds(self.turn.now);
        let next = json!({
            "type": kind,
            "status": state,
            "lastProbeTime": now,
            "lastTransitionTime": now,
            "reason": reason,
            "message": message,
        });
        condition::push(&mut self.status, next);
    }

    /// Notes the pods that have ended, lets them go, counts them, and ends the Job if it is at its
    /// end.
    fn settle(mut self, pods: &[Object], verdict: Option<Verdict>, mut changed: bool) {
        let before = self.status.clone();
        let fails = verdict.is_some_and(|(kind, ..)| kind == "FailureTarget");
        let mut ended = Vec::new();
        for pod in pods.iter().filter(|pod| is_tracked(pod)) {
            let how = match pod.text("/status/phase") {
                "Succeeded" => "succeeded",
                _ if has_failed(pod) || fails => "failed",
                _ => continue,
            };
            ended.push(key_of(pod));
            if !self.is_noted(pod) {
                let place = format!("/uncountedTerminatedPods/{how}");
                let mut noted = self.status.items(&place).to_vec();
                noted.push(pod.uid().into());
                self.status.set(&place, noted);
            }
        }
        if let Some((kind, reason, message)) = verdict
            && condition::find(&self.status, kind).is_none()
        {
            self.say(kind, "True", reason, message);
        }
        condition::count(&mut self.status, "/active", self.active);
        self.status.set("/ready", self.ready);
        self.status.set("/terminating", self.terminating);
        changed |= before != self.status;
        if changed {
            self.write();
        }
        for key in &ended {
            release(key, self.turn);
        }
        self.count();
        self.finish(verdict);
    }

    /// Counts what was noted: its pods are let go.
    fn count(&mut self) {
        let mut counted = false;
        for how in ["succeeded", "failed"] {
            let place = format!("/uncountedTerminatedPods/{how}");
            let noted = self.status.items(&place).len();
            if noted > 0 {
                let total = self.total(how, 0);
                self.status.set(&format!("/{how}"), total);
                counted = true;
            }
        }
        if counted {
            self.status.set("/uncountedTerminatedPods", json!({}));
        }
    }

    fn finish(&mut self, verdict: Option<Verdict>) {
        let over = self.terminating == 0 && self.active == 0;
        if let Some((kind, reason, message)) = verdict.filter(|_| over) {
            let succeeds = kind == "SuccessCriteriaMet";
            let end = if succeeds { "Complete" } else { "Failed" };
            self.say(end, "True", reason, message);
            if succeeds {
                self.status.set("/completionTime", time::seconds(self.turn.now));
            }
            self.write();
            let (kind, reason, message) = match succeeds {
                true => (EventType::Normal, "Completed", "Job completed"),
                false => (EventType::Warning, reason, message),
            };
            return self.turn.event(SOURCE, &self.job, kind, reason, message);
        }
        self.write();
    }

    fn write(&mut self) {
        let status = self.status.clone();
        let now = self.turn.now;
        let written =
            self.turn.store.modify(self.key, Part::Status, now, |job| job.set("/status", status));
        debug_assert!(written.is_ok(), "{written:?}");
    }
}

fn is_tracked(pod: &Value) -> bool {
    pod.items("/metadata/finalizers").iter().any(|finalizer| finalizer == TRACKING)
}

/// A pod that was deleted before it succeeded counts as failed.
fn has_failed(pod: &Value) -> bool {
    match pod.text("/status/phase") {
        "Failed" => true,
        "Succeeded" => false,
        _ => pod.is_leaving(),
    }
}
