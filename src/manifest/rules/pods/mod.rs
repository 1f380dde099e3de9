//! The rules that look at pods, replicas and disruption budgets: W01 to W20, W43 to W45.
//!
//! What a pod template says is judged on the object that has it, also where a Rollout borrows it
//! (`workloadRef`). Called by `judge`.

mod budget;
mod content;
mod drain;
mod image;
mod parity;
mod probes;
mod sizes;
mod stopping;
mod unrendered;
mod waiting;

use crate::domain::readiness::Severity;
use crate::manifest::bundle::Object;
use crate::manifest::workload::Container;

use super::case::Case;
use super::{Rule, Weights, rule};

const ERROR: Weights = Weights::all(Severity::Error);
const WARNING: Weights = Weights::all(Severity::Warning);

/// Not for blue-green Rollouts: they never have fewer pods than wanted, nor a surge.
const IN_STEPS: Weights = Weights { blue_green: None, ..WARNING };

/// Rolling updates never have two whole versions at once; a canary has for its last steps.
const TWO_VERSIONS: Weights =
    Weights { rolling: None, blue_green: Some(Severity::Warning), canary: Some(Severity::Note) };

/// The rules of this folder, in the order of their numbers.
pub const RULES: &[Rule] = &[
    rule("W01", "template left in the manifest", ERROR, unrendered::look),
    rule("W02", "image not pinned by digest", WARNING, image::pinned),
    rule("W03", "requests or limits missing", WARNING, content::resources),
    rule("W04", "readiness probe missing", ERROR, probes::readiness),
    rule("W05", "liveness probe missing", WARNING, probes::liveness),
    rule("W06", "liveness is the same as readiness", WARNING, probes::alike),
    rule("W07", "probe of a port that is not declared", WARNING, probes::ports),
    rule("W08", "preStop missing", WARNING, stopping::missing),
    rule("W09", "too little time to stop", WARNING, stopping::grace),
    rule("W10", "preStop needs a shell", WARNING, stopping::shell),
    rule("W11", "pods count as available at once", WARNING, waiting::min_ready),
    rule(
        "W12",
        "a release that does not get ready is not aborted",
        Weights::rollouts(Severity::Warning),
        waiting::abort,
    ),
    rule("W13", "too many pods away during an update", IN_STEPS, sizes::unavailable),
    rule(
        "W14",
        "percentages in pods",
        Weights { rolling: Some(Severity::Note), blue_green: None, canary: Some(Severity::Note) },
        sizes::resolved,
    ),
    rule("W15", "fewer than two pods", WARNING, sizes::replicas),
    rule("W16", "no disruption budget", WARNING, budget::missing),
    rule("W17", "budget lets none or all pods go", WARNING, budget::extreme),
    rule("W18", "budget below the floor of the guard", WARNING, budget::floor),
    rule("W19", "budget counts both versions", TWO_VERSIONS, budget::both),
    rule("W20", "replicas fixed beside an autoscaler", WARNING, sizes::fixed),
    rule("W43", "not what runs in production", WARNING, parity::look),
    rule("W44", "version label differs from the image", WARNING, image::version_label),
    rule("W45", "mounted ConfigMap not named after its content", WARNING, content::config_maps),
];

/// The object that has the pod template, with its containers that run as long as the pod.
fn staying<'c>(case: &Case<'c>) -> Option<(&'c Object, Vec<Container<'c>>)> {
    let (object, mut containers) = all(case)?;
    containers.retain(Container::stays);
    Some((object, containers))
}

/// The object that has the pod template, with all its containers.
fn all<'c>(case: &Case<'c>) -> Option<(&'c Object, Vec<Container<'c>>)> {
    Some((case.workload.templated?, case.workload.pod_containers()))
}

/// Whether requests may come to a container: it declares a port, or no container of its pod does.
fn may_serve(container: &Container<'_>, pod: &[Container<'_>]) -> bool {
    container.declares_ports() || !pod.iter().any(Container::declares_ports)
}

#[cfg(test)]
mod tests;
