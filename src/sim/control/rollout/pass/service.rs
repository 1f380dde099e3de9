//! Services: their selectors are switched from one version to another.
//!
//! Called by the passes of both strategies.

use super::{Outcome, Pass, Trouble};
use crate::sim::control::rollout::keys;
use crate::sim::control::rollout::set::Set;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Kind, Object, Part};

/// The hash that a Service selects; empty when it selects none.
pub(crate) fn selected(service: &Object) -> &str {
    service.text("/spec/selector/rollouts-pod-template-hash")
}

impl Pass<'_, '_> {
    pub(crate) fn find_service(&self, name: &str) -> Result<Object, Trouble> {
        let key = self.rollout.key.beside(Kind::Service, name);
        Ok(self.turn.store.find(&key)?.clone())
    }

    /// Lets a Service select the pods of this hash, and tells of it. The Service as it is then.
    pub(crate) fn switch(&mut self, service: &Object, hash: &str) -> Result<Object, Trouble> {
        let before = service.pointer("/spec/selector/rollouts-pod-template-hash");
        let before = before.and_then(serde_json::Value::as_str);
        let managed = service.annotation(keys::MANAGED_BY).is_some();
        if before == Some(hash) && managed {
            return Ok(service.clone());
        }
        let key = self.rollout.key.beside(Kind::Service, service.name());
        let name = self.rollout.name().to_owned();
        let written = self.turn.store.modify(&key, Part::Main, self.turn.now, |object| {
            if !managed {
                object.set_annotation(keys::MANAGED_BY, &name);
            }
            object.set(&format!("/spec/selector/{}", keys::HASH), hash);
        })?;
        let message = format!(
            "Switched selector for service '{}' from '{}' to '{hash}'",
            key.name,
            before.unwrap_or_default(),
        );
        self.tell("SwitchService", message);
        Ok(written)
    }

    /// Points a Service at a ReplicaSet. One that is taken over for the first time has to wait
    /// until all pods are available, later until one is.
    pub(crate) fn point(&mut self, name: &str, at: Option<Set>, check: bool) -> Outcome {
        let Some(set) = at.filter(|_| !name.is_empty()) else { return Ok(()) };
        let service = self.find_service(name)?;
        if selected(&service) == set.hash() {
            return Ok(());
        }
        let adopted = service.annotation(keys::MANAGED_BY).is_some();
        if check && ((!adopted && !set.is_available()) || set.available() <= 0) {
            return Ok(());
        }
        self.switch(&service, set.hash()).map(|_| ())
    }

    /// Points the Services of a canary at the stable and at the new version.
    pub(crate) fn point_canary_services(&mut self) -> Outcome {
        let Some(canary) = self.rollout.canary() else { return Ok(()) };
        let (stable_service, canary_service) =
            (canary.stable_service.clone(), canary.canary_service.clone());
        let routed = canary.traffic_routing.is_some();
        self.point_ping_pong()?;
        self.point(&stable_service, self.sets.stable().cloned(), true)?;
        if self.is_aborted() && !routed {
            return self.point(&canary_service, self.sets.stable().cloned(), true);
        }
        if self.rollout.dynamic_rollback(self.sets.current()).is_some() {
            // The stable version is too small yet for the traffic of the canary Service.
            return Ok(());
        }
        self.point(&canary_service, self.sets.current().cloned(), true)
    }

    /// Of two Services that take turns, the one that is not stable follows the new version.
    fn point_ping_pong(&mut self) -> Outcome {
        let pair = self.rollout.canary().and_then(|canary| canary.ping_pong.clone());
        let Some(pair) = pair.filter(|_| !self.rollout.is_fully_promoted()) else {
            return Ok(());
        };
        let ping_is_stable = self.rollout.status.canary.stable_ping_pong == "ping";
        let name = if ping_is_stable { &pair.pong_service } else { &pair.ping_service };
        self.point(name, self.sets.current().cloned(), false)
    }

    /// Whether anything may still send requests to a ReplicaSet.
    pub(crate) fn is_referenced(&self, set: &Set) -> bool {
        let hash = set.hash();
        if hash.is_empty() {
            return false;
        }
        let status = &self.rollout.status;
        let weights = status.canary.weights.as_ref();
        let told = [
            status.stable_rs.as_str(),
            &status.current_pod_hash,
            &status.blue_green.active_selector,
            &status.blue_green.preview_selector,
            weights.map(|w| w.canary.pod_template_hash.as_str()).unwrap_or_default(),
            weights.map(|w| w.stable.pod_template_hash.as_str()).unwrap_or_default(),
        ];
        if told.contains(&hash) {
            return true;
        }
        let services = match (self.rollout.canary(), self.rollout.blue_green()) {
            (Some(canary), _) => [&canary.canary_service, &canary.stable_service],
            (None, Some(blue)) => [&blue.active_service, &blue.preview_service],
            (None, None) => return false,
        };
        let mut services = services.into_iter().filter(|name| !name.is_empty());
        services.any(|name| self.find_service(name).is_ok_and(|found| selected(&found) == hash))
            || self.is_in_destination_rule(hash)
    }

    fn is_in_destination_rule(&self, hash: &str) -> bool {
        let istio = self.rollout.routing().and_then(|routing| routing.istio.as_ref());
        let Some(rule) = istio.and_then(|istio| istio.destination_rule.as_ref()) else {
            return false;
        };
        let key = self.rollout.key.beside(Kind::DestinationRule, &rule.name);
        let subsets = self.turn.store.get(&key).map(|rule| rule.items("/spec/subsets"));
        let mut subsets = subsets.unwrap_or_default().iter();
        subsets.any(|subset| subset.text("/labels/rollouts-pod-template-hash") == hash)
    }
}
