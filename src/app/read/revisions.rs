//! The revisions of a workload: numbers, roles, images, pods, and how long the old ones stay warm.
//!
//! Called by `view`, by the other selectors, and by `update` for the order of rows.

use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::release::{Release, Revision, Role as Part};
use crate::domain::time::clock;
use crate::domain::workload::Image;

use super::pods::{PodMark, mark_of};

/// A revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionRow {
    /// `r42`.
    pub number: String,
    /// Hash.
    pub hash: String,
    /// Its roles in words, empty for an old one.
    pub roles: String,
    /// Its look.
    pub role: Role,
    /// Images, short.
    pub images: String,
    /// Ready pods and desired pods.
    pub ready: String,
    /// Whether it has or wants pods.
    pub is_up: bool,
    /// Whether all the pods it wants are ready.
    pub is_complete: bool,
    /// Age.
    pub age: String,
    /// Time until its pods go, where that is set.
    pub scale_down: Option<String>,
    /// Its pods.
    pub pods: Vec<PodMark>,
    /// Why it was made, or why it cannot make pods.
    pub note: String,
    /// Whether the note is bad news.
    pub is_failing: bool,
}

/// Revisions in the order of the screen: those with a role or pods, then the old ones; among them
/// the newest first.
pub fn order<'r, 'a>(release: &'r Release<'a>) -> Vec<&'r Revision<'a>> {
    let mut revisions: Vec<_> = release.revisions.iter().collect();
    revisions.sort_by_key(|r| {
        r.roles.is_empty() && r.replica_set.desired == 0 && r.replica_set.replicas == 0
    });
    revisions
}

/// All revisions.
pub fn rows(model: &Model, release: &Release<'_>) -> Vec<RevisionRow> {
    order(release).into_iter().map(|revision| row(model, revision)).collect()
}

fn row(model: &Model, revision: &Revision<'_>) -> RevisionRow {
    let set = revision.replica_set;
    let roles: Vec<&str> = revision.roles.iter().map(|r| r.word()).collect();
    let failure = set.failure.as_ref();
    let cause = set.change_cause.as_ref();
    RevisionRow {
        number: revision.number_text(),
        hash: set.hash.to_string(),
        roles: roles.join(" "),
        role: look(revision),
        images: images_of(&set.images),
        ready: format!("{}/{}", set.ready, set.desired),
        is_up: set.desired > 0 || set.replicas > 0,
        is_complete: set.ready >= set.desired,
        age: super::ago(model, set.created),
        scale_down: set
            .scale_down_deadline
            .filter(|_| set.replicas > 0)
            .map(|at| clock(at - model.now)),
        pods: revision.pods.iter().map(|pod| mark_of(pod, model.now)).collect(),
        note: failure.or(cause).map_or_else(String::new, ToString::to_string),
        is_failing: failure.is_some(),
    }
}

/// The look of a revision is that of its most telling role.
pub fn look(revision: &Revision<'_>) -> Role {
    match revision.roles.first() {
        Some(Part::Canary | Part::Current) => Role::Canary,
        Some(Part::Stable) => Role::Stable,
        Some(Part::Active) => Role::Active,
        Some(Part::Preview) => Role::Preview,
        None => Role::Muted,
    }
}

/// Images in short form.
pub fn images_of(images: &[Image]) -> String {
    let short: Vec<&str> = images.iter().map(Image::short).collect();
    short.join(" ")
}
