//! What stands around a workload: the budgets that select its pods, what scales it, and whether it
//! only lends its template to another.
//!
//! Filled once for a bundle, so that no rule goes through all objects for each workload. Never
//! judges. Called by `judge`, and by the rules by way of their case.

mod selector;
mod shelf;
mod stage;

use std::collections::{HashMap, HashSet};

use crate::manifest::bundle::{Bundle, Object, meets};
use crate::manifest::tree::{Entry, Node, Spot};
use crate::manifest::workload::Workload;

pub use selector::Selector;
use shelf::Shelf;
use stage::Family;

/// A PodDisruptionBudget (`policy/v1`).
#[derive(Debug)]
pub struct Budget<'b> {
    /// Its object.
    pub object: &'b Object,
    /// `spec.selector`.
    pub selector: Selector<'b>,
    /// At least one pod template among what was read has labels that it selects.
    pub is_used: bool,
}

/// How many pods a workload is meant to have.
#[derive(Debug, Clone, Copy)]
pub struct Size<'b> {
    /// Fewest.
    pub least: i32,
    /// Most.
    pub most: i32,
    /// The autoscaler that chooses between the two; without one they are the same.
    pub scaler: Option<&'b Object>,
}

impl Size<'_> {
    /// The smallest and the largest size, once where they are the same.
    pub fn ends(self) -> Vec<i32> {
        if self.least == self.most { vec![self.least] } else { vec![self.least, self.most] }
    }
}

#[derive(Debug, Clone, Copy)]
struct Scaler<'b> {
    object: &'b Object,
    /// Group of what it scales; none where it does not say.
    group: Option<&'b str>,
    least: Option<i32>,
    most: Option<i32>,
}

/// The surroundings of all workloads of a bundle.
#[derive(Debug, Default)]
pub struct Around<'b> {
    budgets: Vec<Budget<'b>>,
    by_label: Shelf<'b, (&'b str, &'b str), usize>,
    without_label: Shelf<'b, (), usize>,
    scalers: Shelf<'b, (&'b str, &'b str), Scaler<'b>>,
    lent: HashSet<*const Object>,
    production: HashMap<Family, Vec<Workload<'b>>>,
    /// Folders that the files of all workloads begin with.
    shared: usize,
}

