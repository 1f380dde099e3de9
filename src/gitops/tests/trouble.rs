//! What goes wrong before anything is written, and that each has a sentence of its own.

use std::net::TcpListener;
use std::time::Duration;

use super::ground::{BAD, FILE, Ground, deployment, revert};
use crate::domain::gitops::{Address, Repository, Source};
use crate::gitops::GitError;

async fn error_of(ground: &Ground, source: Source) -> GitError {
    let repository = Repository { source, ..ground.repository() };
    ground.room().propose(&repository, &revert()).await.unwrap_err()
}

#[tokio::test]
async fn where_no_clone_is_that_is_said() {
    let ground = Ground::new();
    ground.write("file", "");
    std::fs::create_dir(ground.path("folder")).unwrap();
    for (name, word) in [
        ("nowhere", "no clone is here"),
        ("file", "this is no folder"),
        ("folder", "this folder is in no git repository; name the folder of a clone"),
    ] {
        let error = error_of(&ground, Source::Checkout(ground.path(name))).await;
        assert!(matches!(error, GitError::Repository { .. }), "{error}");
        assert!(error.to_string().contains(word) && error.to_string().contains(name), "{error}");
    }
    assert!(ground.is_tidy());
}

#[tokio::test]
async fn a_clone_needs_one_remote_to_push_to() {
    let ground = Ground::new();
    let clone = || Source::Checkout(ground.path("clone"));
    ground.git("clone", &["remote", "rename", "origin", "upstream"]);
    let one = Repository { source: clone(), ..ground.repository() };
    assert!(ground.room().propose(&one, &revert()).await.is_ok(), "the only one is the one");
    ground.git("clone", &["remote", "add", "fork", "../fork.git"]);
    let error = error_of(&ground, clone()).await.to_string();
    assert!(error.ends_with("several remotes (fork, upstream), none called origin"), "{error}");
    ground.git("clone", &["remote", "remove", "fork"]);
    ground.git("clone", &["remote", "remove", "upstream"]);
    let error = error_of(&ground, clone()).await.to_string();
    assert!(error.contains("has no remote to push to"), "{error}");
    let trap = format!("ext::touch {}", ground.path("sprung").display());
    ground.git("clone", &["remote", "add", "origin", &trap]);
    let error = error_of(&ground, clone()).await;
    assert!(matches!(error, GitError::Remote { .. }), "{error}");
    assert!(!ground.path("sprung").exists());
}

#[tokio::test]
async fn the_remote_is_told_without_its_token() {
    let ground = Ground::new();
    let address = "https://bot:t0ken@127.0.0.1:1/shop.git";
    let error = error_of(&ground, Source::Url(Address::parse(address).unwrap())).await;
    let GitError::Fetch { remote, words } = &error else { panic!("{error}") };
    assert_eq!(*remote, "https://[redacted]@127.0.0.1:1/shop.git");
    assert!(!words.contains("t0ken") && !words.is_empty(), "{words}");
    assert!(!format!("{error:?}").contains("t0ken"));
    let gone = Source::Url(Address::parse("/nowhere/shop.git").unwrap());
    let error = error_of(&ground, gone).await.to_string();
    assert!(error.contains("/nowhere/shop.git") && error.contains("does not appear"), "{error}");
}

#[tokio::test]
async fn branches_that_are_not_there() {
    let ground = Ground::new();
    for name in ["nope", "-x", "a b", "a..b", "mai*", "refs/heads/main"] {
        let repository = Repository { branch: Some(name.into()), ..ground.repository() };
        let error = ground.room().propose(&repository, &revert()).await.unwrap_err();
        assert!(matches!(error, GitError::Branch { .. }), "{name}: {error}");
        assert!(error.to_string().ends_with(&format!("has no branch {name}")), "{error}");
    }
    let empty = Ground::empty();
    let source = Source::Checkout(empty.path("seed"));
    let error = error_of(&empty, source).await.to_string();
    assert!(error.ends_with("has no branch that it calls its default; name one"), "{error}");
}

