//! The journal's files, one a month: one JSON object a line, appended and synced before a request
//! leaves.
//!
//! Each line carries the hash of the line before it, the first of a month that of the end of the
//! month before, so that a changed or missing line is found, and a missing month. Lines of this
//! process come in the order in which they were handed over, however long the disk takes; several
//! processes may write: each append holds the file's lock. Never decides by old lines. Called by
//! `door`, `perform` and, for what a killed process left undone, `start`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest::{SHA256, digest};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

use crate::domain::time::{Span, Timestamp};
use crate::terminal::fall;

use super::whole;

/// Bytes at the end of the file in which the last line is looked for.
const TAIL: u64 = 256 * 1024;

/// Lines that may wait for the disk.
const WAITING: usize = 1_000;

/// How a month's file ends.
const ENDING: &str = ".jsonl";

/// The journal.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct Journal {
    directory: Option<PathBuf>,
    /// Instead of a directory: a disk with faults of its own.
    #[cfg(test)]
    pub(in crate::runtime) disk: Option<Arc<crate::runtime::tests::Disk>>,
    /// Ends when the line that was handed over last is written, or will not be.
    last: Arc<Mutex<Option<oneshot::Receiver<()>>>>,
    /// Room for lines that wait.
    room: Arc<Semaphore>,
}

