//! The pods of a workload: a mark each, and the sick ones first with their reason.
//!
//! Called by `view`, and by `update` for the order of rows.

pub mod card;

use std::cmp::Reverse;

use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::id::Uid;
use crate::domain::pod::{Pod, PodState};
use crate::domain::release::{Release, Revision};
use crate::domain::time::Timestamp;

use super::phrase::Phrase;
use super::revisions::look;

/// What the glyph of a pod says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodMark {
    /// State.
    pub state: PodState,
    /// Whether a container restarted within the last minutes.
    pub restarted: bool,
}

/// The mark of a pod.
pub fn mark_of(pod: &Pod, now: Timestamp) -> PodMark {
    PodMark { state: pod.state(now), restarted: pod.restarted_lately(now) }
}

/// What a pod's state is, as a look.
pub fn role_of(state: PodState) -> Role {
    match state {
        PodState::Broken => Role::Bad,
        PodState::Unready | PodState::Unscheduled => Role::Warn,
        PodState::Starting => Role::Moving,
        PodState::Ready => Role::Ok,
        PodState::Terminating | PodState::Completed => Role::Muted,
        PodState::Unknown => Role::Stale,
    }
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodRow {
    /// Which.
    pub uid: Uid,
    /// Name.
    pub name: String,
    /// The end of its name that tells it from its siblings.
    pub short: String,
    /// Revision it belongs to.
    pub revision: String,
    /// Look of that revision.
    pub revision_role: Role,
    /// Glyph.
    pub mark: PodMark,
    /// kubectl's word for it.
    pub status: String,
    /// Ready containers and all of them.
    pub ready: String,
    /// Restarts.
    pub restarts: i32,
    /// Node.
    pub node: String,
    /// Age.
    pub age: String,
    /// Why it is not ready.
    pub trouble: String,
}

/// Pods in the order of the screen: sick ones, those on their way, the others; among them the
/// newest revision first.
pub fn order<'r, 'a>(release: &'r Release<'a>, now: Timestamp) -> Vec<(&'r Revision<'a>, &'a Pod)> {
    let mut pods: Vec<_> = release.pods().collect();
    pods.sort_by_cached_key(|(revision, pod)| {
        let group = match pod.state(now) {
            PodState::Broken => 0u8,
            PodState::Unready | PodState::Unscheduled | PodState::Unknown => 1,
            PodState::Starting => 2,
            PodState::Ready => 3,
            PodState::Terminating | PodState::Completed => 4,
        };
        (group, Reverse(revision.replica_set.revision))
    });
    pods
}

/// The words of all pods, in that order.
pub fn rows(model: &Model, release: &Release<'_>) -> Vec<PodRow> {
    let pods = order(release, model.now);
    pods.into_iter().map(|(revision, pod)| row(model, revision, pod)).collect()
}

fn row(model: &Model, revision: &Revision<'_>, pod: &Pod) -> PodRow {
    let (ready, all) = pod.ready_containers();
    PodRow {
        uid: pod.uid.clone(),
        name: pod.id.name.to_string(),
        short: short_name(&pod.id.name).to_owned(),
        revision: revision.number_text(),
        revision_role: look(revision),
        mark: mark_of(pod, model.now),
        status: pod.status_word().to_string(),
        ready: format!("{ready}/{all}"),
        restarts: pod.restarts(),
        node: pod.node.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
        age: super::ago(model, pod.created),
        trouble: pod.trouble(model.now).unwrap_or_default(),
    }
}

/// The random end of a generated name.
pub fn short_name(name: &str) -> &str {
    name.rsplit('-').next().unwrap_or(name)
}

/// How many pods are in which state: `5 ready  1 broken  2 restarts`.
pub fn summary(release: &Release<'_>, now: Timestamp) -> Phrase {
    let states = [
        PodState::Broken,
        PodState::Unready,
        PodState::Unscheduled,
        PodState::Unknown,
        PodState::Starting,
        PodState::Ready,
        PodState::Terminating,
        PodState::Completed,
    ];
    let mut phrase = Phrase::new();
    for state in states {
        let count: usize = release.revisions.iter().map(|r| r.count(state, now)).sum();
        if count > 0 {
            if !phrase.is_empty() {
                phrase.push(Role::Muted, ", ");
            }
            phrase.push(role_of(state), format!("{count} {}", state.word()));
        }
    }
    let restarts: i32 = release.pods().map(|(_, pod)| pod.restarts()).sum();
    if restarts > 0 {
        phrase.push(Role::Muted, format!(", {restarts} restarts"));
    }
    if phrase.is_empty() {
        phrase.push(Role::Muted, "none");
    }
    phrase
}
