//! Runs and experiments that are over and are not kept.
//!
//! Called when runs and experiments are tended.

use std::cmp::Reverse;

use super::phase_of;
use crate::sim::control::rollout::keys;
use crate::sim::control::rollout::set::Set;
use crate::sim::object::Document;
use crate::sim::store::Object;

/// Those beyond the limits of successful and unsuccessful ones, and those whose version is gone.
/// The newest are kept.
pub(crate) fn surplus(
    objects: &[Object],
    sets: &[Set],
    (successful, unsuccessful): (i32, i32),
) -> Vec<Object> {
    let mut newest: Vec<&Object> = objects.iter().collect();
    newest
        .sort_by_key(|object| Reverse((object.text("/metadata/creationTimestamp"), object.name())));
    let (mut kept_successful, mut kept_unsuccessful) = (0, 0);
    let mut surplus = Vec::new();
    for object in newest {
        let hash = object.label(keys::HASH);
        let set = sets.iter().find(|set| !hash.is_empty() && set.hash() == hash);
        let (kept, limit) = match phase_of(object) {
            _ if set.is_none_or(|set| set.object().is_leaving()) => {
                surplus.push(Object::clone(object));
                continue;
            }
            "Successful" => (&mut kept_successful, successful),
            "Failed" | "Error" | "Inconclusive" => (&mut kept_unsuccessful, unsuccessful),
            _ => continue,
        };
        if *kept < limit {
            *kept += 1;
        } else {
            surplus.push(Object::clone(object));
        }
    }
    surplus
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use serde_json::json;

    #[test]
    fn the_newest_of_each_kind_are_kept() {
        let run = |name: &str, phase: &str, hash: &str, minute: u32| {
            Arc::new(json!({
                "metadata": {
                    "name": name,
                    "labels": {"rollouts-pod-template-hash": hash},
                    "creationTimestamp": format!("2026-11-24T10:{minute:02}:00Z"),
                },
                "status": {"phase": phase},
            }))
        };
        let set = json!({"metadata": {"labels": {"rollouts-pod-template-hash": "a"}}});
        let runs = [
            run("old", "Successful", "a", 0),
            run("new", "Successful", "a", 5),
            run("bad", "Failed", "a", 1),
            run("worse", "Error", "a", 2),
            run("busy", "Running", "a", 0),
            run("gone", "Running", "b", 9),
        ];
        let found = surplus(&runs, &[Set::new(Arc::new(set))], (1, 1));
        let names: Vec<_> = found.iter().map(|run| run.name()).collect();
        assert_eq!(names, ["gone", "bad", "old"]);
    }
}
