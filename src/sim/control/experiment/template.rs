//! One template of an experiment: its pods, its service and its state.
//!
//! Called at each look, once for each template.

use serde_json::{Value, json};

use super::{Pass, state};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::Object;
use crate::sim::time::{Span, parse, seconds};
use crate::sim::world::EventType;

const LIST: &str = "/templateStatuses";

impl Pass<'_, '_> {
    /// Brings a template nearer to what is wanted of it, and sees how far it is.
    pub(super) fn template(&mut self, template: &Value) {
        let name = template.text("/name");
        let fresh = || {
            json!({
                "name": name,
                "replicas": 0,
                "updatedReplicas": 0,
                "readyReplicas": 0,
                "availableReplicas": 0,
            })
        };
        let before = self.experiment.get("status").and_then(|s| state::known(s, LIST, name));
        let before = before.cloned().unwrap_or_else(fresh);
        let mut known = before.clone();
        let wanted = state::wanted(&self.experiment, template);
        match self.sets.get(name).cloned() {
            None => self.create_set(template, &mut known),
            Some(set) => self.tend(template, &set, wanted, &mut known),
        }
        self.count(name, &before, &mut known);
        if !state::is_done(known.text("/status")) {
            self.judge(name, wanted, &mut known);
        }
        if before.text("/status") != known.text("/status") {
            self.tell_state(&before, &known);
        }
        state::put(&mut self.status, LIST, known);
    }

    /// Looks after the pods and the service of a template that has them.
    fn tend(&mut self, template: &Value, set: &Object, wanted: i64, known: &mut Value) {
        let name = template.text("/name");
        if template.get("service").is_none() {
            self.delete_service(name, known);
        } else if wanted != 0 {
            self.create_service(template, set, known);
        } else if set.int("/status/availableReplicas") == 0 {
            self.delete_service(name, known);
        }
        if wanted == 0 {
            self.delay_end(name, set);
        }
        if set.int_maybe("/spec/replicas").unwrap_or(1) != wanted {
            self.scale(template, wanted, known);
            known.set("/lastTransitionTime", seconds(self.turn.now));
        }
    }

    /// Counts the pods as the ReplicaSet last did.
    fn count(&self, name: &str, before: &Value, known: &mut Value) {
        for (field, counted) in [
            ("replicas", "replicas"),
            ("updatedReplicas", "replicas"),
            ("readyReplicas", "readyReplicas"),
            ("availableReplicas", "availableReplicas"),
        ] {
            let set = self.sets.get(name);
            let count = set.map_or(0, |set| set.int(&format!("/status/{counted}")));
            known.set(&format!("/{field}"), count);
            if before.int(&format!("/{field}")) != count {
                known.set("/lastTransitionTime", seconds(self.turn.now));
            }
        }
    }

    /// The state of a template that has not had its last.
    fn judge(&self, name: &str, wanted: i64, known: &mut Value) {
        let now = self.turn.now;
        let limit = state::deadline(&self.experiment);
        let since = parse(known.text("/lastTransitionTime")).unwrap_or(now);
        let state = if wanted == known.int("/availableReplicas") {
            let done = self.ending || state::has_lasted(&self.experiment, now);
            if done { "Successful" } else { "Running" }
        } else if now >= since + Span::seconds(limit) {
            let message =
                format!("Template '{name}' exceeded its progressDeadlineSeconds ({limit})");
            known.set("/message", message);
            "Failed"
        } else if self.ending {
            "Successful"
        } else {
            "Progressing"
        };
        known.set("/status", state);
    }

    fn tell_state(&mut self, before: &Value, known: &Value) {
        let (old, new) = (before.text("/status"), known.text("/status"));
        let name = known.text("/name");
        let mut message = format!("Template '{name}' transitioned from {old} -> {new}");
        if !known.text("/message").is_empty() {
            message += &format!(": {}", known.text("/message"));
        }
        let kind = match new {
            "Failed" | "Error" => EventType::Warning,
            _ => EventType::Normal,
        };
        self.tell(kind, &format!("Template{new}"), message);
    }
}

/// Notes that something of a template could not be done.
pub(super) fn fail(known: &mut Value, message: String) {
    known.set("/status", "Error");
    known.set("/message", message);
}
