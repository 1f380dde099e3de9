//! `base` and one overlay for each environment: what differs between them is in view, and is
//! namespace, replicas, image and, in dev, resources.
//!
//! Called by `make`.

use crate::manifest::workload::Strategy;

use super::File;
use super::numbers::{self, Budget};
use super::order::{Environment, Image, Order, Resources, Routing};
use super::pod;
use super::workload;
use super::yaml::{self, Doc, List, Map};

const API: &str = "kustomize.config.k8s.io/v1beta1";

/// The base's list of its files.
pub(super) fn base(files: &[File]) -> File {
    let resources = files.iter().fold(List::new(), |list, file| list.put(file.path.as_str()));
    let document = kustomization().put("resources", resources);
    let head = "What is the same in every environment. It is not applied itself: the overlays are.";
    File { path: "kustomization.yaml".to_owned(), text: yaml::file(head, &[document]) }
}

fn kustomization() -> Map {
    Map::new().put("apiVersion", API).put("kind", "Kustomization")
}

/// The overlay of an environment.
pub(super) fn overlay(order: &Order, name: &str, environment: &Environment) -> File {
    let mut document = kustomization()
        .put("namespace", environment.namespace.as_str())
        .put("resources", List::new().put("../../base"))
        .why("the digest decides: bring the same one from environment to environment")
        .put("images", List::new().put(image(&order.image)))
        .put("patches", patches(order, name, environment));
    if order.strategy == Strategy::Canary && matches!(order.routing, Routing::Gateway { .. }) {
        document = document
            .why("older versions of the plugin do not look in the Rollout's own namespace")
            .put("replacements", List::new().put(namespace_of_plugin(order)));
    }
    let head = format!(
        "{name}: its namespace, its replicas and its image{}. Keep everything else in the base, so \
         that what was tested is what is released.",
        if name == "dev" { ", and less of a node" } else { "" }
    );
    let path = format!("overlays/{name}/kustomization.yaml");
    File { path, text: yaml::file(&head, &[document]) }
}

fn image(image: &Image) -> Map {
    Map::new()
        .put("name", image.repository.as_str())
        .put("newName", image.repository.as_str())
        .put_some("newTag", image.tag.as_deref())
        .put("digest", image.digest.as_str())
}

/// What the resources are in dev: a share of a node, for requests of one person.
fn small(resources: Resources) -> Resources {
    Resources {
        cpu_request: (resources.cpu_request / 4).max(1),
        cpu_limit: (resources.cpu_limit / 2).max(1),
        memory: resources.memory,
    }
}

fn patches(order: &Order, name: &str, environment: &Environment) -> List {
    let kind = workload::kind(order);
    let replicas =
        operation("replace", "/spec/replicas").put("value", i64::from(environment.replicas));
    let mut operations = List::new().put(replicas);
    if name == "dev" {
        let resources = operation("replace", "/spec/template/spec/containers/0/resources")
            .put("value", pod::resources(small(order.resources)));
        operations = operations.put(resources);
    }
    let target = |kind: &str| Map::new().put("kind", kind).put("name", order.name.as_str());
    let patch = Map::new()
        .put("target", target(kind))
        .put("patch", Doc::Lines(yaml::elements_alone(&operations)));
    let patches = List::new().put(patch);
    let has_budget = numbers::budget(order, kind == "Rollout") != Budget::None;
    if !has_budget || environment.replicas > 1 {
        return patches;
    }
    let gone = Map::new()
        .put("$patch", "delete")
        .put("apiVersion", "policy/v1")
        .put("kind", "PodDisruptionBudget")
        .put("metadata", Map::new().put("name", order.name.as_str()));
    let gone = Map::new()
        .why("a single pod: a budget would lock its node or protect nothing")
        .put("target", target("PodDisruptionBudget"))
        .put("patch", Doc::Lines(yaml::file("", &[gone]).trim_end().to_owned()));
    patches.put(gone)
}

fn operation(op: &str, path: &str) -> Map {
    Map::new().put("op", op).put("path", path)
}

fn namespace_of_plugin(order: &Order) -> Map {
    let rollout = || Map::new().put("kind", "Rollout").put("name", order.name.as_str());
    let path =
        format!("spec.strategy.canary.trafficRouting.plugins.{}.namespace", workload::PLUGIN);
    let target = Map::new()
        .put("select", rollout())
        .put("fieldPaths", List::new().put(path))
        .put("options", Map::new().put("create", true));
    Map::new()
        .put("source", rollout().put("fieldPath", "metadata.namespace"))
        .put("targets", List::new().put(target))
}
