//! What stories wait for, in the trade's words.
//!
//! Every wait is for a state of the record. A Rollout counts as seen only when its controller has
//! observed the generation that is there.

use serde_json::Value;

use super::record::Kind;
use super::stage::{Stage, View};

impl Stage {
    /// Complete, and one version only.
    pub(crate) async fn healthy(&mut self, name: &str) {
        self.until("Healthy", |view| {
            let status = &rollout(view, name)["status"];
            phase(view, name) == "Healthy" && status["stableRS"] == status["currentPodHash"]
        })
        .await;
    }

    /// At a pause of this step, from 0, where it stays.
    pub(crate) async fn paused_at(&mut self, name: &str, index: u64) {
        self.stays(&format!("a pause at step index {index}"), |view| {
            paused(view, name) && rollout(view, name)["status"]["currentStepIndex"] == index
        })
        .await;
    }

    /// Paused, with these words, and it stays so.
    pub(crate) async fn paused_by(&mut self, name: &str, message: &str) {
        self.stays(&format!("Paused: {message}"), |view| {
            paused(view, name) && rollout(view, name)["status"]["message"] == message
        })
        .await;
    }

    /// A claim that still holds after a moment in which the workload did not change.
    async fn stays(&mut self, what: &str, claim: impl Fn(&View) -> bool) {
        loop {
            self.until(what, &claim).await;
            self.settled().await;
            if claim(&self.view) {
                return;
            }
        }
    }

    /// At this step, from 0.
    pub(crate) async fn at_step(&mut self, name: &str, index: u64) {
        self.status_is(name, "/currentStepIndex", index).await;
    }

    pub(crate) async fn degraded(&mut self, name: &str) {
        self.until("Degraded", |view| phase(view, name) == "Degraded").await;
    }

    /// A field of the Rollout's status has this value; null for absent.
    pub(crate) async fn status_is(&mut self, name: &str, pointer: &str, value: impl Into<Value>) {
        let value: Value = value.into();
        self.until(&format!("status{pointer} = {value}"), |view| {
            let rollout = rollout(view, name);
            let found = rollout["status"].pointer(pointer).unwrap_or(&ABSENT);
            observed(rollout) && found == &value
        })
        .await;
    }

    /// Only so many versions still want or have pods.
    pub(crate) async fn versions_up(&mut self, count: usize) {
        self.until(&format!("{count} versions up"), |view| {
            let sets = view.iter().filter(|((kind, _), _)| *kind == Kind::ReplicaSet);
            let up = sets.filter(|(_, set)| {
                let of = |p: &str| set.pointer(p).and_then(Value::as_u64).unwrap_or(0);
                of("/spec/replicas") + of("/status/replicas") > 0
            });
            up.count() == count
        })
        .await;
    }

    /// A Deployment is complete.
    pub(crate) async fn deployed(&mut self, name: &str) {
        self.until("a complete Deployment", |view| {
            let Some(one) = view.get(&(Kind::Deployment, name.to_owned())) else { return false };
            let (spec, status) = (&one["spec"], &one["status"]);
            let wanted = spec["replicas"].as_u64().unwrap_or(1);
            let counts = ["replicas", "updatedReplicas", "availableReplicas"];
            one["metadata"]["generation"] == status["observedGeneration"]
                && counts.iter().all(|c| status[*c].as_u64().unwrap_or(0) == wanted)
        })
        .await;
    }

    /// A condition of a Deployment has this reason.
    pub(crate) async fn deployment_says(&mut self, name: &str, reason: &str) {
        self.until(&format!("a Deployment's {reason}"), |view| {
            let Some(one) = view.get(&(Kind::Deployment, name.to_owned())) else { return false };
            let conditions = one["status"]["conditions"].as_array();
            one["metadata"]["generation"] == one["status"]["observedGeneration"]
                && conditions.is_some_and(|c| c.iter().any(|c| c["reason"] == reason))
        })
        .await;
    }

    /// An AnalysisRun whose name ends so is in this phase.
    pub(crate) async fn run_is(&mut self, ending: &str, phase: &str) {
        self.phase_is(Kind::AnalysisRun, ending, phase).await;
    }

    /// The first Experiment of the second revision is in this phase.
    pub(crate) async fn experiment_is(&mut self, phase: &str) {
        self.phase_is(Kind::Experiment, "-2-0", phase).await;
    }

    async fn phase_is(&mut self, kind: Kind, ending: &str, phase: &str) {
        self.until(&format!("{kind:?} ..{ending} that is {phase}"), |view| {
            let mut all = view.iter().filter(|((of, _), _)| *of == kind);
            all.any(|((_, name), one)| name.ends_with(ending) && one["status"]["phase"] == phase)
        })
        .await;
    }

    /// The name of an object that ends so.
    pub(crate) fn named(&self, kind: Kind, ending: &str) -> Option<String> {
        let mut all = self.view.keys().filter(|(of, _)| *of == kind);
        all.find(|(_, name)| name.ends_with(ending)).map(|(_, name)| name.clone())
    }
}

static ABSENT: Value = Value::Null;

/// The Rollout, or null.
fn rollout<'a>(view: &'a View, name: &str) -> &'a Value {
    view.get(&(Kind::Rollout, name.to_owned())).map_or(&ABSENT, |rollout| rollout)
}

/// Whether the controller has seen the generation that is there.
fn observed(rollout: &Value) -> bool {
    let seen = rollout.pointer("/status/observedGeneration").and_then(Value::as_str);
    let seen = seen.and_then(|s| s.parse::<u64>().ok());
    seen.is_some() && seen >= rollout.pointer("/metadata/generation").and_then(Value::as_u64)
}

/// Whether it is paused, and its controller has said so in all of its ways: they are two passes,
/// and the phase alone still says so after a promotion of what was undecided.
fn paused(view: &View, name: &str) -> bool {
    let rollout = rollout(view, name);
    let status = &rollout["status"];
    let said = status["conditions"]
        .as_array()
        .is_some_and(|c| c.iter().any(|c| c["type"] == "Paused" && c["status"] == "True"));
    let why = status["pauseConditions"].as_array().is_some_and(|p| !p.is_empty());
    said && (why || rollout["spec"]["paused"] == true) && phase(view, name) == "Paused"
}

/// The phase as a client must read it: not before the controller has seen the generation, nor
/// between a promotion and its first pass.
fn phase(view: &View, name: &str) -> String {
    let rollout = rollout(view, name);
    let status = &rollout["status"];
    let paused = status["pauseConditions"].as_array().is_some_and(|p| !p.is_empty());
    if !observed(rollout) || (status["controllerPause"] == true && !paused) {
        return "Progressing".to_owned();
    }
    status["phase"].as_str().unwrap_or_default().to_owned()
}
