//! Routers: nginx' controller, and the gateway of the mesh.
//!
//! Called by the traffic when series are asked for.

use super::families::{MESH_DURATION, MESH_REQUESTS, NGINX_DURATION, NGINX_REQUESTS, UP};
use super::scrape::{Asked, labelled, named, offset};
use super::{counter, histogram};
use crate::sim::dice::Dice;
use crate::sim::traffic::series::{Tag, Tags};
use crate::sim::traffic::service::Entry;
use crate::sim::traffic::service::Service;

/// What the routers expose of all services.
pub(in crate::sim::traffic) fn routers<'s>(
    asked: &mut Asked<'_>,
    dice: Dice,
    services: impl Iterator<Item = &'s Service> + Clone,
) {
    let (mut nginx, mut mesh) = (false, false);
    for service in services {
        match &service.entry {
            Entry::Ingress(ingress) => {
                nginx = true;
                let tags = of_ingress(service, ingress);
                router(asked, dice, service, &tags, true);
            }
            Entry::VirtualService(_) => {
                mesh = true;
                router(asked, dice, service, &of_gateway(service), false);
            }
            Entry::Service => {}
        }
    }
    let targets = [(nginx, nginx_target(), "nginx"), (mesh, mesh_target(), "mesh")];
    for (there, tags, name) in targets {
        if there && asked.wants(UP) && asked.may_want(&tags, &[]) {
            let scrapes = asked.scrapes(offset(dice, name), None);
            asked.add(&tags, &[named(UP)], scrapes.iter().map(|at| (*at, Some(1.0))));
        }
    }
}

fn router(asked: &mut Asked<'_>, dice: Dice, service: &Service, tags: &Tags, nginx: bool) {
    let (requests, duration, target) = if nginx {
        (NGINX_REQUESTS, &NGINX_DURATION, "nginx")
    } else {
        (MESH_REQUESTS, &MESH_DURATION, "mesh")
    };
    let names = [requests, duration.bucket, duration.count, duration.sum];
    if !names.iter().any(|name| asked.wants(name)) {
        return;
    }
    let scrapes = asked.scrapes(offset(dice, target), None);
    for (labels, meter) in &service.router.meters {
        let labels: Vec<Tag> = labels.iter().cloned().collect();
        if !asked.may_want(&tags.with(&labels), &["le"]) {
            continue;
        }
        if asked.wants(requests) {
            counter(asked, requests, tags, &labels, &scrapes, (meter, &|_| true));
        }
        histogram(asked, duration, tags, &labels, &scrapes, (meter, &|_| true));
    }
}

fn nginx_target() -> Tags {
    let labels = labelled([
        ("job", "ingress-nginx-controller-metrics"),
        ("instance", "10.0.0.251:10254"),
        ("namespace", "ingress-nginx"),
        ("pod", "ingress-nginx-controller-0"),
        ("service", "ingress-nginx-controller-metrics"),
    ]);
    labels.into_iter().collect()
}

/// Labels of the exposed series win over those of the target (`honorLabels`), as the chart of
/// ingress-nginx sets it.
fn of_ingress(service: &Service, ingress: &str) -> Tags {
    let main = service.plan.ways.first().map_or("", |way| way.service.as_str());
    let labels = labelled([
        ("controller_class", "k8s.io/ingress-nginx"),
        ("controller_namespace", "ingress-nginx"),
        ("controller_pod", "ingress-nginx-controller-0"),
        ("host", &service.plan.host),
        ("ingress", ingress),
        ("method", "GET"),
        ("namespace", &service.key.namespace),
        ("path", &service.plan.path),
        ("service", main),
    ]);
    nginx_target().with(&labels)
}

fn mesh_target() -> Tags {
    let labels = labelled([
        ("job", "istio-ingressgateway"),
        ("instance", "10.0.0.252:15020"),
        ("namespace", "istio-system"),
        ("pod", "istio-ingressgateway-0"),
    ]);
    labels.into_iter().collect()
}

fn of_gateway(service: &Service) -> Tags {
    let labels = labelled([
        ("connection_security_policy", "unknown"),
        ("destination_service_namespace", &service.key.namespace),
        ("destination_workload_namespace", &service.key.namespace),
        ("reporter", "source"),
        ("request_protocol", "http"),
        ("source_workload", "istio-ingressgateway"),
        ("source_workload_namespace", "istio-system"),
    ]);
    mesh_target().with(&labels)
}
