//! One terminal device: its modes and the pen that writes on it.
//!
//! Never blocks for longer than [`PATIENCE`] on the way out, whatever the device does, and never
//! writes a frame after the way out. Called by `console` and by the writing thread of `output`.

use std::borrow::Cow;
use std::io;
use std::mem;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use crossterm::{cursor, event, queue, style, terminal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::process::getpgrp;
use rustix::termios::{
    Action, LocalModes, OptionalActions, QueueSelector, Termios, isatty, tcflow, tcflush,
    tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
};

use super::TerminalError;

/// Longest wait for a device that takes no bytes, on the way out.
const PATIENCE: Duration = Duration::from_millis(100);

/// How often, and in between how long, the way out waits for the pen: longer than another way out
/// may take that holds it.
const PEN_ATTEMPTS: u32 = 400;
const PEN_PAUSE: Duration = Duration::from_millis(1);

/// How often a stalled device is asked whether it takes bytes again, if it does not say so itself.
const STALL_LOOK: Duration = Duration::from_millis(250);

/// This many looks in vain, two seconds, and it is not sure any more what the terminal still shows.
const LATE_LOOKS: u32 = 8;

/// Ends an escape sequence that was cut in the middle (ECMA-48 CAN).
const CANCEL: u8 = 0x18;

/// Size assumed when the device does not know its own.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// Largest size that is believed: a program may set any, and a frame of 65535 by 65535 has four
/// thousand million cells.
const LARGEST_SIZE: (u16, u16) = (1000, 500);

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Every byte was taken by the device.
    Written,
    /// The same, after the device had taken nothing for long.
    Late,
    /// The terminal was left, or left and entered again, before the last byte.
    Dropped,
}

/// One terminal device.
#[derive(Debug)]
pub(super) struct Tty {
    pub(super) input: OwnedFd,
    pub(super) output: OwnedFd,
    /// The modes before the last [`Tty::enter`].
    cooked: Mutex<Option<Termios>>,
    /// Held for one write that does not block; frames and the way out take turns with it.
    pen: Mutex<()>,
    entered: AtomicBool,
    /// Counts entries, so that the rest of a frame begun before Ctrl-Z is not written after it.
    entries: AtomicU64,
    /// The device has taken a part of a frame only.
    torn: AtomicBool,
    /// What the device has not taken yet of the bytes that open the screen: they go before the next
    /// frame. A terminal that does not read now is not gone.
    unopened: Mutex<Vec<u8>>,
}

impl Tty {
    /// The terminal of standard input and output.
    pub(super) fn open() -> Result<Self, TerminalError> {
        let (stdin, stdout) = (io::stdin(), io::stdout());
        if !isatty(&stdin) {
            return Err(TerminalError::NotATerminal { stream: "standard input" });
        }
        if !isatty(&stdout) {
            return Err(TerminalError::NotATerminal { stream: "standard output" });
        }
        let keep = |source: Errno| TerminalError::device("keep the terminal open", source);
        let input = rustix::io::fcntl_dupfd_cloexec(&stdin, 0).map_err(keep)?;
        let output = match reopen() {
            Some(fd) => fd,
            None => rustix::io::fcntl_dupfd_cloexec(&stdout, 0).map_err(keep)?,
        };
        Ok(Self::over(input, output))
    }

    /// A terminal over two descriptors of it; `output` should not block.
    pub(super) fn over(input: OwnedFd, output: OwnedFd) -> Self {
        Self {
            input,
            output,
            cooked: Mutex::new(None),
            pen: Mutex::new(()),
            entered: AtomicBool::new(false),
            entries: AtomicU64::new(0),
            torn: AtomicBool::new(false),
            unopened: Mutex::default(),
        }
    }

