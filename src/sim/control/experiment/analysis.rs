//! The AnalysisRuns of an experiment: begun when its pods are available, ended with it.
//!
//! Called at each look, once for each analysis.

use serde_json::{Value, json};

use super::super::analysis::draft::{self, Draft};
use super::{POD_HASH, Pass, SOURCE, gravity, is_over, state};
use crate::sim::object::{Document, DocumentMut, escaped};
use crate::sim::store::{Key, Kind, Object, Part};
use crate::sim::time::seconds;
use crate::sim::world::EventType;

const LIST: &str = "/analysisRuns";

/// Which of several controllers looks after an object; what it makes is for the same one.
const INSTANCE: &str = "argo-rollouts.argoproj.io/controller-instance-id";

impl Pass<'_, '_> {
    /// Begins, follows or ends an analysis.
    pub(super) fn analysis(&mut self, analysis: &Value) {
        let name = analysis.text("/name");
        let fresh = || json!({"name": name, "analysisRun": "", "phase": ""});
        let before = self.experiment.get("status").and_then(|s| state::known(s, LIST, name));
        let before = before.cloned().unwrap_or_else(fresh);
        let mut known = before.clone();
        self.follow(analysis, &mut known);
        let phase = known.text("/phase");
        if before.text("/phase") != phase && !phase.is_empty() {
            self.tell_phase(&before, &known);
        }
        state::put(&mut self.status, LIST, known);
    }

    fn follow(&mut self, analysis: &Value, known: &mut Value) {
        let name = analysis.text("/name");
        if self.experiment.text("/status/availableAt").is_empty() {
            // It is seen early that a template is missing.
            let namespace = self.experiment.namespace();
            if let Err(why) = draft::template(self.turn.store, namespace, analysis) {
                let scope = if analysis.flag("/clusterScope") { "Cluster" } else { "" };
                let failed = format!("{scope}AnalysisTemplate verification failed");
                set(known, "Error", &format!("{failed} for analysis '{name}': {why}"));
            }
            return;
        }
        if known.text("/analysisRun").is_empty() {
            if self.ending {
                return;
            }
            return match self.begin(analysis) {
                Ok(run) => {
                    set(known, "Pending", "");
                    known.set("/analysisRun", run.name());
                }
                Err(why) => {
                    let told = format!("Failed to create AnalysisRun for analysis '{name}': {why}");
                    set(known, "Error", &told);
                }
            };
        }
        if is_over(known.text("/phase")) {
            return;
        }
        let key =
            Key::new(Kind::AnalysisRun, self.experiment.namespace(), known.text("/analysisRun"));
        match self.turn.store.find(&key).cloned() {
            Err(refusal) => set(known, "Error", &refusal.message),
            // What becomes of an analysis that is ended is not followed any more.
            Ok(run) if self.ending => self.end(name, &key, &run),
            Ok(run) => set(known, run.text("/status/phase"), run.text("/status/message")),
        }
    }

    fn end(&mut self, name: &str, key: &Key, run: &Value) {
        if is_over(run.text("/status/phase")) || run.flag("/spec/terminate") {
            return;
        }
        let told = format!("Terminating {name} ({})", run.name());
        self.tell(EventType::Normal, "AnalysisRunTerminating", told);
        let ended = self.turn.store.modify(key, Part::Main, self.turn.now, |run| {
            run.set("/spec/terminate", true);
        });
        debug_assert!(ended.is_ok(), "{ended:?}");
    }

    fn begin(&mut self, analysis: &Value) -> Result<Object, String> {
        let args: Result<Vec<Value>, String> =
            analysis.items("/args").iter().map(|arg| self.argument(arg)).collect();
        let experiment = Object::clone(&self.experiment);
        let part = |pointer: &str| experiment.pointer(pointer).cloned().unwrap_or_default();
        let templates = [analysis.clone()];
        let mut labels = part("/spec/analysisRunMetadata/labels");
        let instance = format!("/{}", escaped(INSTANCE));
        if !experiment.label(INSTANCE).is_empty() && labels.pointer(&instance).is_none() {
            labels.set(&instance, experiment.label(INSTANCE));
        }
        let run = draft::run(
            self.turn.store,
            &Draft {
                namespace: experiment.namespace(),
                name: format!("{}-{}", experiment.name(), analysis.text("/name")),
                templates: &templates,
                args: args?,
                dry_run: experiment.items("/spec/dryRun"),
                retention: experiment.items("/spec/measurementRetention"),
                labels,
                annotations: part("/spec/analysisRunMetadata/annotations"),
                owner: self.owner(),
            },
        )?;
        draft::create(self.turn, run)
    }

    /// An argument with what it says of the experiment filled in.
    fn argument(&self, arg: &Value) -> Result<Value, String> {
        let mut filled = json!({"name": arg.text("/name")});
        let Some(mut rest) = arg.get("value").and_then(Value::as_str) else {
            return Ok(filled);
        };
        let (mut text, mut missing) = (String::new(), None);
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((tag, after)) = after.split_once("}}") else {
                return Err(format!(
                    "Cannot find end tag=\"}}}}\" in the template={:?} starting from {after:?}",
                    arg.text("/value")
                ));
            };
            text += before;
            match self.fact(tag.trim()) {
                Some(fact) => text += &fact,
                None => missing = Some(tag.to_owned()),
            }
            rest = after;
        }
        if let Some(tag) = missing {
            return Err(format!("failed to resolve {{{{{tag}}}}}"));
        }
        filled.set("/value", text + rest);
        Ok(filled)
    }

    /// What arguments can say of the experiment.
    fn fact(&self, name: &str) -> Option<String> {
        let status = self.experiment.get("status")?;
        match name {
            "experiment.availableAt" => Some(status.text("/availableAt").to_owned()),
            "experiment.finishedAt" => state::ends_at(&self.experiment, status).map(seconds),
            name => {
                let name = name.strip_prefix("templates.")?;
                let hash = name.strip_suffix(".podTemplateHash");
                let set = |template: &str| self.sets.get(template);
                hash.and_then(set).map(|set| set.label(POD_HASH).to_owned()).or_else(|| {
                    let template = name.strip_suffix(".replicaset.name")?;
                    set(template).map(|set| set.name().to_owned())
                })
            }
        }
    }

    /// Tells of a new phase, to the experiment and to the rollout that wants it.
    fn tell_phase(&mut self, before: &Value, known: &Value) {
        let (old, new) = (before.text("/phase"), known.text("/phase"));
        let name = known.text("/name");
        let mut message = format!("AnalysisRun '{name}' transitioned from {old} -> {new}");
        if !known.text("/message").is_empty() {
            message += &format!(": {}", known.text("/message"));
        }
        let reason = format!("AnalysisRun{new}");
        self.tell(gravity(new), &reason, message.clone());
        let owners = self.experiment.items("/metadata/ownerReferences").iter();
        let rollout = owners.filter(|owner| owner.text("/kind") == "Rollout").find_map(|owner| {
            let namespace = self.experiment.namespace();
            self.turn.store.get(&Key::new(Kind::Rollout, namespace, owner.text("/name"))).cloned()
        });
        if let Some(rollout) = rollout {
            self.turn.event(SOURCE, &rollout, EventType::Warning, &reason, message);
        }
    }
}

fn set(known: &mut Value, phase: &str, message: &str) {
    known.set("/phase", phase);
    if message.is_empty() {
        known.take_out("/message");
    } else {
        known.set("/message", message);
    }
}
