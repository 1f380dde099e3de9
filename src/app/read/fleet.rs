//! The fleet: who needs a person, what moves, what is quiet; in the order of the screen.
//!
//! The list is made cheaply for all workloads; the words of a row only for rows that are shown.
//! Called by `view::fleet`, and by `update` for the order of rows.

use std::borrow::Cow;

use crate::app::fleet_view::last::LastView;
use crate::app::model::Model;
use crate::app::roster;
pub use crate::app::roster::Roster;
pub use crate::app::roster::Row as Entry;
use crate::app::session::Scope;
use crate::app::theme::Role;
use crate::domain::attention::{Attention, Risk};
use crate::domain::id::{ResourceKind, WorkloadId};
use crate::domain::observation::{SourceId, SourceState};
use crate::domain::phase::{self, Phase, Trouble};
use crate::domain::release::{Release, Revision};
use crate::domain::strategy::Strategy;
use crate::domain::time::{Timestamp, clock, length};
use crate::domain::traffic::{self, Agreement, Router};
use crate::domain::why;
use crate::domain::workload::Workload;

use super::metrics::glance::{self, Glance};
use super::phrase::Phrase;

/// What the first column of a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Failed: degraded, or pods under traffic are broken.
    Failed,
    /// Waits for a person.
    NeedsPerson,
    /// Moves by itself.
    Moving,
    /// Not known.
    Unknown,
    /// Nothing happens.
    Quiet,
}

impl Mark {
    const ALL: [Self; 5] =
        [Self::Failed, Self::NeedsPerson, Self::Moving, Self::Unknown, Self::Quiet];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::NeedsPerson => "needs person",
            Self::Moving => "moving",
            Self::Unknown => "unknown",
            Self::Quiet => "quiet",
        }
    }

    /// The mark of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.word() == word)
    }
}

/// The list of this moment: what passes the filter, in the order of the screen.
pub fn list(model: &Model) -> Cow<'_, Roster> {
    roster::shown(model)
}

/// The words of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// First column.
    pub mark: Mark,
    /// What the mark means, as a look.
    pub role: Role,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Strategy.
    pub strategy: &'static str,
    /// Phase.
    pub phase: &'static str,
    /// Step, or the clock of its pause.
    pub step: String,
    /// Where the traffic is.
    pub share: Share,
    /// What is measured of it.
    pub glance: Glance,
    /// Ready pods and wanted pods.
    pub pods: String,
    /// Whether all wanted pods are ready.
    pub is_complete: bool,
    /// Version of the images.
    pub version: String,
    /// Age of the wanted version.
    pub age: String,
    /// Why it stands there.
    pub why: String,
    /// Whether a controller has been told to hold it.
    pub held: bool,
    /// Whether all of it may no longer be true.
    pub is_old: bool,
}

/// A row where there is room for its name and little else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// First column.
    pub mark: Mark,
    /// What the mark means, as a look.
    pub role: Role,
    /// Name.
    pub name: String,
    /// Phase.
    pub phase: &'static str,
    /// Step, or the clock of its pause; may be empty.
    pub step: String,
    /// Ready pods and wanted pods.
    pub pods: String,
    /// Whether all of it may no longer be true.
    pub is_old: bool,
}

/// Where the traffic is, as short as it can be said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Share {
    /// Share of the new version that is wanted; `None` where there is none.
    pub wanted: Option<i32>,
    /// What the router says.
    pub router: String,
    /// Whether both are the same; unknown is no disagreement.
    pub agrees: bool,
}

/// The fleet as it was when the program was last left; nothing once anything is known.
pub fn last(model: &Model) -> Option<&LastView> {
    model.fleet_view.last.as_ref().filter(|_| model.fleet.workloads().next().is_none())
}

/// How old that is, and what is waited for.
pub fn last_remark(model: &Model, last: &LastView) -> Phrase {
    let age = length(model.now - last.at);
    let waited = length(model.now - model.session.started);
    let text = format!("as it was {age} ago; connecting for {waited}");
    Phrase::of(Role::Stale, text)
}

