//! Evictions: deletions of pods that ask the disruption budgets first.
//!
//! Called by the API, by drains, and by the Rollout controller for restarts.

use serde_json::{Value, json};

use super::selector::Selector;
use super::{condition, disruption, pod};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Object, Part, Refusal, Store};
use crate::sim::time::{self, Moment};
use crate::sim::world::Turn;

/// Evicts a pod.
pub(crate) fn evict(turn: &mut Turn<'_>, pod: &Key) -> Result<(), Refusal> {
    evict_at(turn.store, turn.now, pod)
}

/// The same for whoever has no turn, as the API has none.
pub(crate) fn evict_at(store: &mut Store, now: Moment, key: &Key) -> Result<(), Refusal> {
    let pod = Object::clone(store.find(key)?);
    let needs_no_leave = pod.is_leaving()
        || pod::has_ended(&pod)
        || matches!(pod.text("/status/phase"), "Pending" | "");
    if !needs_no_leave {
        ask(store, now, key, &pod)?;
    }
    let target = json!({
        "type": "DisruptionTarget",
        "status": "True",
        "lastProbeTime": null,
        "lastTransitionTime": time::seconds(now),
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    });
    store.modify(key, Part::Status, now, |pod| {
        let mut status = pod.take_out("/status").unwrap_or_else(|| json!({}));
        if condition::find(&status, "DisruptionTarget").is_none() {
            condition::push(&mut status, target);
        }
        pod.set("/status", status);
    })?;
    store.delete(key, None, now).map(|_| ())
}

/// Asks the budget of a pod, and takes what it gives.
fn ask(store: &mut Store, now: Moment, key: &Key, pod: &Value) -> Result<(), Refusal> {
    let covers = |budget: &&Object| {
        Selector::at(budget, "/spec/selector").is_some_and(|selector| selector.selects(pod))
    };
    let budgets = store.list(Kind::PodDisruptionBudget, Some(&key.namespace));
    let budgets: Vec<Object> = budgets.filter(covers).cloned().collect();
    let budget = match budgets.as_slice() {
        [] => return Ok(()),
        [one] => Object::clone(one),
        _ => {
            let message = "This pod has more than one PodDisruptionBudget, which the eviction \
                           subresource does not support.";
            return Err(Refusal::new(500, "", message));
        }
    };
    let (healthy, desired) =
        (budget.int("/status/currentHealthy"), budget.int("/status/desiredHealthy"));
    if !pod::is_ready(pod) {
        let always = budget.text("/spec/unhealthyPodEvictionPolicy") == "AlwaysAllow";
        if always || (healthy >= desired && desired > 0) {
            return Ok(());
        }
    }
    let name = budget.name();
    if budget.int("/status/observedGeneration") < budget.generation() {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(too_many(&why, Some(10)));
    }
    let left = budget.int("/status/disruptionsAllowed") - 1;
    if left < 0 {
        let why = format!(
            "The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
        );
        return Err(too_many(&why, None));
    }
    let place = key.beside(Kind::PodDisruptionBudget, name);
    store.modify(&place, Part::Status, now, |budget| {
        budget.set("/status/disruptionsAllowed", left);
        budget.set(&format!("/status/disruptedPods/{}", key.name), time::seconds(now));
        disruption::set_allowed(budget, now);
    })?;
    Ok(())
}

/// The refusal of a budget, with its reason and the seconds after which to ask again.
fn too_many(why: &str, again: Option<i64>) -> Refusal {
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    let mut refusal = Refusal::new(429, "TooManyRequests", message);
    let mut details = json!({"causes": [{"reason": "DisruptionBudget", "message": why}]});
    if let Some(again) = again {
        details.set("/retryAfterSeconds", again);
    }
    refusal.details = Some(details);
    refusal
}
