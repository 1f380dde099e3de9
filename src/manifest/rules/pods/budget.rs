//! W16 to W19: disruption budgets: whether there is one, and what it lets go.
//!
//! Source: the disruption controller: `minAvailable` and `maxUnavailable` in percent are rounded
//! up, both of what is expected; each ReplicaSet of a Rollout counts for itself (X56); a budget
//! that says neither lets nothing go; a pod of two budgets cannot be evicted. Called by `judge`.

use crate::domain::readiness::Severity;
use crate::domain::strategy::Amount;
use crate::manifest::bundle::Object;
use crate::manifest::rules::around::{Budget, Size};
use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::{Entry, Spot};
use crate::manifest::workload::{Strategy, amount};

use super::sizes::{floor_of, percent, percent_of_floor};

pub(super) fn missing(case: &mut Case<'_>) {
    let Some(object) = case.workload.templated else { return };
    if !case.around.budgets_of(case.workload).is_empty() {
        return idle(case);
    }
    if case.size().is_some_and(|size| size.most < 2) {
        return;
    }
    let spot = object.root().keys(&["spec", "template", "metadata", "labels"]);
    let labels: Vec<String> = case.workload.pod_labels().iter().map(label).collect();
    let idle = case.around.idle_budgets(&case.workload.object.namespace).next();
    let measured = match (idle, old(case)) {
        (Some(idle), _) => {
            let selector = idle.selector.said();
            format!("none; {} selects {selector}, which no pods here are", idle.object.name)
        }
        (None, Some(old)) => {
            format!("none; {} is of {}, which 1.25 ended", old.name, old.api_version)
        }
        (None, None) => "none".to_owned(),
    };
    let wanted = "a PodDisruptionBudget that selects these pods";
    let why = "a node that is drained may take all of them at once";
    let fix = format!("policy/v1 PodDisruptionBudget with matchLabels {}", labels.join(","));
    case.lacks("PodDisruptionBudget", object, &spot, Said::of(measured, wanted, why, fix));
}

/// Kinds whose pods a budget may be for.
const OF_PODS: [&str; 4] = ["Deployment", "Rollout", "StatefulSet", "DaemonSet"];

/// Labels by which programs are told apart.
const NAMES: [&str; 3] = ["app", "app.kubernetes.io/name", "k8s-app"];

/// A budget that selects nothing, and by its name or its labels is of this workload, which has
/// another. Others may be of pods that were not read.
fn idle(case: &mut Case<'_>) {
    let (around, workload) = (case.around, case.workload);
    let namespace = workload.object.namespace.as_str();
    if OF_PODS.iter().any(|kind| case.bundle.is_unread(kind, namespace)) {
        return;
    }
    let name = workload.object.name.as_str();
    let labels = workload.pod_labels();
    for budget in around.idle_budgets(namespace) {
        let is_named = budget.object.name == name;
        let has = |(key, value): (&str, &str)| {
            let is_it = |label: &Entry| label.key == key && label.node.text() == Some(value);
            NAMES.contains(&key) && labels.iter().any(is_it)
        };
        if !is_named && !budget.selector.pairs().any(has) {
            continue;
        }
        let said = Said::of(
            format!("{}, which no pods here are", budget.selector.said()),
            format!("labels of pods; those of {name} have a budget already"),
            "it protects nothing, and looks as if it did",
            "the labels that the pods have, or no such budget",
        );
        case.broken(budget.object, &budget.object.root().keys(&["spec", "selector"]), said);
    }
}

fn label(entry: &Entry) -> String {
    format!("{}={}", entry.key, entry.node)
}

/// A budget of a version of the API that servers no longer have.
fn old<'c>(case: &Case<'c>) -> Option<&'c Object> {
    let namespace = &case.workload.object.namespace;
    let found = case.bundle.find("PodDisruptionBudget", namespace, &case.workload.object.name);
    found.filter(|object| object.api_version != "policy/v1")
}

/// What a budget keeps.
#[derive(Debug, Clone, Copy)]
enum Keeps {
    /// `minAvailable`.
    Least(Amount),
    /// All but `maxUnavailable`.
    AllBut(Amount),
    /// Neither is said.
    All,
}