/// The words of one workload's row, out of the workload alone.
pub fn brief(model: &Model, entry: &Entry) -> Option<Brief> {
    let workload = model.fleet.workload(&entry.id)?;
    let standing = phase::of(workload);
    let mark = mark(entry);
    let doubt = super::doubt(model, kind_of(&entry.id), &entry.id.namespace);
    let ready = workload.status.ready.min(workload.replicas.max(0));
    Some(Brief {
        mark,
        role: role_of(mark, standing.phase),
        name: entry.id.name.to_string(),
        phase: standing.phase.as_str(),
        step: step_text(workload, model.now),
        pods: format!("{ready}/{}{}", workload.replicas, doubt.mark()),
        is_old: doubt.is_doubtful(),
    })
}

/// The words of one workload's row.
pub fn row(model: &Model, entry: &Entry) -> Option<Row> {
    let Brief { mark, role, name, phase, step, pods, is_old } = brief(model, entry)?;
    let release = model.fleet.release(&entry.id)?;
    let workload = release.workload;
    let traffic = traffic::of(&release, model.now);
    Some(Row {
        mark,
        role,
        namespace: entry.id.namespace.to_string(),
        name,
        strategy: workload.strategy.word(),
        phase,
        step,
        share: Share {
            wanted: traffic.wanted.filter(|_| release.is_updating()),
            router: router_text(&release, &traffic.router),
            agrees: traffic.agreement() != Some(Agreement::Disagrees),
        },
        glance: glance::of(model, &entry.id),
        pods,
        is_complete: workload.status.ready >= workload.replicas,
        version: version_of(&release),
        age: super::ago(model, entry.updated),
        why: why::of(&release, model.now).sentence,
        held: workload.paused,
        is_old,
    })
}

/// The kind that is watched for a workload.
pub fn kind_of(id: &WorkloadId) -> ResourceKind {
    match id.kind {
        crate::domain::id::WorkloadKind::Rollout => ResourceKind::Rollouts,
        crate::domain::id::WorkloadKind::Deployment => ResourceKind::Deployments,
    }
}

/// What the first column of a row says.
pub fn mark(entry: &Entry) -> Mark {
    match entry.attention {
        // A gate is the mildest thing that needs a person: nothing has failed there.
        Attention::NeedsPerson if entry.risk <= Risk(50) => Mark::NeedsPerson,
        Attention::NeedsPerson => Mark::Failed,
        Attention::Moving => Mark::Moving,
        Attention::Unknown => Mark::Unknown,
        Attention::Quiet => Mark::Quiet,
    }
}

/// What a mark is, as a look.
pub fn role_of(mark: Mark, phase: Phase) -> Role {
    match mark {
        Mark::Failed => Role::Bad,
        Mark::NeedsPerson => Role::Warn,
        Mark::Moving if phase == Phase::Paused => Role::Paused,
        Mark::Moving => Role::Moving,
        Mark::Unknown => Role::Stale,
        Mark::Quiet => Role::Ok,
    }
}

/// `3/8`, the clock of a timed pause, or what kind of trouble it is.
fn step_text(workload: &Workload, now: Timestamp) -> String {
    if let Some(Trouble::Aborted(_)) = phase::trouble(workload) {
        return "aborted".to_owned();
    }
    if workload.paused {
        return "held".to_owned();
    }
    if let Some(ends) = phase::pause_ends(workload) {
        return clock(ends - now);
    }
    match (&workload.strategy, workload.status.step_index) {
        (Strategy::Canary(canary), Some(index)) if workload.is_updating() => {
            let count = canary.steps.len();
            format!("{}/{count}", (index + 1).min(count))
        }
        (Strategy::BlueGreen(_), _) if phase::pause(workload).is_some() => "switch".to_owned(),
        _ => String::new(),
    }
}

fn router_text(release: &Release<'_>, router: &Router) -> String {
    match router {
        Router::Weight { .. } | Router::Pods(_) if !release.is_updating() => String::new(),
        Router::Weight { weight, .. } => format!("{weight}%"),
        Router::Pods(share) => format!("{share}%"),
        Router::Active(hash) => {
            release.by_hash(hash).map_or_else(|| "?".to_owned(), Revision::number_text)
        }
        Router::NotReported => "?".to_owned(),
        Router::Nothing => "-".to_owned(),
    }
}

fn version_of(release: &Release<'_>) -> String {
    let images = release.images();
    let first = images.first().map(|i| i.version().to_owned());
    let more = images.len().saturating_sub(1);
    match (first, more) {
        (None, _) => "-".to_owned(),
        (Some(version), 0) => version,
        (Some(version), more) => format!("{version} +{more}"),
    }
}

