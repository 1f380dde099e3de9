//! The columns of each kind's table: name, type, and whether only a wide table shows it.
//!
//! Called by tables.

use serde_json::{Value, json};

use crate::sim::store::Kind;

/// Name, type; a `+` before the name for wide tables only.
type Column = (&'static str, &'static str);

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

/// `-` stands for the age, `#` before a name for a number.
const POD: &[&str] =
    &["Ready", "Status", "Restarts", "-", "+IP", "+Node", "+Nominated Node", "+Readiness Gates"];
const NODE: &[&str] = &[
    "Status",
    "Roles",
    "-",
    "Version",
    "+Internal-IP",
    "+External-IP",
    "+OS-Image",
    "+Kernel-Version",
    "+Container-Runtime",
];
const EVENT: &[&str] = &[
    "Last Seen",
    "Type",
    "Reason",
    "Object",
    "+Subobject",
    "+Source",
    "Message",
    "+First Seen",
    "+Count",
    "+Name",
];

/// In the order of the cells.
fn list(kind: Kind) -> Vec<Column> {
    const TEMPLATE: [&str; 3] = ["+Containers", "+Images", "+Selector"];
    let after: &[&str] = match kind {
        Kind::Pod => POD,
        Kind::Deployment => &["Ready", "Up-to-date", "Available", "-"],
        Kind::ReplicaSet => &["#Desired", "#Current", "#Ready", "-"],
        Kind::Job => &["Status", "Completions", "Duration", "-"],
        Kind::Service => &["Type", "Cluster-IP", "External-IP", "Port(s)", "-", "+Selector"],
        Kind::Node => NODE,
        Kind::Event => EVENT,
        Kind::Ingress => &["Class", "Hosts", "Address", "Ports", "-"],
        Kind::HorizontalPodAutoscaler => {
            &["Reference", "Targets", "MinPods", "MaxPods", "Replicas", "-"]
        }
        Kind::PodDisruptionBudget => {
            &["Min Available", "Max Unavailable", "#Allowed Disruptions", "-"]
        }
        Kind::EndpointSlice => &["AddressType", "Ports", "Endpoints", "-"],
        Kind::Namespace | Kind::AnalysisRun | Kind::Experiment => &["Status", "-"],
        Kind::ConfigMap => &["Data", "-"],
        Kind::Secret => &["Type", "Data", "-"],
        Kind::Lease => &["Holder", "-"],
        Kind::Rollout => &["#Desired", "#Current", "#Up-to-date", "#Available", "-"],
        Kind::VirtualService => &["Gateways", "Hosts", "-"],
        Kind::DestinationRule => &["Host", "-"],
        Kind::AnalysisTemplate | Kind::ClusterAnalysisTemplate => &["-"],
    };
    let templated = matches!(kind, Kind::Deployment | Kind::ReplicaSet | Kind::Job);
    let first = if kind == Kind::Event { None } else { Some("Name") };
    let last: &[&str] = if templated { &TEMPLATE } else { &[] };
    let all = first.iter().chain(after).chain(last);
    all.map(|name| match name.strip_prefix('#') {
        Some(name) => (name, "integer"),
        None if *name == "-" => ("Age", "string"),
        None => (*name, "string"),
    })
    .collect()
}
