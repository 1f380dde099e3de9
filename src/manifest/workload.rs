//! A workload among manifests: its strategy, its pod template, its containers.
//!
//! Never judges. Called by the rules.

use crate::domain::strategy::Amount;

use super::bundle::{Bundle, Object};
use super::tree::{Entry, Node, Spot};

/// How a workload replaces one version by another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// `RollingUpdate` of a Deployment.
    Rolling,
    /// `Recreate` of a Deployment.
    Recreate,
    /// `spec.strategy.blueGreen` of a Rollout.
    BlueGreen,
    /// `spec.strategy.canary` of a Rollout.
    Canary,
}

/// What a container is to its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// One of `containers`.
    Main,
    /// One of `initContainers` with `restartPolicy: Always`: it starts before the others and is
    /// stopped after them.
    Sidecar,
    /// One of `initContainers` that has ended before the others start.
    Init,
}

/// A container of a pod template.
#[derive(Debug, Clone)]
pub struct Container<'b> {
    /// Where it stands.
    pub spot: Spot<'b>,
    /// What it is to its pod.
    pub role: Role,
}

impl<'b> Container<'b> {
    /// `name`; empty where none is written.
    pub fn name(&self) -> &'b str {
        self.spot.key("name").text().unwrap_or_default()
    }

    /// It runs as long as its pod does.
    pub fn stays(&self) -> bool {
        self.role != Role::Init
    }

    /// It names at least one port of its own.
    pub fn declares_ports(&self) -> bool {
        let ports = self.spot.key("ports");
        ports.node().is_some_and(|node| !node.elements().is_empty())
    }
}

/// A Deployment or a Rollout.
#[derive(Debug, Clone)]
pub struct Workload<'b> {
    /// Its object.
    pub object: &'b Object,
    /// Its strategy; none for a Rollout that names none, or both.
    pub strategy: Option<Strategy>,
    /// The object that has the pod template: itself, or the Deployment that `workloadRef` names.
    /// None where that is not among what was read.
    pub templated: Option<&'b Object>,
}

impl<'b> Workload<'b> {
    /// Takes an object that is a workload.
    pub fn of(object: &'b Object, bundle: &'b Bundle) -> Option<Self> {
        let root = object.root();
        match (object.group(), object.kind.as_str()) {
            ("apps", "Deployment") => {
                let recreate = root.keys(&["spec", "strategy", "type"]).text() == Some("Recreate");
                let strategy = if recreate { Strategy::Recreate } else { Strategy::Rolling };
                Some(Self { object, strategy: Some(strategy), templated: Some(object) })
            }
            ("argoproj.io", "Rollout") => {
                let has = |name| !root.keys(&["spec", "strategy", name]).is_absent();
                let strategy = match (has("blueGreen"), has("canary")) {
                    (true, false) => Some(Strategy::BlueGreen),
                    (false, true) => Some(Strategy::Canary),
                    _ => None,
                };
                let reference = root.keys(&["spec", "workloadRef"]);
                let templated = if reference.is_absent() {
                    Some(object)
                } else {
                    let kind = reference.key("kind").text().unwrap_or_default();
                    let name = reference.key("name").text().unwrap_or_default();
                    bundle.find(kind, &object.namespace, name)
                };
                Some(Self { object, strategy, templated })
            }
            _ => None,
        }
    }

    /// `spec`.
    pub fn spec(&self) -> Spot<'b> {
        self.object.root().key("spec")
    }

    /// `spec.strategy.blueGreen` or `spec.strategy.canary`.
    pub fn steps_of_rollout(&self) -> Option<Spot<'b>> {
        let name = match self.strategy? {
            Strategy::BlueGreen => "blueGreen",
            Strategy::Canary => "canary",
            Strategy::Rolling | Strategy::Recreate => return None,
        };
        Some(self.spec().keys(&["strategy", name]))
    }

    /// `spec.template` of the object that has it.
    pub fn template(&self) -> Option<Spot<'b>> {
        self.templated.map(|object| object.root().keys(&["spec", "template"]))
    }

    /// Its containers; not those that run before (`initContainers`).
    pub fn containers(&self) -> Vec<Spot<'b>> {
        self.template()
            .map(|template| template.keys(&["spec", "containers"]).elements())
            .unwrap_or_default()
    }

    /// All its containers, each with what it is to its pod; those that run before come first.
    pub fn pod_containers(&self) -> Vec<Container<'b>> {
        let Some(template) = self.template() else { return Vec::new() };
        let before = template.keys(&["spec", "initContainers"]).elements().into_iter();
        let before = before.map(|spot| {
            let stays = spot.key("restartPolicy").text() == Some("Always");
            Container { role: if stays { Role::Sidecar } else { Role::Init }, spot }
        });
        let main = self.containers().into_iter();
        before.chain(main.map(|spot| Container { spot, role: Role::Main })).collect()
    }

    /// Labels that its pods are given; not the hash, which the controller adds.
    pub fn pod_labels(&self) -> &'b [Entry] {
        let labels = self.template().map(|template| template.keys(&["metadata", "labels"]));
        labels.and_then(|labels| labels.node()).map(Node::entries).unwrap_or_default()
    }

    /// Its kind and name, for sentences.
    pub fn said(&self) -> String {
        format!("{} {}", self.object.kind, self.object.name)
    }

    /// `spec.replicas`; 1 where none is written, as the API server has it. None where a number is
    /// written that is none.
    pub fn replicas(&self) -> Option<i64> {
        let replicas = self.spec().key("replicas");
        if replicas.is_absent() { Some(1) } else { replicas.int() }
    }
}

/// Reads a number or a percentage (`IntOrString`). None where nothing stands there, or something
/// that the API server refuses: a negative number, text without `%`.
pub fn amount(spot: &Spot<'_>) -> Option<Amount> {
    let number = |number: i64| i32::try_from(number).ok().filter(|number| *number >= 0);
    if let Some(count) = spot.int() {
        return number(count).map(Amount::Count);
    }
    let digits = spot.text()?.strip_suffix('%')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let percent = digits.parse().ok().filter(|_| is_number)?;
    number(percent).map(Amount::Percent)
}
