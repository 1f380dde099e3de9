//! Cells of services, ingresses, endpoint slices and nodes.
//!
//! Called by tables.

use serde_json::Value;

use super::born;
use crate::sim::object::Document;
use crate::sim::time::Moment;

/// Members of a list that are shown; the others are counted.
const SHOWN: usize = 3;

pub(super) fn service(object: &Value, now: Moment) -> Vec<Value> {
    let address = object.items("/spec/clusterIPs").first().and_then(Value::as_str);
    let ports = object.items("/spec/ports").iter().map(port).collect::<Vec<_>>().join(",");
    let labels = object.members("/spec/selector").into_iter().flatten();
    let labels: Vec<String> = labels
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    vec![
        object.name().into(),
        object.text("/spec/type").into(),
        address.unwrap_or("<none>").into(),
        external(object).into(),
        or_none(ports).into(),
        born(object, now),
        or_none(labels.join(",")).into(),
    ]
}

fn port(port: &Value) -> String {
    let (number, protocol) = (port.int("/port"), port.text("/protocol"));
    match port.int("/nodePort") {
        0 => format!("{number}/{protocol}"),
        node => format!("{number}:{node}/{protocol}"),
    }
}

fn external(service: &Value) -> String {
    let own = service.items("/spec/externalIPs").iter().filter_map(Value::as_str);
    let own = own.collect::<Vec<_>>().join(",");
    match service.text("/spec/type") {
        "ExternalName" => service.text("/spec/externalName").to_owned(),
        "LoadBalancer" if own.is_empty() => match balancers(service) {
            none if none.is_empty() => "<pending>".to_owned(),
            some => some,
        },
        _ => or_none(own),
    }
}

fn balancers(object: &Value) -> String {
    let all = object.items("/status/loadBalancer/ingress").iter();
    let name = |at: &Value| match at.text("/ip") {
        "" => at.text("/hostname").to_owned(),
        ip => ip.to_owned(),
    };
    all.map(name).collect::<Vec<_>>().join(",")
}

pub(super) fn ingress(object: &Value, now: Moment) -> Vec<Value> {
    let class = object.text("/spec/ingressClassName");
    let rules = object.items("/spec/rules");
    let hosts = rules.iter().map(|rule| rule.text("/host")).filter(|host| !host.is_empty());
    let hosts = shortened(hosts.map(str::to_owned).collect());
    let ports = if object.items("/spec/tls").is_empty() { "80" } else { "80, 443" };
    vec![
        object.name().into(),
        if class.is_empty() { "<none>".into() } else { class.into() },
        if hosts.is_empty() { "*".into() } else { hosts.into() },
        balancers(object).into(),
        ports.into(),
        born(object, now),
    ]
}

pub(super) fn endpoint_slice(object: &Value, now: Moment) -> Vec<Value> {
    let ports = object.items("/ports").iter().map(|port| match port.int_maybe("/port") {
        Some(number) => number.to_string(),
        None => "*".to_owned(),
    });
    let addresses = object.items("/endpoints").iter().flat_map(|e| e.items("/addresses"));
    let addresses = addresses.filter_map(Value::as_str).map(str::to_owned);
    let unset = |text: String| if text.is_empty() { "<unset>".to_owned() } else { text };
    vec![
        object.name().into(),
        object.text("/addressType").into(),
        unset(shortened(ports.collect())).into(),
        unset(shortened(addresses.collect())).into(),
        born(object, now),
    ]
}

fn shortened(all: Vec<String>) -> String {
    let count = all.len();
    let shown = all.into_iter().take(SHOWN).collect::<Vec<_>>().join(",");
    if count > SHOWN { format!("{shown} + {} more...", count - SHOWN) } else { shown }
}

pub(super) fn node(object: &Value, now: Moment) -> Vec<Value> {
    let ready = object.condition("Ready").map(|condition| condition.text("/status"));
    let mut status = match ready {
        Some("True") => "Ready".to_owned(),
        Some(_) => "NotReady".to_owned(),
        None => "Unknown".to_owned(),
    };
    if object.flag("/spec/unschedulable") {
        status.push_str(",SchedulingDisabled");
    }
    let labels = object.members("/metadata/labels").into_iter().flatten();
    let roles: Vec<&str> = labels
        .filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/"))
        .filter(|role| !role.is_empty())
        .collect();
    let address = |kind: &str| {
        let found = object.items("/status/addresses").iter().find(|a| a.text("/type") == kind);
        found.map_or("<none>", |address| address.text("/address"))
    };
    let fact = |name: &str| match object.text(&format!("/status/nodeInfo/{name}")) {
        "" => "<unknown>".to_owned(),
        fact => fact.to_owned(),
    };
    vec![
        object.name().into(),
        status.into(),
        or_none(roles.join(",")).into(),
        born(object, now),
        object.text("/status/nodeInfo/kubeletVersion").into(),
        address("InternalIP").into(),
        address("ExternalIP").into(),
        fact("osImage").into(),
        fact("kernelVersion").into(),
        fact("containerRuntimeVersion").into(),
    ]
}

fn or_none(text: String) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text }
}
