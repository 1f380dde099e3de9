//! Working out what would be committed, so that it can be shown before.
//!
//! Never writes to the remote. Called by `Git::propose`.

use super::Git;
use super::commit;
use super::desk::Desk;
use super::edit::{self, Form};
use super::error::GitError;
use super::find::{self, Found};
use super::history;
use crate::domain::gitops::{
    Change, Culprit, Proposal, Push, Repository, Revert, branch_name, diff, message,
};
use crate::domain::text::SafeText;

pub(super) async fn propose(
    git: &Git,
    repository: &Repository,
    revert: &Revert,
) -> Result<Proposal, GitError> {
    let desk = Desk::open(git, repository).await?;
    let tip = desk.tip(repository.branch.as_deref()).await?;
    desk.fetch(&tip, None).await?;
    let found = find::bad_image(&desk, &tip, &repository.path, revert).await?;
    let after = edit::set(&found.text, &found.site, &revert.to)
        .map_err(|refusal| find::of_file(&found.entry.path, &refusal))?;
    let identity = commit::identity(&desk).await?;
    let signed = commit::is_signed(&desk).await?;
    let culprit = history::culprit(&desk, &tip, &found, revert, &after).await;
    let branch = match &repository.push {
        Push::Direct => tip.branch.clone(),
        Push::Branch(prefix) => branch_name(prefix, revert, &tip.commit),
    };
    Ok(Proposal {
        repository: repository.clone(),
        revert: revert.clone(),
        remote: desk.remote(),
        base_branch: tip.branch,
        base: tip.commit,
        diff: diff(&found.text, &after),
        remarks: remarks(&found, &culprit),
        message: message(revert, &culprit),
        culprit,
        change: Change {
            file: found.entry.path,
            mode: found.entry.mode,
            blob: found.entry.id,
            after,
            at: (found.site.line, found.site.column),
        },
        branch,
        identity,
        signed,
    })
}

/// What the lines do not say by themselves.
fn remarks(found: &Found, culprit: &Culprit) -> Vec<SafeText> {
    let mut remarks = Vec::new();
    if found.site.form != Form::Container {
        let text = "it names an image, not a container: every container with it goes back";
        remarks.push(SafeText::new(text));
    }
    match culprit {
        Culprit::Known { plain: true, .. } => {
            remarks.push("a plain git revert of that commit would do exactly the same".into());
        }
        Culprit::Known { plain: false, .. } => {
            remarks.push("that commit did more than this takes back: only the image goes".into());
        }
        Culprit::Unknown(_) => {}
    }
    remarks
}
