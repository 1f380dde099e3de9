//! May this verb be used now, and if not, why: the one answer that keys, hints, dialogs and
//! commands give.
//!
//! Joins legality, permission, freshness, read-only and what is already on its way.

use crate::domain::action::Verb;
use crate::domain::id::{ResourceKind, WorkloadId, WorkloadKind};
use crate::domain::legality::{self, Legality};
use crate::domain::observation::{SourceId, SourceState};
use crate::domain::plan::{Permission, permission_for};
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp, length};
use crate::domain::way_back::{Way, WayBack};

use super::access::Access;
use super::flight::{Flight, Stage};
use super::model::Model;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// It may be used.
    Ready,
    /// It may be used although the data is old; `blind` has to be typed.
    Blind,
    /// It may not; why.
    Disabled(SafeText),
}

impl Availability {
    /// The reason of a refusal.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ready | Self::Blind => None,
            Self::Disabled(reason) => Some(reason),
        }
    }
}

fn disabled(reason: impl Into<SafeText>) -> Availability {
    Availability::Disabled(reason.into())
}

/// Whether `verb` may be used on `id` now.
pub fn of(model: &Model, id: &WorkloadId, verb: Verb) -> Availability {
    let Some(release) = model.fleet.release(id) else {
        return disabled("it is gone");
    };
    if model.session.read_only {
        return disabled("this session is read-only");
    }
    if let Some(flight) = model.flights.iter().rev().find(|f| f.plan.id == *id && locks(f, verb)) {
        let ago = length(model.now - flight.sent_at);
        return disabled(format!("{} already sent {ago} ago", flight.plan.action.verb.name()));
    }
    let way = (verb == Verb::WaveOff).then(|| model.way_back(&release));
    let legality =
        way.as_ref().map_or_else(|| legality::of(&release, verb, model.now), legality::wave_off);
    if let Legality::Refused(reason) = legality {
        return Availability::Disabled(reason);
    }
    // A wave-off needs at once what its first move needs.
    let first = way.as_ref().and_then(WayBack::way).and_then(Way::first).unwrap_or(verb);
    let permission = permission_for(&release, first);
    if model.access.get(&permission) == Some(&Access::Denied) {
        return disabled(format!("not permitted: {permission}"));
    }
    match freshness(model, id) {
        Freshness::Live => Availability::Ready,
        Freshness::Old(_) if matches!(verb, Verb::Abort | Verb::WaveOff) => Availability::Blind,
        Freshness::Old(age) => disabled(format!("locked: the data is {} old", length(age))),
        Freshness::Unknown(text) => disabled(format!("locked: {text}")),
    }
}

/// Whether an action on its way locks a verb: every verb until the API server has answered, the
/// same verb until the controller was seen to act on it. From then on the state on screen tells
/// what is possible: a full promotion or an undo may take minutes. The way to safety is only ever
/// locked by itself.
fn locks(flight: &Flight, verb: Verb) -> bool {
    let same = flight.plan.action.verb == verb;
    match flight.stage {
        Stage::Sent | Stage::Unknown(_) => same || !verb.is_toward_safety(),
        Stage::Accepted => same,
        _ => false,
    }
}

/// How old what is shown of a workload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freshness {
    /// The present.
    Live,
    /// Not heard from for this long.
    Old(Span),
    /// Never known, or cannot be known; why.
    Unknown(SafeText),
}

/// How old the workload's own record is.
pub fn freshness(model: &Model, id: &WorkloadId) -> Freshness {
    let kind = match id.kind {
        WorkloadKind::Rollout => ResourceKind::Rollouts,
        WorkloadKind::Deployment => ResourceKind::Deployments,
    };
    of_kind(model, kind, &id.namespace)
}

/// How old what is shown of a kind in a namespace is.
pub fn of_kind(model: &Model, kind: ResourceKind, namespace: &str) -> Freshness {
    let exact = SourceId { kind, namespace: Some(namespace.into()) };
    let all = SourceId { kind, namespace: None };
    let state = model.sources.get(&exact).or_else(|| model.sources.get(&all));
    match state {
        // What is listed again for long is called stale by its watch.
        Some(SourceState::Live(_) | SourceState::Resyncing(_)) => Freshness::Live,
        Some(SourceState::Stale { since, .. }) => Freshness::Old(model.now - *since),
        Some(SourceState::Loading(since)) => {
            Freshness::Unknown(format!("listing for {}", length(model.now - *since)).into())
        }
        Some(state @ (SourceState::Forbidden(_) | SourceState::Missing(_))) => {
            Freshness::Unknown(state.obstacle().unwrap_or_default().into())
        }
        None => Freshness::Unknown("not watched".into()),
    }
}

/// The source that has been silent the longest, and since when; for the header.
pub fn oldest_trouble(model: &Model) -> Option<(SourceId, Timestamp)> {
    model
        .sources
        .iter()
        .filter_map(|(id, state)| match state {
            SourceState::Stale { since, .. } => Some((id.clone(), *since)),
            _ => None,
        })
        .min_by_key(|(_, since)| *since)
}

/// The rights to ask for before a person can press a key on this workload.
pub fn permissions_of(model: &Model, id: &WorkloadId) -> Vec<Permission> {
    let Some(release) = model.fleet.release(id) else {
        return Vec::new();
    };
    let mut wanted: Vec<Permission> =
        Verb::ALL.into_iter().map(|verb| permission_for(&release, verb)).collect();
    if id.kind == WorkloadKind::Deployment {
        wanted.retain(|p| p.subresource.is_empty());
    }
    wanted.sort();
    wanted.dedup();
    wanted
}
