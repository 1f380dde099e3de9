//! A program in a pseudo-terminal of 200x60: its bytes counted, its screen parsed, and the instant
//! noted at which something appears on it.
//!
//! One clock for everything: the instants here are compared with those of the server. A terminal
//! that is asked about itself answers as xterm does, so that nobody waits for an answer in vain.

use std::io;
use std::num::NonZeroU16;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{Winsize, tcsetwinsize};
use vt100::{Parser, Screen};

/// Columns and rows.
pub(crate) const SIZE: (u16, u16) = (200, 60);

/// Cells that must not be blank before a screen counts as painted: more than a line of greeting.
const PAINTED: usize = 40;

/// Whether a screen shows what is waited for.
pub(crate) type Claim = Box<dyn Fn(&Screen) -> bool + Send>;

/// The value of the marker on a screen.
pub(crate) type Gauge = Box<dyn FnMut(&Screen) -> Option<u64> + Send>;

/// The marker came on the screen with a new value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    /// Which.
    pub(crate) value: u64,
    /// When its last byte was read from the terminal.
    pub(crate) arrived: Instant,
    /// When the parsed screen showed it.
    pub(crate) shown: Instant,
}

/// What was counted so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Bytes.
    pub(crate) bytes: u64,
    /// Synchronized updates, which is frames where the program makes use of them.
    pub(crate) frames: u64,
}

struct Seen {
    parser: Parser,
    counts: Counts,
    /// The last bytes of the read before: a sequence may be cut.
    tail: Vec<u8>,
    painted: Option<Instant>,
    claim: Option<Claim>,
    held: Option<Instant>,
    gauge: Option<Gauge>,
    sights: Vec<Sight>,
    last_read: Instant,
    ended: bool,
}

struct Shared {
    seen: Mutex<Seen>,
    news: Condvar,
    closing: AtomicBool,
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How to start a program.
#[derive(Debug)]
pub(crate) struct Launch<'a> {
    pub(crate) program: &'a Path,
    pub(crate) args: &'a [String],
    /// The whole of its environment; nothing is inherited.
    pub(crate) env: &'a [(String, String)],
}

/// A running program and its terminal. Dropping it ends the program.
pub(crate) struct Terminal {
    master: Arc<OwnedFd>,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
    child: Box<dyn Child + Send + Sync>,
    started: Instant,
}

