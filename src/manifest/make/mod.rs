//! Manifests for a new service, with the numbers that a release needs, and the reason of each
//! beside it.
//!
//! Pure: an order in, files as text out. Never writes a file, never asks a cluster. What is made
//! passes every rule of `check`. Called by `runtime`.

mod analysis;
mod budget;
mod kustomize;
mod network;
mod notes;
mod numbers;
mod order;
mod pod;
mod refusal;
#[cfg(test)]
mod tests;
mod validate;
mod workload;
mod yaml;

pub use order::{
    Check, Environment, Health, Image, Order, Pace, Resources, Routing, Shape, Wanted,
};
pub use refusal::Refusal;

use yaml::Map;

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Files, in the order in which a person would read them.
    pub files: Vec<File>,
    /// What the person has to know: what is taken for granted, and what was left out, and why.
    pub notes: Vec<String>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it belongs below the service's directory, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// Makes the manifests of an order.
pub fn make(order: &Order) -> Result<Made, Refusal> {
    validate::order(order)?;
    let files = match &order.shape {
        Shape::Plain(environment) => {
            objects(order, Some(&environment.namespace), environment.replicas)
        }
        Shape::Kustomize { production, .. } => layered(order, production.replicas),
    };
    Ok(Made { files, notes: notes::notes(order) })
}

/// Base and overlays.
fn layered(order: &Order, replicas: u32) -> Vec<File> {
    let mut base = objects(order, None, replicas);
    base.insert(0, kustomize::base(&base));
    for file in &mut base {
        file.path = format!("base/{}", file.path);
    }
    let environments = order.shape.environments();
    let overlays = environments.into_iter().map(|(name, one)| kustomize::overlay(order, name, one));
    base.into_iter().chain(overlays).collect()
}

/// The objects of one namespace, or of none yet.
fn objects(order: &Order, namespace: Option<&str>, replicas: u32) -> Vec<File> {
    let file = |path: &str, head: &str, documents: &[Map]| File {
        path: path.to_owned(),
        text: yaml::file(head, documents),
    };
    let kind = workload::kind(order);
    let (head, document) = workload::workload(order, namespace, replicas);
    let path = format!("{}.yaml", kind.to_ascii_lowercase());
    let mut files = vec![file(&path, &head, &[document])];
    let (head, services) = network::services(order, namespace);
    files.push(file("services.yaml", &head, &services));
    if let Some((path, head, document)) = network::route(order, namespace) {
        files.push(file(path, &head, &[document]));
    }
    if let Some(document) = budget::budget(order, kind == "Rollout", namespace) {
        let head = "How many pods a drained node, or an upgrade of the nodes, may take at once. \
                    Releases do not ask it.";
        files.push(file("disruption-budget.yaml", head, &[document]));
    }
    if let Some((head, templates)) = analysis::templates(order, namespace) {
        files.push(file("analysis.yaml", &head, &templates));
    }
    files
}
