//! The rows of the Fleet screen: which workloads, in which order.
//!
//! The one order that keys and screen share. Pure; asked for when a key moves or a frame is drawn.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::fleet_view::{Roster, Row, Searchable, Sort, passes};
use super::model::Model;
use crate::domain::attention;
use crate::domain::id::WorkloadId;
use crate::domain::phase;
use crate::domain::release::Release;

/// The rows as last counted; counted now when they never were.
pub fn shown(model: &Model) -> Cow<'_, Roster> {
    model.fleet_view.roster.as_ref().map_or_else(|| Cow::Owned(of(model)), Cow::Borrowed)
}

/// The rows as filter and order have them, counted now. A Deployment that a Rollout uses as its
/// template (`workloadRef`) is no row of its own.
pub fn of(model: &Model) -> Roster {
    let filter = model.fleet_view.filter.value();
    let mut roster = Roster::default();
    let workloads = || model.fleet.workloads();
    let templates: BTreeSet<&WorkloadId> =
        workloads().filter_map(|w| model.fleet.referenced(w)).map(|w| &w.id).collect();
    for workload in workloads() {
        if templates.contains(&workload.id) {
            continue;
        }
        let release = Release::sketch(&model.fleet, workload);
        let (attention, risk) = attention::of(&release, model.now);
        if !filter.trim().is_empty() {
            let images: Vec<&str> = release.images().iter().map(|i| &*i.reference).collect();
            let status = format!("{} {}", phase::of(workload).phase.as_str(), attention.word());
            let row = Searchable {
                name: &workload.id.name,
                namespace: &workload.id.namespace,
                kind: workload.id.kind.as_str(),
                strategy: workload.strategy.word(),
                status: &status,
                images: &images.join(" "),
            };
            if !passes(filter, &row) {
                roster.hidden += 1;
                continue;
            }
        }
        let updated = release.current().and_then(|r| r.replica_set.created);
        roster.rows.push(Row { id: workload.id.clone(), attention, risk, updated });
    }
    sort(&mut roster.rows, model.fleet_view.sort);
    roster
}

fn sort(rows: &mut [Row], by: Sort) {
    match by {
        Sort::Risk => rows.sort_by(|a, b| {
            (a.attention, std::cmp::Reverse(a.risk), &a.id).cmp(&(
                b.attention,
                std::cmp::Reverse(b.risk),
                &b.id,
            ))
        }),
        Sort::Name => rows.sort_by(|a, b| a.id.cmp(&b.id)),
        Sort::Age => rows.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.id.cmp(&b.id))),
    }
}
