//! The Argo Rollouts controller of Rollouts: canary and blue-green, as v1.10.1 does it.
//!
//! Writes ReplicaSets, Services, routers, AnalysisRuns and Experiments; never pods, except that a
//! restart evicts them. Called by the world.

mod analysis;
mod bluegreen;
mod canary;
mod experiment;
mod keys;
mod pace;
mod pass;
mod release;
mod router;
mod set;
mod spec;
mod status;
mod validation;
mod watch;

use std::collections::BTreeMap;

use serde_json::Value;

use self::pace::Pace;
use self::pass::Trouble;
use self::spec::Rollout;
use self::watch::References;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Key, Kind, Part, Store};
use crate::sim::world::{Controller, EventType, Turn};

/// The controllers of this folder.
pub(crate) fn controllers() -> Vec<Box<dyn Controller>> {
    vec![Box::new(RolloutController::default())]
}

/// As the source of its events.
const SOURCE: &str = "rollouts-controller";

/// Tends Rollouts, and frees Services and DestinationRules that no Rollout uses any more.
#[derive(Debug, Default)]
struct RolloutController {
    references: References,
    /// What is known of each Rollout that was seen.
    known: BTreeMap<Key, Known>,
}

/// What is known of a Rollout between its passes.
#[derive(Debug)]
struct Known {
    /// The subject of its events.
    about: Value,
    pace: Pace,
}

impl Controller for RolloutController {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn wake(&self, change: &Change, store: &Store, keys: &mut Vec<Key>) {
        watch::wake(&self.references, change, store, keys);
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        match key.kind {
            Kind::Rollout => self.tend(key, turn),
            Kind::Service => release::service(key, turn),
            Kind::DestinationRule => release::destination_rule(key, turn),
            _ => {}
        }
    }
}

impl RolloutController {
    fn tend(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let Some(object) = turn.store.get(key).cloned() else { return self.forget(key, turn) };
        let read = Rollout::read(&object);
        let known = match self.known.get_mut(key) {
            Some(known) if known.about.uid() == object.uid() => known,
            _ => {
                let about = object.as_ref().clone();
                let message =
                    format!("Rollout resource added to informer: {}/{}", key.namespace, key.name);
                let reason = "RolloutAddedToInformer";
                turn.event(SOURCE, &about, EventType::Normal, reason, message);
                let known = Known { about, pace: Pace::new(turn.now) };
                self.known.insert(key.clone(), known);
                let Some(known) = self.known.get_mut(key) else { return };
                known
            }
        };
        if let Some(later) = known.pace.wait(turn.now) {
            turn.again_at(later);
            return;
        }
        let before = turn.store.version();
        let outcome = match read {
            Ok(rollout) => {
                self.references.note(&rollout);
                pass_or_note(turn, rollout)
            }
            Err(why) => Err(Trouble::Failed(why)),
        };
        known.pace.count(turn.now, turn.store.version() - before);
        match outcome {
            Ok(()) | Err(Trouble::Missing(_)) => known.pace.succeed(),
            Err(Trouble::Failed(_)) => {
                let later = known.pace.fail(turn.now);
                turn.again_at(later);
            }
        }
    }

    fn forget(&mut self, key: &Key, turn: &mut Turn<'_>) {
        self.references.forget(key);
        if let Some(known) = self.known.remove(key) {
            let message = format!("Rollout {}/{} is deleted.", key.name, key.namespace);
            turn.event(SOURCE, &known.about, EventType::Normal, "RolloutDeleted", message);
        }
    }
}

/// A pass; before it, when its workload is another one than the Rollout knows, that is noted, and
/// the change of the Rollout brings the pass.
fn pass_or_note(turn: &mut Turn<'_>, rollout: Rollout) -> pass::Outcome {
    let Some(generation) = pass::generation_to_note(turn.store, &rollout) else {
        return pass::run(turn, rollout);
    };
    turn.store.modify(&rollout.key, Part::Main, turn.now, |object| {
        object.set_annotation(keys::WORKLOAD_GENERATION, &generation);
    })?;
    Ok(())
}

/// A label selector as text, as autoscalers read it.
fn selector_text(selector: Option<&Value>) -> String {
    let Some(selector) = selector else { return "<none>".into() };
    let labels = selector.members("/matchLabels").into_iter().flatten();
    let mut terms: Vec<(String, String)> = labels
        .map(|(key, value)| (key.clone(), format!("{key}={}", value.as_str().unwrap_or_default())))
        .collect();
    for expression in selector.items("/matchExpressions") {
        let key = expression.text("/key").to_owned();
        let mut values: Vec<&str> =
            expression.items("/values").iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        let term = match expression.text("/operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.clone(),
        };
        terms.push((key, term));
    }
    if terms.is_empty() {
        return "<none>".into();
    }
    terms.sort();
    terms.into_iter().map(|(_, term)| term).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests;
