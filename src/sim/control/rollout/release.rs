//! Services and DestinationRules that no Rollout uses any more get their own selectors back.
//!
//! Called by the controller.

use super::{keys, watch};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Part};
use crate::sim::world::Turn;

/// Frees a Service, unless a Rollout uses it.
pub(super) fn service(key: &Key, turn: &mut Turn<'_>) {
    let Some(service) = turn.store.get(key) else { return };
    if service.text("/spec/selector/rollouts-pod-template-hash").is_empty() {
        return;
    }
    let used = if let Some(name) = service.annotation(keys::MANAGED_BY) {
        let rollout = turn.store.get(&key.beside(Kind::Rollout, name));
        rollout.is_some_and(|rollout| watch::uses_service(rollout, &key.name))
    } else {
        let mut rollouts = turn.store.list(Kind::Rollout, Some(&key.namespace));
        rollouts.any(|rollout| watch::uses_service(rollout, &key.name))
    };
    if used {
        return;
    }
    let freed = turn.store.modify(key, Part::Main, turn.now, |service| {
        service.take_out(&format!("/spec/selector/{}", keys::HASH));
        service.remove_annotation(keys::MANAGED_BY);
    });
    debug_assert!(freed.is_ok(), "{freed:?}");
}

/// Frees a DestinationRule, unless a Rollout uses it.
pub(super) fn destination_rule(key: &Key, turn: &mut Turn<'_>) {
    let Some(rule) = turn.store.get(key) else { return };
    let Some(name) = rule.annotation(keys::MANAGED_BY) else { return };
    let rollout = turn.store.get(&key.beside(Kind::Rollout, name));
    if rollout.is_some_and(|rollout| watch::uses_rule(rollout, &key.name)) {
        return;
    }
    let freed = turn.store.modify(key, Part::Main, turn.now, |rule| {
        rule.remove_annotation(keys::MANAGED_BY);
        for index in 0..rule.items("/spec/subsets").len() {
            rule.take_out(&format!("/spec/subsets/{index}/labels/{}", keys::HASH));
        }
    });
    debug_assert!(freed.is_ok(), "{freed:?}");
}
