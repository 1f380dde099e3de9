//! What the cluster's own exporters show: kube-state-metrics, the kubelets, Argo's controller.
//!
//! Called by the traffic when series are asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::families::{MEMORY, PHASE, READY, RESTARTS, ROLLOUT, UP};
use super::scrape::{Asked, labelled, named, offset};
use crate::sim::dice::Dice;
use crate::sim::store::{Key, Kind};
use crate::sim::traffic::pods::{Pod, State};
use crate::sim::traffic::series::{Tag, Tags, Text};
use crate::sim::traffic::service::Pods;
use crate::sim::traffic::workloads::{Shown, Workload};

const PHASES: [&str; 5] = ["Pending", "Succeeded", "Failed", "Unknown", "Running"];
const ANSWERS: [&str; 3] = ["true", "false", "unknown"];

fn one(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "replicas and restarts are few")]
fn few(number: i64) -> f64 {
    number as f64
}

/// A target that is always there.
fn target(asked: &mut Asked<'_>, dice: Dice, name: &str, tags: &Tags) -> Vec<i64> {
    let scrapes = asked.scrapes(offset(dice, name), None);
    if asked.wants(UP) {
        asked.add(tags, &[named(UP)], scrapes.iter().map(|at| (*at, Some(1.0))));
    }
    scrapes
}

/// kube-state-metrics.
pub(in crate::sim::traffic) fn kube_state(
    asked: &mut Asked<'_>,
    dice: Dice,
    pods: &Pods,
    workloads: &BTreeMap<Key, Workload>,
) {
    let tags = labelled([("job", "kube-state-metrics"), ("instance", "10.0.0.253:8080")]);
    let tags = tags.into_iter().collect();
    let scrapes = target(asked, dice, "kube-state-metrics", &tags);
    let wants = [READY, PHASE, RESTARTS].map(|name| asked.wants(name));
    if wants != [false; 3] {
        for ((namespace, name), pod) in pods {
            if !asked.may_want_value("namespace", namespace) || !asked.may_want_value("pod", name) {
                continue;
            }
            let of_pod = labelled([("namespace", namespace), ("pod", name), ("uid", &pod.uid)]);
            pod_states(asked, &tags.with(&of_pod), pod, &scrapes, wants);
        }
    }
    for (key, workload) in workloads {
        let label = match key.kind {
            Kind::Deployment => "deployment",
            Kind::ReplicaSet => "replicaset",
            _ => continue,
        };
        numbers(asked, &tags, label, key, workload, &scrapes);
    }
}

fn pod_states(
    asked: &mut Asked<'_>,
    tags: &Tags,
    pod: &Pod,
    scrapes: &[i64],
    [ready, phase, restarts]: [bool; 3],
) {
    let mut add = |name: &'static str, label: Option<Tag>, of: &dyn Fn(&State) -> Option<f64>| {
        let labels: Vec<Tag> = label.into_iter().chain([named(name)]).collect();
        let value = |at: &i64| pod.states.at(*at)?.as_ref().and_then(of);
        asked.add(tags, &labels, scrapes.iter().map(|at| (*at, value(at))));
    };
    for answer in ANSWERS.iter().filter(|_| ready) {
        let label = (Text::from("condition"), Text::from(*answer));
        add(READY, Some(label), &|state| {
            let is = if state.ready? { "true" } else { "false" };
            Some(one(is == *answer))
        });
    }
    for name in PHASES.iter().filter(|_| phase) {
        let label = (Text::from("phase"), Text::from(*name));
        add(PHASE, Some(label), &|state| {
            (!state.phase.is_empty()).then(|| one(state.phase == *name))
        });
    }
    for (number, container) in pod.containers.iter().enumerate().filter(|_| restarts) {
        let label = (Text::from("container"), Text::copied(container));
        add(RESTARTS, Some(label), &|state| {
            state.restarts.get(number).map(|restarts| few(*restarts))
        });
    }
}

