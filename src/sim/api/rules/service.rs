//! Services.
//!
//! Called for services that a client writes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::quoted;
use crate::sim::object::Document;
use crate::sim::store::{Cause, Object};

const PORTS: &str = "must be between 1 and 65535, inclusive";

pub(super) fn check(object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let ports = object.items("/spec/ports");
    let kind = object.text("/spec/type");
    let address = object.text("/spec/clusterIP");
    if ports.is_empty() && address != "None" && kind != "ExternalName" {
        causes.push(Cause::required("spec.ports", ""));
    }
    let mut seen = BTreeSet::new();
    for (at, port) in ports.iter().enumerate() {
        let path = format!("spec.ports[{at}]");
        if port.text("/name").is_empty() && ports.len() > 1 {
            causes.push(Cause::required(&format!("{path}.name"), ""));
        }
        let number = port.int("/port");
        if !(1..=65_535).contains(&number) {
            causes.push(Cause::invalid(&format!("{path}.port"), &number.to_string(), PORTS));
        }
        if let Some(target) = port.int_maybe("/targetPort")
            && !(1..=65_535).contains(&target)
        {
            causes.push(Cause::invalid(&format!("{path}.targetPort"), &target.to_string(), PORTS));
        }
        let protocol = port.text("/protocol");
        if !seen.insert((protocol, number)) {
            let value = format!(
                "{{\"Name\":\"\",\"Protocol\":{protocol:?},\"AppProtocol\":null,\
                 \"Port\":{number},\"TargetPort\":0,\"NodePort\":0}}"
            );
            causes.push(Cause::duplicate(&path, &value));
        }
    }
    let kinds = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    if !kinds.contains(&kind) {
        causes.push(Cause::unsupported("spec.type", &format!("{kind:?}"), &kinds));
    }
    if !address.is_empty() && address != "None" && address.parse::<std::net::IpAddr>().is_err() {
        let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
        causes.push(Cause::invalid("spec.clusterIPs[0]", &format!("{address:?}"), why));
    }
    causes
}

/// A new service that says its cluster IP must take one of ours.
pub(super) fn in_range(object: &Value) -> Option<Cause> {
    let address = object.text("/spec/clusterIP");
    let foreign = address.parse::<std::net::IpAddr>().is_ok() && !address.starts_with("10.96.");
    foreign.then(|| {
        let why = format!(
            "failed to allocate IP {address}: the provided IP ({address}) is not in the valid \
             range. The range of valid IPs is 10.96.0.0/16"
        );
        Cause::invalid("spec.clusterIPs", &format!("[{address:?}]"), &why)
    })
}

/// A cluster IP stays as it was given.
pub(super) fn same_address(object: &Value, current: &Object) -> Vec<Cause> {
    let before = current.text("/spec/clusterIP");
    let external = |service: &Value| service.text("/spec/type") == "ExternalName";
    let same = object.text("/spec/clusterIP") == before;
    if same || before.is_empty() || external(object) || external(current) {
        return Vec::new();
    }
    let value = quoted(object.pointer("/spec/clusterIPs"));
    vec![Cause::invalid("spec.clusterIPs[0]", &value, "may not change once set")]
}
