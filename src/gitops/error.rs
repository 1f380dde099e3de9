//! What can go wrong between this program and a repository, by the phase in which it did.
//!
//! Each is a sentence: what happened, where, what to do. Never holds what is secret in an address.
//! Made in this room, shown by `runtime`.

use std::time::Duration;

use crate::domain::text::SafeText;

/// A failure of this room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// There is no git to run.
    #[error("git cannot be run: {cause}. Install it, or make the revert by hand")]
    Program {
        /// Why.
        cause: SafeText,
    },
    /// No folder of our own can be had.
    #[error("{folder}: no folder for a commit can be made there: {cause}")]
    State {
        /// Where.
        folder: SafeText,
        /// Why.
        cause: SafeText,
    },
    /// There is no repository where one should be.
    #[error("{place}: {cause}")]
    Repository {
        /// Where.
        place: SafeText,
        /// Nothing is there, it is none, it belongs to somebody else.
        cause: SafeText,
    },
    /// It is not clear where commits come from and go to.
    #[error("{place}: {cause}")]
    Remote {
        /// Which clone.
        place: SafeText,
        /// No remote, or several.
        cause: SafeText,
    },
    /// Another git holds a lock.
    #[error("{place} is locked by another git: {words}. Wait until it is done and try again")]
    Locked {
        /// Which repository.
        place: SafeText,
        /// What git says.
        words: SafeText,
    },
    /// Git did not end in time.
    #[error("no answer within {} s: {step} ({place})", within.as_secs_f64())]
    Silent {
        /// What it was at.
        step: &'static str,
        /// Which repository.
        place: SafeText,
        /// How long it had.
        within: Duration,
    },
    /// Git said more than is read.
    #[error("{step} ({place}) gives more than 1 MiB; name a narrower path")]
    Long {
        /// What it was at.
        step: &'static str,
        /// Which repository.
        place: SafeText,
    },
    /// A step that always works did not.
    #[error("{step} ({place}): {words}")]
    Step {
        /// What it was at.
        step: &'static str,
        /// Which repository.
        place: SafeText,
        /// What git says.
        words: SafeText,
    },
    /// The remote cannot be read.
    #[error("{remote} cannot be read: {words}")]
    Fetch {
        /// Which.
        remote: SafeText,
        /// What git says.
        words: SafeText,
    },
    /// It has no such branch.
    #[error("{remote} has no branch {branch}")]
    Branch {
        /// Which remote.
        remote: SafeText,
        /// Which branch.
        branch: SafeText,
    },
    /// The path is not there, or leads out of the repository.
    #[error("{path} on branch {branch}: {cause}")]
    Path {
        /// Which.
        path: SafeText,
        /// Where.
        branch: SafeText,
        /// What is wrong with it.
        cause: SafeText,
    },
    /// No file says which image the container has.
    #[error(
        "no file below {path} on branch {branch} says which image {container} has: not in a \
         workload's containers, a kustomization's images or values with repository and tag"
    )]
    NotFound {
        /// Where was looked.
        path: SafeText,
        /// On which branch.
        branch: SafeText,
        /// The container.
        container: SafeText,
    },
    /// They name a third image.
    #[error(
        "{file} names {image}, which is neither the bad image {from} nor the good one: somebody \
         changed it meanwhile, or the cluster is not in sync"
    )]
    Other {
        /// The file and line.
        file: SafeText,
        /// What it names.
        image: SafeText,
        /// What it should have named.
        from: SafeText,
    },
    /// More than one place names the bad image.
    #[error("several places name {from}: {places}. Name a narrower path")]
    Several {
        /// The bad image.
        from: SafeText,
        /// Files and lines.
        places: SafeText,
    },
    /// A file cannot be read or changed.
    #[error("{file}: {cause}")]
    File {
        /// Which.
        file: SafeText,
        /// Line, column, and why.
        cause: SafeText,
    },
    /// Nothing is to be done: the good image stands there.
    #[error("{file} on branch {branch} names {image} already: nothing is to be committed")]
    Already {
        /// The file and line.
        file: SafeText,
        /// On which branch.
        branch: SafeText,
        /// The good image.
        image: SafeText,
    },
    /// Nobody is known who would commit.
    #[error(
        "git does not know who commits: {words}. Set user.name and user.email in its configuration"
    )]
    Identity {
        /// What git says.
        words: SafeText,
    },
    /// The commit could not be made, or signed.
    #[error("the commit was not made: {words}")]
    Commit {
        /// What git says.
        words: SafeText,
    },
    /// Somebody changed the file since the proposal.
    #[error("{file} was changed on {branch} since this was shown; nothing was pushed. Look again")]
    Moved {
        /// Which file.
        file: SafeText,
        /// On which branch.
        branch: SafeText,
    },
    /// Others were faster each time.
    #[error("others pushed to {branch} {times} times meanwhile; nothing was pushed. Try again")]
    Busy {
        /// Which branch.
        branch: SafeText,
        /// How often it was tried.
        times: u32,
    },
    /// The branch for the pull request has other commits.
    #[error("{remote} has a branch {branch} with something else on it; nothing was pushed")]
    Taken {
        /// Which remote.
        remote: SafeText,
        /// Which branch.
        branch: SafeText,
    },
    /// The remote does not take it: branch protection, a hook, a missing right.
    #[error("{remote} refused the push to {branch}: {words}")]
    Refused {
        /// Which remote.
        remote: SafeText,
        /// Which branch.
        branch: SafeText,
        /// Its own words.
        words: SafeText,
    },
    /// The push failed, and the remote does not have the commit.
    #[error("the push to {remote} failed: {words}. The branch is as it was")]
    Push {
        /// Which remote.
        remote: SafeText,
        /// What git says.
        words: SafeText,
    },
    /// The push broke off, and the remote cannot be asked whether it has the commit.
    #[error("whether {remote} has commit {commit} on {branch} is not known: {words}. Look there")]
    Unknown {
        /// Which remote.
        remote: SafeText,
        /// Which branch.
        branch: SafeText,
        /// The commit.
        commit: SafeText,
        /// What happened.
        words: SafeText,
    },
}

impl GitError {
    /// Whether nothing is wrong: the repository says what it should.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Already { .. })
    }

    /// Whether trying again later may help, without anybody doing anything.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Locked { .. } | Self::Silent { .. } | Self::Fetch { .. } | Self::Busy { .. }
        )
    }
}
