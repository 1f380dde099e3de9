//! Where a revert is worked out: a folder of our own over the objects of a clone, or over a remote
//! alone.
//!
//! What is fetched or made goes into our folder (`GIT_OBJECT_DIRECTORY`); the clone's objects are
//! read beside it, and nothing in it is written: no branch, no index, no file, no lock. Called by
//! `propose` and `push`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::Git;
use super::call::{Caller, words};
use super::error::GitError;
use super::run::Answer;
use super::scratch::Scratch;
use crate::domain::gitops::{Address, Repository, Source};
use crate::domain::text::SafeText;

/// A repository that can be read, and a remote.
#[derive(Debug)]
pub(super) struct Desk<'g> {
    pub(super) caller: Caller<'g>,
    /// Removed with it.
    pub(super) scratch: Scratch,
    pub(super) fetch_from: Address,
    push_to: Address,
    /// Whether it has the whole history.
    is_whole: bool,
    pub(super) is_clone: bool,
}

/// What a branch of the remote points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tip {
    pub(super) branch: String,
    pub(super) commit: String,
}

/// An entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) mode: String,
    pub(super) id: String,
    pub(super) path: String,
}

/// A clone's parts.
struct Clone<'g> {
    caller: Caller<'g>,
    is_whole: bool,
}

impl<'g> Desk<'g> {
    /// Opens it. The remote is not asked yet.
    pub(super) async fn open(git: &'g Git, repository: &Repository) -> Result<Self, GitError> {
        let scratch = Scratch::new(&git.state)?;
        match &repository.source {
            Source::Checkout(path) => Self::over_clone(git, scratch, path).await,
            Source::Url(address) => Self::over_remote(git, scratch, address).await,
        }
    }

    async fn over_remote(
        git: &'g Git,
        scratch: Scratch,
        address: &Address,
    ) -> Result<Self, GitError> {
        let bare = scratch.join("repository.git");
        let folder = scratch.join("");
        let mut caller = Caller { git, folder, variables: Vec::new(), place: address.shown() };
        let mut making = words(&["init", "--quiet", "--bare", "--template=", "--"]);
        making.push(bare.as_os_str());
        caller.must("making a repository", &making).await?;
        caller.variables = vec![
            ("GIT_DIR", bare.into_os_string()),
            ("GIT_INDEX_FILE", scratch.join("index").into_os_string()),
        ];
        let (fetch_from, push_to) = (address.clone(), address.clone());
        Ok(Self { caller, scratch, fetch_from, push_to, is_whole: true, is_clone: false })
    }

    async fn over_clone(git: &'g Git, scratch: Scratch, path: &Path) -> Result<Self, GitError> {
        let Clone { caller, is_whole } = find_clone(git, &scratch, path).await?;
        let (fetch_from, push_to) = find_remote(&caller).await?;
        Ok(Self { caller, scratch, fetch_from, push_to, is_whole, is_clone: true })
    }

    /// The remote that is pushed to, without what is secret in its address.
    pub(super) fn remote(&self) -> SafeText {
        self.push_to.shown()
    }

    /// The same for git's arguments.
    pub(super) fn push_to(&self) -> &OsStr {
        OsStr::new(self.push_to.secret())
    }

    /// Whether all commits are here that the remote has.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Entries of a commit's tree by their paths; those that are not there are left out.
    pub(super) async fn entries(
        &self,
        commit: &str,
        paths: &[&str],
    ) -> Result<Vec<Entry>, GitError> {
        let mut asked = words(&["ls-tree", "-z", "--full-tree", commit, "--"]);
        asked.extend(paths.iter().map(OsStr::new));
        let answer = self.must("reading a tree", &asked).await?;
        let text = String::from_utf8_lossy(&answer.out).into_owned();
        let entry = |line: &str| {
            let (head, path) = line.split_once('\t')?;
            let mut head = head.split(' ');
            let (mode, _, id) = (head.next()?, head.next()?, head.next()?);
            Some(Entry { mode: mode.into(), id: id.into(), path: path.into() })
        };
        Ok(text.split('\0').filter_map(entry).collect())
    }

    /// What a file holds, by its id or `commit:path`.
    pub(super) async fn file(&self, name: &str) -> Result<Option<Vec<u8>>, GitError> {
        let answer = self.local("reading a file", &words(&["cat-file", "blob", name])).await?;
        Ok(answer.is_ok().then_some(answer.out))
    }

