//! The columns of each kind's table: name, type, and whether only a wide table shows it.
//!
//! Called by tables.

use serde_json::{Value, json};

use crate::sim::store::Kind;

/// Name, type; a `+` before the name for wide tables only.
type Column = (&'static str, &'static str);

const NAME: Column = ("Name", "string");
const AGE: Column = ("Age", "string");

/// The definitions of a kind's columns.
pub(crate) fn columns(kind: Kind) -> Value {
    let custom = kind.facts().custom;
    let definition = |(name, of): &Column| {
        let (wide, name) = match name.strip_prefix('+') {
            Some(name) => (1, name),
            None => (0, *name),
        };
        let format = if name == "Name" { "name" } else { "" };
        let of = if custom && name == "Age" { "date" } else { of };
        json!({
            "name": name,
            "type": of,
            "format": format,
            "description": "",
            "priority": wide,
        })
    };
    list(kind).iter().map(definition).collect()
}

fn list(kind: Kind) -> Vec<Column> {
    let text = |name| (name, "string");
    let number = |name| (name, "integer");
    let template = [text("+Containers"), text("+Images"), text("+Selector")];
    let mut all = vec![NAME];
    match kind {
        Kind::Pod => {
            all.extend([text("Ready"), text("Status"), text("Restarts"), AGE, text("+IP")]);
            all.extend([text("+Node"), text("+Nominated Node"), text("+Readiness Gates")]);
            return all;
        }
        Kind::Deployment => {
            all.extend([text("Ready"), text("Up-to-date"), text("Available"), AGE]);
            all.extend(template);
            return all;
        }
        Kind::ReplicaSet => {
            all.extend([number("Desired"), number("Current"), number("Ready"), AGE]);
            all.extend(template);
            return all;
        }
        Kind::Job => {
            all.extend([text("Status"), text("Completions"), text("Duration"), AGE]);
            all.extend(template);
            return all;
        }
        Kind::Service => {
            all.extend([text("Type"), text("Cluster-IP"), text("External-IP"), text("Port(s)")]);
            all.extend([AGE, text("+Selector")]);
            return all;
        }
        Kind::Node => {
            all.extend([text("Status"), text("Roles"), AGE, text("Version")]);
            all.extend([text("+Internal-IP"), text("+External-IP"), text("+OS-Image")]);
            all.extend([text("+Kernel-Version"), text("+Container-Runtime")]);
            return all;
        }
        Kind::Event => {
            return vec![
                text("Last Seen"),
                text("Type"),
                text("Reason"),
                text("Object"),
                text("+Subobject"),
                text("+Source"),
                text("Message"),
                text("+First Seen"),
                text("+Count"),
                text("+Name"),
            ];
        }
        Kind::Ingress => {
            all.extend([text("Class"), text("Hosts"), text("Address"), text("Ports")]);
        }
        Kind::HorizontalPodAutoscaler => {
            all.extend([text("Reference"), text("Targets"), text("MinPods"), text("MaxPods")]);
            all.push(text("Replicas"));
        }
        Kind::PodDisruptionBudget => {
            all.extend([text("Min Available"), text("Max Unavailable")]);
            all.push(number("Allowed Disruptions"));
        }
        Kind::EndpointSlice => {
            all.extend([text("AddressType"), text("Ports"), text("Endpoints")]);
        }
        Kind::Namespace | Kind::AnalysisRun | Kind::Experiment => all.push(text("Status")),
        Kind::ConfigMap => all.push(text("Data")),
        Kind::Secret => all.extend([text("Type"), text("Data")]),
        Kind::Lease => all.push(text("Holder")),
        Kind::Rollout => {
            all.extend([number("Desired"), number("Current")]);
            all.extend([number("Up-to-date"), number("Available")]);
        }
        Kind::VirtualService => all.extend([text("Gateways"), text("Hosts")]),
        Kind::DestinationRule => all.push(text("Host")),
        Kind::AnalysisTemplate | Kind::ClusterAnalysisTemplate => {}
    }
    all.push(AGE);
    all
}
