//! Starting a run: its name, labels and arguments.
//!
//! The merging of templates is done by the analysis controller's folder. Called when runs are
//! tended.

use serde_json::{Value, json};

use super::{arguments, labels_of};
use crate::sim::control::analysis::draft::{self, Draft};
use crate::sim::control::rollout::keys;
use crate::sim::control::rollout::pass::{Pass, Trouble};
use crate::sim::control::rollout::spec::Analysis;
use crate::sim::object::{Document, DocumentMut, escaped};
use crate::sim::store::Object;

impl Pass<'_, '_> {
    /// Starts a run of an analysis for the new version.
    pub(super) fn start_run(
        &mut self,
        analysis: &Analysis,
        infix: &str,
        labels: &[(&str, &str)],
    ) -> Result<Object, Trouble> {
        let hash = self.sets.current_hash();
        let stable = self.sets.stable_hash();
        let args = arguments(&analysis.args, &self.rollout, hash, stable)?;
        let revision = self.rollout.annotation(keys::REVISION).unwrap_or_default();
        let mut name = format!("{}-{hash}-{revision}", self.rollout.name());
        if !infix.is_empty() {
            name = format!("{name}-{infix}");
        }
        let mut all = labels_of(&[(keys::HASH, hash)]);
        let instance = self.rollout.object.label(keys::INSTANCE);
        let instance = (!instance.is_empty()).then_some((keys::INSTANCE, instance));
        let metadata = analysis.run_metadata.clone().unwrap_or_default();
        let extra = metadata.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let selector = self.rollout.match_labels();
        let labels = labels.iter().copied().chain(instance).chain(extra).chain(selector);
        for (key, value) in labels {
            all.set(&format!("/{}", escaped(key)), value);
        }
        let mut annotations = json!({ keys::REVISION: revision });
        for (key, value) in &metadata.annotations {
            annotations.set(&format!("/{}", escaped(key)), value.as_str());
        }
        let draft = Draft {
            namespace: self.rollout.namespace(),
            name,
            templates: &analysis.templates,
            args,
            dry_run: &analysis.dry_run,
            retention: &analysis.measurement_retention,
            labels: all,
            annotations,
            owner: self.rollout.owner_reference(),
        };
        let run: Value = draft::run(self.turn.store, &draft)?;
        Ok(draft::create(self.turn, run)?)
    }
}