    /// Runs what needs no network.
    pub(super) async fn local(
        &self,
        step: &'static str,
        arguments: &[&OsStr],
    ) -> Result<Answer, GitError> {
        self.caller.local(step, arguments).await
    }

    /// Runs what needs no network and cannot fail by itself.
    pub(super) async fn must(
        &self,
        step: &'static str,
        arguments: &[&OsStr],
    ) -> Result<Answer, GitError> {
        self.caller.must(step, arguments).await
    }
}

/// Where a clone has its parts, with our folder for what is new.
async fn find_clone<'g>(
    git: &'g Git,
    scratch: &Scratch,
    path: &Path,
) -> Result<Clone<'g>, GitError> {
    let place = SafeText::new(&path.to_string_lossy());
    let folder = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let wrong = |cause: SafeText| GitError::Repository { place: place.clone(), cause };
    match tokio::fs::metadata(&folder).await {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(wrong("this is no folder; name the folder of a clone".into())),
        Err(error) => return Err(wrong(SafeText::from(format!("no clone is here: {error}")))),
    }
    let mut caller = Caller { git, folder, variables: Vec::new(), place: place.clone() };
    let asked = ["rev-parse", "--absolute-git-dir", "--is-shallow-repository", "--git-path"];
    let asked = [&asked[..], &["objects", "--is-bare-repository"]].concat();
    let answer = caller.local("looking for the clone", &words(&asked)).await?;
    if !answer.is_ok() {
        let is_none = answer.said.contains("not a git repository");
        let none = "this folder is in no git repository; name the folder of a clone".into();
        return Err(wrong(if is_none { none } else { answer.words() }));
    }
    let lines: Vec<&[u8]> = answer.out.split(|byte| *byte == b'\n').collect();
    let [git_dir, shallow, objects, bare, ..] = lines.as_slice() else {
        return Err(wrong("git does not say where its parts are".into()));
    };
    let theirs = caller.folder.join(as_path(objects));
    // Addresses that are relative begin where git itself would stand.
    if *bare == b"true" {
        caller.folder = as_path(git_dir);
    } else {
        let asked = words(&["rev-parse", "--show-toplevel"]);
        let top = caller.must("looking for the clone", &asked).await?.out;
        caller.folder = as_path(top.strip_suffix(b"\n").unwrap_or(&top));
    }
    caller.variables = vec![
        ("GIT_DIR", as_path(git_dir).into_os_string()),
        ("GIT_INDEX_FILE", scratch.join("index").into_os_string()),
        ("GIT_OBJECT_DIRECTORY", scratch.folder("objects").await?.into_os_string()),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", one_of_list(&theirs)),
    ];
    Ok(Clone { caller, is_whole: *shallow != b"true" })
}

/// The addresses of the remote `origin`, or of the only one: to read from, to push to. By its
/// addresses and not by its name: then a fetch or push moves no branch of the clone.
async fn find_remote(caller: &Caller<'_>) -> Result<(Address, Address), GitError> {
    let wrong =
        |cause: &str| GitError::Remote { place: caller.place.clone(), cause: SafeText::new(cause) };
    let listed = caller.must("listing remotes", &words(&["remote"])).await?.text();
    let names: Vec<&str> = listed.lines().collect();
    let name = match names.as_slice() {
        [] => return Err(wrong("this clone has no remote to push to; add one")),
        [only] => *only,
        several if several.contains(&"origin") => "origin",
        several => {
            let several = several.join(", ");
            return Err(wrong(&format!("it has several remotes ({several}), none called origin")));
        }
    };
    let fetch_from = caller.setting(&format!("remote.{name}.url")).await?;
    let Some(fetch_from) = fetch_from else {
        return Err(wrong(&format!("its remote {name} has no address")));
    };
    let push_to = caller.setting(&format!("remote.{name}.pushurl")).await?;
    let push_to = push_to.unwrap_or_else(|| fetch_from.clone());
    let address = |text: &str| Address::parse(text).map_err(|error| wrong(&error.to_string()));
    Ok((address(&fetch_from)?, address(&push_to)?))
}

fn as_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

/// A path as one of a list that is separated by colons: in quotes, as C writes them.
fn one_of_list(path: &Path) -> OsString {
    let mut quoted = vec![b'"'];
    for byte in path.as_os_str().as_bytes() {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
    }
    quoted.push(b'"');
    OsString::from_vec(quoted)
}
