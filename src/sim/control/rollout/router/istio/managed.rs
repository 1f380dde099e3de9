//! Routes that steps put into VirtualServices: for a header, and for mirrored requests.
//!
//! Called when traffic is routed.

use serde_json::{Map, Value, json};

use super::super::super::spec::{HeaderRoute, MirrorRoute, StringMatch, VirtualServiceRef};
use super::service::shared_destinations;
use super::{hosts, service_key};
use crate::sim::control::rollout::pass::{Outcome, Pass, Trouble};
use crate::sim::object::{Document, DocumentMut};

impl Pass<'_, '_> {
    pub(in crate::sim::control::rollout::router) fn set_header_route(
        &mut self,
        step: &HeaderRoute,
    ) -> Outcome {
        for reference in self.virtual_services() {
            let key = service_key(&self.rollout, &reference);
            let mut service = self.find_virtual_service(&key)?;
            remove(&mut service, &step.name)?;
            if !step.matches.is_empty() {
                let route = self.header_route(step, &reference, &service)?;
                let mut routes = service.items("/spec/http").to_vec();
                routes.push(route);
                service.set("/spec/http", routes);
            }
            let what = format!("set headerRoute '{}'", step.name);
            self.write_virtual_service(&key, service, &what)?;
        }
        Ok(())
    }

    pub(in crate::sim::control::rollout::router) fn set_mirror_route(
        &mut self,
        step: &MirrorRoute,
    ) -> Outcome {
        for reference in self.virtual_services() {
            let key = service_key(&self.rollout, &reference);
            let mut service = self.find_virtual_service(&key)?;
            remove(&mut service, &step.name)?;
            if !step.matches.is_empty() {
                let route = self.mirror_route(step, &reference, &service)?;
                let mut routes = vec![route];
                routes.extend(service.items("/spec/http").iter().cloned());
                service.set("/spec/http", routes);
            }
            let what = format!("set mirrorRoute '{}'", step.name);
            self.write_virtual_service(&key, service, &what)?;
        }
        Ok(())
    }

    /// Takes out all routes that steps may have put in, and all that are managed.
    pub(in crate::sim::control::rollout::router) fn remove_managed_routes(&mut self) -> Outcome {
        let steps = self.rollout.steps().to_vec();
        let routing = self.rollout.routing();
        let managed = routing.and_then(|routing| routing.managed_routes.clone());
        let managed = managed.unwrap_or_default();
        for reference in self.virtual_services() {
            let key = service_key(&self.rollout, &reference);
            let mut service = match self.find_virtual_service(&key) {
                Err(Trouble::Missing(_)) => continue,
                found => found?,
            };
            if service.pointer("/spec/http").is_none() {
                return Ok(());
            }
            let before = service.items("/spec/http").len();
            let mut touched = false;
            for step in &steps {
                let header = step.set_header_route.as_ref().map(|route| &route.name);
                let mirror = step.set_mirror_route.as_ref().map(|route| &route.name);
                for name in header.into_iter().chain(mirror) {
                    remove(&mut service, name)?;
                    touched = true;
                }
            }
            for route in &managed {
                remove(&mut service, &route.name)?;
            }
            touched |= service.items("/spec/http").len() != before;
            if !touched {
                return Ok(());
            }
            let now = self.turn.now;
            self.turn.store.replace(&key, service, crate::sim::store::Part::Main, now)?;
            let message = format!("VirtualService `{}` removed all managed routes.", key.name);
            self.tell(super::WRITTEN, message);
        }
        Ok(())
    }

    /// Host and subset of the canary.
    fn canary_destination(&mut self) -> Result<(String, String), Trouble> {
        let Some(reference) = self.istio().destination_rule else {
            return Ok((hosts(&self.rollout).1, String::new()));
        };
        let rule = self.find_destination_rule(&reference.name)?;
        let host = match rule.text("/spec/host") {
            "" => hosts(&self.rollout).1,
            host => host.to_owned(),
        };
        Ok((host, reference.canary_subset_name))
    }

    fn header_route(
        &mut self,
        step: &HeaderRoute,
        reference: &VirtualServiceRef,
        service: &Value,
    ) -> Result<Value, Trouble> {
        let (host, subset) = self.canary_destination()?;
        let destination = destination(&host, &subset, reference, service);
        let matches = step.matches.iter().map(|one| {
            let value = one.header_value.clone().unwrap_or_default();
            json!({"headers": {one.header_name.as_str(): text_match(&value)}})
        });
        Ok(json!({
            "name": step.name,
            "match": matches.collect::<Vec<_>>(),
            "route": [{"weight": 100, "destination": destination}],
        }))
    }

    fn mirror_route(
        &mut self,
        step: &MirrorRoute,
        reference: &VirtualServiceRef,
        service: &Value,
    ) -> Result<Value, Trouble> {
        let (host, subset) = self.canary_destination()?;
        let mirror = destination(&host, &subset, reference, service);
        let route = shared_destinations(&reference.routes, service.items("/spec/http"));
        let matches = step.matches.iter().map(|one| {
            let mut matched = json!({});
            if let Some(method) = &one.method {
                matched.set("/method", text_match(method));
            }
            if let Some(path) = &one.path {
                matched.set("/uri", text_match(path));
            }
            if !one.headers.is_empty() {
                let headers = one.headers.iter().map(|(k, v)| (k.clone(), text_match(v)));
                matched.set("/headers", headers.collect::<Map<_, _>>());
            }
            matched
        });
        Ok(json!({
            "name": step.name,
            "match": matches.collect::<Vec<_>>(),
            "route": route,
            "mirror": mirror,
            "mirrorPercentage": {"value": step.percentage.unwrap_or(100)},
        }))
    }
}

fn text_match(value: &StringMatch) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// A destination; its port is that of the route that shares traffic.
fn destination(host: &str, subset: &str, reference: &VirtualServiceRef, service: &Value) -> Value {
    let mut destination = json!({"host": host});
    let shared = shared_destinations(&reference.routes, service.items("/spec/http"));
    let port = shared.first().map_or(0, |first| first.int("/destination/port/number"));
    if port > 0 {
        destination.set("/port/number", port);
    }
    if !subset.is_empty() {
        destination.set("/subset", subset);
    }
    destination
}

fn remove(service: &mut Value, name: &str) -> Outcome {
    let Some(routes) = service.pointer_mut("/spec/http").and_then(Value::as_array_mut) else {
        return Err(Trouble::Failed("spec.http not found".into()));
    };
    routes.retain(|route| route.text("/name") != name);
    Ok(())
}
