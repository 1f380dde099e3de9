//! Whether a pod fits on a node, and what the scheduler says when it fits on none.
//!
//! Called by the scheduler.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{is_closed, room};
use crate::sim::control::workload::selector::Selector;
use crate::sim::world::Faults;

/// Why a pod does not fit on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    reason: String,
    /// Whether it would fit if other pods went away.
    crowded: bool,
}

/// Why a pod that selects its nodes so cannot go to this one, which has so many pods; nothing when
/// it can.
pub(super) fn misfit(
    wanted: &Selector,
    node: &Value,
    pods: usize,
    faults: &Faults,
) -> Option<Misfit> {
    let not = |reason: &str, crowded| Some(Misfit { reason: reason.to_owned(), crowded });
    if is_closed(node, faults) {
        return not("node(s) were unschedulable", false);
    }
    if !wanted.selects(node) {
        return not("node(s) didn't match Pod's node affinity/selector", false);
    }
    if !faults.scheduling.is_empty() {
        return not(&faults.scheduling, true);
    }
    if pods >= room(node) {
        return not("Too many pods", true);
    }
    None
}

/// The message of the scheduler when no node fits.
pub(super) fn message(misfits: &[Misfit]) -> String {
    if misfits.is_empty() {
        return "no nodes available to schedule pods".into();
    }
    let all = misfits.len();
    let reasons = counted(misfits.iter().map(|misfit| misfit.reason.as_str()));
    let help = counted(misfits.iter().map(|misfit| {
        if misfit.crowded {
            "No preemption victims found for incoming pod"
        } else {
            "Preemption is not helpful for scheduling"
        }
    }));
    format!(
        "0/{all} nodes are available: {reasons}. no new claims to deallocate, preemption: 0/{all} \
         nodes are available: {help}."
    )
}

/// How often each text comes, in the order of the texts with their numbers.
fn counted<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    let mut told: Vec<String> =
        counts.into_iter().map(|(text, count)| format!("{count} {text}")).collect();
    told.sort();
    told.join(", ")
}