impl Keeps {
    /// Pods that have to stay of so many that are expected.
    fn stay(self, expected: i32) -> i32 {
        match self {
            Self::Least(amount) => amount.of(expected, true),
            Self::AllBut(amount) => expected.saturating_sub(amount.of(expected, true)).max(0),
            Self::All => expected,
        }
    }

    /// Pods that may go of so many.
    fn go(self, expected: i32) -> i32 {
        expected.saturating_sub(self.stay(expected)).clamp(0, expected)
    }
}

/// What a budget says, and where; the spot alone where it cannot be read.
fn read<'b>(budget: &Budget<'b>) -> Result<(Keeps, Spot<'b>), (Spot<'b>, String)> {
    let spec = budget.object.root().key("spec");
    let (least, most) = (spec.key("minAvailable"), spec.key("maxUnavailable"));
    let amount = |spot: &Spot<'b>| {
        let whole = |amount: &Amount| !matches!(amount, Amount::Percent(101..));
        amount(spot).filter(whole).ok_or_else(|| (spot.clone(), spot.said()))
    };
    match (least.is_absent(), most.is_absent()) {
        (true, true) => Ok((Keeps::All, spec)),
        (false, true) => Ok((Keeps::Least(amount(&least)?), least)),
        (true, false) => Ok((Keeps::AllBut(amount(&most)?), most)),
        (false, false) => {
            let both = format!("minAvailable {} and maxUnavailable {}", least.said(), most.said());
            Err((most, both))
        }
    }
}

/// The field and its value, `minAvailable 70%`.
fn named(keeps: Keeps) -> String {
    match keeps {
        Keeps::Least(amount) => format!("minAvailable {amount}"),
        Keeps::AllBut(amount) => format!("maxUnavailable {amount}"),
        Keeps::All => "neither minAvailable nor maxUnavailable".to_owned(),
    }
}

pub(super) fn extreme(case: &mut Case<'_>) {
    let budgets = case.around.budgets_of(case.workload);
    if let [first, second, ..] = budgets.as_slice() {
        two(case, first, second);
    }
    for budget in budgets {
        match read(budget) {
            Ok((keeps, spot)) => lets_go(case, budget, keeps, &spot),
            Err((spot, measured)) => {
                let wanted = "one of minAvailable and maxUnavailable: a number, or 0% to 100%";
                let why = "the API server refuses the budget: there is none";
                let fix = "maxUnavailable: 1";
                let said = Said::of(measured, wanted, why, fix);
                case.broken_as(Severity::Error, budget.object, &spot, said);
            }
        }
    }
}

fn two(case: &mut Case<'_>, first: &Budget<'_>, second: &Budget<'_>) {
    let said = Said::of(
        format!("{} and {} select {}", first.object.name, second.object.name, case.workload.said()),
        "one budget for each pod",
        "the API refuses to evict a pod of two budgets: its node cannot be drained",
        "delete one of the two, or narrow its selector",
    );
    case.broken(second.object, &second.object.root().keys(&["spec", "selector"]), said);
}

fn lets_go(case: &mut Case<'_>, budget: &Budget<'_>, keeps: Keeps, spot: &Spot<'_>) {
    let Some(size) = case.size() else { return };
    for pods in size.ends().into_iter().filter(|pods| *pods > 0) {
        let go = keeps.go(pods);
        let (word, why) = if go == 0 {
            ("none", "its nodes can never be drained: maintenance waits, or is forced")
        } else if go == pods {
            ("all", "it protects nothing")
        } else {
            continue;
        };
        let measured = format!("{} lets {word} of {pods} go", named(keeps));
        let measured = format!("{measured} ({})", case.workload.said());
        let (wanted, fix) = if pods == 1 {
            (
                "no budget for a single pod".to_owned(),
                "replicas: 2 and maxUnavailable: 1".to_owned(),
            )
        } else {
            let most = (pods - wanted_to_stay(pods, case.profile.healthy_floor)).max(1);
            (format!("1 to {most} of {pods} may go"), format!("maxUnavailable: {most}"))
        };
        return case.broken(budget.object, spot, Said::of(measured, wanted, why, fix));
    }
}

