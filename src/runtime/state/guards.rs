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

/// What this process has to do with the file of a guard.
#[derive(Debug, Default)]
struct Hold {
    /// Locked as long as it is open; none while no guard of ours is kept there.
    lock: Option<File>,
    /// Number of the newest state that was kept or forgotten: an older one that comes late changes
    /// nothing, the next guard of the same workload does.
    newest: u64,
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
        let hold = held.entry(uid.clone()).or_default();
        if number <= hold.newest {
            return Ok(());
        }
        if hold.lock.is_none() {
            whole::directory(directory)?;
            hold.lock = whole::try_lock(&lock_of(directory, uid))?;
        }
        if hold.lock.is_none() {
            return Err(io::Error::other("another program of yours guards it"));
        }
        hold.newest = number;
        whole::write_durably(&file_of(directory, uid), kept.to_string().as_bytes())
    }

    /// Nothing is to be gone on with, as of this number; what another program keeps stays.
    pub(in crate::runtime) fn forget(&self, uid: &Uid, number: u64) -> io::Result<()> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let hold = held.entry(uid.clone()).or_default();
        if number <= hold.newest {
            return Ok(());
        }
        hold.newest = number;
        let file = file_of(directory, uid);
        let lock = match hold.lock.take() {
            // One that was left, gone on with, and over before it was kept anew.
            None if file.exists() => whole::try_lock(&lock_of(directory, uid))?,
            lock => lock,
        };
        let Some(lock) = lock else { return Ok(()) };
        let removed = whole::remove(&file);
        // Given back only now: what is kept from here on is another guard's.
        drop(lock);
        removed
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
        theirs.forget(&uid, 3).unwrap();
        theirs.keep(&uid, 2, &json!({ "n": 5 })).unwrap();
        drop(theirs);
        assert!(Guards::new(Some(place)).left().is_empty(), "what comes late is over");
        assert!(Guards::new(None).keep(&uid, 1, &json!({})).is_ok());
        assert!(Guards::new(None).forget(&uid, 1).is_ok());
    }

    #[test]
    fn the_next_guard_of_the_same_workload_is_kept_again() {
        let dir = tempfile::tempdir().unwrap();
        let of = || Guards::new(Some(dir.path().to_owned()));
        let (ours, uid) = (of(), Uid::new("u"));
        ours.keep(&uid, 1, &json!({ "n": 1 })).unwrap();
        ours.forget(&uid, 2).unwrap();
        ours.keep(&uid, 4, &json!({ "n": 4 })).unwrap();
        // The end of a guard before it, from a slow disk.
        ours.forget(&uid, 3).unwrap();
        assert!(of().left().is_empty(), "it is held");
        drop(ours);
        assert_eq!(of().left(), [json!({ "n": 4 })]);
    }

    #[test]
    fn who_stands_by_takes_nothing_from_who_acts() {
        let dir = tempfile::tempdir().unwrap();
        let of = || Guards::new(Some(dir.path().to_owned()));
        let (acting, standby, uid) = (of(), of(), Uid::new("u"));
        acting.keep(&uid, 1, &json!({ "n": 1 })).unwrap();
        standby.keep(&uid, 1, &json!({ "n": 2 })).unwrap_err();
        standby.forget(&uid, 2).unwrap();
        drop(acting);
        assert_eq!(standby.left(), [json!({ "n": 1 })]);
        // Nobody's by now: whoever went on with it, and is done, takes it away.
        standby.forget(&uid, 3).unwrap();
        assert!(standby.left().is_empty());
        // A guard that is over is in nobody's way.
        standby.keep(&uid, 4, &json!({ "n": 4 })).unwrap();
        standby.forget(&uid, 5).unwrap();
        let next = of();
        next.keep(&uid, 1, &json!({ "n": 5 })).unwrap();
        drop(next);
        assert_eq!(standby.left(), [json!({ "n": 5 })]);
    }
}
