//! The object of an experiment, from a step.
//!
//! Called when an experiment is started.

use serde_json::{Value, json};

use crate::sim::control::rollout::analysis::arguments;
use crate::sim::control::rollout::keys;
use crate::sim::control::rollout::pass::{Pass, Trouble};
use crate::sim::control::rollout::set::{Set, template_hash};
use crate::sim::control::rollout::spec::{ExperimentAnalysis, ExperimentStep, ExperimentTemplate};
use crate::sim::object::{Document, DocumentMut, escaped};

impl Pass<'_, '_> {
    pub(super) fn draft_experiment(&self, step: &ExperimentStep) -> Result<Value, Trouble> {
        let rollout = &self.rollout;
        let hash = template_hash(&rollout.spec.template, rollout.status.collision_count);
        let revision = rollout.annotation(keys::REVISION).unwrap_or_default();
        let index = rollout.status.current_step_index.unwrap_or(0);
        let mut labels = rollout.object.pointer("/metadata/labels").cloned();
        let labels = labels.get_or_insert_with(|| json!({}));
        labels.set(&format!("/{}", keys::HASH), hash.as_str());
        let templates = step.templates.iter().map(|template| self.draft_template(template));
        let templates: Result<Vec<Value>, Trouble> = templates.collect();
        let analyses = step.analyses.iter().map(|analysis| self.draft_analysis(analysis));
        let analyses: Result<Vec<Value>, Trouble> = analyses.collect();
        let mut spec = json!({
            "templates": templates?,
            "analysisRunMetadata": step.run_metadata.clone().unwrap_or_else(|| json!({})),
        });
        let analyses = analyses?;
        let optional = [
            ("/analyses", (!analyses.is_empty()).then(|| analyses.into())),
            ("/duration", (!step.duration.is_empty()).then(|| step.duration.as_str().into())),
            ("/dryRun", (!step.dry_run.is_empty()).then(|| step.dry_run.clone().into())),
            ("/progressDeadlineSeconds", rollout.spec.progress_deadline_seconds.map(Value::from)),
            ("/scaleDownDelaySeconds", step.scale_down_delay_seconds.map(Value::from)),
        ];
        for (pointer, value) in optional {
            if let Some(value) = value {
                spec.set(pointer, value);
            }
        }
        Ok(json!({
            "metadata": {
                "name": format!("{}-{hash}-{revision}-{index}", rollout.name()),
                "namespace": rollout.namespace(),
                "ownerReferences": [rollout.owner_reference()],
                "labels": labels,
                "annotations": {keys::REVISION: revision},
            },
            "spec": spec,
        }))
    }

    /// One kind of pod: as those of the version that the step names, with its own metadata.
    fn draft_template(&self, step: &ExperimentTemplate) -> Result<Value, Trouble> {
        let set: Option<&Set> = match step.spec_ref.as_str() {
            "canary" => self.sets.current(),
            "stable" => self.sets.stable(),
            _ => {
                let why = "Invalid template step SpecRef: must be canary or stable";
                return Err(Trouble::Failed(why.into()));
            }
        };
        let part = |pointer| set.and_then(|set| set.object().pointer(pointer).cloned());
        let mut template = part("/spec/template").unwrap_or_else(|| json!({}));
        let asked = step.selector.clone();
        let mut selector = asked.or_else(|| part("/spec/selector")).unwrap_or_else(|| json!({}));
        for (key, value) in &step.metadata.labels {
            template.set_label(key, value);
            selector.set(&format!("/matchLabels/{}", escaped(key)), value.as_str());
        }
        for (key, value) in &step.metadata.annotations {
            template.set_annotation(key, value);
        }
        let mut draft = json!({"name": step.name, "selector": selector, "template": template});
        if let Some(replicas) = step.replicas {
            draft.set("/replicas", replicas);
        }
        if let Some(seconds) = part("/spec/minReadySeconds") {
            draft.set("/minReadySeconds", seconds);
        }
        if step.weight.is_some() || step.service.is_some() {
            let name = step.service.as_ref().map(|service| service.text("/name"));
            draft.set("/service", json!({}));
            if let Some(name) = name.filter(|name| !name.is_empty()) {
                draft.set("/service/name", name);
            }
        }
        Ok(draft)
    }

    fn draft_analysis(&self, step: &ExperimentAnalysis) -> Result<Value, Trouble> {
        let (new, stable) = (self.sets.current_hash(), self.sets.stable_hash());
        let args = arguments(&step.args, &self.rollout, new, stable)?;
        let mut draft = json!({"name": step.name, "templateName": step.template_name});
        if let Some(scope) = step.cluster_scope {
            draft.set("/clusterScope", scope);
        }
        if !args.is_empty() {
            draft.set("/args", args);
        }
        if step.required_for_completion {
            draft.set("/requiredForCompletion", true);
        }
        Ok(draft)
    }
}