/// Argo's controller.
pub(in crate::sim::traffic) fn argo(
    asked: &mut Asked<'_>,
    dice: Dice,
    workloads: &BTreeMap<Key, Workload>,
) {
    if !workloads.keys().any(|key| key.kind == Kind::Rollout) {
        return;
    }
    let tags = labelled([("job", "argo-rollouts-metrics"), ("instance", "10.0.0.254:8090")]);
    let tags = tags.into_iter().collect();
    let scrapes = target(asked, dice, "argo-rollouts", &tags);
    for (key, workload) in workloads.iter().filter(|(key, _)| key.kind == Kind::Rollout) {
        numbers(asked, &tags, "name", key, workload, &scrapes);
    }
}

/// The numbers of a workload, and what is said of it where there is such a thing.
fn numbers(
    asked: &mut Asked<'_>,
    tags: &Tags,
    label: &'static str,
    key: &Key,
    workload: &Workload,
    scrapes: &[i64],
) {
    let shown: Vec<&Shown> = workload.iter().filter_map(|(_, shown)| shown.as_ref()).collect();
    let Some(first) = shown.first() else { return };
    let names = first.numbers.iter().map(|(name, _)| *name);
    let names: Vec<&'static str> = names.filter(|name| asked.wants(name)).collect();
    if names.is_empty() {
        return;
    }
    let tags = tags.with(&labelled([("namespace", &key.namespace), (label, &key.name)]));
    for name in names.into_iter().filter(|name| *name != ROLLOUT) {
        let value = |at: &i64| {
            let shown = workload.at(*at)?.as_ref()?;
            shown.numbers.iter().find(|(one, _)| *one == name).map(|(_, number)| few(*number))
        };
        asked.add(&tags, &[named(name)], scrapes.iter().map(|at| (*at, value(at))));
    }
    if !asked.wants(ROLLOUT) {
        return;
    }
    // What is said of a rollout is in the labels: each thing that ever was said is a series.
    let infos: BTreeSet<_> = shown.iter().map(|one| &one.info).collect();
    for info in infos.into_iter().filter(|info| !info.is_empty()) {
        let labels = info.iter();
        let labels = labels.map(|(label, value)| (Text::from(*label), Text::copied(value)));
        let labels: Vec<Tag> = labels.chain([named(ROLLOUT)]).collect();
        let said = |at: &i64| workload.at(*at)?.as_ref().filter(|shown| shown.info == *info);
        let values = scrapes.iter().map(|at| (*at, said(at).map(|_| 1.0)));
        asked.add(&tags, &labels, values);
    }
}

/// The kubelets, each with the containers of its node.
pub(in crate::sim::traffic) fn kubelets(asked: &mut Asked<'_>, dice: Dice, pods: &Pods) {
    if !asked.wants(UP) && !asked.wants(MEMORY) {
        return;
    }
    let mut nodes: BTreeMap<&str, (Tags, Vec<i64>)> = BTreeMap::new();
    for ((namespace, name), pod) in pods.iter().filter(|(_, pod)| !pod.node.is_empty()) {
        let (tags, scrapes) = nodes.entry(&pod.node).or_insert_with(|| {
            let instance = format!("{}:10250", pod.node);
            let tags = labelled([
                ("job", "kubelet"),
                ("instance", &instance),
                ("metrics_path", "/metrics/cadvisor"),
                ("node", &pod.node),
            ]);
            let tags = tags.into_iter().collect();
            let scrapes = target(asked, dice, &format!("kubelet/{}", pod.node), &tags);
            (tags, scrapes)
        });
        let wanted = asked.may_want_value("namespace", namespace);
        if asked.wants(MEMORY) && wanted && asked.may_want_value("pod", name) {
            let tags = tags.with(&labelled([
                ("namespace", namespace),
                ("pod", name),
                ("container", pod.containers.first().map_or("", String::as_str)),
                ("image", &pod.image),
            ]));
            let wobble = Dice::new(dice.roll(&["memory", namespace, name]));
            let values = scrapes.iter().map(|at| (*at, memory(pod, wobble, *at)));
            asked.add(&tags, &[named(MEMORY)], values);
        }
    }
}

/// Whole pages, a little more or less at each scrape.
fn memory(pod: &Pod, wobble: Dice, at: i64) -> Option<f64> {
    const PAGE: f64 = 4_096.0;
    let held = pod.memory.at(at)?.as_ref()?.at(at);
    let off = wobble.share(&[], at.cast_unsigned()) - 0.5;
    Some((held * (1.0 + 0.02 * off) / PAGE).round() * PAGE)
}
