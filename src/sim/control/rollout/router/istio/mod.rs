//! Istio: weights of the routes of VirtualServices, subsets of a DestinationRule, and routes that
//! steps put in.
//!
//! Called when traffic is routed.

mod managed;
mod rule;
mod service;

use serde_json::Value;

use super::Share;
use crate::sim::control::rollout::pass::{Outcome, Pass, Trouble};
use crate::sim::control::rollout::spec::{Istio, Rollout, VirtualServiceRef};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Part};

pub(crate) use service::check_service;

/// Reason of the events that tell of a written VirtualService; with a space, as it is.
const WRITTEN: &str = "Updated VirtualService";

/// Where a VirtualService is.
pub(crate) fn service_key(rollout: &Rollout, reference: &VirtualServiceRef) -> Key {
    let (namespace, name) = reference.place();
    Key::new(Kind::VirtualService, namespace.unwrap_or(rollout.namespace()), name)
}

/// The stable and the canary host. Two Services that take turns are hosts only where no others are
/// named.
pub(crate) fn hosts(rollout: &Rollout) -> (String, String) {
    let canary = rollout.canary().cloned().unwrap_or_default();
    match canary.ping_pong {
        Some(pair) if canary.stable_service.is_empty() && canary.canary_service.is_empty() => {
            if rollout.status.canary.stable_ping_pong == "ping" {
                (pair.ping_service, pair.pong_service)
            } else {
                (pair.pong_service, pair.ping_service)
            }
        }
        _ => (canary.stable_service, canary.canary_service),
    }
}

impl Pass<'_, '_> {
    fn istio(&self) -> Istio {
        self.rollout.routing().and_then(|routing| routing.istio.clone()).unwrap_or_default()
    }

    fn virtual_services(&self) -> Vec<VirtualServiceRef> {
        self.istio().services().into_iter().cloned().collect()
    }

    fn find_virtual_service(&mut self, key: &Key) -> Result<Value, Trouble> {
        match self.turn.store.find(key) {
            Ok(service) => Ok(service.as_ref().clone()),
            Err(refusal) => {
                self.warn(
                    "VirtualServiceNotFound",
                    format!("VirtualService `{}` not found", key.name),
                );
                Err(refusal.into())
            }
        }
    }

    /// Puts the routes that are managed before all others, in the order in which the spec names
    /// them, writes the VirtualService, and tells of it.
    fn write_virtual_service(&mut self, key: &Key, mut service: Value, what: &str) -> Outcome {
        let routing = self.rollout.routing();
        let managed = routing.and_then(|routing| routing.managed_routes.clone());
        if let (Some(managed), true) = (managed, service.pointer("/spec/http").is_some()) {
            let names: Vec<&str> = managed.iter().map(|route| route.name.as_str()).collect();
            let ordered = service::in_order(service.items("/spec/http"), &names);
            service.set("/spec/http", ordered);
        }
        self.turn.store.replace(key, service, Part::Main, self.turn.now)?;
        self.tell(WRITTEN, format!("VirtualService `{}` {what}", key.name));
        Ok(())
    }

    pub(super) fn set_istio_weight(&mut self, share: &Share) -> Outcome {
        for reference in self.virtual_services() {
            let key = service_key(&self.rollout, &reference);
            let mut service = self.find_virtual_service(&key)?;
            check_service(&self.rollout, &reference, &service)
                .map_err(|(_, why)| Trouble::Failed(why))?;
            if self.change_weights(&mut service, &reference, share) {
                let what = format!("set to desiredWeight '{}'", share.weight);
                self.write_virtual_service(&key, service, &what)?;
            }
        }
        Ok(())
    }
}
