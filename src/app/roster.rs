//! The rows of the Fleet screen: which workloads, in which order.
//!
//! The one order that keys and screen share. A row is counted anew when something of its workload
//! was observed, and finds its new place; with ten thousand of them nothing is ever done for all.
//! Pure; kept by `update`, read by selectors and keys.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use super::fleet_view::{Searchable, Sort, passes};
use super::model::Model;
use crate::domain::attention::{self, Attention, Risk};
use crate::domain::id::WorkloadId;
use crate::domain::phase;
use crate::domain::release::Release;
use crate::domain::time::Timestamp;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which workload.
    pub id: WorkloadId,
    /// Its group.
    pub attention: Attention,
    /// Its urgency within the group.
    pub risk: Risk,
    /// When its wanted version was made.
    pub updated: Option<Timestamp>,
}

/// The rows, and how many the filter hides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    sort: Sort,
    rows: Vec<Row>,
    counts: [usize; 4],
    hidden: usize,
    /// How many rows have a namespace, and a name, of so many bytes.
    lengths: [BTreeMap<usize, usize>; 2],
    /// Every workload that is a row, or would be one without the filter (`None`).
    known: BTreeMap<WorkloadId, Option<Row>>,
}

impl Roster {
    fn new(sort: Sort) -> Self {
        Self { sort, ..Self::default() }
    }

    /// Rows in order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many there are in each group: needs a person, moving, unknown, quiet.
    pub fn counts(&self) -> [usize; 4] {
        self.counts
    }

    /// How many rows the filter hides.
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// How many there are, hidden ones too.
    pub fn total(&self) -> usize {
        self.rows.len() + self.hidden
    }

    /// Bytes of the longest namespace and of the longest name.
    pub fn longest(&self) -> (usize, usize) {
        let [namespaces, names] = &self.lengths;
        let longest = |of: &BTreeMap<usize, usize>| of.last_key_value().map_or(0, |(len, _)| *len);
        (longest(namespaces), longest(names))
    }

    /// Where the row of a workload is.
    pub fn position(&self, id: &WorkloadId) -> Option<usize> {
        let row = self.known.get(id)?.as_ref()?;
        self.rows.binary_search_by(|other| order(self.sort, other, row)).ok()
    }

    /// Takes a row out, and puts its successor where it belongs.
    #[expect(clippy::option_option, reason = "no row, a hidden one, and one that is shown")]
    fn set(&mut self, id: &WorkloadId, now: Option<Option<Row>>) {
        if let Some(at) = self.position(id) {
            let row = self.rows.remove(at);
            self.tally(&row, false);
        }
        if let Some(None) = self.known.remove(id) {
            self.hidden -= 1;
        }
        match &now {
            Some(Some(row)) => {
                let at = self.rows.partition_point(|other| order(self.sort, other, row).is_lt());
                self.rows.insert(at, row.clone());
                self.tally(row, true);
            }
            Some(None) => self.hidden += 1,
            None => {}
        }
        if let Some(known) = now {
            self.known.insert(id.clone(), known);
        }
    }

    /// Counts a row that came or went.
    fn tally(&mut self, row: &Row, came: bool) {
        let change = |count: &mut usize| {
            *count = if came { *count + 1 } else { count.saturating_sub(1) };
        };
        if let Some(count) = self.counts.get_mut(row.attention as usize) {
            change(count);
        }
        let sizes = [row.id.namespace.len(), row.id.name.len()];
        for (lengths, size) in self.lengths.iter_mut().zip(sizes) {
            let count = lengths.entry(size).or_default();
            change(count);
            if *count == 0 {
                lengths.remove(&size);
            }
        }
    }
}

/// The rows as last counted; counted now when they never were.
pub fn shown(model: &Model) -> Cow<'_, Roster> {
    model.fleet_view.roster.as_ref().map_or_else(|| Cow::Owned(of(model)), Cow::Borrowed)
}

/// The rows as filter and order have them, all of them counted now.
pub fn of(model: &Model) -> Roster {
    let sort = model.fleet_view.sort;
    let mut roster = Roster::new(sort);
    for workload in model.fleet.workloads() {
        let Some(known) = count(model, &workload.id) else { continue };
        match &known {
            Some(row) => {
                roster.tally(row, true);
                roster.rows.push(row.clone());
            }
            None => roster.hidden += 1,
        }
        roster.known.insert(workload.id.clone(), known);
    }
    roster.rows.sort_by(|a, b| order(sort, a, b));
    roster
}

/// Counts the rows of these workloads anew.
pub fn follow(model: &mut Model, touched: impl IntoIterator<Item = WorkloadId>) {
    let Some(mut roster) = model.fleet_view.roster.take() else {
        model.fleet_view.roster = Some(of(model));
        return;
    };
    for id in touched {
        let now = count(model, &id);
        if roster.known.get(&id) != now.as_ref() {
            roster.set(&id, now);
        }
    }
    model.fleet_view.roster = Some(roster);
}

/// Rows that time alone can change: pods that fail again are only called broken for a while.
pub fn fleeting(model: &Model) -> Vec<WorkloadId> {
    let Some(roster) = &model.fleet_view.roster else { return Vec::new() };
    let [needing, ..] = roster.counts;
    let broken =
        |row: &&Row| row.attention == Attention::NeedsPerson && row.risk >= attention::BROKEN_PODS;
    // The order may be another than by risk; but mostly there is none, and nothing is looked at.
    let rows = if needing == 0 { &[][..] } else { roster.rows() };
    rows.iter().filter(broken).map(|row| row.id.clone()).collect()
}

/// The row of a workload; an inner nothing when the filter hides it, an outer one when it is none:
/// a Deployment that a Rollout uses as its template (`workloadRef`) is no row of its own.
#[expect(clippy::option_option, reason = "no row, a hidden one, and one that is shown")]
fn count(model: &Model, id: &WorkloadId) -> Option<Option<Row>> {
    let workload = model.fleet.workload(id)?;
    if model.fleet.rollout_of(id).is_some() {
        return None;
    }
    let release = Release::sketch(&model.fleet, workload);
    let (attention, risk) = attention::of(&release, model.now);
    let filter = model.fleet_view.filter.value();
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
            return Some(None);
        }
    }
    let updated = release.current().and_then(|r| r.replica_set.created);
    Some(Some(Row { id: workload.id.clone(), attention, risk, updated }))
}

/// Which of two rows comes first. Two workloads are never equal.
fn order(by: Sort, a: &Row, b: &Row) -> Ordering {
    match by {
        Sort::Risk => {
            (a.attention, Reverse(a.risk), &a.id).cmp(&(b.attention, Reverse(b.risk), &b.id))
        }
        Sort::Name => a.id.cmp(&b.id),
        Sort::Age => b.updated.cmp(&a.updated).then_with(|| a.id.cmp(&b.id)),
    }
}
