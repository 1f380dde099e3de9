//! Making the commit: one blob, one tree, one commit, out of what was shown.
//!
//! Made of objects, without a work tree, so that no filter and no hook of a repository runs. Never
//! moves a branch. Called by `push`; `propose` asks who would commit.

use std::ffi::OsStr;

use super::call::words;
use super::desk::{Desk, Tip};
use super::error::GitError;
use crate::domain::gitops::Proposal;
use crate::domain::text::SafeText;

/// Who commits here: `Ana <ana@example.com>`.
pub(super) async fn identity(desk: &Desk<'_>) -> Result<SafeText, GitError> {
    let mut name = String::new();
    for variable in ["GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"] {
        let answer = desk.local("asking who commits", &words(&["var", variable])).await?;
        if !answer.is_ok() {
            let said = answer.said.lines().find_map(|line| line.strip_prefix("fatal: "));
            let words = said.map_or_else(|| answer.words(), SafeText::new);
            return Err(GitError::Identity { words });
        }
        // Behind it stand the seconds and the zone.
        let text = answer.text();
        let end = text.rfind('>').map_or(text.len(), |at| at + 1);
        text.get(..end).unwrap_or_default().clone_into(&mut name);
    }
    Ok(SafeText::new(&name))
}

/// Whether git's configuration wants commits signed.
pub(super) async fn is_signed(desk: &Desk<'_>) -> Result<bool, GitError> {
    let asked = words(&["config", "--type=bool", "--get", "commit.gpgSign"]);
    let answer = desk.local("reading the configuration", &asked).await?;
    Ok(answer.is_ok() && answer.text() == "true")
}

/// The commit on top of `tip` that changes what the proposal shows, and its id.
pub(super) async fn make(
    desk: &Desk<'_>,
    tip: &Tip,
    proposal: &Proposal,
) -> Result<String, GitError> {
    let tree = tree(desk, tip, proposal).await?;
    let message = desk.scratch.write("message", proposal.message.as_bytes()).await?;
    let mut asked = words(&["commit-tree", &tree, "-p", &tip.commit, "-F"]);
    asked.push(message.as_os_str());
    // Unlike `git commit`, this one does not look at `commit.gpgSign`.
    asked.extend(is_signed(desk).await?.then(|| OsStr::new("-S")));
    let within = desk.caller.git.limits.commit;
    let answer = desk.caller.run("making the commit", &asked, within).await?;
    if answer.is_ok() {
        return Ok(answer.text());
    }
    Err(GitError::Commit { words: answer.words() })
}

/// The tree of `tip` with the one file changed, and nothing else: that is looked at.
async fn tree(desk: &Desk<'_>, tip: &Tip, proposal: &Proposal) -> Result<String, GitError> {
    let change = &proposal.change;
    let after = desk.scratch.write("after", change.after.as_bytes()).await?;
    let mut asked = words(&["hash-object", "-w", "--no-filters", "--"]);
    asked.push(after.as_os_str());
    let blob = desk.must("writing the file", &asked).await?.text();
    desk.must("reading a tree", &words(&["read-tree", &tip.commit])).await?;
    let entry = format!("{},{blob},{}", change.mode, change.file);
    let asked = words(&["update-index", "--cacheinfo", &entry]);
    desk.must("writing the tree", &asked).await?;
    let asked = words(&["write-tree", "--missing-ok"]);
    let tree = desk.must("writing the tree", &asked).await?.text();
    let asked = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", &tip.commit, &tree];
    let changed = desk.must("checking the tree", &words(&asked)).await?;
    if changed.out.strip_suffix(b"\0") == Some(change.file.as_bytes()) {
        return Ok(tree);
    }
    let words = format!("more or less than {} would change; nothing was pushed", change.file);
    Err(GitError::Commit { words: SafeText::from(words) })
}
