//! Keys, pastes and sizes as they arrive.
//!
//! A thread of its own waits on the terminal, so that a terminal which is gone is noticed at once
//! and costs nothing. Never decides what a key means. Called by `runtime`.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::TerminalError;
use super::decode::{Decoder, Token};
use super::fall;
use super::tty::Tty;
use crate::app::key::Key;

/// Bytes asked for at once. A paste longer than that arrives in several reads.
const READ_SIZE: usize = 4096;

/// Most items that wait for the program. When it is full, the terminal has to wait.
const QUEUE: usize = 256;

/// What comes sooner than this after something else was not typed: no two fingers are that fast,
/// and no keyboard repeats as quickly.
const QUIET: Duration = Duration::from_millis(20);

/// How often it is asked whether the terminal is ours again, when somebody types in between.
const LENT_PAUSE: Duration = Duration::from_millis(10);

/// What came from the person at the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key {
        /// Which.
        key: Key,
        /// It came together with others, at their heels, or from a key held down: a paste that
        /// the terminal did not mark as one, type-ahead, noise of the line. Such a key may move,
        /// but must not act.
        burst: bool,
    },
    /// Text that the terminal marked as pasted. It may hold anything.
    Paste(String),
    /// Bytes that mean nothing: noise of the line, or an answer that nobody asked for.
    Noise,
    /// The size is now so many columns and rows.
    Resize(u16, u16),
    /// The terminal is gone: hung up, or at the end of its input.
    Gone,
}

/// The inputs of one terminal. Dropping it ends the reading.
#[derive(Debug)]
pub struct Inputs {
    received: mpsc::Receiver<Input>,
    resized: Signal,
    tty: Arc<Tty>,
    /// Closing it wakes and ends the reading thread.
    _lifeline: UnixStream,
}

impl Inputs {
    pub(super) fn start(tty: Arc<Tty>) -> Result<Self, TerminalError> {
        let start = |source: io::Error| TerminalError::device("start reading keys", source);
        let resized = signal(SignalKind::window_change()).map_err(start)?;
        let (lifeline, watched) = UnixStream::pair().map_err(start)?;
        let (send, received) = mpsc::channel(QUEUE);
        let source = Arc::clone(&tty);
        thread::Builder::new()
            .name("keys".to_owned())
            .spawn(move || read_until_gone(&source, &watched, &send))
            .map_err(start)?;
        Ok(Self { received, resized, tty, _lifeline: lifeline })
    }

    /// The next input; [`Input::Gone`] again and again once the terminal is gone. Safe to cancel.
    pub async fn next(&mut self) -> Input {
        tokio::select! {
            biased;
            input = self.received.recv() => input.unwrap_or(Input::Gone),
            _ = self.resized.recv() => {
                let (columns, rows) = self.tty.size();
                Input::Resize(columns, rows)
            }
        }
    }
}

/// Reads of a terminal to inputs: what they mean, and whether a finger can have done it.
///
/// It has no clock; whoever reads waits as long as [`Reader::patience`] says.
#[derive(Debug, Default)]
pub struct Reader {
    decoder: Decoder,
    /// Something came less than [`QUIET`] ago.
    hurried: bool,
    /// The same when what is being read began.
    began_hurried: bool,
}

impl Reader {
    /// What these bytes, read at once, mean.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        if !self.decoder.is_open() {
            self.began_hurried = self.hurried;
        }
        let tokens = self.decoder.feed(bytes);
        let lost = self.decoder.take_lost();
        // One key, and nothing else than that key: all else did not come from one finger.
        let alone = tokens.len() == 1 && !lost && !self.decoder.is_open();
        let burst = !alone || self.began_hurried;
        self.hurried = true;
        inputs(tokens, burst, lost)
    }

    /// How long to wait for more before [`Reader::expire`]; nothing when nothing is to come.
    pub fn patience(&self) -> Option<Duration> {
        let rest = self.decoder.patience();
        if self.hurried {
            return Some(rest.map_or(QUIET, |rest| rest.min(QUIET)));
        }
        // So long it was waited before.
        rest.map(|rest| rest.saturating_sub(QUIET))
    }

    /// No more bytes came in time.
    pub fn expire(&mut self) -> Vec<Input> {
        // The rest of a sequence has more time than this.
        if std::mem::take(&mut self.hurried) && self.decoder.patience().is_none_or(|p| p > QUIET) {
            return Vec::new();
        }
        let tokens = self.decoder.expire();
        let lost = self.decoder.take_lost();
        inputs(tokens, false, lost)
    }
}

