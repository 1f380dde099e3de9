//! What reaches the remote: in which words, by whom, and what becomes of it when others push.

use std::future::poll_fn;
use std::task::Poll;

use super::ground::{BAD, FILE, GOOD, Ground, deployment, revert, revert_of};
use crate::domain::gitops::{Push, Repository};
use crate::gitops::GitError;

fn on_a_branch(ground: &Ground) -> Repository {
    Repository { push: Push::Branch("waveoff/".into()), ..ground.repository() }
}

fn count(ground: &Ground) -> usize {
    ground.git("remote.git", &["rev-list", "--count", "main"]).parse().unwrap()
}

/// Drives all of them at once to their ends.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut open: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        for (future, done) in open.iter_mut().filter(|(_, done)| done.is_none()) {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                *done = Some(output);
            }
        }
        if open.iter().all(|(_, done)| done.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    open.into_iter().filter_map(|(_, done)| done).collect()
}

#[tokio::test]
async fn one_commit_of_one_line_with_trailers_that_git_can_read() {
    let ground = Ground::new();
    let room = ground.room();
    let proposal = room.propose(&ground.repository(), &revert()).await.unwrap();
    let pushed = room.push(&proposal).await.unwrap();
    assert_eq!(pushed.commit, ground.git("remote.git", &["rev-parse", "main"]));
    assert!(!pushed.before);
    assert!(pushed.next.starts_with("nothing"), "{}", pushed.next);
    assert_eq!(ground.git("remote.git", &["rev-parse", "main^"]), proposal.base);
    let stat = ground.git("remote.git", &["diff", "--numstat", "main^", "main"]);
    assert_eq!(stat, format!("1\t1\t{FILE}"));
    assert_eq!(ground.remote_file("main", FILE), deployment("checkout", GOOD).trim_end());
    let who = ground.git("remote.git", &["log", "-1", "--format=%an <%ae> %cn", "main"]);
    assert_eq!(who, "Ana <ana@example.com> Ana");
    let trailers = ["log", "-1", "--format=%(trailers:only,unfold)", "main"];
    let trailers = ground.git("remote.git", &trailers);
    let wanted = format!(
        "Reverts: {}\nService: checkout\nNamespace: shop\nEnvironment: production\nContainer: app\n\
         From: {BAD}\nTo: {GOOD}\nReason: checkout/1763\nBy: waveoff",
        proposal.base
    );
    assert_eq!(trailers.trim_end(), wanted);
}

#[tokio::test]
async fn what_was_pushed_before_is_success_and_no_second_commit() {
    let ground = Ground::new();
    let room = ground.room();
    for repository in [on_a_branch(&ground), ground.repository()] {
        let proposal = room.propose(&repository, &revert()).await.unwrap();
        let first = room.push(&proposal).await.unwrap();
        let again = room.push(&proposal).await.unwrap();
        assert!(!first.before && again.before);
        assert_eq!((again.commit, again.branch), (first.commit, first.branch));
    }
    assert_eq!(count(&ground), 3);
}

#[tokio::test]
async fn a_branch_is_pushed_for_a_pull_request() {
    let ground = Ground::new();
    let room = ground.room();
    let proposal = room.propose(&on_a_branch(&ground), &revert()).await.unwrap();
    assert!(!proposal.is_direct());
    assert!(
        proposal.branch.starts_with("waveoff/revert-checkout-to-1-4-2-"),
        "{}",
        proposal.branch
    );
    // Some remotes say where to go on.
    let hook = "#!/bin/sh\necho 'Create a pull request by visiting:' >&2\n\
                echo '   https://bot:t0ken@git.example.com/shop/new' >&2\n";
    ground.script("remote.git/hooks/post-receive", hook);
    let pushed = room.push(&proposal).await.unwrap();
    assert_eq!(count(&ground), 2, "main is as it was");
    let branch = &proposal.branch;
    assert_eq!(ground.git("remote.git", &["rev-parse", branch]), pushed.commit);
    assert_eq!(ground.remote_file(branch, FILE), deployment("checkout", GOOD).trim_end());
    let link = "https://[redacted]@git.example.com/shop/new";
    let next = format!("open a pull request from {branch} into main: {link}");
    assert_eq!(pushed.next, next.as_str());

    // Somebody put something else on that branch.
    ground.git("seed", &["fetch", "-q"]);
    ground.git("seed", &["push", "-qf", "origin", &format!("main:refs/heads/{branch}")]);
    ground.git("seed", &["checkout", "-qB", "x", &format!("origin/{branch}")]);
    ground.commit("seed", "z", "z", "Something else");
    ground.git("seed", &["push", "-qf", "origin", &format!("x:refs/heads/{branch}")]);
    ground.git("seed", &["push", "-qf", "origin", "x~1:refs/heads/main"]);
    let error = room.push(&proposal).await.unwrap_err();
    assert!(matches!(error, GitError::Taken { .. }), "{error}");
    // Once it is merged, nothing is left.
    ground.git("remote.git", &["update-ref", "refs/heads/main", &pushed.commit]);
    let after = room.push(&proposal).await.unwrap();
    assert!(after.before && after.branch == "main", "{after:?}");
}

#[tokio::test]
async fn where_others_pushed_elsewhere_it_goes_on_top() {
    let ground = Ground::new();
    let room = ground.room();
    let proposal = room.propose(&ground.repository(), &revert()).await.unwrap();
    ground.commit("seed", "environments/production/shop/cart.yaml", "a: 1\n", "Cart");
    ground.commit("seed", "other", "b", "Other");
    let pushed = room.push(&proposal).await.unwrap();
    let theirs = ground.git("seed", &["rev-parse", "HEAD"]);
    assert_eq!(ground.git("remote.git", &["rev-parse", "main^"]), theirs);
    let asked = ["diff-tree", "-r", "--name-only", "--no-commit-id", &pushed.commit];
    assert_eq!(ground.git("remote.git", &asked), FILE);
}

