//! What is filled in for services and endpoint slices.
//!
//! Called by the defaults.

use serde_json::{Value, json};

use super::{each, fill, fill_text};
use crate::sim::object::{Document, DocumentMut};

/// Fills in a service, and gives it an address when it wants one.
pub(super) fn service(service: &mut Value, allocate: impl FnOnce() -> String) {
    if service.get("spec").is_none_or(|spec| !spec.is_object()) {
        return;
    }
    fill_text(service, "/spec/sessionAffinity", "None");
    fill_text(service, "/spec/type", "ClusterIP");
    each(service, "/spec/ports", |port| {
        fill_text(port, "/protocol", "TCP");
        let number = port.get("port").cloned().unwrap_or_default();
        let none = port.get("targetPort").is_none_or(|t| t.is_null() || *t == 0 || *t == "");
        if none {
            port.set("/targetPort", number);
        }
    });
    let kind = service.text("/spec/type").to_owned();
    if kind == "ExternalName" {
        return;
    }
    if service.text("/spec/clusterIP").is_empty() {
        let first = service.items("/spec/clusterIPs").first().and_then(Value::as_str);
        let address = first.map_or_else(allocate, str::to_owned);
        service.set("/spec/clusterIP", address);
    }
    if service.items("/spec/clusterIPs").is_empty() {
        service.set("/spec/clusterIPs", json!([service.text("/spec/clusterIP")]));
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        fill_text(service, "/spec/externalTrafficPolicy", "Cluster");
        each(service, "/spec/ports", |port| {
            if port.int("/nodePort") == 0 {
                port.set("/nodePort", 30_000 + port.int("/port") % 2_768);
            }
        });
    }
    if kind == "LoadBalancer" {
        fill(service, "/spec/allocateLoadBalancerNodePorts", true);
    }
    fill(service, "/spec/ipFamilies", json!(["IPv4"]));
    fill_text(service, "/spec/ipFamilyPolicy", "SingleStack");
    fill_text(service, "/spec/internalTrafficPolicy", "Cluster");
}

/// An update that says nothing of addresses keeps them.
pub(crate) fn keep_allocated(current: &Value, next: &mut Value) {
    if next.text("/spec/type") == "ExternalName" || current.text("/spec/clusterIP").is_empty() {
        return;
    }
    if next.text("/spec/clusterIP").is_empty() && next.items("/spec/clusterIPs").len() < 2 {
        for field in ["clusterIP", "clusterIPs"] {
            let pointer = format!("/spec/{field}");
            if let Some(value) = current.pointer(&pointer) {
                next.set(&pointer, value.clone());
            }
        }
    }
}

pub(super) fn endpoint_slice(slice: &mut Value) {
    each(slice, "/ports", |port| {
        fill(port, "/name", "");
        fill_text(port, "/protocol", "TCP");
    });
    each(slice, "/endpoints", |endpoint| fill(endpoint, "/conditions", json!({})));
}