    /// Columns and rows.
    pub(super) fn size(&self) -> (u16, u16) {
        match tcgetwinsize(&self.output) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
                (size.ws_col.min(LARGEST_SIZE.0), size.ws_row.min(LARGEST_SIZE.1))
            }
            _ => USUAL_SIZE,
        }
    }

    /// Whether the terminal belongs to this job now, and not to the shell or to another one. Where
    /// nobody keeps jobs apart, it does.
    pub(super) fn is_foreground(&self) -> bool {
        tcgetpgrp(&self.input).map_or(true, |group| group == getpgrp())
    }

    /// Raw mode, alternate screen, hidden cursor, bracketed paste. Entering twice is once.
    pub(super) fn enter(&self) -> Result<(), TerminalError> {
        let entered = {
            let _pen = self.pen_soon();
            self.take()
        };
        entered.inspect_err(|_| self.leave())
    }

    fn take(&self) -> Result<(), TerminalError> {
        if self.is_entered() {
            return Ok(());
        }
        let modes = tcgetattr(&self.input)
            .map_err(|source| TerminalError::device("read the terminal modes", source))?;
        let mut raw = modes.clone();
        raw.make_raw();
        *unpoisoned(self.cooked.lock()) = Some(modes);
        // From here on the way out has something to undo, even if the next call fails.
        self.entries.fetch_add(1, Ordering::SeqCst);
        self.torn.store(false, Ordering::SeqCst);
        self.entered.store(true, Ordering::SeqCst);
        self.make_screen(&raw)
    }

    fn make_screen(&self, raw: &Termios) -> Result<(), TerminalError> {
        tcsetattr(&self.input, OptionalActions::Now, raw)
            .map_err(|source| TerminalError::device("switch the terminal to raw mode", source))?;
        let mut opening = opening();
        let taken = self
            .write_some(&opening)
            .map_err(|source| TerminalError::device("open the alternate screen", source))?;
        opening.drain(..taken);
        self.torn.store(taken > 0 && !opening.is_empty(), Ordering::SeqCst);
        *unpoisoned(self.unopened.lock()) = opening;
        Ok(())
    }

    /// Whether the terminal is ours now.
    pub(super) fn is_entered(&self) -> bool {
        self.entered.load(Ordering::SeqCst)
    }

    /// Undoes [`Tty::enter`]. Safe to call from anywhere, any number of times; a second caller
    /// returns after the first has finished. Errors are dropped: there is nobody left to tell.
    pub(super) fn leave(&self) {
        let _pen = self.pen_soon();
        if !self.entered.swap(false, Ordering::SeqCst) {
            return;
        }
        unpoisoned(self.unopened.lock()).clear();
        let torn = self.torn.swap(false, Ordering::SeqCst);
        // A program in the background is stopped when it sets modes, and never ends then; the shell
        // has set its own by now.
        let ours = self.is_foreground();
        if !ours && self.stops_writers() {
            return;
        }
        if torn && ours {
            // The rest of a frame that is stuck helps nobody, and whoever has something to say now
            // (the reason of a panic) needs the room.
            self.unblock();
        }
        if self.write_within(&closing(torn), PATIENCE).is_err() {
            if ours {
                self.unblock();
            }
            let _ = self.write_within(&closing(true), PATIENCE);
        }
        if ours && let Some(cooked) = unpoisoned(self.cooked.lock()).as_ref() {
            let _ = tcsetattr(&self.input, OptionalActions::Now, cooked);
        }
    }

    /// Nobody reads, or somebody stopped the output: throws away what waits in the device, which
    /// makes room, and starts the output again.
    fn unblock(&self) {
        let _ = tcflow(&self.output, Action::OOn);
        // The stop of a Ctrl-S ends when there is no such key any more.
        if let Ok(mut modes) = tcgetattr(&self.input) {
            modes.make_raw();
            let _ = tcsetattr(&self.input, OptionalActions::Now, &modes);
        }
        let _ = tcflush(&self.output, QueueSelector::OFlush);
    }

    /// Whether the device stops a program of the background that writes.
    fn stops_writers(&self) -> bool {
        tcgetattr(&self.input).is_ok_and(|modes| modes.local_modes.contains(LocalModes::TOSTOP))
    }

    /// Writes a frame, waiting as long as the device is stalled, but not beyond the way out.
    pub(super) fn write_frame(&self, frame: &[u8]) -> io::Result<Fate> {
        let (entry, bytes) = {
            let _pen = unpoisoned(self.pen.lock());
            let mut opening = mem::take(&mut *unpoisoned(self.unopened.lock()));
            let bytes = if opening.is_empty() {
                Cow::Borrowed(frame)
            } else {
                opening.extend_from_slice(frame);
                Cow::Owned(opening)
            };
            (self.entries.load(Ordering::SeqCst), bytes)
        };
        let mut rest: &[u8] = &bytes;
        let mut looks = 0;
        let mut fate = Fate::Written;
        while !rest.is_empty() {
            let taken = {
                let _pen = unpoisoned(self.pen.lock());
                let current = self.entries.load(Ordering::SeqCst) == entry;
                if !current || !self.is_entered() {
                    return Ok(Fate::Dropped);
                }
                let taken = self.write_some(rest)?;
                self.torn.store(taken < rest.len(), Ordering::SeqCst);
                taken
            };
            rest = rest.get(taken..).unwrap_or_default();
            if taken == 0 && !self.wait_writable(STALL_LOOK)? {
                looks += 1;
                if looks == LATE_LOOKS {
                    fate = Fate::Late;
                }
            }
        }
        Ok(fate)
    }

    /// Writes all of it, or fails with `TimedOut` when the device takes nothing for so long.
    fn write_within(&self, bytes: &[u8], patience: Duration) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = self.write_some(rest)?;
            rest = rest.get(taken..).unwrap_or_default();
            if taken == 0 && !self.wait_writable(patience)? {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }

    /// Writes what the device takes now; zero when it takes nothing.
    fn write_some(&self, bytes: &[u8]) -> io::Result<usize> {
        match rustix::io::write(&self.output, bytes) {
            Ok(taken) => Ok(taken),
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(other) => Err(other.into()),
        }
    }

    /// Whether the device took bytes again in time.
    fn wait_writable(&self, patience: Duration) -> io::Result<bool> {
        let mut fds = [PollFd::new(&self.output, PollFlags::OUT)];
        let patience = Timespec::try_from(patience).unwrap_or_default();
        let ready = match poll(&mut fds, Some(&patience)) {
            Ok(ready) => ready > 0,
            // Interrupted by a signal: look again.
            Err(Errno::INTR) => true,
            Err(other) => return Err(other.into()),
        };
        let [tty] = fds;
        if tty.revents().intersects(PollFlags::HUP | PollFlags::ERR) {
            return Err(Errno::IO.into());
        }
        Ok(ready)
    }

    /// The pen, or nothing when its holder does not give it up: the way out must not wait for ever.
    fn pen_soon(&self) -> Option<MutexGuard<'_, ()>> {
        for _ in 0..PEN_ATTEMPTS {
            match self.pen.try_lock() {
                Ok(pen) => return Some(pen),
                Err(TryLockError::Poisoned(pen)) => return Some(pen.into_inner()),
                Err(TryLockError::WouldBlock) => thread::sleep(PEN_PAUSE),
            }
        }
        None
    }
}

/// The terminal once more. A description of our own may be set not to block; the one behind
/// standard output is shared with the shell, which would inherit the setting. The second path is
/// for who may not open the first (after `su`), and may be another terminal than standard output.
fn reopen() -> Option<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    ["/proc/self/fd/1", "/dev/tty"]
        .into_iter()
        .find_map(|path| open(path, flags, Mode::empty()).ok())
}

/// What turns a shell's terminal into ours.
fn opening() -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into a vector does not fail.
    let _ =
        queue!(bytes, terminal::EnterAlternateScreen, cursor::Hide, event::EnableBracketedPaste,);
    bytes
}

/// What gives it back; `torn` when a frame was cut, perhaps within an escape sequence.
fn closing(torn: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    if torn {
        bytes.push(CANCEL);
    }
    let _ = queue!(
        bytes,
        terminal::EndSynchronizedUpdate,
        style::SetAttribute(style::Attribute::Reset),
        event::DisableBracketedPaste,
        cursor::Show,
        terminal::LeaveAlternateScreen,
    );
    bytes
}

/// A lock whose holder panicked still guards usable data here.
fn unpoisoned<T>(lock: Result<T, PoisonError<T>>) -> T {
    lock.unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(super) mod tests;