impl<'b> Around<'b> {
    /// Looks through a bundle once.
    pub fn of(bundle: &'b Bundle, workloads: &[Workload<'b>]) -> Self {
        let mut around = Self::default();
        for object in bundle.objects() {
            match (object.group(), object.kind.as_str()) {
                ("policy", "PodDisruptionBudget") if object.api_version == "policy/v1" => {
                    let selector = Selector::of(&object.root().keys(&["spec", "selector"]));
                    around.budgets.push(Budget { object, selector, is_used: false });
                }
                ("autoscaling", "HorizontalPodAutoscaler") => {
                    around.shelve_scaler(object, ["minReplicas", "maxReplicas"], (1, None));
                }
                ("keda.sh", "ScaledObject") => {
                    let defaults = (0, Some(100));
                    around.shelve_scaler(object, ["minReplicaCount", "maxReplicaCount"], defaults);
                }
                _ => {}
            }
        }
        around.shelve_budgets();
        around.mark_used(bundle);
        let borrowed = |workload: &&Workload<'b>| {
            workload.templated.is_some_and(|lender| !std::ptr::eq(lender, workload.object))
        };
        let lenders = workloads.iter().filter(borrowed).filter_map(|workload| workload.templated);
        around.lent = lenders.map(std::ptr::from_ref).collect();
        around.shared = stage::shared(workloads.iter().map(|workload| workload.object));
        let own = workloads.iter().filter(|one| !around.only_lends(one));
        around.production = production(own, around.shared);
        around
    }

    /// The same service in production, for a workload of another environment; the one of the same
    /// name where there are several. None where that cannot be told.
    pub fn in_production(&self, workload: &Workload<'b>) -> Option<&Workload<'b>> {
        let (false, family) = stage::stage(workload, self.shared)? else { return None };
        match self.production.get(&family)?.as_slice() {
            [one] => Some(one),
            several => several.iter().find(|one| one.object.name == workload.object.name),
        }
    }

    /// The budgets that select pods with these labels in a namespace, in the order in which they
    /// were read.
    pub fn budgets(&self, namespace: &'b str, labels: &'b [Entry]) -> Vec<&Budget<'b>> {
        let found = self.selecting(namespace, labels);
        found.into_iter().filter_map(|index| self.budgets.get(index)).collect()
    }

    /// The budgets of a workload's pods.
    pub fn budgets_of(&self, workload: &Workload<'b>) -> Vec<&Budget<'b>> {
        self.budgets(&workload.object.namespace, workload.pod_labels())
    }

    /// The budgets of this namespace that select nothing of what was read.
    pub fn idle_budgets(&self, namespace: &str) -> impl Iterator<Item = &Budget<'b>> {
        let near = |budget: &&Budget<'b>| meets(&budget.object.namespace, namespace);
        self.budgets.iter().filter(|budget| !budget.is_used).filter(near)
    }

    /// How many pods a workload is meant to have: between the two ends of its autoscaler, else
    /// `spec.replicas`. None where a number is needed and none can be read.
    pub fn size(&self, workload: &Workload<'b>) -> Option<Size<'b>> {
        if let Some(scaler) = self.scaler(workload) {
            let least = scaler.least?;
            let most = scaler.most?.max(least);
            return Some(Size { least, most, scaler: Some(scaler.object) });
        }
        let replicas = i32::try_from(workload.replicas()?).ok().filter(|count| *count >= 0)?;
        Some(Size { least: replicas, most: replicas, scaler: None })
    }

    /// Whether this is a Deployment whose template a Rollout uses (`workloadRef`), and that has no
    /// pods of its own.
    pub fn only_lends(&self, workload: &Workload<'b>) -> bool {
        self.lent.contains(&std::ptr::from_ref(workload.object)) && workload.replicas() == Some(0)
    }

    fn scaler(&self, workload: &Workload<'b>) -> Option<Scaler<'b>> {
        let object = workload.object;
        let key = (object.kind.as_str(), object.name.as_str());
        let same = |scaler: &Scaler<'b>| scaler.group.is_none_or(|group| group == object.group());
        self.scalers.get(&object.namespace, key).find(same)
    }

    fn shelve_scaler(
        &mut self,
        object: &'b Object,
        [least, most]: [&str; 2],
        defaults: (i32, Option<i32>),
    ) {
        let spec = object.root().key("spec");
        let target = spec.key("scaleTargetRef");
        let Some(name) = target.key("name").text() else { return };
        let kind = target.key("kind").text().unwrap_or("Deployment");
        let group = target.key("apiVersion").text().map(|version| {
            let (group, _) = version.split_once('/').unwrap_or_default();
            group
        });
        let number = |spot: &Spot<'_>, default: Option<i32>| {
            if spot.is_absent() { default } else { spot.int().and_then(|n| n.try_into().ok()) }
        };
        let least = number(&spec.key(least), Some(defaults.0));
        let most = number(&spec.key(most), defaults.1);
        let scaler = Scaler { object, group, least, most };
        self.scalers.put(&object.namespace, (kind, name), scaler);
    }

    /// Puts each budget under the rarest of its labels, so that a label that all have, such as
    /// `part-of`, does not bring all of them to every workload.
    fn shelve_budgets(&mut self) {
        let mut often: HashMap<(&'b str, &'b str, &'b str), usize> = HashMap::new();
        for budget in &self.budgets {
            for (key, value) in budget.selector.pairs() {
                *often.entry((&budget.object.namespace, key, value)).or_default() += 1;
            }
        }
        for (index, budget) in self.budgets.iter().enumerate() {
            let namespace: &'b str = &budget.object.namespace;
            let count = |(key, value): &(&'b str, &'b str)| often.get(&(namespace, *key, *value));
            match budget.selector.pairs().min_by_key(count) {
                Some(pair) => self.by_label.put(namespace, pair, index),
                None => self.without_label.put(namespace, (), index),
            }
        }
    }

    /// Budgets that may select pods with these labels: those that share a label with them, and
    /// those that name none.
    fn candidates(&self, namespace: &'b str, labels: &'b [Entry]) -> impl Iterator<Item = usize> {
        let pairs =
            labels.iter().filter_map(|entry| Some((entry.key.as_str(), entry.node.text()?)));
        let labelled = pairs.flat_map(|pair| self.by_label.get(namespace, pair));
        labelled.chain(self.without_label.get(namespace, ()))
    }

    fn selecting(&self, namespace: &'b str, labels: &'b [Entry]) -> Vec<usize> {
        let selects = |index: &usize| {
            self.budgets.get(*index).is_some_and(|budget| budget.selector.selects(labels))
        };
        let candidates = self.candidates(namespace, labels);
        let mut found: Vec<usize> = candidates.filter(selects).collect();
        found.sort_unstable();
        found
    }

    fn mark_used(&mut self, bundle: &'b Bundle) {
        for object in bundle.objects() {
            let labels = object.root().keys(&["spec", "template", "metadata", "labels"]);
            let Some(labels) = labels.node().map(Node::entries) else { continue };
            for index in self.selecting(&object.namespace, labels) {
                if let Some(budget) = self.budgets.get_mut(index) {
                    budget.is_used = true;
                }
            }
        }
    }
}

fn production<'w, 'b: 'w>(
    workloads: impl Iterator<Item = &'w Workload<'b>>,
    shared: usize,
) -> HashMap<Family, Vec<Workload<'b>>> {
    let mut all: HashMap<Family, Vec<Workload<'b>>> = HashMap::new();
    for workload in workloads {
        if let Some((true, family)) = stage::stage(workload, shared) {
            all.entry(family).or_default().push(workload.clone());
        }
    }
    all
}

#[cfg(test)]
mod tests;
