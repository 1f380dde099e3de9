//! A folder of our own that is gone when it is dropped, also after a failure.
//!
//! Called by `desk`.

use std::fs::DirBuilder;
use std::io::{Error, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::GitError;
use crate::domain::text::SafeText;

/// How many names are tried: some may be left by a program that was killed.
const TRIES: usize = 1000;

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
                Ok(()) => return Ok(Self(path)),
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
