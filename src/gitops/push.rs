//! Pushing what was shown: on what the remote has now, if the file is still the one that was shown.
//!
//! Never with force, never another file. A push whose outcome is not known is looked up at the
//! remote, never sent again. Called by `Git::push`.

use std::ffi::OsStr;

use super::Git;
use super::call::words;
use super::commit;
use super::desk::{Desk, Tip};
use super::error::GitError;
use super::find;
use super::run::Answer;
use crate::domain::gitops::{Proposal, Pushed, without_secrets};
use crate::domain::text::SafeText;

/// How often a commit is made: once, and three times more on what others pushed meanwhile.
const ATTEMPTS: u32 = 4;

/// Reasons of a remote for which the same push may go through on its new state (`receive-pack`).
const RACES: [&str; 4] =
    ["failed to update ref", "cannot lock ref", "incorrect old value", "already exists"];

/// What became of a push.
enum Outcome {
    /// The remote has it.
    Done {
        /// Somebody pushed the very same commit in the same second.
        before: bool,
        /// The address of a pull request, where it told one.
        link: Option<SafeText>,
    },
    /// The remote moved meanwhile.
    Moved,
}

pub(super) async fn push(git: &Git, proposal: &Proposal) -> Result<Pushed, GitError> {
    let desk = Desk::open(git, &proposal.repository).await?;
    commit::identity(&desk).await?;
    for _ in 0..ATTEMPTS {
        let tip = desk.tip(Some(&proposal.base_branch)).await?;
        desk.fetch(&tip, Some(1)).await?;
        if let Some(pushed) = there_before(&desk, &tip, proposal).await? {
            return Ok(pushed);
        }
        check(&desk, &tip, proposal).await?;
        let made = commit::make(&desk, &tip, proposal).await?;
        if let Outcome::Done { before, link } = send(&desk, &made, proposal).await? {
            return Ok(pushed(&desk, proposal, made, before, link));
        }
    }
    Err(GitError::Busy { branch: SafeText::new(&proposal.branch), times: ATTEMPTS })
}

/// The same revert, if the remote has it.
async fn there_before(
    desk: &Desk<'_>,
    tip: &Tip,
    proposal: &Proposal,
) -> Result<Option<Pushed>, GitError> {
    let change = &proposal.change;
    if holds(desk, &tip.commit, proposal).await? {
        let mut asked = words(&["log", "--max-count=1", "--format=%H", &tip.commit, "--"]);
        asked.push(OsStr::new(&change.file));
        let commit = desk.must("reading the history of the file", &asked).await?.text();
        let mut before = pushed(desk, proposal, commit, true, None);
        before.branch.clone_from(&proposal.base_branch);
        before.next = "nothing: the branch that is followed has it".into();
        return Ok(Some(before));
    }
    if proposal.is_direct() {
        return Ok(None);
    }
    let Some(commit) = desk.branch(&proposal.branch).await? else { return Ok(None) };
    let tip = Tip { branch: proposal.branch.clone(), commit };
    desk.fetch(&tip, Some(2)).await?;
    let parent = format!("{}^", tip.commit);
    let asked = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", &parent, &tip.commit];
    let changed = desk.local("reading a commit", &words(&asked)).await?;
    let alone = changed.out.strip_suffix(b"\0") == Some(change.file.as_bytes());
    if changed.is_ok() && alone && holds(desk, &tip.commit, proposal).await? {
        return Ok(Some(pushed(desk, proposal, tip.commit, true, None)));
    }
    let branch = SafeText::new(&proposal.branch);
    Err(GitError::Taken { remote: desk.remote(), branch })
}

/// Whether the file has exactly the text of the proposal in this commit.
async fn holds(desk: &Desk<'_>, commit: &str, proposal: &Proposal) -> Result<bool, GitError> {
    let name = format!("{commit}:{}", proposal.change.file);
    let text = desk.file(&name).await;
    // One that became larger than is read is another one.
    let text = if let Err(GitError::Long { .. }) = text { None } else { text? };
    Ok(text.is_some_and(|text| text == proposal.change.after.as_bytes()))
}

