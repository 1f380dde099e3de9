//! The way back in the manifests repository: one image set back to the good one, as a commit.
//!
//! Where a GitOps tool keeps a workload equal to a repository, what is rolled back in the cluster
//! alone comes back: then the repository is what has to change. This is what such a revert is, on
//! paper: which image, which line, which words. Never reads a file, never runs git: the `gitops`
//! room does. Called by it, and by whoever shows a proposal.

mod address;
mod diff;
mod inside;
mod message;
pub mod reference;

use std::path::PathBuf;

pub use address::{Address, AddressError, without_secrets};
pub use diff::{Mark, MarkedLine, diff};
pub use inside::{Inside, InsideError};
pub use message::message;
pub use reference::{Reference, ReferenceError};

use super::id::WorkloadId;
use super::text::SafeText;

/// Where the manifests of an environment are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The repository.
    pub source: Source,
    /// The branch that the GitOps tool follows; nothing means the remote's default branch.
    pub branch: Option<String>,
    /// Where in it the workload's files are: `environments/production/shop`.
    pub path: Inside,
    /// How a commit gets there.
    pub push: Push,
}

/// What names a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A clone on this machine. Its remote is what is read and pushed to; the clone itself, with
    /// its branches, index and files, stays as it is.
    Checkout(PathBuf),
    /// The address of a remote.
    Url(Address),
}

/// How a commit gets to the remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Push {
    /// Onto the branch that is followed.
    Direct,
    /// Onto a new branch, for a pull request. The prefix stands before its name: `waveoff/`.
    Branch(String),
}

/// What is to be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revert {
    /// Of which workload.
    pub workload: WorkloadId,
    /// In which container.
    pub container: SafeText,
    /// The bad image, as it stands in the cluster.
    pub from: Reference,
    /// The good image.
    pub to: Reference,
    /// The environment, for people: `production`.
    pub environment: SafeText,
    /// Why, in the words of whoever asked for it.
    pub reason: Option<SafeText>,
}

/// A commit of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its full id.
    pub id: String,
    /// Name of its author.
    pub author: SafeText,
    /// When it was written, as git says it (strict ISO 8601).
    pub date: SafeText,
    /// The first line of its message.
    pub subject: SafeText,
}

/// Which commit brought the bad image in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Culprit {
    /// This one.
    Known {
        /// The commit.
        commit: Commit,
        /// Whether a plain `git revert` of it would change exactly what this proposal does.
        plain: bool,
    },
    /// It is not known; why.
    Unknown(SafeText),
}

/// The one file that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path in the repository, as git has it: to show it, make a `SafeText` of it.
    pub file: String,
    /// Its mode as git has it: `100644`.
    pub mode: String,
    /// The blob that it was read from.
    pub blob: String,
    /// All of it, with the good image.
    pub after: String,
    /// Where the value stands, from 1: line and column.
    pub at: (usize, usize),
}

/// A revert that can be shown, and pushed as it was shown. What git is given again is kept as git
/// has it: names of branches and files, and the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Where.
    pub repository: Repository,
    /// What for.
    pub revert: Revert,
    /// The remote, without what is secret in its address.
    pub remote: SafeText,
    /// The branch that is followed.
    pub base_branch: String,
    /// The commit that it was worked out on.
    pub base: String,
    /// Who brought the bad image in.
    pub culprit: Culprit,
    /// What changes.
    pub change: Change,
    /// The same as lines to show.
    pub diff: Vec<MarkedLine>,
    /// What else has to be known before, in sentences.
    pub remarks: Vec<SafeText>,
    /// The message of the commit.
    pub message: String,
    /// The branch that is pushed.
    pub branch: String,
    /// Who commits: `Ana <ana@example.com>`.
    pub identity: SafeText,
    /// Whether git's configuration wants the commit signed.
    pub signed: bool,
}

impl Proposal {
    /// How it gets to its branch, in words.
    pub fn way(&self) -> &'static str {
        if self.is_direct() { "straight onto" } else { "as a new branch" }
    }

    /// Whether it goes straight onto the branch that is followed.
    pub fn is_direct(&self) -> bool {
        self.branch == self.base_branch
    }
}

/// A revert that the remote has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Its commit.
    pub commit: String,
    /// The branch that it is on.
    pub branch: String,
    /// The remote, without what is secret in its address.
    pub remote: SafeText,
    /// Whether it was there before.
    pub before: bool,
    /// What is left to be done, in words: a pull request, or nothing but the sync.
    pub next: SafeText,
}

/// The name of the branch that a revert is pushed to: the same for the same revert of the same
/// commit, so that it is found again when it was pushed before, and is never one that was merged
/// before the bad image came once more.
pub fn branch_name(prefix: &str, revert: &Revert, base: &str) -> String {
    let id: String = base.chars().take(8).collect();
    let (name, to) = (&revert.workload.name, revert.to.version());
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    let words: String = format!("revert-{name}-to-{to}").chars().map(plain).collect();
    let short: String = words.chars().take(120).collect();
    format!("{prefix}{short}-{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::WorkloadKind;

    #[test]
    fn a_branch_has_the_same_name_for_the_same_revert_and_is_one_word() {
        let revert = |to: &str| Revert {
            workload: WorkloadId::new("shop", WorkloadKind::Rollout, "checkout"),
            container: "app".into(),
            from: Reference::parse("shop/checkout:1.4.3").unwrap(),
            to: Reference::parse(to).unwrap(),
            environment: "production".into(),
            reason: None,
        };
        let base = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(
            branch_name("waveoff/", &revert("shop/checkout:1.4.2"), base),
            "waveoff/revert-checkout-to-1-4-2-01234567"
        );
        let digest = format!("shop/checkout@sha256:{}", "ab".repeat(32));
        let named = branch_name("x-", &revert(&digest), base);
        assert_eq!(named, "x-revert-checkout-to-abababababab-01234567");
    }
}