#[tokio::test]
async fn somebody_has_to_commit() {
    let ground = Ground::new();
    ground.git("clone", &["config", "--remove-section", "user"]);
    let error = ground.room().propose(&ground.repository(), &revert()).await.unwrap_err();
    assert!(matches!(error, GitError::Identity { .. }), "{error}");
    let wanted = "Set user.name and user.email in its configuration";
    assert!(error.to_string().ends_with(wanted), "{error}");
    assert!(ground.is_tidy());
}

#[tokio::test]
async fn a_remote_that_never_answers_ends_within_its_limit() {
    let ground = Ground::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = format!("git://127.0.0.1:{port}/shop.git");
    let source = Source::Url(Address::parse(&address).unwrap());
    let repository = Repository { source, ..ground.repository() };
    let git = ground.hurried(Duration::from_millis(700));
    let revert = revert();
    let asked = git.propose(&repository, &revert);
    let asked = tokio::time::timeout(Duration::from_secs(5), asked).await;
    let error = asked.expect("it ends by itself").unwrap_err();
    let wanted = format!("no answer within 0.7 s: asking the remote for its branches ({address})");
    assert_eq!(error.to_string(), wanted);
    assert!(error.is_passing());
    assert!(ground.is_tidy());
}

#[tokio::test]
async fn a_push_that_hangs_is_looked_up_and_never_sent_again() {
    let ground = Ground::new();
    let proposal = ground.room().propose(&ground.repository(), &revert()).await.unwrap();
    let git = ground.hurried(Duration::from_secs(2));
    // The remote takes it, and does not say so.
    ground.script("remote.git/hooks/post-receive", "#!/bin/sh\nsleep 6\n");
    let pushed = git.push(&proposal).await.unwrap();
    assert_eq!(ground.git("remote.git", &["rev-parse", "main"]), pushed.commit);
    assert_eq!(ground.git("remote.git", &["rev-list", "--count", "main"]), "3");
    // It does not take it, and does not say so.
    std::fs::remove_file(ground.path("remote.git/hooks/post-receive")).unwrap();
    ground.git("remote.git", &["update-ref", "refs/heads/main", &proposal.base]);
    ground.script("remote.git/hooks/pre-receive", "#!/bin/sh\nsleep 6\nexit 1\n");
    let error = git.push(&proposal).await.unwrap_err();
    assert!(matches!(error, GitError::Push { .. }), "{error}");
    assert!(error.to_string().contains("no answer within 2 s"), "{error}");
}

#[tokio::test]
async fn files_that_cannot_be_read_are_named() {
    let ground = Ground::new();
    let large = format!("{}# {}\n", deployment("checkout", BAD), "x".repeat(2 * 1024 * 1024));
    ground.commit("seed", FILE, &large, "Large");
    let error = ground.room().propose(&ground.repository(), &revert()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("{FILE}: it is larger than 1 MiB"));
    let path = ground.path("seed").join(FILE);
    std::fs::write(&path, b"image: checkout \xff\n").unwrap();
    ground.git("seed", &["commit", "-qam", "Latin"]);
    ground.git("seed", &["push", "-q", "origin", "main"]);
    let error = ground.room().propose(&ground.repository(), &revert()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("{FILE}: it is not written in UTF-8"));
}

#[tokio::test]
async fn a_machine_without_git_is_told_so() {
    let ground = Ground::new();
    let mut git = ground.room();
    git.env.push(("PATH".into(), "/nowhere".into()));
    let error = git.propose(&ground.repository(), &revert()).await.unwrap_err();
    assert!(error.to_string().starts_with("git cannot be run: No such file"), "{error}");
}

#[tokio::test]
async fn a_state_folder_that_cannot_be_made_is_named() {
    let ground = Ground::new();
    ground.write("state", "a file");
    let error = ground.room().propose(&ground.repository(), &revert()).await.unwrap_err();
    assert!(matches!(error, GitError::State { .. }), "{error}");
}

#[tokio::test]
async fn what_is_given_up_half_way_leaves_nothing() {
    let ground = Ground::new();
    for millis in [1, 5, 15, 30, 60, 90] {
        let git = ground.room();
        let repository = ground.repository();
        let revert = revert();
        let asked = git.propose(&repository, &revert);
        let _ = tokio::time::timeout(Duration::from_millis(millis), asked).await;
    }
    // A git that is ended may still be at its last file.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(ground.is_tidy());
}
