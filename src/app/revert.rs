//! The revert of a bad version in the repository that a GitOps tool follows: what is wanted, what
//! was worked out, what became of it.
//!
//! Never runs git: `runtime` does, and reports by number. Written by `update::revert`.

use crate::domain::gitops::{Proposal, Pushed, Reference, Revert};
use crate::domain::id::Uid;
use crate::domain::release::{Release, Revision};
use crate::domain::text::SafeText;

/// What is to be worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Of which object.
    pub uid: Uid,
    /// What is taken back.
    pub revert: Revert,
}

/// What `runtime` reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// This would be committed.
    Offered(Box<Proposal>),
    /// The remote has it.
    Pushed(Pushed),
    /// There is nothing to be done: why.
    Already(SafeText),
    /// It could not be worked out, or not be pushed: why.
    Failed(SafeText),
}

/// How far a revert is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// It is being worked out.
    Asked,
    /// It can be pushed.
    Offered(Box<Proposal>),
    /// It is on its way.
    Pushing(Box<Proposal>),
    /// It is over: how, and whether that is good.
    Over(SafeText, bool),
}

/// A revert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverting {
    /// Reports carry it.
    pub number: u64,
    /// What is wanted.
    pub wanted: Wanted,
    /// How far it is.
    pub stage: Stage,
}

/// What would be taken back: while the bad version is wanted, its image is set to the one of the
/// way back; once the cluster is on the good one, the version before it is what stands in Git.
///
/// # Errors
/// Why there is nothing to be taken back, or why it cannot be said which image is meant.
pub fn wanted(
    release: &Release<'_>,
    target: Option<&str>,
    environment: &str,
) -> Result<Wanted, SafeText> {
    let workload = release.workload;
    let current = release.current().ok_or("the wanted version is not seen")?;
    let (bad, good) = match target.and_then(|hash| release.by_hash(hash)) {
        Some(target) if target.replica_set.hash != current.replica_set.hash => (current, target),
        _ if workload.status.abort => {
            (current, release.stable().ok_or("the stable version is not seen")?)
        }
        _ => (before(release, current).ok_or("there is no other version")?, current),
    };
    let (container, from, to) = image(bad, good)?;
    let reference =
        |text: &SafeText| Reference::parse(text).map_err(|error| SafeText::from(error.to_string()));
    Ok(Wanted {
        uid: workload.uid.clone(),
        revert: Revert {
            workload: workload.id.clone(),
            container,
            from: reference(&from)?,
            to: reference(&to)?,
            environment: environment.into(),
            reason: None,
        },
    })
}

/// The newest version beside this one.
fn before<'a, 'r>(release: &'a Release<'r>, this: &Revision<'_>) -> Option<&'a Revision<'r>> {
    let others = release.revisions.iter();
    let others = others.filter(|other| other.replica_set.hash != this.replica_set.hash);
    others.max_by_key(|revision| revision.replica_set.revision)
}

/// The one container whose image differs: its name, the bad image, the good one.
fn image(
    bad: &Revision<'_>,
    good: &Revision<'_>,
) -> Result<(SafeText, SafeText, SafeText), SafeText> {
    let of = |revision: &Revision<'_>, container: &SafeText| {
        let images = revision.replica_set.images.iter();
        images.clone().find(|image| image.container == *container).map(|i| i.reference.clone())
    };
    let mut differing = bad.replica_set.images.iter().filter_map(|image| {
        let other = of(good, &image.container)?;
        (other != image.reference)
            .then(|| (image.container.clone(), image.reference.clone(), other))
    });
    match (differing.next(), differing.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(format!(
            "{} and {} have the same images: what differs is not an image; use git revert",
            bad.replica_set.hash, good.replica_set.hash
        )
        .into()),
        (Some(_), Some(_)) => Err(format!(
            "{} and {} differ in more than one image; use git revert",
            bad.replica_set.hash, good.replica_set.hash
        )
        .into()),
    }
}
