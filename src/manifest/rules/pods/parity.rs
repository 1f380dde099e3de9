//! W43: a service that is of another kind or shape in another environment than in production (X30,
//! R136).
//!
//! May differ: image, replicas, resources, arguments, values of variables, labels, annotations.
//! Says nothing where the environments cannot be told by namespace or folder. Called by `judge`.

use std::collections::BTreeMap;

use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::{Node, Value};
use crate::manifest::workload::{Strategy, Workload};

/// Fields of a container that are the same everywhere.
const SAME: &[&str] = &[
    "command",
    "lifecycle",
    "livenessProbe",
    "ports",
    "readinessProbe",
    "securityContext",
    "startupProbe",
];

pub(super) fn look(case: &mut Case<'_>) {
    let Some(production) = case.around.in_production(case.workload) else { return };
    let there = format!("{}, as in {}", kind(production), place(production));
    let (here, wanted) = (kind(case.workload), kind(production));
    if here != wanted {
        let key = if case.workload.object.kind == production.object.kind { "spec" } else { "kind" };
        let why = "what is tried here is not what happens there: another controller, other steps, \
                   another way back";
        let fix = format!("the {} of production here as well", production.object.kind);
        let spot = case.workload.object.root().key(key);
        case.broken(case.workload.object, &spot, Said::of(here, there, why, fix));
    }
    let (Some(object), Some(_)) = (case.workload.templated, production.templated) else { return };
    let (here, there) = (shape(case.workload), shape(production));
    let differs = differences(&here, &there);
    if !differs.is_empty() {
        let spot = object.root().keys(&["spec", "template", "spec"]);
        let said = Said::of(
            format!("differs in {}", differs.join(", ")),
            format!("the same as {} of {}", production.said(), place(production)),
            "what was tested is not what runs in production",
            "one base for all environments; only image, replicas, resources and values differ",
        );
        case.broken(object, &spot, said);
    }
}

fn kind(workload: &Workload<'_>) -> String {
    let strategy = match workload.strategy {
        Some(Strategy::Rolling) => "rolling",
        Some(Strategy::Recreate) => "recreate",
        Some(Strategy::BlueGreen) => "blue-green",
        Some(Strategy::Canary) => "canary",
        None => "no strategy",
    };
    format!("{} ({strategy})", workload.object.kind)
}

fn place<'c>(workload: &Workload<'c>) -> &'c str {
    match workload.object.namespace.as_str() {
        "" => workload.object.source.as_str(),
        namespace => namespace,
    }
}

/// What has to be the same, by what it is called.
fn shape(workload: &Workload<'_>) -> BTreeMap<String, String> {
    let mut shape = BTreeMap::new();
    for container in workload.pod_containers() {
        let name = container.name();
        shape.insert(format!("container {name}"), format!("{:?}", container.role));
        for key in SAME {
            if let Some(node) = container.spot.key(key).node() {
                shape.insert(format!("{key} of {name}"), written(node));
            }
        }
        for variable in container.spot.key("env").elements() {
            let variable = variable.key("name").said();
            shape.insert(format!("variable {variable} of {name}"), String::new());
        }
        for mount in container.spot.key("volumeMounts").elements() {
            let path = mount.key("mountPath").said();
            shape.insert(format!("mount {path} of {name}"), String::new());
        }
    }
    shape
}

fn differences<'s>(
    here: &'s BTreeMap<String, String>,
    there: &'s BTreeMap<String, String>,
) -> Vec<&'s str> {
    let changed = here.iter().filter(|(what, is)| there.get(*what) != Some(*is));
    let missing = there.iter().filter(|(what, _)| !here.contains_key(*what));
    let mut all: Vec<&str> = changed.chain(missing).map(|(what, _)| what.as_str()).collect();
    all.sort_unstable();
    all
}

/// A value as text, with the keys of maps in order, so that the same is written the same.
fn written(node: &Node) -> String {
    match &node.value {
        Value::List(elements) => {
            let all: Vec<String> = elements.iter().map(written).collect();
            format!("[{}]", all.join(","))
        }
        Value::Map(entries) => {
            let pair = |(key, node): (&str, &Node)| format!("{key}:{}", written(node));
            let pairs = entries.iter().map(|entry| (entry.key.as_str(), &entry.node));
            let sorted: BTreeMap<&str, &Node> = pairs.collect();
            let all: Vec<String> = sorted.into_iter().map(pair).collect();
            format!("{{{}}}", all.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) => {
            node.to_string()
        }
    }
}
