//! A folder of our own that is gone when it is dropped, also after a failure.
//!
//! Whoever makes one also clears those that a program left when it was killed. Called by `desk`.

use std::fs::{DirBuilder, Metadata};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::error::GitError;
use crate::domain::text::SafeText;

/// How many names are tried: some may be left by a program that was killed.
const TRIES: usize = 1000;

/// A folder in which nothing happened for so long is nobody's. Whether its program still runs
/// cannot be asked: a home may be shared by machines.
const LEFT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A folder that nobody else reads.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes one below `state`, and `state` where it is not there.
    pub(super) fn new(state: &Path) -> Result<Self, GitError> {
        let mut all = DirBuilder::new();
        all.recursive(true).mode(0o700).create(state).map_err(|error| wrong(state, &error))?;
        // Git is started in other folders than this program.
        let state = std::path::absolute(state).map_err(|error| wrong(state, &error))?;
        let mut last = Error::from(ErrorKind::AlreadyExists);
        for _ in 0..TRIES {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = state.join(format!("git-{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    clear(&state, &path);
                    return Ok(Self(path));
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(wrong(&state, &error)),
            }
        }
        Err(wrong(&state, &last))
    }

    /// A path in it.
    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes a folder in it.
    pub(super) async fn folder(&self, name: &str) -> Result<PathBuf, GitError> {
        let path = self.join(name);
        tokio::fs::create_dir(&path).await.map_err(|error| wrong(&path, &error))?;
        Ok(path)
    }

    /// Writes a file in it.
    pub(super) async fn write(&self, name: &str, text: &[u8]) -> Result<PathBuf, GitError> {
        let path = self.join(name);
        tokio::fs::write(&path, text).await.map_err(|error| wrong(&path, &error))?;
        Ok(path)
    }
}

/// Removes what others left long before `new` was made, by the clock of the file system. A failure
/// is no matter: it is only clutter.
fn clear(state: &Path, new: &Path) {
    let Ok(now) = std::fs::metadata(new).and_then(|new| new.modified()) else { return };
    let entries = std::fs::read_dir(state).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_ours(&entry.file_name().to_string_lossy())) {
        let changed =
            entry.metadata().ok().filter(Metadata::is_dir).and_then(|m| m.modified().ok());
        let left = changed.and_then(|changed| now.duration_since(changed).ok());
        if left.is_some_and(|left| left > LEFT_FOR) {
            let gone = std::fs::remove_dir_all(entry.path());
            tracing::info!(folder = %entry.path().display(), ?gone, "a folder that was left");
        }
    }
}

/// Whether it is a name that we give: `git-1234-0`.
fn is_ours(name: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = name.strip_prefix("git-").and_then(|rest| rest.split_once('-'));
    numbers.is_some_and(|(process, count)| number(process) && number(count))
}

fn wrong(path: &Path, error: &Error) -> GitError {
    GitError::State {
        folder: SafeText::new(&path.to_string_lossy()),
        cause: SafeText::new(&error.to_string()),
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A git that was ended a moment ago may still put a file into it.
        let gone = (0..3).find_map(|_| match std::fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => None,
            _ => Some(()),
        });
        if gone.is_none() {
            tracing::warn!(folder = %self.0.display(), "this folder is left; it may be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{File, create_dir, metadata, write};

    use super::*;

    #[test]
    fn what_was_left_is_cleared_and_nothing_else() {
        let state = tempfile::tempdir().unwrap();
        let now = metadata(state.path()).unwrap().modified().unwrap();
        let long_ago = now - LEFT_FOR - Duration::from_secs(60);
        let place = |name: &str| state.path().join(name);
        for name in ["git-7-0", "git-7-1", "git-x-0", "gitops"] {
            create_dir(place(name)).unwrap();
            write(place(name).join("HEAD"), "x").unwrap();
            if name != "git-7-1" {
                File::open(place(name)).unwrap().set_modified(long_ago).unwrap();
            }
        }
        write(place("git-9-9"), "a file").unwrap();
        File::open(place("git-9-9")).unwrap().set_modified(long_ago).unwrap();
        let own = Scratch::new(state.path()).unwrap();
        assert!(!place("git-7-0").exists(), "it was left");
        for name in ["git-7-1", "git-x-0", "gitops", "git-9-9"] {
            assert!(place(name).exists(), "{name}");
        }
        let path = own.join("");
        drop(own);
        assert!(!path.exists());
    }
}