#[tokio::test]
async fn where_others_changed_the_file_it_is_refused() {
    let ground = Ground::new();
    let room = ground.room();
    let proposal = room.propose(&ground.repository(), &revert()).await.unwrap();
    let text = format!("{}# more\n", deployment("checkout", BAD));
    ground.commit("seed", FILE, &text, "A comment");
    let before = count(&ground);
    let error = room.push(&proposal).await.unwrap_err();
    assert!(matches!(error, GitError::Moved { .. }), "{error}");
    assert!(error.to_string().contains("nothing was pushed"), "{error}");
    assert_eq!(count(&ground), before);
    // And where the image came to a second place, it is not the only one any more.
    ground.commit("seed", FILE, &deployment("checkout", BAD), "Back");
    ground.commit("seed", "environments/production/shop/b.yaml", &deployment("checkout", BAD), "b");
    let error = room.push(&proposal).await.unwrap_err();
    assert!(matches!(error, GitError::Several { .. }), "{error}");
    assert!(ground.is_tidy());
}

#[tokio::test]
async fn a_protected_branch_is_told_in_the_words_of_the_remote() {
    let ground = Ground::new();
    let room = ground.room();
    let proposal = room.propose(&ground.repository(), &revert()).await.unwrap();
    let hook = "#!/bin/sh\necho 'GH006: Protected branch update failed for main.' >&2\n\
                printf 'See https://bot:t0ken@git.example.com/rules \\033[2J\\n' >&2\nexit 1\n";
    ground.script("remote.git/hooks/pre-receive", hook);
    let error = room.push(&proposal).await.unwrap_err();
    let GitError::Refused { words, .. } = &error else { panic!("{error}") };
    let wanted = "GH006: Protected branch update failed for main.; See \
                  https://[redacted]@git.example.com/rules";
    assert!(words.starts_with(wanted) && words.contains("pre-receive hook declined"), "{words}");
    assert!(!words.contains('\u{1b}') && !words.contains("t0ken"), "{words}");
    assert_eq!(count(&ground), 2);
    assert!(ground.is_tidy());
}

#[tokio::test]
async fn five_at_once_give_one_line_of_commits_or_say_that_they_did_not() {
    let ground = Ground::new();
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        let file = format!("environments/production/shop/{name}.yaml");
        ground.commit("seed", &file, &deployment(name, BAD), name);
    }
    let before = count(&ground);
    let room = ground.room();
    let mut proposals = Vec::new();
    for name in names {
        let proposal = room.propose(&ground.repository(), &revert_of(name, BAD, GOOD)).await;
        proposals.push(proposal.unwrap());
    }
    let pushes = join_all(proposals.iter().map(|proposal| room.push(proposal))).await;
    let mut done = 0;
    for result in pushes {
        match result {
            Ok(pushed) => {
                let asked = ["merge-base", "--is-ancestor", &pushed.commit, "main"];
                ground.git("remote.git", &asked);
                done += 1;
            }
            Err(error) => assert!(matches!(error, GitError::Busy { .. }), "{error}"),
        }
    }
    assert!(done >= 1);
    assert_eq!(count(&ground), before + done);
    assert_eq!(ground.git("remote.git", &["rev-list", "--merges", "--count", "main"]), "0");
    assert!(ground.is_tidy());
}

#[tokio::test]
async fn the_same_one_five_times_at_once_is_one_commit() {
    let ground = Ground::new();
    let room = ground.room();
    let proposal = room.propose(&ground.repository(), &revert()).await.unwrap();
    let all = join_all((0..5).map(|_| room.push(&proposal))).await;
    let all: Vec<_> = all.into_iter().map(Result::unwrap).collect();
    assert_eq!(all.iter().filter(|pushed| !pushed.before).count(), 1);
    assert!(all.iter().all(|pushed| pushed.commit == all[0].commit), "{all:?}");
    assert_eq!(count(&ground), 3);
}

#[tokio::test]
async fn it_is_signed_where_git_is_set_to() {
    let ground = Ground::new();
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(ground.path("key"))
        .status();
    if !made.is_ok_and(|status| status.success()) {
        assert!(std::env::var_os("CI").is_none(), "ssh-keygen is needed");
        return;
    }
    let key = ground.path("key").display().to_string();
    for (name, value) in
        [("commit.gpgSign", "true"), ("gpg.format", "ssh"), ("user.signingKey", key.as_str())]
    {
        ground.git("clone", &["config", name, value]);
    }
    let room = ground.room();
    let proposal = room.propose(&ground.repository(), &revert()).await.unwrap();
    assert!(proposal.signed);
    let pushed = room.push(&proposal).await.unwrap();
    let text = ground.git("remote.git", &["cat-file", "commit", &pushed.commit]);
    assert!(text.contains("\ngpgsig -----BEGIN SSH SIGNATURE-----"), "{text}");
    // A key that is not there is no reason to commit without one.
    ground.git("remote.git", &["update-ref", "refs/heads/main", &proposal.base]);
    ground.git("clone", &["config", "user.signingKey", "/nowhere/key"]);
    let error = room.push(&proposal).await.unwrap_err();
    assert!(matches!(error, GitError::Commit { .. }), "{error}");
    assert_eq!(count(&ground), 2);
}
