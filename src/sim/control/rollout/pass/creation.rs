//! A new ReplicaSet for a new template: with no pods yet.
//!
//! Called at the beginning of a pass.

use serde_json::{Value, json};

use super::revision::{copy_annotations, note_revision};
use super::{Outcome, Pass, Trouble};
use crate::sim::control::rollout::keys;
use crate::sim::control::rollout::set::{Set, same_template, template_hash, with_metadata};
use crate::sim::control::rollout::status::{Condition, reason};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Object, Refusal};

impl Pass<'_, '_> {
    /// Creates the ReplicaSet of the present template, and tells of it.
    pub(super) fn create_set(&mut self) -> Outcome {
        let revision = (self.sets.highest_revision() + 1).to_string();
        let mut set = Set::new(self.draft_set(&revision).into());
        let (of_canary, of_stable) = self.rollout.spec.strategy.metadata();
        let metadata = if self.sets.stable().is_some() { of_canary } else { of_stable };
        with_metadata(&mut set, metadata.cloned().as_ref());
        let object = set.object().as_ref().clone();
        let created = match self.turn.store.create(Kind::ReplicaSet, object, self.turn.now) {
            Ok(created) => created,
            Err(refusal) if refusal.reason == "AlreadyExists" => {
                let key = set.key();
                let known = self.adopt(&key, refusal)?;
                self.sets.add_current(Set::new(known), &self.rollout);
                return self.set_revision(&revision);
            }
            Err(refusal) => return self.tell_failure(set.name(), refusal),
        };
        let created = Set::new(created);
        let name = created.name().to_owned();
        let number = created.revision();
        self.sets.add_current(created, &self.rollout);
        self.set_revision(&revision)?;
        self.tell(reason::CREATED, format!("Created ReplicaSet {name} (revision {number})"));
        let message = format!("Created new replica set {name:?}");
        let condition = Condition::new("Progressing", "True", reason::CREATED, message, self.now());
        self.rollout.status.conditions.set(condition);
        self.write_whole_status()
    }

    fn draft_set(&self, revision: &str) -> Value {
        let rollout = &self.rollout;
        let mut template = rollout.spec.template.clone();
        let hash = template_hash(&template, rollout.status.collision_count);
        template.set_label(keys::HASH, &hash);
        let mut selector = rollout.spec.selector.clone().unwrap_or_else(|| json!({}));
        selector.set(&format!("/matchLabels/{}", keys::HASH), hash.as_str());
        let mut set = json!({
            "metadata": {
                "name": format!("{}-{hash}", rollout.name()),
                "namespace": rollout.namespace(),
                "ownerReferences": [rollout.owner_reference()],
                "labels": template.pointer("/metadata/labels"),
            },
            "spec": {
                "replicas": 0,
                "selector": selector,
                "template": template,
            },
        });
        if rollout.spec.min_ready_seconds != 0 {
            set.set("/spec/minReadySeconds", rollout.spec.min_ready_seconds);
        }
        copy_annotations(rollout, &mut set);
        note_revision(&mut set, revision);
        set.set_annotation(keys::DESIRED, &rollout.replicas().to_string());
        set
    }

    /// A ReplicaSet of this name is there already. When it is no other one, it is taken; otherwise
    /// two templates have the same hash, which is counted, and the next pass tries another.
    fn adopt(&mut self, key: &Key, refusal: Refusal) -> Result<Object, Trouble> {
        let known = self.turn.store.find(key)?.clone();
        let owner = known.controller().map(|owner| owner.text("/uid"));
        let template = known.pointer("/spec/template").cloned().unwrap_or_default();
        if owner == Some(self.rollout.uid())
            && same_template(&template, &self.rollout.spec.template)
        {
            return Ok(known);
        }
        let count = self.rollout.status.collision_count.unwrap_or(0);
        self.rollout.status.collision_count = Some(count + 1);
        self.write_whole_status()?;
        Err(refusal.into())
    }

    fn tell_failure(&mut self, name: &str, refusal: Refusal) -> Outcome {
        let message = format!("Failed to create new replica set {name:?}: {}", refusal.message);
        self.warn(reason::CREATE_FAILED, message.clone());
        let why = reason::CREATE_FAILED;
        let condition = Condition::new("Progressing", "False", why, message, self.now());
        self.patch_conditions(self.rollout.status.clone(), vec![condition])?;
        Err(refusal.into())
    }
}
