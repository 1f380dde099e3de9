//! The journal file: one JSON object a line, appended and synced before a request leaves.
//!
//! Each line carries the hash of the line before it, so that a changed or missing line is found.
//! Several processes may write: each append holds the file's lock. Never decides by old lines.
//! Called by `door`, `perform` and, for what a killed process left undone, `start`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest::{SHA256, digest};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};

use crate::domain::time::{Span, Timestamp};
use crate::terminal::fall;

use super::whole;

/// Bytes at the end of the file in which the last line is looked for.
const TAIL: u64 = 256 * 1024;

/// The journal's file of this month.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct Journal {
    directory: Option<PathBuf>,
    /// Instead of a directory: a disk with faults of its own.
    #[cfg(test)]
    pub(in crate::runtime) disk: Option<Arc<crate::runtime::tests::Disk>>,
    /// One append at a time in this process, without holding up the others by the file's lock.
    turn: Arc<Mutex<()>>,
}

impl Journal {
    /// A journal in this directory; `None` when there is no place for one.
    pub(in crate::runtime) fn new(directory: Option<PathBuf>) -> Self {
        Self {
            directory,
            #[cfg(test)]
            disk: None,
            turn: Arc::default(),
        }
    }

    /// Where it is.
    pub(super) fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// Where it is, for people.
    pub(in crate::runtime) fn place(&self) -> String {
        self.directory.as_ref().map_or_else(|| "nowhere".into(), |d| d.display().to_string())
    }

    /// The same without holding up whoever waits for it.
    pub(in crate::runtime) async fn write(&self, at: Timestamp, line: Value) -> io::Result<()> {
        #[cfg(test)]
        if let Some(disk) = &self.disk {
            return disk.append(line).await;
        }
        let journal = self.clone();
        let written = tokio::task::spawn_blocking(move || {
            fall::here("journal");
            journal.append(at, line)
        })
        .await;
        written.map_err(io::Error::other)?
    }

    /// Appends and syncs. When this returns without an error the line is on the disk.
    pub(in crate::runtime) fn append(&self, at: Timestamp, line: Value) -> io::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.made()?.join(month(at));
        append_line(&path, line)
    }

    /// The last lines before that instant, oldest first; none where they cannot be read. Lines
    /// that are no JSON are left out.
    pub(in crate::runtime) fn recent(&self, at: Timestamp) -> Vec<Value> {
        let Some(directory) = &self.directory else { return Vec::new() };
        let before = at - Span::days(28);
        let mut names = vec![month(before), month(at)];
        names.dedup();
        let tails = names.iter().filter_map(|name| {
            let mut file = File::open(directory.join(name)).ok()?;
            tail(&mut file).ok()
        });
        let lines = tails.map(|bytes| {
            let text = String::from_utf8_lossy(&bytes);
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<_>>()
        });
        lines.flatten().collect()
    }

    /// Whether an append at that instant would be taken, without one: makes the directory, opens
    /// this month's file when there is one, and puts a file beside it that is removed again.
    pub(in crate::runtime) fn probe(&self, at: Timestamp) -> io::Result<()> {
        let directory = self.made()?;
        let month = directory.join(month(at));
        if month.exists() {
            OpenOptions::new().read(true).append(true).open(month)?;
        }
        let probe = directory.join(format!(".probe-{}", std::process::id()));
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&probe)?;
        // A full disk takes the name and not the bytes.
        let written = file.write_all(b"probe\n").and_then(|()| file.sync_all());
        written.and(std::fs::remove_file(&probe))
    }

    fn made(&self) -> io::Result<&Path> {
        let directory = self.directory.as_ref().ok_or_else(|| {
            io::Error::other("no place for the journal: neither XDG_STATE_HOME nor HOME is set")
        })?;
        whole::directory(directory)?;
        Ok(directory)
    }
}

/// The file of an instant's month.
fn month(at: Timestamp) -> String {
    format!("{}.jsonl", at.format("%Y-%m"))
}

fn append_line(path: &Path, line: Value) -> io::Result<()> {
    let mut file =
        OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    flock(&file, FlockOperation::LockExclusive)?;
    let text = chained(&tail(&mut file)?, line);
    file.write_all(text.as_bytes())?;
    file.sync_all()
    // Closing the file gives the lock back.
}

/// The end of the file, with its last line in it.
fn tail(file: &mut File) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A line as it is appended to what ends so: with the hash of the line before it.
pub(in crate::runtime) fn chained(tail: &[u8], mut line: Value) -> String {
    let tail = String::from_utf8_lossy(tail);
    let last = tail.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
    if let Value::Object(fields) = &mut line {
        fields.insert("prev".into(), json!(hash(last.as_bytes())));
    }
    // A line that was cut off stays as it is; ours begins on a line of its own.
    let torn = !tail.is_empty() && !tail.ends_with('\n');
    let begin = if torn { "\n" } else { "" };
    format!("{begin}{line}\n")
}

/// The first eight bytes of the SHA-256 of these bytes, in hexadecimal digits.
pub(in crate::runtime) fn hash(bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    let mut text = String::with_capacity(16);
    for byte in digest.as_ref().iter().take(8) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &Path) -> Vec<String> {
        std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn each_line_names_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("j.jsonl");
        for n in 0..3 {
            append_line(&path, json!({ "n": n })).unwrap();
        }
        let lines = lines(&path);
        for pair in lines.windows(2) {
            let next: Value = serde_json::from_str(&pair[1]).unwrap();
            assert_eq!(next["prev"], json!(hash(pair[0].as_bytes())));
        }
    }

    #[test]
    fn a_torn_tail_loses_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("j.jsonl");
        append_line(&path, json!({ "n": 1 })).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"n\": 2, \"cut").unwrap();
        append_line(&path, json!({ "n": 3 })).unwrap();
        let lines = lines(&path);
        assert_eq!(lines.len(), 3);
        assert_eq!(serde_json::from_str::<Value>(&lines[2]).unwrap()["n"], 3);
    }

    #[test]
    fn a_probe_leaves_nothing_and_finds_what_an_append_would() {
        let dir = tempfile::tempdir().unwrap();
        let at = crate::domain::time::parse_rfc3339("2026-11-24T10:00:00Z").unwrap();
        let place = dir.path().join("journal");
        let journal = Journal::new(Some(place.clone()));
        journal.probe(at).unwrap();
        assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
        // A directory in the place of this month's file.
        std::fs::create_dir(place.join("2026-11.jsonl")).unwrap();
        assert!(journal.probe(at).is_err());
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(Journal::new(Some(file)).probe(at).is_err());
        assert!(Journal::new(None).probe(at).unwrap_err().to_string().contains("XDG_STATE_HOME"));
    }

    #[test]
    fn only_the_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("j.jsonl");
        append_line(&path, json!({})).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
