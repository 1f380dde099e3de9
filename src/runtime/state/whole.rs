//! Files of the state directory that are there whole or not at all, and the locks beside them.
//!
//! Only their owner reads them. Never knows what is in them. Used by the files of this folder, by
//! the queue of alerts.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// A directory for the owner alone, with those above it.
pub(in crate::runtime) fn directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes a file beside its place and moves it there; its directory is made. When this returns an
/// error, what was there before still is.
pub(in crate::runtime) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Another process may write the same one.
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    put(path, &beside, |file| file.write_all(bytes))
}

/// The same for whoever holds the lock beside it, and waits until it is on the disk.
pub(in crate::runtime) fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    put(path, &beside, |file| file.write_all(bytes).and_then(|()| file.sync_all()))?;
    sync_name(path)
}

/// Waits until the name of a file is on the disk, which its own sync says nothing of.
pub(in crate::runtime) fn sync_name(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

fn put(
    path: &Path,
    beside: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    directory(path.parent().ok_or(io::ErrorKind::NotFound)?)?;
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(beside)?;
    let kept = fill(&mut file).and_then(|()| std::fs::rename(beside, path));
    if kept.is_err() {
        let _ = std::fs::remove_file(beside);
    }
    kept
}

/// Removes a file, which may be gone already.
pub(in crate::runtime) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A lock, if nobody has it. It is held as long as the file is open: a process that is gone,
/// however it went, holds none.
pub(in crate::runtime) fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600).open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        // Somebody may have removed it between the two: then its name is not held.
        Ok(()) => {
            let ours = file.metadata()?.ino();
            let is_there = std::fs::metadata(path).is_ok_and(|data| data.ino() == ours);
            Ok(is_there.then_some(file))
        }
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