impl Terminal {
    /// Starts a program; `claim` is what its first live screen shows.
    pub(crate) fn launch(launch: &Launch<'_>, claim: Claim) -> anyhow::Result<Self> {
        let (cols, rows) = SIZE;
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let raw = pair.master.as_raw_fd().context("a master without a number")?;
        let master = Arc::new(own(raw)?);
        let mut command = CommandBuilder::new(launch.program);
        command.args(launch.args);
        command.env_clear();
        for (name, value) in launch.env {
            command.env(name, value);
        }
        let shared = Arc::new(Shared {
            seen: Mutex::new(Seen {
                parser: Parser::new(nonzero(rows), nonzero(cols), 0),
                counts: Counts::default(),
                tail: Vec::new(),
                painted: None,
                claim: Some(claim),
                held: None,
                gauge: None,
                sights: Vec::new(),
                last_read: Instant::now(),
                ended: false,
            }),
            news: Condvar::new(),
            closing: AtomicBool::new(false),
        });
        // The reader is there before the program is: it must not wait for us.
        let reader = {
            let (master, shared) = (Arc::clone(&master), Arc::clone(&shared));
            thread::spawn(move || read(&master, &shared))
        };
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).context("start the program")?;
        // Our copy of the slave would keep the terminal from ever looking closed.
        drop(pair);
        Ok(Self { master, shared, reader: Some(reader), child, started })
    }

    /// When it was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap_or_default()
    }

    /// When the first frame was painted.
    pub(crate) fn painted(&self) -> Option<Instant> {
        self.shared.seen().painted
    }

    /// Waits for the claim that is set; when it held first.
    pub(crate) fn wait(&self, limit: Duration) -> anyhow::Result<Instant> {
        let until = Instant::now() + limit;
        let mut seen = self.shared.seen();
        loop {
            if let Some(held) = seen.held {
                return Ok(held);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.ended {
                let what = if seen.ended { "it ended" } else { "it did not come in time" };
                bail!(
                    "waited for a screen, {what}; the screen was\n{}",
                    picture(seen.parser.screen())
                );
            }
            seen =
                self.shared.news.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the screen satisfies a claim.
    pub(crate) fn wait_for(&self, limit: Duration, claim: Claim) -> anyhow::Result<Instant> {
        {
            let mut seen = self.shared.seen();
            seen.held = claim(seen.parser.screen()).then(Instant::now);
            seen.claim = Some(claim);
        }
        self.wait(limit)
    }

    /// Waits until nothing was written for so long.
    pub(crate) fn settle(&self, quiet: Duration, limit: Duration) {
        let until = Instant::now() + limit;
        while Instant::now() < until && self.shared.seen().last_read.elapsed() < quiet {
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Follows a marker from now on.
    pub(crate) fn follow(&self, gauge: Gauge) {
        let mut seen = self.shared.seen();
        seen.gauge = Some(gauge);
        seen.sights.clear();
    }

    /// Waits until the marker shows this value or a later one.
    pub(crate) fn wait_for_sight(&self, value: u64, limit: Duration) -> Option<Sight> {
        let until = Instant::now() + limit;
        let mut seen = self.shared.seen();
        loop {
            if let Some(sight) = seen.sights.iter().find(|s| s.value >= value) {
                return Some(*sight);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.ended {
                return None;
            }
            seen =
                self.shared.news.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until it has ended.
    pub(crate) fn wait_for_end(&self, limit: Duration) {
        let until = Instant::now() + limit;
        while Instant::now() < until && !self.shared.seen().ended {
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// What was counted.
    pub(crate) fn counts(&self) -> Counts {
        self.shared.seen().counts
    }

    /// The screen as text.
    pub(crate) fn picture(&self) -> String {
        picture(self.shared.seen().parser.screen())
    }

    /// Types; when the first byte of it was handed over.
    pub(crate) fn send(&self, bytes: &str) -> anyhow::Result<Instant> {
        let at = Instant::now();
        write(&self.master, bytes.as_bytes())?;
        Ok(at)
    }

    /// Another number of columns: whoever draws draws everything anew.
    pub(crate) fn resize(&self, columns: u16) -> anyhow::Result<()> {
        let mut seen = self.shared.seen();
        seen.parser.set_size(nonzero(SIZE.1), nonzero(columns));
        let size = Winsize { ws_row: SIZE.1, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&*self.master, size)?;
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        self.shared.closing.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        let _ = self.child.wait();
    }
}

/// Reads until the program has closed its side, or we close ours.
fn read(master: &OwnedFd, shared: &Shared) {
    let mut bytes = vec![0; 1 << 16];
    let Ok(look) = Timespec::try_from(Duration::from_millis(20)) else { return };
    let mut opened = false;
    while !shared.closing.load(Ordering::SeqCst) {
        let mut fds = [PollFd::new(master, PollFlags::IN)];
        if !poll(&mut fds, Some(&look)).is_ok_and(|ready| ready > 0) {
            continue;
        }
        match rustix::io::read(master, &mut bytes) {
            Ok(count) if count > 0 => {
                opened = true;
                let arrived = Instant::now();
                let piece = bytes.get(..count).unwrap_or_default();
                take(master, &mut shared.seen(), piece, arrived);
                shared.news.notify_all();
            }
            // EIO: nobody has the other side open, any more or yet.
            _ if opened => break,
            _ => thread::sleep(Duration::from_micros(200)),
        }
    }
    shared.seen().ended = true;
    shared.news.notify_all();
}

/// One read: counted, parsed, looked at.
fn take(master: &OwnedFd, seen: &mut Seen, piece: &[u8], arrived: Instant) {
    seen.last_read = arrived;
    seen.parser.process(piece);
    let shown = Instant::now();
    let Seen { parser, painted, claim, held, gauge, sights, .. } = seen;
    let screen = parser.screen();
    if painted.is_none() && is_painted(screen) {
        *painted = Some(shown);
    }
    if held.is_none() && claim.as_ref().is_some_and(|claim| claim(screen)) {
        *held = Some(shown);
    }
    if let Some(value) = gauge.as_mut().and_then(|gauge| gauge(screen))
        && sights.last().is_none_or(|last| last.value != value)
    {
        sights.push(Sight { value, arrived, shown });
    }
    count(master, seen, piece);
}

/// Counts bytes and frames, and answers questions to the terminal.
fn count(master: &OwnedFd, seen: &mut Seen, piece: &[u8]) {
    seen.counts.bytes += piece.len() as u64;
    let before = seen.tail.len();
    let mut text = std::mem::take(&mut seen.tail);
    text.extend_from_slice(piece);
    let (row, column) = seen.parser.screen().cursor_position();
    let cursor = format!("\x1b[{};{}R", row + 1, column + 1);
    let questions: [(&[u8], &str); 6] = [
        (b"\x1b[?2026h", ""),
        (b"\x1b[?2026$p", "\x1b[?2026;2$y"),
        (b"\x1b[c", "\x1b[?62;22c"),
        (b"\x1b[6n", &cursor),
        (b"\x1b]10;?", "\x1b]10;rgb:dddd/dddd/dddd\x1b\\"),
        (b"\x1b]11;?", "\x1b]11;rgb:0000/0000/0000\x1b\\"),
    ];
    for (question, answer) in questions {
        // What ended in the tail was counted with the read before.
        let ends = text.windows(question.len()).enumerate();
        let new = ends.filter(|(at, w)| *w == question && at + question.len() > before).count();
        if answer.is_empty() {
            seen.counts.frames += new as u64;
        }
        for _ in 0..new {
            let _ = write(master, answer.as_bytes());
        }
    }
    let kept = text.len().min(12);
    seen.tail = text.split_off(text.len() - kept);
}

fn write(master: &OwnedFd, mut rest: &[u8]) -> anyhow::Result<()> {
    while !rest.is_empty() {
        let taken = rustix::io::write(master, rest)?;
        rest = rest.get(taken..).unwrap_or_default();
    }
    Ok(())
}

fn is_painted(screen: &Screen) -> bool {
    let text = screen.contents();
    text.chars().filter(|c| !c.is_whitespace()).take(PAINTED).count() == PAINTED
}

fn picture(screen: &Screen) -> String {
    let (_, columns) = screen.size();
    let lines: Vec<String> = screen.rows(0, columns.get()).collect();
    format!("|{}", lines.join("\n|"))
}

/// A descriptor of our own for the master, closed when we want it to be.
fn own(raw: i32) -> io::Result<OwnedFd> {
    #[expect(
        unsafe_code,
        reason = "portable-pty lends the master as a number only; it is open while `pair` lives"
    )]
    // SAFETY: the caller holds the master that this number belongs to.
    let master = unsafe { BorrowedFd::borrow_raw(raw) };
    master.try_clone_to_owned()
}

fn nonzero(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap_or(NonZeroU16::MIN)
}
