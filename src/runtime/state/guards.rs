//! Guards as they stand, a file each, for whoever starts after this program was killed.
//!
//! While a program guards, it holds the lock of the guard's file: what is not locked is nobody's.
//! Best effort: a guard does not fail because its file cannot be written; it is said. Never decides
//! what becomes of a guard that was left. Called by `perform` and `start`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::journal::hash;
use super::whole;
use crate::domain::id::Uid;

/// The guards of this user.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct Guards {
    directory: Option<PathBuf>,
    held: Arc<Mutex<BTreeMap<Uid, Hold>>>,
}

/// A guard that is ours.
#[derive(Debug)]
struct Hold {
    /// Locked as long as it is open.
    _lock: File,
    /// The newest state that was written: an older one that comes late is not.
    written: u64,
}

impl Guards {
    /// In this directory; `None` where there is no place for any.
    pub(in crate::runtime) fn new(directory: Option<PathBuf>) -> Self {
        Self { directory, held: Arc::default() }
    }

    /// Keeps how a guard stands; states are numbered in the order in which they were.
    pub(in crate::runtime) fn keep(&self, uid: &Uid, number: u64, kept: &Value) -> io::Result<()> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.contains_key(uid) {
            whole::directory(directory)?;
            let lock = whole::try_lock(&lock_of(directory, uid))?;
            let Some(lock) = lock else {
                return Err(io::Error::other("another program of yours guards it"));
            };
            held.insert(uid.clone(), Hold { _lock: lock, written: 0 });
        }
        let Some(hold) = held.get_mut(uid).filter(|hold| hold.written < number) else {
            return Ok(());
        };
        hold.written = number;
        whole::write_durably(&file_of(directory, uid), kept.to_string().as_bytes())
    }

    /// Nothing is to be gone on with.
    pub(in crate::runtime) fn forget(&self, uid: &Uid) -> io::Result<()> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hold) = held.get_mut(uid) {
            // What is still on its way to the disk is older.
            hold.written = u64::MAX;
        }
        whole::remove(&file_of(directory, uid))
    }

    /// Guards that were left by a program that is not there any more.
    pub(in crate::runtime) fn left(&self) -> Vec<Value> {
        let Some(directory) = &self.directory else { return Vec::new() };
        let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let kept = paths.filter(|path| path.extension().is_some_and(|e| e == "json"));
        let nobodys = kept.filter(|path| {
            // Held for the moment of this look only.
            matches!(whole::try_lock(&path.with_extension("lock")), Ok(Some(_)))
        });
        nobodys.filter_map(|path| serde_json::from_slice(&std::fs::read(path).ok()?).ok()).collect()
    }
}

fn file_of(directory: &Path, uid: &Uid) -> PathBuf {
    directory.join(format!("{}.json", hash(uid.as_bytes())))
}

fn lock_of(directory: &Path, uid: &Uid) -> PathBuf {
    file_of(directory, uid).with_extension("lock")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_held_is_not_left_and_what_was_left_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("guards");
        let (ours, theirs) = (Guards::new(Some(place.clone())), Guards::new(Some(place.clone())));
        let uid = Uid::new("u/../1");
        assert!(ours.left().is_empty());
        ours.keep(&uid, 1, &json!({ "n": 1 })).unwrap();
        ours.keep(&uid, 3, &json!({ "n": 3 })).unwrap();
        ours.keep(&uid, 2, &json!({ "n": 2 })).unwrap();
        assert!(theirs.left().is_empty(), "it is held");
        let refused = theirs.keep(&uid, 9, &json!({})).unwrap_err();
        assert!(refused.to_string().contains("another program"), "{refused}");
        drop(ours);
        assert_eq!(theirs.left(), [json!({ "n": 3 })]);
        theirs.keep(&uid, 1, &json!({ "n": 4 })).unwrap();
        theirs.forget(&uid).unwrap();
        theirs.keep(&uid, 5, &json!({ "n": 5 })).unwrap();
        drop(theirs);
        assert!(Guards::new(Some(place)).left().is_empty());
        assert!(Guards::new(None).keep(&uid, 1, &json!({})).is_ok());
    }
}