/// Whether the file is still the one that was shown, and still the only one that counts.
async fn check(desk: &Desk<'_>, tip: &Tip, proposal: &Proposal) -> Result<(), GitError> {
    let change = &proposal.change;
    let entries = desk.entries(&tip.commit, &[&change.file]).await?;
    let same = |entry: &&super::desk::Entry| {
        entry.path == change.file && entry.id == change.blob && entry.mode == change.mode
    };
    let moved = || GitError::Moved {
        file: SafeText::new(&change.file),
        branch: SafeText::new(&tip.branch),
    };
    if entries.iter().find(same).is_none() {
        return Err(moved());
    }
    if tip.commit == proposal.base {
        return Ok(());
    }
    let path = &proposal.repository.path;
    let found = find::bad_image(desk, tip, path, &proposal.revert).await?;
    if found.entry.path == change.file { Ok(()) } else { Err(moved()) }
}

async fn send(desk: &Desk<'_>, made: &str, proposal: &Proposal) -> Result<Outcome, GitError> {
    let refspec = format!("{made}:refs/heads/{}", proposal.branch);
    let mut asked = words(&["push", "--porcelain", "--no-verify", "--no-follow-tags", "--"]);
    asked.extend([desk.push_to(), OsStr::new(&refspec)]);
    let answer = match desk.caller.ask("pushing to the remote", &asked).await {
        Ok(answer) => answer,
        Err(GitError::Program { cause }) => return Err(GitError::Program { cause }),
        Err(error) => {
            return look_up(desk, made, proposal, SafeText::from(error.to_string())).await;
        }
    };
    // `!<tab>from:to<tab>[remote rejected] (reason)`; the first is `=` where nothing was new.
    let out = answer.text();
    if answer.is_ok() {
        let before = out.lines().any(|line| line.starts_with("=\t"));
        return Ok(Outcome::Done { before, link: link(&answer) });
    }
    let refused = out.lines().find_map(|line| line.strip_prefix("!\t")?.split('\t').nth(1));
    match refused {
        Some(reason) if reason.starts_with("[rejected]") => Ok(Outcome::Moved),
        Some(reason) if RACES.iter().any(|race| reason.contains(race)) => Ok(Outcome::Moved),
        Some(reason) if reason.starts_with("[remote rejected]") => {
            let reason = SafeText::new(&without_secrets(reason));
            let words = answer.remote_words().map(|words| format!("{words} {reason}"));
            Err(GitError::Refused {
                remote: desk.remote(),
                branch: SafeText::new(&proposal.branch),
                words: words.map_or(reason, SafeText::from),
            })
        }
        _ => look_up(desk, made, proposal, answer.words()).await,
    }
}

/// A push that ended without saying how: the remote tells.
async fn look_up(
    desk: &Desk<'_>,
    made: &str,
    proposal: &Proposal,
    words: SafeText,
) -> Result<Outcome, GitError> {
    match desk.branch(&proposal.branch).await {
        Ok(Some(there)) if there == made => Ok(Outcome::Done { before: false, link: None }),
        Ok(_) => Err(GitError::Push { remote: desk.remote(), words }),
        Err(_) => Err(GitError::Unknown {
            remote: desk.remote(),
            branch: SafeText::new(&proposal.branch),
            commit: SafeText::new(made),
            words,
        }),
    }
}

/// Where a pull request is opened, if the remote says so.
fn link(answer: &Answer) -> Option<SafeText> {
    let starts = |word: &&str| word.starts_with("https://") || word.starts_with("http://");
    let link = answer.remote_lines().flat_map(str::split_whitespace).find(starts)?;
    Some(SafeText::new(&without_secrets(link)))
}

fn pushed(
    desk: &Desk<'_>,
    proposal: &Proposal,
    commit: String,
    before: bool,
    link: Option<SafeText>,
) -> Pushed {
    let (branch, base) = (&proposal.branch, &proposal.base_branch);
    let next = match link {
        _ if proposal.is_direct() => "nothing: the branch that is followed has it".to_owned(),
        Some(link) => format!("open a pull request from {branch} into {base}: {link}"),
        None => format!("open a pull request from {branch} into {base} at {}", desk.remote()),
    };
    Pushed {
        commit,
        branch: branch.clone(),
        remote: desk.remote(),
        before,
        next: SafeText::from(next),
    }
}
