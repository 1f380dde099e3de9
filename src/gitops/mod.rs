//! The manifests repository: proposing and pushing the revert of one image.
//!
//! Never touches a person's branches, index or files: commits are made in a folder of our own that
//! is removed afterwards, over objects of the clone that are only read. Never pushes with force,
//! never writes another file than the one shown, never runs a hook or anything else that stands in
//! a repository. Knows git as the only room. Called by `runtime`.

mod call;
mod commit;
mod desk;
mod edit;
mod error;
mod find;
mod history;
mod propose;
mod push;
mod remote;
mod run;
mod scratch;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub use error::GitError;

use crate::domain::gitops::{Proposal, Pushed, Repository, Revert};

/// How long git may take for a step.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// What needs no network.
    local: Duration,
    /// What asks a remote.
    remote: Duration,
    /// A commit: a person may have to touch a key.
    commit: Duration,
}

/// The `git` of this machine, with its user's configuration: identity, credential helpers, signing.
#[derive(Debug, Clone)]
pub struct Git {
    /// Where folders of our own may be made.
    state: PathBuf,
    limits: Limits,
    /// Set for every call, beside what is always set.
    env: Vec<(OsString, OsString)>,
}

impl Git {
    /// Makes its folders below `state`, and takes them away again.
    pub fn new(state: impl Into<PathBuf>) -> Self {
        let seconds = Duration::from_secs;
        let limits = Limits { local: seconds(20), remote: seconds(30), commit: seconds(60) };
        Self { state: state.into(), limits, env: Vec::new() }
    }

    /// Works out what would be committed. Asks the remote and fetches, writes nothing to it.
    ///
    /// [`GitError::Already`] is no failure: the branch names the good image, and nothing is left
    /// to be done there.
    pub async fn propose(
        &self,
        repository: &Repository,
        revert: &Revert,
    ) -> Result<Proposal, GitError> {
        propose::propose(self, repository, revert).await
    }

    /// Commits and pushes what was proposed, as it was shown. Where the remote moved elsewhere, the
    /// commit is made anew on what is there, three times at most; where it moved in this file, it
    /// is refused. What was pushed before is success.
    pub async fn push(&self, proposal: &Proposal) -> Result<Pushed, GitError> {
        push::push(self, proposal).await
    }
}

#[cfg(test)]
mod tests;
