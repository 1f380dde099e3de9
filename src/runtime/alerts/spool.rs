//! The queue's files: one for each run, written whole or not at all.
//!
//! Beside it lies a lock that the run holds as long as it lives: whoever can take it knows that the
//! run has ended, and takes over what it left. So two runs never deliver the same alert. Called by
//! the parent.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::runtime::state::whole;

/// Largest file that is read, in bytes.
const MOST: u64 = 32 << 20;

/// Most runs of one process.
const RUNS: u32 = 1000;

/// The place of this run.
#[derive(Debug)]
pub(super) struct Spool {
    directory: PathBuf,
    path: PathBuf,
    lock: PathBuf,
    /// Holds the lock.
    _held: File,
    /// Files of ended runs, with their locks, until what was in them is in ours.
    adopted: Vec<(PathBuf, File)>,
}

impl Spool {
    /// A place of our own in this directory.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        whole::directory(directory)?;
        for run in 0..RUNS {
            let name = format!("{}-{run}", std::process::id());
            let lock = directory.join(format!("{name}.lock"));
            let path = directory.join(format!("{name}.jsonl"));
            // A namesake that has ended keeps its file until it is taken over.
            if path.exists() {
                continue;
            }
            if let Some(held) = whole::try_lock(&lock)? {
                let directory = directory.to_owned();
                return Ok(Self { directory, path, lock, _held: held, adopted: Vec::new() });
            }
        }
        Err(io::Error::other("too many runs of one process"))
    }

    /// What runs that have ended left, oldest first. Their files stay until
    /// [`Self::forget_adopted`].
    pub(super) fn adopt(&mut self) -> io::Result<Vec<String>> {
        let mut names = BTreeSet::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let is_ours = path.extension().is_some_and(|e| e == "jsonl" || e == "lock");
            if is_ours {
                names.insert(path.with_extension("jsonl"));
            }
        }
        let mut found = Vec::new();
        for path in names {
            let lock = path.with_extension("lock");
            if path == self.path {
                continue;
            }
            let Ok(Some(held)) = whole::try_lock(&lock) else { continue };
            match std::fs::metadata(&path).and_then(|data| data.modified()) {
                Ok(modified) => found.push((modified, path, held)),
                // It left nothing, or somebody was faster.
                Err(_) => {
                    let _ = std::fs::remove_file(&lock);
                }
            }
        }
        found.sort_by_key(|(modified, ..)| *modified);
        let mut texts = Vec::new();
        for (_, path, held) in found {
            let mut bytes = Vec::new();
            File::open(&path)?.take(MOST).read_to_end(&mut bytes)?;
            texts.push(String::from_utf8_lossy(&bytes).into_owned());
            self.adopted.push((path, held));
        }
        Ok(texts)
    }

    /// Removes what was taken over; to be called when it is in our own file.
    pub(super) fn forget_adopted(&mut self) {
        for (path, _held) in self.adopted.drain(..) {
            let _ = std::fs::remove_file(&path);
            let _ = std::fs::remove_file(path.with_extension("lock"));
        }
    }

    /// Writes and syncs. When this returns without an error the text is on the disk, and before
    /// that the one before it is.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return whole::remove(&self.path);
        }
        whole::write_durably(&self.path, text.as_bytes())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // A lock without a file is of no use to anybody.
        if !self.path.exists() {
            let _ = std::fs::remove_file(&self.lock);
        }
    }
}
