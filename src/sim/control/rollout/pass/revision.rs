//! Revisions: numbers of ReplicaSets, and the one of the Rollout.
//!
//! A ReplicaSet that is used again gets the next number; the ones it had are remembered. Called by
//! the passes.

use serde_json::Value;

use super::{Outcome, Pass, Trouble};
use crate::sim::control::rollout::keys;
use crate::sim::control::rollout::spec::Rollout;
use crate::sim::control::rollout::status::{Condition, reason};
use crate::sim::object::{Document, DocumentMut};

/// Annotations of a Rollout that its ReplicaSets do not get.
const NOT_COPIED: &[&str] =
    &[keys::LAST_APPLIED, keys::REVISION, keys::REVISION_HISTORY, keys::DESIRED, keys::NOTIFIED];

/// Gives a ReplicaSet the annotations of its Rollout; whether anything changed.
pub(super) fn copy_annotations(rollout: &Rollout, set: &mut Value) -> bool {
    let annotations = rollout.object.members("/metadata/annotations");
    let mut changed = false;
    for (key, value) in annotations.into_iter().flatten() {
        if !NOT_COPIED.contains(&key.as_str()) {
            changed |= set.set_annotation(key, value.as_str().unwrap_or_default());
        }
    }
    changed
}

/// Raises the revision of a ReplicaSet; whether it was lower.
pub(super) fn note_revision(set: &mut Value, revision: &str) -> bool {
    let known = set.annotation(keys::REVISION).unwrap_or_default();
    let known = if known.is_empty() { Ok(0) } else { known.parse::<i64>() };
    match (known, revision.parse::<i64>()) {
        (Ok(known), Ok(number)) if known < number => set.set_annotation(keys::REVISION, revision),
        _ => false,
    }
}

impl Pass<'_, '_> {
    /// Brings the new ReplicaSet and the Rollout up to the revision they should have. It takes two
    /// calls when the ReplicaSet has to be written first.
    pub(crate) fn sync_revision(&mut self) -> Outcome {
        let Some(set) = self.sets.current() else { return Ok(()) };
        let revision = (self.sets.highest_revision() + 1).to_string();
        let mut set = set.clone();
        let before = set.object().annotation(keys::REVISION).map(str::to_owned);
        let object = set.object_mut();
        let copied = copy_annotations(&self.rollout, object);
        let raised = note_revision(object, &revision);
        if (copied || raised)
            && let Some(before) = before
        {
            // Also an annotation alone adds to the history: so does the real controller.
            let history = object.annotation(keys::REVISION_HISTORY).unwrap_or_default();
            let history = match history {
                "" => before,
                history => format!("{history},{before}"),
            };
            object.set_annotation(keys::REVISION_HISTORY, &history);
        }
        let wanted = i64::from(self.rollout.spec.min_ready_seconds);
        let unready = object.int("/spec/minReadySeconds") != wanted;
        if unready {
            object.set("/spec/minReadySeconds", wanted);
        }
        if copied || raised || unready {
            let written = self.write_set(&set)?;
            self.sets.renew(written);
            return Ok(());
        }
        let name = set.name().to_owned();
        let revision = set.object().annotation(keys::REVISION).unwrap_or_default().to_owned();
        self.set_revision(&revision)?;
        if self.rollout.status.conditions.get("Progressing").is_none() {
            let message = format!("Found new replica set {name:?}");
            let condition =
                Condition::new("Progressing", "True", reason::FOUND, message, self.now());
            self.rollout.status.conditions.set(condition);
            self.write_whole_status()?;
        }
        Ok(())
    }

    /// Gives the Rollout this revision.
    pub(super) fn set_revision(&mut self, revision: &str) -> Result<(), Trouble> {
        if self.rollout.annotation(keys::REVISION) == Some(revision) {
            return Ok(());
        }
        self.write_main(|object| {
            object.set_annotation(keys::REVISION, revision);
        })?;
        self.tell(reason::NEW_REVISION, format!("Rollout updated to revision {revision}"));
        Ok(())
    }
}
