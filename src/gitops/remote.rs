//! What the remote has: where its branches are, and fetching what they point to.
//!
//! Never moves a branch of the clone, never pushes. Called by `propose` and `push`.

use std::ffi::OsStr;

use super::call::words;
use super::desk::{Desk, Tip};
use super::error::GitError;
use crate::domain::text::SafeText;

impl Desk<'_> {
    /// Asks the remote where branches are, `HEAD` among them.
    async fn branches(&self, name: Option<&str>) -> Result<Vec<String>, GitError> {
        let wanted = format!("refs/heads/{}", name.unwrap_or_default());
        let from = OsStr::new(self.fetch_from.secret());
        let mut asked = words(&["ls-remote", "--symref", "--"]);
        asked.push(from);
        asked.push(OsStr::new(name.map_or("HEAD", |_| &wanted)));
        let answer = self.caller.ask("asking the remote for its branches", &asked).await?;
        if !answer.is_ok() {
            let remote = self.fetch_from.shown();
            return Err(GitError::Fetch { remote, words: answer.words() });
        }
        Ok(answer.text().lines().map(str::to_owned).collect())
    }

    /// Where a branch of the remote is, if it has it.
    pub(super) async fn branch(&self, name: &str) -> Result<Option<String>, GitError> {
        let lines = self.branches(Some(name)).await?;
        let wanted = format!("refs/heads/{name}");
        let mut pairs = lines.iter().filter_map(|line| line.split_once('\t'));
        let found = pairs.find(|(id, reference)| *reference == wanted && is_id(id));
        Ok(found.map(|(id, _)| id.to_owned()))
    }

    /// The branch that the remote calls its default.
    async fn default_branch(&self) -> Result<String, GitError> {
        let lines = self.branches(None).await?;
        let mut heads = lines.iter().filter_map(|line| line.strip_suffix("\tHEAD"));
        let head = heads.find_map(|head| head.strip_prefix("ref: refs/heads/"));
        head.map(str::to_owned).ok_or_else(|| GitError::Branch {
            remote: self.fetch_from.shown(),
            branch: "that it calls its default; name one".into(),
        })
    }

    /// Where a branch of the remote is, or its default branch.
    pub(super) async fn tip(&self, branch: Option<&str>) -> Result<Tip, GitError> {
        let remote = self.fetch_from.shown();
        let branch = match branch {
            Some(branch) => branch.to_owned(),
            None => self.default_branch().await?,
        };
        let reference = format!("refs/heads/{branch}");
        let asked = words(&["check-ref-format", &reference]);
        let named = || GitError::Branch { remote: remote.clone(), branch: SafeText::new(&branch) };
        if !self.local("checking a branch name", &asked).await?.is_ok() {
            return Err(named());
        }
        let commit = self.branch(&branch).await?.ok_or_else(named)?;
        Ok(Tip { branch, commit })
    }

    /// Fetches what a branch points to into our folder. `depth` is only of use without a clone.
    pub(super) async fn fetch(&self, tip: &Tip, depth: Option<u32>) -> Result<(), GitError> {
        let depth = depth.filter(|_| !self.is_clone).map(|depth| format!("--depth={depth}"));
        let reference = format!("refs/heads/{}", tip.branch);
        let mut asked = words(&["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]);
        asked.extend(words(&["--no-recurse-submodules", "--no-auto-maintenance"]));
        asked.extend(depth.as_deref().map(OsStr::new));
        asked.push(OsStr::new("--"));
        asked.push(OsStr::new(self.fetch_from.secret()));
        asked.push(OsStr::new(&reference));
        let answer = self.caller.ask("fetching from the remote", &asked).await?;
        let remote = self.fetch_from.shown();
        if !answer.is_ok() {
            return Err(GitError::Fetch { remote, words: answer.words() });
        }
        let commit = format!("{}^{{commit}}", tip.commit);
        let here = self.local("looking for a commit", &words(&["cat-file", "-e", &commit])).await?;
        if here.is_ok() {
            return Ok(());
        }
        let words = format!("{} was rewritten while it was read; try again", tip.branch);
        Err(GitError::Fetch { remote, words: SafeText::from(words) })
    }
}

/// Whether this is the id of a commit.
pub(super) fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}
