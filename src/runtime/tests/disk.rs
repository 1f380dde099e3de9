//! A disk for the journal that may be full, slow, or unable to keep what it took.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::runtime::state::{chained, hash};
use crate::sim::serve::tests::storm::{Chance, Fault, Server};

/// What is usual between an append and its end on the disk, in milliseconds.
const USUAL: (u64, u64) = (1, 8);

/// The same for a disk that is slow.
const SLOW: (u64, u64) = (300, 5_000);

#[derive(Debug)]
struct State {
    bytes: Vec<u8>,
    /// Ticket and report of each line that is certainly on the disk.
    kept: Vec<(u64, String)>,
    wrong: Vec<Fault>,
    /// Lines that were cut off.
    torn: usize,
    chance: Chance,
}

/// The disk.
#[derive(Debug)]
pub(in crate::runtime) struct Disk {
    server: Arc<Server>,
    lines: Arc<AtomicUsize>,
    state: Mutex<State>,
}

impl Disk {
    pub(super) fn new(seed: u64, server: Arc<Server>, lines: Arc<AtomicUsize>) -> Self {
        let state = State {
            bytes: Vec::new(),
            kept: Vec::new(),
            wrong: Vec::new(),
            torn: 0,
            chance: Chance::new(seed, 20),
        };
        Self { server, lines, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is wrong with it, or no longer.
    pub(super) fn set(&self, fault: Fault, on: bool) {
        let mut state = self.state();
        if on {
            state.wrong.push(fault);
        } else if let Some(at) = state.wrong.iter().position(|wrong| *wrong == fault) {
            state.wrong.remove(at);
        }
    }

    /// Appends a line as the journal's file does.
    pub(in crate::runtime) async fn append(&self, line: Value) -> io::Result<()> {
        let wait = {
            let mut state = self.state();
            let slow = state.wrong.contains(&Fault::SlowDisk);
            if slow {
                self.server.strike(Fault::SlowDisk);
            }
            let (least, most) = if slow { SLOW } else { USUAL };
            state.chance.between(least, most)
        };
        sleep(Duration::from_millis(wait)).await;
        let mut state = self.state();
        let text = chained(&state.bytes, line.clone());
        if state.wrong.contains(&Fault::DiskFull) {
            self.server.strike(Fault::DiskFull);
            // Some of it may still have fitted.
            let fits = state.chance.place(text.len());
            let fits = if state.chance.percent(50) { fits } else { 0 };
            state.bytes.extend_from_slice(&text.as_bytes()[..fits]);
            state.torn += usize::from(fits > 0);
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.bytes.extend_from_slice(text.as_bytes());
        if state.wrong.contains(&Fault::SyncFails) {
            self.server.strike(Fault::SyncFails);
            return Err(io::Error::other("cannot sync"));
        }
        let ticket = line["ticket"].as_u64().unwrap_or_default();
        state.kept.push((ticket, line["report"].as_str().unwrap_or_default().to_owned()));
        self.lines.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Whether this report of a ticket was among the first `lines` that were kept.
    pub(super) fn has(&self, ticket: u64, report: &str, lines: usize) -> bool {
        let state = self.state();
        let found = |(of, what): &(u64, String)| *of == ticket && what == report;
        state.kept.iter().take(lines).any(found)
    }

    /// Its lines, as far as they are whole.
    pub(super) fn lines(&self) -> Vec<Value> {
        let state = self.state();
        let text = String::from_utf8_lossy(&state.bytes);
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// What is wrong with the chain, read back from the first byte on.
    pub(super) fn complaint(&self) -> Option<String> {
        let state = self.state();
        let text = String::from_utf8_lossy(&state.bytes);
        let (mut before, mut torn) = ("", 0);
        for line in text.split('\n').filter(|line| !line.is_empty()) {
            match serde_json::from_str::<Value>(line) {
                Ok(read) if read["prev"] != hash(before.as_bytes()).as_str() => {
                    return Some(format!("the journal's chain breaks at {line}"));
                }
                Ok(_) => {}
                Err(_) => torn += 1,
            }
            before = line;
        }
        (torn > state.torn).then(|| format!("{torn} torn lines, {} are known", state.torn))
    }
}
