//! The disruption controller: how many pods of a PodDisruptionBudget may go away at the moment.
//!
//! Never evicts anything. Called by the world.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::portion::{self, Round};
use super::selection::Selections;
use super::selector::Selector;
use super::{condition, pod};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Key, Kind, Object, Part, Store};
use crate::sim::time::{self, Moment, Span};
use crate::sim::world::{Controller, EventType, Turn};

const SOURCE: &str = "controllermanager";

/// After this while a pod that was to be evicted and is still there counts again.
const DELETION: Span = Span::minutes(2);

/// The controller.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    selections: Selections,
}

impl Controller for Budgets {
    fn name(&self) -> &'static str {
        "disruption"
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        let state = |pod: &Object| {
            let labels = pod.at("/metadata/labels").cloned();
            (pod::is_ready(pod), pod.is_leaving(), labels)
        };
        let same = |before: &Object| state(before) == state(&change.object);
        let gone = change.what == crate::sim::store::What::Deleted;
        match change.key.kind {
            Kind::PodDisruptionBudget => keys.push(change.key.clone()),
            Kind::Pod if gone || !change.before.as_ref().is_some_and(same) => {
                keys.push(change.key.clone());
            }
            _ => (),
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        if key.kind == Kind::Pod {
            for budget in self.selections.see(key, turn.store) {
                self.update(&budget, turn);
            }
            return;
        }
        let selector = turn.store.get(key).and_then(|b| Selector::at(b, "/spec/selector"));
        self.selections.select(key, selector, turn.store);
        self.update(key, turn);
    }
}

impl Budgets {
    fn update(&self, key: &Key, turn: &mut Turn<'_>) {
        let Some(budget) = turn.store.get(key).cloned() else { return };
        let pods: Vec<Object> = self.selections.of(key, turn.store).into_iter().cloned().collect();
        if pods.is_empty() {
            let message = "No matching pods found";
            turn.event(SOURCE, &budget, EventType::Normal, "NoPods", message);
        }
        let (expected, desired) = match wanted(&budget, &pods, turn.store) {
            Ok(wanted) => wanted,
            Err(pod) => {
                let message = format!(
                    "Failed to calculate the number of expected pods: found no controllers for pod \
                     {pod:?}"
                );
                let reason = "CalculateExpectedPodCountFailed";
                turn.event(SOURCE, &budget, EventType::Warning, reason, message);
                return;
            }
        };
        let disrupted = disrupted(&budget, &pods, turn.now);
        if let Some(first) = disrupted.values().min() {
            turn.again_at(*first + DELETION);
        }
        let counts = |pod: &&Object| {
            pod::is_ready(pod) && !pod.is_leaving() && !disrupted.contains_key(pod.name())
        };
        let healthy = i64::try_from(pods.iter().filter(counts).count()).unwrap_or(i64::MAX);
        let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
        let written = turn.store.modify(key, Part::Status, turn.now, |budget| {
            let generation = budget.generation();
            let mut status = json!({
                "observedGeneration": generation,
                "disruptionsAllowed": allowed,
                "currentHealthy": healthy,
                "desiredHealthy": desired,
                "expectedPods": expected,
            });
            for (name, since) in &disrupted {
                status.set(&format!("/disruptedPods/{name}"), time::seconds(*since));
            }
            if let Some(conditions) = budget.at("/status/conditions") {
                status.set("/conditions", conditions.clone());
            }
            budget.set("/status", status);
            set_allowed(budget, turn.now);
        });
        debug_assert!(written.is_ok(), "{written:?}");
    }
}

/// The condition that says whether any disruption is allowed.
pub(super) fn set_allowed(budget: &mut Value, now: Moment) {
    let allowed = budget.int("/status/disruptionsAllowed") > 0;
    let (state, reason) =
        if allowed { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let known = budget.condition("DisruptionAllowed");
    let since = known.filter(|c| c.text("/status") == state);
    let since = since.map(|c| c.text("/lastTransitionTime").to_owned());
    let next = json!({
        "type": "DisruptionAllowed",
        "status": state,
        "observedGeneration": budget.generation(),
        "lastTransitionTime": since.unwrap_or_else(|| time::seconds(now)),
        "reason": reason,
        "message": "",
    });
    let mut status = budget.take_out("/status").unwrap_or_else(|| json!({}));
    condition::push(&mut status, next);
    budget.set("/status", status);
}

/// How many pods there should be and how many of them must work, or the pod for which nobody knows.
fn wanted(budget: &Value, pods: &[Object], store: &Store) -> Result<(i64, i64), String> {
    let at_least = budget.at("/spec/minAvailable");
    if let Some(number) = at_least.and_then(Value::as_i64)
        && budget.at("/spec/maxUnavailable").is_none()
    {
        return Ok((i64::try_from(pods.len()).unwrap_or(i64::MAX), number));
    }
    let mut scales: BTreeMap<String, i64> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| pod.controller().is_some()) {
        let (uid, scale) = scale(pod, store).ok_or_else(|| pod.name().to_owned())?;
        scales.insert(uid, scale);
    }
    let expected = scales.values().sum();
    let most = budget.at("/spec/maxUnavailable");
    let desired = match portion::of(most, expected, Round::Up) {
        Some(most) => (expected - most).max(0),
        None => portion::of(at_least, expected, Round::Up).unwrap_or(0),
    };
    Ok((expected, desired))
}

/// Who decides how many pods like this there are, and how many that is: the Deployment, or else the
/// owner itself. A ReplicaSet of a Rollout counts by itself.
fn scale(pod: &Object, store: &Store) -> Option<(String, i64)> {
    let above = |object: &Value| {
        let owner = object.controller()?;
        let kind = Kind::of(owner.text("/apiVersion"), owner.text("/kind"))?;
        store.get(&Key::new(kind, pod.namespace(), owner.text("/name")))
    };
    let owner = above(pod)?;
    let deployment = above(owner).filter(|above| above.text("/kind") == "Deployment");
    let decides = deployment.unwrap_or(owner);
    Some((decides.uid().to_owned(), decides.int_maybe("/spec/replicas")?))
}

/// The pods that were evicted and have not been marked yet.
fn disrupted(budget: &Value, pods: &[Object], now: Moment) -> BTreeMap<String, Moment> {
    let noted = budget.members("/status/disruptedPods");
    let still = |name: &str| pods.iter().any(|pod| pod.name() == name && !pod.is_leaving());
    let read = |(name, since): (&String, &Value)| {
        let since = time::parse(since.as_str()?)?;
        (still(name) && since + DELETION >= now).then(|| (name.clone(), since))
    };
    noted.into_iter().flatten().filter_map(read).collect()
}
