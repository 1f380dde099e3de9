//! How a status is written: the difference between what was read and what it shall be, as a merge
//! patch.
//!
//! So what only others know of survives, and what both call empty stays as it was written. Called
//! by the passes.

use serde_json::{Map, Value};

use super::Status;

/// The merge patch from one status to another; nothing when there is no difference.
pub(crate) fn difference(from: &Status, to: &Status) -> Option<Value> {
    between(&from.to_value(), &to.to_value())
}

/// A written status with the patch in it.
pub(crate) fn with_difference(written: Option<&Value>, patch: &Value) -> Value {
    let mut status = written.cloned().unwrap_or_else(|| Value::Object(Map::new()));
    json_patch::merge(&mut status, patch);
    status
}

fn between(from: &Value, to: &Value) -> Option<Value> {
    let (Value::Object(before), Value::Object(after)) = (from, to) else {
        return (from != to).then(|| to.clone());
    };
    let mut patch = Map::new();
    for (key, value) in after {
        let changed = match before.get(key) {
            Some(old) => between(old, value),
            None => Some(value.clone()),
        };
        if let Some(changed) = changed {
            patch.insert(key.clone(), changed);
        }
    }
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_known_survives_and_what_is_empty_stays() {
        let written = json!({
            "abort": false,
            "phase": "Paused",
            "duration": {"finishedAt": "x"},
            "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "t"}],
        });
        let before: Status = serde_json::from_value(written.clone()).unwrap();
        let mut after = before.clone();
        assert_eq!(difference(&before, &after), None);
        after.pause_conditions.clear();
        after.replicas = 3;
        let patch = difference(&before, &after).unwrap();
        assert_eq!(patch, json!({"pauseConditions": null, "replicas": 3}));
        let wanted = json!({
            "abort": false,
            "phase": "Paused",
            "duration": {"finishedAt": "x"},
            "replicas": 3,
        });
        assert_eq!(with_difference(Some(&written), &patch), wanted);
    }

    #[test]
    fn a_part_that_appears_for_the_first_time() {
        let before = Status::default();
        let mut after = Status::default();
        after.canary.current_experiment = "x".into();
        let patch = difference(&before, &after).unwrap();
        assert_eq!(with_difference(None, &patch), json!({"canary": {"currentExperiment": "x"}}));
    }
}