/// The floor of the guard, as far as a budget can keep it: one pod has to be able to go.
fn wanted_to_stay(pods: i32, floor: f64) -> i32 {
    floor_of(pods, floor).min(pods - 1)
}

/// The sizes at which a pod can go and others stay.
fn several(size: Size<'_>) -> impl Iterator<Item = i32> {
    size.ends().into_iter().filter(|pods| *pods > 1)
}

/// Most pods that a budget may let go, whatever the size is.
fn most(size: Size<'_>, floor: f64) -> i32 {
    several(size).map(|pods| pods - wanted_to_stay(pods, floor)).min().unwrap_or(1)
}

/// What keeps the floor and lets a pod go, whatever the size is: a percentage where the budget has
/// one and it can be had, else a number.
fn instead(keeps: Keeps, size: Size<'_>, floor: f64) -> String {
    let percent = floor_of(100, floor);
    let share = Keeps::Least(Amount::Percent(percent));
    let is_share = matches!(keeps, Keeps::Least(Amount::Percent(_)));
    if is_share && several(size).all(|pods| share.go(pods) > 0) {
        format!("minAvailable: {percent}%")
    } else {
        format!("maxUnavailable: {}", most(size, floor))
    }
}

pub(super) fn floor(case: &mut Case<'_>) {
    let Some(size) = case.size() else { return };
    let floor = case.profile.healthy_floor;
    for budget in case.around.budgets_of(case.workload) {
        let Ok((keeps, spot)) = read(budget) else { continue };
        let is_low = |pods: &i32| {
            // That all may go is said by W17.
            keeps.go(*pods) < *pods && keeps.stay(*pods) < wanted_to_stay(*pods, floor)
        };
        let Some(pods) = size.ends().into_iter().find(is_low) else { continue };
        let (stay, least) = (keeps.stay(pods), wanted_to_stay(pods, floor));
        let share = percent(stay, pods);
        let wanted = if least < floor_of(pods, floor) {
            format!("{least} of {pods}, so that one can go")
        } else {
            format!("{least} of {pods} ({}%)", percent_of_floor(floor))
        };
        let said = Said::of(
            format!("{} keeps {stay} of {pods} ({share}%)", named(keeps)),
            wanted,
            "a node that is drained takes more pods than the guard allows: maintenance looks like \
             a bad release and is rolled back",
            instead(keeps, size, floor),
        );
        case.broken(budget.object, &spot, said);
    }
}

pub(super) fn both(case: &mut Case<'_>) {
    let Some(size) = case.size() else { return };
    if !has_two_versions(case) {
        return;
    }
    let floor = case.profile.healthy_floor;
    for budget in case.around.budgets_of(case.workload) {
        let Ok((keeps, spot)) = read(budget) else { continue };
        let is_low = |pods: &i32| {
            let together = keeps.go(pods.saturating_mul(2));
            let left = pods.saturating_sub(together).max(0);
            *pods > 1 && together > keeps.go(*pods) && left < wanted_to_stay(*pods, floor)
        };
        let Some(pods) = size.ends().into_iter().find(is_low) else { continue };
        let go = keeps.go(pods.saturating_mul(2));
        let left = pods.saturating_sub(go).max(0);
        let most = most(size, floor);
        let said = Said::of(
            format!("{} lets {go} of {} go with both versions up", named(keeps), pods * 2),
            format!("at most {most}: they may all be of the {pods} that users are on"),
            format!("{left} of {pods} pods of the version that users are on may be left"),
            format!("maxUnavailable: {most}, as a number"),
        );
        case.broken(budget.object, &spot, said);
    }
}

/// Whether two whole versions stand side by side at the end of a release: always for a blue-green;
/// for a canary if a router moves its traffic and the old version is not made smaller meanwhile.
fn has_two_versions(case: &Case<'_>) -> bool {
    match (case.workload.strategy, case.workload.steps_of_rollout()) {
        (Some(Strategy::BlueGreen), _) => true,
        (Some(Strategy::Canary), Some(canary)) => {
            let routed = !canary.key("trafficRouting").is_absent();
            routed && canary.key("dynamicStableScale").bool() != Some(true)
        }
        _ => false,
    }
}
