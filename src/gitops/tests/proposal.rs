//! What is proposed, and that the clone it was worked out in stays as it was.

use super::ground::{BAD, FILE, GOOD, Ground, deployment, revert, revert_of};
use crate::domain::gitops::{Address, Culprit, Inside, Mark, Repository, Source};
use crate::gitops::GitError;

fn below(ground: &Ground, path: &str) -> Repository {
    Repository { path: Inside::parse(path).unwrap(), ..ground.repository() }
}

#[tokio::test]
async fn it_says_which_line_changes_whom_it_takes_back_and_in_which_words() {
    let ground = Ground::new();
    let proposal = ground.room().propose(&ground.repository(), &revert()).await.unwrap();
    assert_eq!(proposal.change.file, FILE);
    assert_eq!(proposal.change.at, (11, 18));
    assert_eq!(proposal.change.after, deployment("checkout", GOOD));
    let told = |mark| {
        let lines = proposal.diff.iter().filter(|line| line.mark == mark);
        lines.map(|line| line.text.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(Mark::Out), [format!("image: {BAD} # set by the pipeline")]);
    assert_eq!(told(Mark::In), [format!("image: {GOOD} # set by the pipeline")]);
    let head = ground.git("clone", &["rev-parse", "HEAD"]);
    assert_eq!((proposal.base.as_str(), proposal.base_branch.as_str()), (head.as_str(), "main"));
    let Culprit::Known { commit, plain: true } = &proposal.culprit else {
        panic!("{:?}", proposal.culprit)
    };
    assert_eq!((commit.id.as_str(), commit.author.as_str()), (head.as_str(), "Ben"));
    assert_eq!(commit.subject, "Deploy checkout 1.4.3");
    assert!(proposal.remarks.iter().any(|remark| remark.contains("plain git revert")));
    assert_eq!(proposal.identity, "Ana <ana@example.com>");
    assert!(proposal.is_direct() && !proposal.signed);
    let first = "Revert checkout in production to shop/checkout:1.4.2\n";
    assert!(proposal.message.starts_with(first), "{}", proposal.message);
    assert!(ground.is_tidy());
}

#[tokio::test]
async fn what_git_revert_would_not_do_alike_is_not_claimed() {
    let ground = Ground::new();
    ground.write(&format!("seed/{FILE}"), &deployment("checkout", GOOD));
    ground.write("seed/other", "1");
    ground.git("seed", &["add", "."]);
    ground.git("seed", &["commit", "-q", "-m", "back"]);
    ground.write(&format!("seed/{FILE}"), &deployment("checkout", BAD));
    ground.write("seed/other", "2");
    ground.git("seed", &["commit", "-qam", "Deploy much"]);
    ground.git("seed", &["push", "-q", "origin", "main"]);
    let proposal = ground.room().propose(&ground.repository(), &revert()).await.unwrap();
    let Culprit::Known { commit, plain: false } = &proposal.culprit else {
        panic!("{:?}", proposal.culprit)
    };
    assert_eq!(commit.subject, "Deploy much", "the newest that brought it in");
    assert!(proposal.message.contains("in its image, and in nothing else it did"));
}

#[tokio::test]
async fn a_dirty_clone_on_a_detached_head_stays_byte_for_byte() {
    let ground = Ground::new();
    ground.git("clone", &["checkout", "-q", "--detach", "HEAD~1"]);
    ground.write(&format!("clone/{FILE}"), "half written");
    ground.write("clone/staged", "staged");
    ground.git("clone", &["add", "staged"]);
    ground.write("clone/untracked", "mine");
    // The clone is behind, and does not know; a fetch by name would move its branches.
    ground.commit("seed", "other.yaml", "a: 1\n", "Something else");
    // Somebody else's git has the index.
    ground.write("clone/.git/index.lock", "");
    ground.write("clone/.git/refs/heads/main.lock", "");
    let (before, status) = (ground.all_of("clone"), ground.git("clone", &["status"]));
    let proposal = ground.room().propose(&ground.repository(), &revert()).await.unwrap();
    let pushed = ground.room().push(&proposal).await.unwrap();
    assert_eq!(proposal.base, ground.git("seed", &["rev-parse", "HEAD"]));
    assert_eq!(pushed.commit, ground.git("remote.git", &["rev-parse", "main"]));
    assert!(ground.all_of("clone") == before, "the clone was touched");
    assert_eq!(ground.git("clone", &["status"]), status);
    assert!(ground.is_tidy());
}

#[tokio::test]
async fn hooks_filters_and_helpers_of_a_clone_never_run() {
    let ground = Ground::new();
    let trap = format!("#!/bin/sh\ntouch '{}'\nexit 1\n", ground.path("sprung").display());
    ground.script("trap", &trap);
    let hooks =
        ["pre-commit", "commit-msg", "prepare-commit-msg", "post-commit", "pre-push", "post-merge"];
    let more = ["reference-transaction", "post-index-change", "fsmonitor-watchman", "pre-auto-gc"];
    for hook in hooks.iter().chain(&more) {
        ground.script(&format!("clone/.git/hooks/{hook}"), &trap);
    }
    let command = ground.path("trap").display().to_string();
    for key in [
        "core.fsmonitor",
        "filter.evil.clean",
        "filter.evil.smudge",
        "diff.evil.textconv",
        "diff.external",
        "core.pager",
        "core.askPass",
        "remote.origin.uploadpack",
        "remote.origin.receivepack",
    ] {
        ground.git("clone", &["config", key, &command]);
    }
    for key in ["color.ui", "color.grep", "color.remote", "push.followTags", "fetch.prune"] {
        ground.git(
            "clone",
            &["config", key, if key.starts_with("color") { "always" } else { "true" }],
        );
    }
    ground.write("clone/.gitattributes", "* filter=evil diff=evil\n");
    ground.commit("seed", ".gitattributes", "* filter=evil diff=evil\n", "Attributes");
    let room = ground.room();
    let proposal = room.propose(&ground.repository(), &revert()).await.unwrap();
    room.push(&proposal).await.unwrap();
    assert_eq!(ground.remote_file("main", FILE), deployment("checkout", GOOD).trim_end());
    assert!(!ground.path("sprung").exists(), "something of the clone was run");
}

#[tokio::test]
async fn a_remote_without_a_clone_will_do() {
    let ground = Ground::new();
    let address = format!("file://{}", ground.path("remote.git").display());
    let source = Source::Url(Address::parse(&address).unwrap());
    let repository = Repository { source, ..ground.repository() };
    let room = ground.room_with("[user]\nname = Cy\nemail = cy@example.com\n");
    let proposal = room.propose(&repository, &revert()).await.unwrap();
    assert!(matches!(proposal.culprit, Culprit::Known { plain: true, .. }));
    // Made anew on top of what somebody else pushed, out of the newest commit alone.
    ground.commit("seed", "other.yaml", "a: 1\n", "Something else");
    let pushed = room.push(&proposal).await.unwrap();
    let told = ground.git("remote.git", &["log", "--format=%an %cn %s", "-2", &pushed.commit]);
    let own = format!("Cy Cy Revert checkout in production to {GOOD}");
    assert_eq!(told, format!("{own}\nBen Ben Something else"));
    assert!(ground.is_tidy());
}

#[tokio::test]
async fn a_shallow_clone_says_that_its_history_is_cut_short() {
    let ground = Ground::new();
    let address = format!("file://{}", ground.path("remote.git").display());
    ground.git(".", &["clone", "-q", "--depth=1", &address, "shallow"]);
    ground.person("shallow", "Ana");
    let source = Source::Checkout(ground.path("shallow"));
    let repository = Repository { source, ..ground.repository() };
    let proposal = ground.room().propose(&repository, &revert()).await.unwrap();
    let Culprit::Unknown(why) = &proposal.culprit else { panic!("{:?}", proposal.culprit) };
    assert!(why.contains("shallow"), "{why}");
    ground.room().push(&proposal).await.unwrap();
    assert_eq!(ground.git("remote.git", &["rev-list", "--count", "main"]), "3");
}

#[tokio::test]
async fn clones_of_every_kind_will_do() {
    let ground = Ground::new();
    ground.git("clone", &["worktree", "add", "-q", "--detach", "../linked"]);
    ground.git(".", &["clone", "-q", "--bare", "remote.git", "bare.git"]);
    ground.person("bare.git", "Ana");
    ground.git(".", &["clone", "-q", "remote.git", "od:d \"na\\me\""]);
    ground.person("od:d \"na\\me\"", "Ana");
    // One that has files only when they are asked for.
    ground.git("remote.git", &["config", "uploadpack.allowFilter", "true"]);
    let address = format!("file://{}", ground.path("remote.git").display());
    ground.git(".", &["clone", "-q", "--filter=blob:none", "--no-checkout", &address, "partial"]);
    ground.person("partial", "Ana");
    for name in ["linked", "bare.git", "clone/environments", "od:d \"na\\me\"", "partial"] {
        let repository =
            Repository { source: Source::Checkout(ground.path(name)), ..ground.repository() };
        let proposal = ground.room().propose(&repository, &revert()).await;
        assert_eq!(proposal.expect(name).change.file, FILE, "{name}");
    }
}

#[tokio::test]
async fn a_kustomization_with_windows_line_ends_keeps_them() {
    let ground = Ground::new();
    let text = "# Bumped by a bot\r\nresources: [../base]\r\nimages:\r\n- name: checkout\r\n  \
                newName: shop/checkout\r\n  newTag: '1.4.3'  # now\r\n# end";
    let file = "overlays/production/kustomization.yaml";
    ground.commit("seed", file, &text.replace("1.4.3", "1.4.2"), "Before");
    ground.commit("seed", file, text, "Deploy checkout 1.4.3 there");
    let repository = below(&ground, "overlays/production");
    let proposal = ground.room().propose(&repository, &revert()).await.unwrap();
    assert!(proposal.remarks[0].contains("every container"), "{:?}", proposal.remarks);
    let Culprit::Known { commit, plain: true } = &proposal.culprit else {
        panic!("{:?}", proposal.culprit)
    };
    assert_eq!(commit.subject, "Deploy checkout 1.4.3 there");
    ground.room().push(&proposal).await.unwrap();
    assert_eq!(ground.remote_file("main", file), text.replace("1.4.3", "1.4.2"));
}

#[tokio::test]
async fn an_image_by_digest_in_a_file_of_several_documents() {
    let ground = Ground::new();
    let of = |byte: &str| format!("shop/checkout@sha256:{}", byte.repeat(32));
    let (bad, good) = (of("0a"), of("0b"));
    let text = |image: &str| {
        let other = deployment("cart", &good).replace("checkout", "cart");
        format!("{other}---\n{}---\nkind: Service\n", deployment("checkout", image))
    };
    ground.commit("seed", "all/shop.yaml", &text(&bad), "All");
    let revert = revert_of("checkout", &bad, &good);
    let proposal = ground.room().propose(&below(&ground, "all"), &revert).await.unwrap();
    assert_eq!(proposal.change.after, text(&good));
    // The file came with it: reverting that commit would take the file away.
    assert!(matches!(proposal.culprit, Culprit::Known { plain: false, .. }));
}

#[tokio::test]
async fn nothing_is_to_be_done_where_git_names_the_good_image() {
    let ground = Ground::new();
    ground.commit("seed", FILE, &deployment("checkout", GOOD), "Back");
    let error = ground.room().propose(&ground.repository(), &revert()).await.unwrap_err();
    assert!(error.is_done(), "{error}");
    let wanted =
        format!("{FILE}:11 on branch main names {GOOD} already: nothing is to be committed");
    assert_eq!(error.to_string(), wanted);
    // A third image is neither.
    ground.commit("seed", FILE, &deployment("checkout", "shop/checkout:9"), "Hotfix");
    let error = ground.room().propose(&ground.repository(), &revert()).await.unwrap_err();
    assert!(matches!(error, GitError::Other { .. }) && !error.is_done(), "{error}");
    assert!(error.to_string().contains("names shop/checkout:9, which is neither"), "{error}");
}

#[tokio::test]
async fn one_place_has_to_name_it() {
    let ground = Ground::new();
    ground.commit("seed", "many/a.yaml", &deployment("cart", BAD), "a");
    ground.commit("seed", "many/b.yaml", &deployment("basket", BAD), "b");
    let of = |name| revert_of(name, BAD, GOOD);
    let propose =
        async |path: &str, name| ground.room().propose(&below(&ground, path), &of(name)).await;
    let error = propose("many", "checkout").await.unwrap_err();
    let several = format!("several places name {BAD}: many/a.yaml:11, many/b.yaml:11. Name a ");
    assert!(error.to_string().starts_with(&several), "{error}");
    // The workload's own name tells them apart.
    assert_eq!(propose("many", "basket").await.unwrap().change.file, "many/b.yaml");
    assert_eq!(propose("many/a.yaml", "checkout").await.unwrap().change.file, "many/a.yaml");
    ground.commit("seed", "none/a.yaml", "kind: Service\n# checkout\n", "c");
    let error = propose("none", "checkout").await.unwrap_err();
    assert!(error.to_string().contains("says which image app has"), "{error}");
    // A file that is no YAML matters only where nothing else is found.
    ground.commit("seed", "none/b.yaml", "checkout: {{ x }\n", "d");
    let error = propose("none", "checkout").await.unwrap_err();
    assert!(error.to_string().starts_with("none/b.yaml: line "), "{error}");
}

#[tokio::test]
async fn a_path_does_not_leave_the_repository() {
    let ground = Ground::new();
    std::os::unix::fs::symlink("/etc", ground.path("seed/out")).unwrap();
    std::os::unix::fs::symlink("environments", ground.path("seed/envs")).unwrap();
    ground.git("seed", &["add", "."]);
    ground.git("seed", &["commit", "-qm", "links"]);
    ground.git("seed", &["push", "-q", "origin", "main"]);
    for (path, word) in [
        ("out", "out on branch main: it is a symbolic link"),
        ("envs/production/shop", "envs on branch main: it is a symbolic link"),
        ("nowhere/shop", "nowhere on branch main: it is not there"),
        (":(top)environments", "it is not there"),
        ("environments/*", "it is not there"),
    ] {
        let error = ground.room().propose(&below(&ground, path), &revert()).await.unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn five_thousand_files_are_no_trouble() {
    let ground = Ground::new();
    let files = (0..5_000).map(|number| {
        let file = format!("apps/{}/service-{number}/deployment.yaml", number % 50);
        (file, deployment(&format!("service-{number}"), "shop/other:1"))
    });
    ground.import(files);
    let room = ground.room();
    let proposal = room.propose(&below(&ground, "."), &revert()).await.unwrap();
    assert_eq!(proposal.change.file, FILE);
    let pushed = room.push(&proposal).await.unwrap();
    let asked = ["diff-tree", "-r", "--name-only", "--no-commit-id", &pushed.commit];
    assert_eq!(ground.git("remote.git", &asked), FILE);
    // Where thousands name it, the path is too wide.
    let error = room.propose(&below(&ground, "."), &revert_of("x", "shop/other:1", GOOD)).await;
    assert!(error.unwrap_err().to_string().contains("name a narrower path"));
}
