//! Which commit brought the bad image in, and whether a plain `git revert` of it would do the same.
//!
//! Only for people: where it cannot be found, the revert is proposed all the same. Called by
//! `propose`.

use std::ffi::OsStr;

use super::call::words;
use super::desk::{Desk, Tip};
use super::edit::{self, Form};
use super::error::GitError;
use super::find::Found;
use crate::domain::gitops::{Commit, Culprit, Revert};
use crate::domain::text::SafeText;

/// How many commits that touched the image's version are looked at, the newest first.
const LOOKED_AT: &str = "--max-count=20";

/// A commit and the commits before it.
struct Candidate {
    commit: Commit,
    parents: Vec<String>,
}

/// The commit that brought the bad image in.
pub(super) async fn culprit(
    desk: &Desk<'_>,
    tip: &Tip,
    found: &Found,
    revert: &Revert,
    after: &str,
) -> Culprit {
    let unknown = |why: &str| Culprit::Unknown(SafeText::new(why));
    match search(desk, tip, found, revert).await {
        Ok(Some(candidate)) => {
            let first = candidate.parents.first();
            if first.is_none() && !desk.is_whole() {
                return unknown("the history of this clone is cut short (shallow) before it");
            }
            // Where that cannot be worked out, nothing is claimed.
            let plain = is_plain(desk, &candidate, found, after).await.unwrap_or(false);
            Culprit::Known { commit: candidate.commit, plain }
        }
        Ok(None) => unknown("the history of this file does not tell"),
        Err(error) => Culprit::Unknown(SafeText::from(error.to_string())),
    }
}

async fn search(
    desk: &Desk<'_>,
    tip: &Tip,
    found: &Found,
    revert: &Revert,
) -> Result<Option<Candidate>, GitError> {
    let whole = revert.from.as_str();
    let apart = revert.from.digest().or(revert.from.tag()).unwrap_or(whole);
    let needle = if found.site.form == Form::Container { whole } else { apart };
    let needle = format!("-S{needle}");
    let mut asked = words(&["log", "-z", "--no-patch", "--no-textconv", "--no-ext-diff"]);
    asked.extend(words(&["--no-renames", "--no-color", LOOKED_AT]));
    asked.extend(words(&["--format=%H%n%P%n%an%n%aI%n%s", &needle, &tip.commit, "--"]));
    asked.push(OsStr::new(&found.entry.path));
    let answer = desk.must("reading the history of the file", &asked).await?;
    let text = String::from_utf8_lossy(&answer.out).into_owned();
    for candidate in text.split('\0').filter_map(candidate) {
        let here = names(desk, &candidate.commit.id, found, revert).await?;
        let before = match candidate.parents.first() {
            Some(parent) => names(desk, parent, found, revert).await?,
            None => false,
        };
        if here && !before {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

fn candidate(text: &str) -> Option<Candidate> {
    let mut lines = text.trim_start_matches('\n').splitn(5, '\n');
    let id = lines.next().filter(|id| !id.is_empty())?.to_owned();
    let parents = lines.next()?.split_whitespace().map(str::to_owned).collect();
    let mut word = || Some(SafeText::new(lines.next()?));
    let (author, date, subject) = (word()?, word()?, word()?);
    Some(Candidate { commit: Commit { id, author, date, subject }, parents })
}

/// Whether the file names the bad image in this commit, at a place like the one that was found.
async fn names(
    desk: &Desk<'_>,
    commit: &str,
    found: &Found,
    revert: &Revert,
) -> Result<bool, GitError> {
    let name = format!("{commit}:{}", found.entry.path);
    let Some(bytes) = desk.file(&name).await? else { return Ok(false) };
    let Ok(text) = String::from_utf8(bytes) else { return Ok(false) };
    let (container, repository) = (&revert.container, revert.from.repository());
    let sites = edit::sites(&found.entry.path, &text, container, repository);
    let alike = |site: &edit::Site| {
        site.form == found.site.form && site.owner == found.site.owner && site.is(&revert.from)
    };
    // What was no YAML then did not name it.
    Ok(sites.is_ok_and(|sites| sites.iter().any(alike)))
}

/// Whether `git revert` of this commit would change what `after` changes and nothing else.
async fn is_plain(
    desk: &Desk<'_>,
    candidate: &Candidate,
    found: &Found,
    after: &str,
) -> Result<bool, GitError> {
    let [parent] = candidate.parents.as_slice() else { return Ok(false) };
    let (id, path) = (&candidate.commit.id, &found.entry.path);
    let asked = words(&["diff-tree", "-r", "-z", "--name-only", "--no-renames", parent, id]);
    let changed = desk.must("reading a commit", &asked).await?;
    let changed = String::from_utf8_lossy(&changed.out).into_owned();
    if changed.trim_end_matches('\0') != path {
        return Ok(false);
    }
    let with = desk.file(&format!("{id}:{path}")).await?;
    let without = desk.file(&format!("{parent}:{path}")).await?;
    let (Some(with), Some(without)) = (with, without) else { return Ok(false) };
    let ours = desk.scratch.write("ours", found.text.as_bytes()).await?;
    let base = desk.scratch.write("base", &with).await?;
    let theirs = desk.scratch.write("theirs", &without).await?;
    let mut asked = words(&["merge-file", "-p", "--quiet", "--"]);
    asked.extend([ours.as_os_str(), base.as_os_str(), theirs.as_os_str()]);
    let merged = desk.local("reverting in mind", &asked).await?;
    Ok(merged.is_ok() && merged.out == after.as_bytes())
}
