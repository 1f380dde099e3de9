//! The ReplicaSets of an experiment's templates.
//!
//! Called while a template is looked after.

use serde_json::{Value, json};

use super::template::fail;
use super::{EXPERIMENT_NAME, POD_HASH, Pass, TEMPLATE_NAME, state};
use crate::sim::hash;
use crate::sim::object::{Document, DocumentMut, escaped};
use crate::sim::store::{Key, Kind, Object, Part};
use crate::sim::time::{parse, seconds};
use crate::sim::world::EventType;

/// Until when a ReplicaSet keeps its pods that are no longer wanted.
const KEPT_UNTIL: &str = "scale-down-deadline";

impl Pass<'_, '_> {
    /// Creates the ReplicaSet of a template, without pods at first.
    pub(super) fn create_set(&mut self, template: &Value, known: &mut Value) {
        let name = template.text("/name");
        let set = self.drawn_set(template, known.int_maybe("/collisionCount"));
        let set_name = set.name().to_owned();
        match self.turn.store.create(Kind::ReplicaSet, set, self.turn.now) {
            Ok(set) => {
                self.sets.insert(name.to_owned(), set);
                known.set("/lastTransitionTime", seconds(self.turn.now));
            }
            // Somebody else's is in the way. The real controller counts collisions then, in vain:
            // the name has no hash in it.
            Err(refusal) if refusal.reason == "AlreadyExists" => {}
            Err(refusal) => {
                let why = refusal.message;
                let told = format!("Failed to create new replica set {set_name:?}: {why}");
                self.tell(EventType::Normal, "ReplicaSetCreateError", told);
                let template = format!("Failed to create ReplicaSet for template '{name}': {why}");
                fail(known, template);
            }
        }
    }

    fn drawn_set(&self, template: &Value, collisions: Option<i64>) -> Value {
        let label = format!("labels/{}", escaped(POD_HASH));
        let mut pods = template.get("template").cloned().unwrap_or_default();
        pods.take_out(&format!("/metadata/{label}"));
        let hash = hash::of_document(&pods, collisions);
        pods.set(&format!("/metadata/{label}"), hash.as_str());
        let mut selector = template.get("selector").cloned().unwrap_or_default();
        selector.set(&format!("/matchLabels/{}", escaped(POD_HASH)), hash.as_str());
        let mut set = json!({
            "metadata": {
                "name": format!("{}-{}", self.experiment.name(), template.text("/name")),
                "namespace": self.experiment.namespace(),
                "labels": pods.pointer("/metadata/labels"),
                "annotations": self.marks(template.text("/name")),
                "ownerReferences": [self.owner()],
            },
            "spec": {"replicas": 0, "selector": selector, "template": pods},
        });
        let ready = template.int("/minReadySeconds");
        if ready != 0 {
            set.set("/spec/minReadySeconds", ready);
        }
        set
    }

    /// The annotations by which things are found that belong to a template.
    pub(super) fn marks(&self, template: &str) -> Value {
        json!({EXPERIMENT_NAME: self.experiment.name(), TEMPLATE_NAME: template})
    }

    /// Notes on a ReplicaSet that is no longer wanted until when it keeps its pods.
    pub(super) fn delay_end(&mut self, template: &str, set: &Object) {
        let delay = state::delay(&self.experiment);
        let noted = set.annotation(KEPT_UNTIL).is_some_and(|until| !until.is_empty());
        if delay.is_zero() != noted {
            return;
        }
        let until = seconds(self.turn.now + delay);
        let key = Key::new(Kind::ReplicaSet, set.namespace(), set.name());
        let noted = self.turn.store.modify(&key, Part::Main, self.turn.now, |set| {
            if delay.is_zero() {
                set.remove_annotation(KEPT_UNTIL);
            } else {
                set.set_annotation(KEPT_UNTIL, &until);
            }
        });
        debug_assert!(noted.is_ok(), "{noted:?}");
        if let Ok(set) = noted {
            self.sets.insert(template.to_owned(), set);
        }
    }

    /// Gives a ReplicaSet as many pods as are wanted; none only when their time is up.
    pub(super) fn scale(&mut self, template: &Value, wanted: i64, known: &mut Value) {
        let name = template.text("/name");
        let Some(set) = self.sets.get(name).cloned() else { return };
        let mut wanted = wanted;
        let until = set.annotation(KEPT_UNTIL).and_then(parse);
        if let Some(until) = until.filter(|until| wanted == 0 && *until > self.turn.now) {
            self.turn.again_at(until);
            wanted = state::replicas(template);
        }
        let had = set.int_maybe("/spec/replicas").unwrap_or(1);
        if had == wanted {
            return;
        }
        let (word, set_name) = (if had < wanted { "up" } else { "down" }, set.name());
        let key = Key::new(Kind::ReplicaSet, set.namespace(), set_name);
        let scaled = self.turn.store.modify(&key, Part::Main, self.turn.now, |set| {
            set.set("/spec/replicas", wanted);
        });
        match scaled {
            Ok(_) => {
                let told = format!("Scaled {word} ReplicaSet {set_name} from {had} to {wanted}");
                self.tell(EventType::Normal, "ScalingReplicaSet", told);
            }
            Err(refusal) => {
                let why = refusal.message;
                let told = format!("Failed to scale {set_name} {word}: {why}");
                self.tell(EventType::Warning, "ReplicaSetUpdateError", told);
                fail(
                    known,
                    format!(
                        "Unable to scale ReplicaSet for template '{name}' to desired replica count \
                     '{wanted}': {why}"
                    ),
                );
            }
        }
    }
}