fn inputs(tokens: Vec<Token>, burst: bool, lost: bool) -> Vec<Input> {
    if tokens.is_empty() && lost {
        return vec![Input::Noise];
    }
    let input = |token| match token {
        Token::Key { key, repeat } => Input::Key { key, burst: burst || repeat },
        Token::Paste(text) => Input::Paste(text),
    };
    tokens.into_iter().map(input).collect()
}

/// Why the reading thread woke up.
enum Woken {
    Readable,
    Timeout,
    Interrupted,
    Stopped,
}

fn read_until_gone(tty: &Tty, lifeline: &UnixStream, send: &mpsc::Sender<Input>) {
    let mut reader = Reader::default();
    loop {
        fall::here("keys");
        let inputs = match wait(tty, lifeline, reader.patience()) {
            Ok(Woken::Stopped) => return,
            Ok(Woken::Interrupted) => continue,
            Ok(Woken::Timeout) => reader.expire(),
            // What is typed while the terminal is not ours is for somebody else.
            Ok(Woken::Readable) if !tty.is_entered() => {
                reader = Reader::default();
                match pause(lifeline) {
                    Ok(Woken::Stopped) | Err(_) => return,
                    Ok(_) => continue,
                }
            }
            Ok(Woken::Readable) => match read(tty) {
                Ok(Some(bytes)) => reader.feed(&bytes),
                Ok(None) => continue,
                Err(_) => break,
            },
            Err(_) => break,
        };
        for input in inputs {
            if send.blocking_send(input).is_err() {
                return;
            }
        }
    }
    let _ = send.blocking_send(Input::Gone);
}

fn wait(tty: &Tty, lifeline: &UnixStream, patience: Option<Duration>) -> Result<Woken, Errno> {
    let mut fds = [
        PollFd::new(&tty.input, PollFlags::IN),
        PollFd::new(lifeline, PollFlags::IN),
        // Only its end is waited for. It need not be the same device.
        PollFd::new(&tty.output, PollFlags::empty()),
    ];
    let patience = patience.and_then(|time| Timespec::try_from(time).ok());
    match poll(&mut fds, patience.as_ref()) {
        Ok(0) => return Ok(Woken::Timeout),
        Ok(_) => {}
        Err(Errno::INTR) => return Ok(Woken::Interrupted),
        Err(other) => return Err(other),
    }
    let [_, lifeline, output] = &fds;
    if !lifeline.revents().is_empty() {
        return Ok(Woken::Stopped);
    }
    if output.revents().intersects(PollFlags::HUP | PollFlags::ERR) {
        return Err(Errno::IO);
    }
    Ok(Woken::Readable)
}

/// Waits a little without an eye on the terminal.
fn pause(lifeline: &UnixStream) -> Result<Woken, Errno> {
    let pause = Timespec::try_from(LENT_PAUSE).unwrap_or_default();
    match poll(&mut [PollFd::new(lifeline, PollFlags::IN)], Some(&pause)) {
        Ok(0) | Err(Errno::INTR) => Ok(Woken::Timeout),
        Ok(_) => Ok(Woken::Stopped),
        Err(other) => Err(other),
    }
}

/// What is there; nothing when another reader was faster; an error when the terminal is gone,
/// which an empty read in raw mode means as well.
fn read(tty: &Tty) -> Result<Option<Vec<u8>>, Errno> {
    let mut bytes = vec![0; READ_SIZE];
    match rustix::io::read(&tty.input, &mut bytes) {
        Ok(0) => Err(Errno::IO),
        Ok(count) => {
            bytes.truncate(count);
            Ok(Some(bytes))
        }
        Err(Errno::AGAIN | Errno::INTR) => Ok(None),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests;