/// Whether rows of several namespaces are listed.
pub fn has_several_namespaces(model: &Model) -> bool {
    match &model.session.scope {
        Scope::All => true,
        Scope::Namespaces(names) => names.len() > 1,
    }
}

/// What the person should know about the list itself: sources that are missing, forbidden or
/// still loading. Nothing while every source is live.
pub fn remarks(model: &Model) -> Vec<Phrase> {
    let mut remarks = workload_remarks(model);
    let others = model.sources.iter().filter(|(id, _)| !id.kind.is_workload());
    remarks.extend(others.filter_map(|(id, state)| match state {
        SourceState::Forbidden(rule) => {
            let text = format!("{} unknown: not permitted: {rule}", id.kind.resource());
            Some(Phrase::of(Role::Warn, text))
        }
        _ => None,
    }));
    remarks.dedup();
    remarks
}

/// The same of the sources that make rows.
fn workload_remarks(model: &Model) -> Vec<Phrase> {
    let sources = model.sources.iter().filter(|(id, _)| id.kind.is_workload());
    sources.filter_map(|(id, state)| remark(model, id, state)).collect()
}

/// Whether the number of rows is the number of workloads.
pub fn is_whole(model: &Model) -> bool {
    !model.sources.is_empty() && workload_remarks(model).is_empty()
}

fn remark(model: &Model, id: &SourceId, state: &SourceState) -> Option<Phrase> {
    let what = id.kind.resource();
    let place =
        id.namespace.as_ref().map_or_else(|| "all namespaces".to_owned(), ToString::to_string);
    match state {
        SourceState::Loading(since) => Some(Phrase::of(
            Role::Moving,
            format!("listing {what} in {place} for {}", length(model.now - *since)),
        )),
        SourceState::Forbidden(rule) => Some(Phrase::of(
            Role::Warn,
            format!("{what} in {place} unknown: not permitted: {rule}"),
        )),
        SourceState::Missing(text) if has_deployments_alone(model, id) => {
            Some(Phrase::of(Role::Warn, format!("{text}: watching Deployments only")))
        }
        SourceState::Missing(text) => Some(Phrase::of(Role::Warn, format!("{what}: {text}"))),
        SourceState::Live(_) | SourceState::Resyncing(_) | SourceState::Stale { .. } => None,
    }
}

/// Whether it is the kind that is missing, not the namespace: Deployments are there.
fn has_deployments_alone(model: &Model, id: &SourceId) -> bool {
    let same = SourceId { kind: ResourceKind::Deployments, namespace: id.namespace.clone() };
    let missing = |state: &SourceState| matches!(state, SourceState::Missing(_));
    id.kind == ResourceKind::Rollouts && model.sources.get(&same).is_some_and(|s| !missing(s))
}

/// Why the list is empty, and what to do; nothing when it is not.
pub fn emptiness(model: &Model, list: &Roster) -> Vec<Phrase> {
    if !list.rows().is_empty() {
        return Vec::new();
    }
    if list.hidden() > 0 {
        let text = format!("the filter hides all {}", list.hidden());
        return vec![Phrase::of(Role::Text, text), Phrase::new().muted("esc clears the filter")];
    }
    let mut reasons = remarks(model);
    if reasons.is_empty() && model.sources.is_empty() {
        let waited = length(model.now - model.session.started);
        reasons.push(Phrase::of(Role::Moving, format!("connecting for {waited}")));
        return reasons;
    }
    let sources = model.sources.iter().filter(|(id, _)| id.kind.is_workload());
    let unheard = sources.filter_map(|(id, state)| match state {
        SourceState::Stale { error, .. } => {
            let text = format!("{} not known: {error}", id.kind.resource());
            Some(Phrase::of(Role::Stale, text))
        }
        _ => None,
    });
    let unheard: Vec<Phrase> = unheard.collect();
    // Only who was asked and answered has none.
    if workload_remarks(model).is_empty() && unheard.is_empty() {
        let scope = model.session.scope.words();
        reasons.push(Phrase::of(Role::Text, format!("no Rollout and no Deployment in {scope}")));
        reasons.push(Phrase::new().muted("start with -A for all namespaces, -n for others"));
    }
    reasons.extend(unheard);
    reasons
}
