//! What a Rollout refers to: Services, AnalysisTemplates, Ingresses, VirtualServices.
//!
//! First whether everything is there, then whether it fits. Called by the validation.

use super::{Check, analyses, internal, invalid};
use crate::sim::control::rollout::keys;
use crate::sim::control::rollout::router::{
    UNKNOWN_RESOURCE, check_service, leads_to, service_key,
};
use crate::sim::control::rollout::spec::{Canary, Nginx, Rollout, TrafficRouting};
use crate::sim::object::Document;
use crate::sim::store::{Kind, Object, Store};

pub(super) fn check(rollout: &Rollout, store: &Store) -> Check {
    let services = find_services(rollout, store)?;
    let templates = analyses::find(rollout, store)?;
    let routing = rollout.routing();
    let nginx = routing.and_then(|routing| routing.nginx.as_ref());
    let ingresses = match (nginx, rollout.canary()) {
        (Some(nginx), Some(_)) => find_ingresses(rollout, nginx, store)?,
        _ => Vec::new(),
    };
    if let Some(routing) = routing {
        find_virtual_services(rollout, routing, store)?;
        check_foreign(rollout, routing)?;
    }
    for (field, service) in services {
        check_selected(rollout, field, &service)?;
    }
    analyses::check(rollout, store, &templates)?;
    if let (Some(nginx), Some(canary)) = (nginx, rollout.canary()) {
        check_ingresses(nginx, canary, &ingresses)?;
    }
    routing.map_or(Ok(()), |routing| check_virtual_services(rollout, routing, store))
}

/// The Services that are named, and the fields that name them.
fn named_services(rollout: &Rollout) -> Vec<(&'static str, &str)> {
    let mut services = Vec::new();
    if let Some(blue_green) = rollout.blue_green() {
        services.push(("spec.strategy.blueGreen.activeService", &*blue_green.active_service));
        services.push(("spec.strategy.blueGreen.previewService", &*blue_green.preview_service));
    } else if let Some(canary) = rollout.canary() {
        services.push(("spec.strategy.canary.stableService", &*canary.stable_service));
        services.push(("spec.strategy.canary.canaryService", &*canary.canary_service));
        if let Some(pair) = &canary.ping_pong {
            services.push(("spec.strategy.canary.pingPong.pingService", &*pair.ping_service));
            services.push(("spec.strategy.canary.pingPong.pongService", &*pair.pong_service));
        }
    }
    services.retain(|(_, name)| !name.is_empty());
    services
}

fn find_services(
    rollout: &Rollout,
    store: &Store,
) -> Result<Vec<(&'static str, Object)>, super::Fault> {
    let find = |(field, name): (&'static str, &str)| {
        let key = rollout.key.beside(Kind::Service, name);
        let found = store.get(&key).cloned().map(|service| (field, service));
        found.ok_or_else(|| invalid(field, name, format!("service {name:?} not found")))
    };
    named_services(rollout).into_iter().map(find).collect()
}

fn find_ingresses(
    rollout: &Rollout,
    nginx: &Nginx,
    store: &Store,
) -> Result<Vec<Object>, super::Fault> {
    let field = "spec.strategy.canary.trafficRouting.nginx";
    let why = match (&nginx.stable_ingresses, nginx.stable_ingress.as_str()) {
        (Some(_), "") => None,
        (Some(_), _) => Some("Both are configured."),
        (None, "") => Some("Neither are configured."),
        (None, _) => None,
    };
    if let Some(why) = why {
        let why = format!("Either StableIngress or StableIngresses must be configured. {why}");
        return Err(internal(field, &why));
    }
    let find = |name: &str| {
        let key = rollout.key.beside(Kind::Ingress, name);
        store.get(&key).cloned().ok_or_else(|| {
            let why = format!("ingress.networking.k8s.io {name:?} not found");
            match &nginx.stable_ingresses {
                Some(all) => invalid(&format!("{field}.StableIngresses"), all.clone(), why),
                None => invalid(&format!("{field}.stableIngress"), name, why),
            }
        })
    };
    nginx.ingresses().into_iter().map(find).collect()
}