impl Journal {
    /// A journal in this directory; `None` when there is no place for one.
    pub(in crate::runtime) fn new(directory: Option<PathBuf>) -> Self {
        Self {
            directory,
            #[cfg(test)]
            disk: None,
            last: Arc::default(),
            room: Arc::new(Semaphore::new(WAITING)),
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

    /// Appends and syncs, without holding up whoever waits for it. When this ends without an error
    /// the line is on the disk.
    ///
    /// The line takes its place when this is called, behind all that were handed over before, and
    /// is written even when nobody waits for it any more: an answer never comes before its intent.
    pub(in crate::runtime) fn write(
        &self,
        at: Timestamp,
        line: Value,
    ) -> impl Future<Output = io::Result<()>> + Send + use<> {
        let written = self.hand_over(at, line);
        async move { written?.await.map_err(io::Error::other)? }
    }

    /// Puts a line behind those that wait.
    fn hand_over(&self, at: Timestamp, line: Value) -> io::Result<JoinHandle<io::Result<()>>> {
        let room = Arc::clone(&self.room).try_acquire_owned();
        let room = room.map_err(|_| io::Error::other("too many lines wait for the disk"))?;
        let (end, ended) = oneshot::channel::<()>();
        let before = self.last.lock().unwrap_or_else(PoisonError::into_inner).replace(ended);
        let journal = self.clone();
        Ok(tokio::spawn(async move {
            if let Some(before) = before {
                // One that fell has ended too.
                let _ = before.await;
            }
            let written = journal.put(at, line).await;
            drop((end, room));
            written
        }))
    }

    /// Appends when it is its turn.
    async fn put(self, at: Timestamp, line: Value) -> io::Result<()> {
        #[cfg(test)]
        if let Some(disk) = &self.disk {
            return disk.append(line).await;
        }
        let written = tokio::task::spawn_blocking(move || {
            fall::here("journal");
            self.append(at, line)
        });
        written.await.map_err(io::Error::other)?
    }

    /// The same for whoever may be held up.
    pub(super) fn append(&self, at: Timestamp, line: Value) -> io::Result<()> {
        append_line(self.made()?, &month(at), line)
    }

    /// The last lines before that instant, oldest first; none where they cannot be read. Lines
    /// that are no JSON are left out. A clock that was ahead may have begun a later month, which is
    /// gone on with.
    pub(in crate::runtime) fn recent(&self, at: Timestamp) -> Vec<Value> {
        let Some(directory) = &self.directory else { return Vec::new() };
        let since = month(at - Span::days(28));
        let names = months(directory).unwrap_or_default();
        let tails = names.iter().filter(|name| **name >= since).filter_map(|name| {
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
    /// the file when there is one, and puts a file beside it that is removed again.
    pub(in crate::runtime) fn probe(&self, at: Timestamp) -> io::Result<()> {
        let directory = self.made()?;
        let month = directory.join(target(&months(directory)?, &month(at)));
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
    format!("{}{ENDING}", at.format("%Y-%m"))
}

/// The months of a directory, oldest first; other files are not ours.
pub(super) fn months(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let name = entry?.file_name();
        if let Some(name) = name.to_str().filter(|name| is_month(name)) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Whether a file has the name of a month: `2026-11.jsonl`.
fn is_month(name: &str) -> bool {
    let parts = name.strip_suffix(ENDING).and_then(|stem| stem.split_once('-'));
    let number = |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    parts.is_some_and(|(year, month)| number(year, 4) && number(month, 2))
}

/// Where a line of this month goes. What waited for long, or comes from a clock that was set back,
/// goes to the newest month all the same: behind the end of an older one nothing is chained.
fn target<'a>(months: &'a [String], month: &'a str) -> &'a str {
    months.last().map(String::as_str).filter(|newest| *newest > month).unwrap_or(month)
}

/// Appends a line to the newest month, or begins this one with it.
fn append_line(directory: &Path, month: &str, line: Value) -> io::Result<()> {
    loop {
        let known = months(directory)?;
        let name = target(&known, month);
        // Whoever begins a month holds the one before it until the first line is there, so that
        // nothing is put behind the end that it names.
        let before = known.last().filter(|newest| newest.as_str() != name);
        let _before = before.map(|newest| locked(&directory.join(newest))).transpose()?;
        let path = directory.join(name);
        let mut file = locked(&path)?;
        // Somebody may have begun a month while the locks were waited for.
        let known = months(directory)?;
        if target(&known, month) != name {
            continue;
        }
        let own = tail(&mut file)?;
        if !own.is_empty() {
            file.write_all(chained(&own, line).as_bytes())?;
            return file.sync_all();
        }
        let first = linked(&end(directory, &known)?, line);
        file.write_all(format!("{first}\n").as_bytes())?;
        file.sync_all()?;
        // Closing the files gives the locks back.
        return whole::sync_name(&path);
    }
}

/// A month's file, made when there is none, and locked as long as it is open. Earlier versions take
/// the same lock.
fn locked(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.read(true).append(true).create(true).mode(0o600).open(path)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

/// The end of the newest of these months in which there is something.
fn end(directory: &Path, months: &[String]) -> io::Result<Vec<u8>> {
    for name in months.iter().rev() {
        let end = tail(&mut File::open(directory.join(name))?)?;
        if !end.is_empty() {
            return Ok(end);
        }
    }
    Ok(Vec::new())
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
pub(in crate::runtime) fn chained(tail: &[u8], line: Value) -> String {
    // A line that was cut off stays as it is; ours begins on a line of its own.
    let torn = !tail.is_empty() && !tail.ends_with(b"\n");
    let begin = if torn { "\n" } else { "" };
    format!("{begin}{}\n", linked(tail, line))
}

/// A line with the hash of the last one of what ends so.
fn linked(tail: &[u8], mut line: Value) -> Value {
    let tail = String::from_utf8_lossy(tail);
    let last = tail.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
    if let Value::Object(fields) = &mut line {
        fields.insert("prev".into(), json!(hash(last.as_bytes())));
    }
    line
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
    use crate::domain::time::parse_rfc3339;

    const MONTH: &str = "2026-11.jsonl";

    fn lines(path: &Path) -> Vec<String> {
        std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    }

    /// The numbers of lines, each of which has to name the one before.
    fn numbers(path: &Path) -> Vec<u64> {
        let lines = lines(path);
        let read: Vec<Value> = lines.iter().map(|l| serde_json::from_str(l).unwrap()).collect();
        for (line, next) in lines.iter().zip(read.iter().skip(1)) {
            assert_eq!(next["prev"], json!(hash(line.as_bytes())));
        }
        read.iter().map(|line| line["n"].as_u64().unwrap()).collect()
    }

    #[test]
    fn each_line_names_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..3 {
            append_line(dir.path(), MONTH, json!({ "n": n })).unwrap();
        }
        assert_eq!(numbers(&dir.path().join(MONTH)), [0, 1, 2]);
    }

    #[test]
    fn a_torn_tail_loses_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(MONTH);
        append_line(dir.path(), MONTH, json!({ "n": 1 })).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"n\": 2, \"cut").unwrap();
        append_line(dir.path(), MONTH, json!({ "n": 3 })).unwrap();
        let lines = lines(&path);
        assert_eq!(lines.len(), 3);
        assert_eq!(serde_json::from_str::<Value>(&lines[2]).unwrap()["n"], 3);
    }

    #[test]
    fn a_month_begins_where_the_one_before_ended_and_nothing_comes_behind_that_end() {
        let dir = tempfile::tempdir().unwrap();
        let december = dir.path().join("2026-12.jsonl");
        std::fs::write(dir.path().join("notes.jsonl"), "mine\n").unwrap();
        append_line(dir.path(), MONTH, json!({ "n": 1 })).unwrap();
        append_line(dir.path(), MONTH, json!({ "n": 2 })).unwrap();
        // Somebody else was killed when the file was there and its first line was not.
        File::create(&december).unwrap();
        append_line(dir.path(), "2026-12.jsonl", json!({ "n": 3 })).unwrap();
        let before = lines(&dir.path().join(MONTH));
        let first: Value = serde_json::from_str(&lines(&december)[0]).unwrap();
        assert_eq!(first["prev"], json!(hash(before[1].as_bytes())));
        append_line(dir.path(), MONTH, json!({ "n": 4 })).unwrap();
        assert_eq!(numbers(&dir.path().join(MONTH)), [1, 2]);
        assert_eq!(numbers(&december), [3, 4]);
        let journal = Journal::new(Some(dir.path().to_owned()));
        let at = parse_rfc3339("2026-12-01T10:00:00Z").unwrap();
        let recent: Vec<u64> =
            journal.recent(at).iter().map(|line| line["n"].as_u64().unwrap()).collect();
        assert_eq!(recent, [1, 2, 3, 4]);
    }

    #[test]
    fn a_month_that_many_begin_at_once_is_one_chain() {
        let dir = tempfile::tempdir().unwrap();
        append_line(dir.path(), MONTH, json!({ "n": 0 })).unwrap();
        std::thread::scope(|scope| {
            for n in 1..=16 {
                let month = if n % 2 == 0 { MONTH } else { "2026-12.jsonl" };
                let directory = dir.path();
                scope.spawn(move || append_line(directory, month, json!({ "n": n })).unwrap());
            }
        });
        let old = numbers(&dir.path().join(MONTH));
        let new = numbers(&dir.path().join("2026-12.jsonl"));
        assert_eq!(old.len() + new.len(), 17);
        let end = lines(&dir.path().join(MONTH)).pop().unwrap();
        let first: Value =
            serde_json::from_str(&lines(&dir.path().join("2026-12.jsonl"))[0]).unwrap();
        assert_eq!(first["prev"], json!(hash(end.as_bytes())));
    }

    #[tokio::test]
    async fn lines_keep_their_order_while_somebody_else_holds_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let held = locked(&dir.path().join(MONTH)).unwrap();
        let journal = Journal::new(Some(dir.path().to_owned()));
        let at = parse_rfc3339("2026-11-24T10:00:00Z").unwrap();
        let mut ends: Vec<_> = (0..20).map(|n| journal.write(at, json!({ "n": n }))).collect();
        // Nobody waits for the first one any more.
        drop(ends.remove(0));
        drop(held);
        for end in ends {
            end.await.unwrap();
        }
        assert_eq!(numbers(&dir.path().join(MONTH)), (0..20).collect::<Vec<u64>>());
    }

    #[tokio::test]
    async fn a_disk_that_hangs_does_not_fill_the_memory() {
        let dir = tempfile::tempdir().unwrap();
        let held = locked(&dir.path().join(MONTH)).unwrap();
        let journal = Journal::new(Some(dir.path().to_owned()));
        let at = parse_rfc3339("2026-11-24T10:00:00Z").unwrap();
        for _ in 0..WAITING {
            drop(journal.write(at, json!({})));
        }
        let refused = journal.write(at, json!({})).await.unwrap_err();
        assert!(refused.to_string().contains("too many"), "{refused}");
        drop(held);
    }

    #[test]
    fn a_probe_leaves_nothing_and_finds_what_an_append_would() {
        let dir = tempfile::tempdir().unwrap();
        let at = parse_rfc3339("2026-11-24T10:00:00Z").unwrap();
        let place = dir.path().join("journal");
        let journal = Journal::new(Some(place.clone()));
        journal.probe(at).unwrap();
        assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
        // A directory in the place of this month's file.
        std::fs::create_dir(place.join(MONTH)).unwrap();
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
        append_line(dir.path(), MONTH, json!({})).unwrap();
        let data = std::fs::metadata(dir.path().join(MONTH)).unwrap();
        assert_eq!(data.permissions().mode() & 0o777, 0o600);
    }
}