fn find_virtual_services(rollout: &Rollout, routing: &TrafficRouting, store: &Store) -> Check {
    let Some(istio) = &routing.istio else { return Ok(()) };
    let field = "spec.strategy.canary.trafficRouting.istio";
    if istio.virtual_services.is_some() == istio.virtual_service.is_some() {
        let why = "either VirtualService or VirtualServices must be configured";
        return Err(internal(field, why));
    }
    let field = virtual_service_field(istio.virtual_services.is_some());
    for reference in istio.services() {
        let key = service_key(rollout, reference);
        if store.get(&key).is_none() {
            let why = format!("virtualservices.networking.istio.io {:?} not found", key.name);
            return Err(invalid(field, key.name, why));
        }
    }
    Ok(())
}

fn virtual_service_field(several: bool) -> &'static str {
    if several {
        "spec.strategy.canary.trafficRouting.istio.virtualServices.name"
    } else {
        "spec.strategy.canary.trafficRouting.istio.virtualService.name"
    }
}

/// Routers whose own resources are looked up: this world has none of them.
fn check_foreign(rollout: &Rollout, routing: &TrafficRouting) -> Check {
    let field = "spec.strategy.canary.trafficRouting";
    if let Some(ambassador) = &routing.ambassador {
        let field = format!("{field}.ambassador.mappings");
        return Err(match ambassador.items("/mappings").first() {
            None => invalid(&field, serde_json::Value::Null, "must provide at least one mapping"),
            Some(name) => invalid(&field, name.clone(), UNKNOWN_RESOURCE),
        });
    }
    if let Some(mesh) = &routing.app_mesh {
        let field = format!("{field}.appmesh.virtualService");
        return Err(match mesh.get("virtualService") {
            None => invalid(&field, serde_json::Value::Null, "must provide virtual-service"),
            Some(service) => {
                let name = format!("{}.{}", service.text("/name"), rollout.namespace());
                invalid(&field, name, UNKNOWN_RESOURCE)
            }
        });
    }
    Ok(())
}

/// A Service must select the pods of the Rollout, and belong to no other one.
fn check_selected(rollout: &Rollout, field: &str, service: &Object) -> Check {
    let name = service.name();
    let labels = &rollout.spec.template;
    for (key, value) in service.members("/spec/selector").into_iter().flatten() {
        if key != keys::HASH && Some(labels.label(key)) != value.as_str() {
            let why = format!("Service {name:?} has unmatch label {key:?} in rollout");
            return Err(invalid(field, name, why));
        }
    }
    match service.annotation(keys::MANAGED_BY) {
        Some(other) if other != rollout.name() => {
            let why = format!("Service {name:?} is managed by another Rollout");
            Err(invalid(field, name, why))
        }
        _ => Ok(()),
    }
}

fn check_ingresses(nginx: &Nginx, canary: &Canary, ingresses: &[Object]) -> Check {
    let several = nginx.stable_ingresses.is_some();
    let field = if several { "stableIngresses" } else { "stableIngress" };
    let field = format!("spec.strategy.canary.trafficRouting.nginx.{field}");
    let service = &canary.stable_service;
    let Some(ingress) = ingresses.iter().find(|ingress| !leads_to(ingress, service)) else {
        return Ok(());
    };
    let name = ingress.name();
    let why = format!("ingress `{name}` has no rules using service {service} backend");
    Err(invalid(&field, name, why))
}

fn check_virtual_services(rollout: &Rollout, routing: &TrafficRouting, store: &Store) -> Check {
    let Some(istio) = &routing.istio else { return Ok(()) };
    let field = virtual_service_field(istio.virtual_services.is_some());
    for reference in istio.services() {
        let key = service_key(rollout, reference);
        let Some(service) = store.get(&key) else { continue };
        let kinds = ["http", "tls", "tcp"];
        if kinds.iter().all(|kind| service.pointer(&format!("/spec/{kind}")).is_none()) {
            let why =
                "Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService";
            return Err(invalid(field, key.name, why));
        }
        check_service(rollout, reference, service).map_err(|(kind, why)| {
            let why = format!("Istio VirtualService has invalid {kind} routes. Error: {why}");
            invalid(field, key.name, why)
        })?;
    }
    Ok(())
}
