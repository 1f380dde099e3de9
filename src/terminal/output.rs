//! Frames on their way out: collected whole, written at once, one at a time.
//!
//! A frame is a difference to the one before, so none may be skipped and none is queued: the
//! runtime draws only while [`Screen::is_idle`], and a stalled terminal delays frames but never
//! the program. What waits is one frame and one text for the clipboard. Never composes a frame
//! itself. Called by `runtime`; drawn into by `view`'s backend.

use std::fmt;
use std::io::{self, Write};
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crossterm::clipboard::CopyToClipboard;
use crossterm::{queue, terminal};
use tokio::sync::watch;

use super::TerminalError;
use super::caps::{Bell, Capabilities};
use super::fall;
use super::tty::{Fate, Tty};

/// Most text that is copied, in bytes: encoded, it stays within the 100,000 bytes many terminals
/// allow an OSC 52 sequence.
pub const CLIPBOARD_LIMIT: usize = 74_000;

/// Most characters of a ring: a desktop shows two lines.
const MOST_RUNG: usize = 200;

/// The way out to the terminal. Clones are handles of the same screen.
#[derive(Clone)]
pub struct Screen {
    staged: Arc<Mutex<Vec<u8>>>,
    /// The newest text that was copied; an older one that still waits is of no use.
    copied: Arc<Mutex<Vec<u8>>>,
    /// The newest ring.
    rung: Arc<Mutex<Vec<u8>>>,
    to_thread: SyncSender<Vec<u8>>,
    state: watch::Sender<State>,
    late: Arc<AtomicBool>,
    synchronized: bool,
    bell: Bell,
}

/// What the writing thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Busy,
    /// The device refuses bytes for good; input will report the terminal gone.
    Gone,
}

impl Screen {
    pub(super) fn start(tty: Arc<Tty>, capabilities: Capabilities) -> Result<Self, TerminalError> {
        let Capabilities { synchronized, bell, .. } = capabilities;
        let (to_thread, frames) = mpsc::sync_channel::<Vec<u8>>(1);
        let state = watch::Sender::new(State::Idle);
        let report = state.clone();
        let late = Arc::new(AtomicBool::new(false));
        let lateness = Arc::clone(&late);
        thread::Builder::new()
            .name("screen".to_owned())
            .spawn(move || {
                for frame in frames {
                    fall::here("screen");
                    let outcome = tty.write_frame(&frame);
                    if matches!(outcome, Ok(Fate::Late)) {
                        lateness.store(true, Ordering::SeqCst);
                    }
                    report.send_replace(match outcome {
                        Ok(_) => State::Idle,
                        Err(_) => State::Gone,
                    });
                }
            })
            .map_err(|source| TerminalError::device("start the screen thread", source))?;
        let (staged, copied, rung) = (Arc::default(), Arc::default(), Arc::default());
        Ok(Self { staged, copied, rung, to_thread, state, late, synchronized, bell })
    }

    /// What a backend writes into. Its bytes wait until [`Screen::present`].
    pub fn writer(&self) -> FrameWriter {
        FrameWriter { staged: Arc::clone(&self.staged) }
    }

    /// Whether the last frame has been written. Draw only then.
    pub fn is_idle(&self) -> bool {
        *self.state.borrow() == State::Idle
    }

    /// Whether the device refuses bytes for good.
    pub fn is_gone(&self) -> bool {
        *self.state.borrow() == State::Gone
    }

    /// Whether a frame was stuck for long since this was asked last. Whoever sat between us and
    /// the person may have thrown bytes away meanwhile, so the next frame should be drawn whole.
    pub fn was_late(&self) -> bool {
        self.late.swap(false, Ordering::SeqCst)
    }

    /// Returns when the last frame has been written. Safe to cancel.
    pub async fn idle(&self) {
        // The sender lives in `self`, so this ends only when the claim holds.
        let _ = self.state.subscribe().wait_for(|state| *state == State::Idle).await;
    }

    /// Sends what was staged as one frame. Nothing staged sends nothing. While the screen is not
    /// idle the bytes stay staged and go with the next call.
    pub fn present(&self) {
        let mut staged = self.staged.lock().unwrap_or_else(PoisonError::into_inner);
        let mut copied = self.copied.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let nothing = staged.is_empty() && copied.is_empty() && rung.is_empty();
        if nothing || !self.is_idle() {
            return;
        }
        let mut frame = mem::take(&mut *copied);
        frame.append(&mut rung);
        if !staged.is_empty() {
            frame.extend_from_slice(&self.bracketed(&staged));
        }
        self.state.send_replace(State::Busy);
        match self.to_thread.try_send(frame) {
            Ok(()) => staged.clear(),
            // The slot is free whenever the state is idle; a dead thread means a dead terminal.
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.state.send_replace(State::Gone);
            }
        }
    }

    /// Puts text on the clipboard of the terminal's own machine, over SSH too, with the next
    /// frame. The terminal does not say whether it obeyed.
    pub fn copy(&self, text: &str) -> Result<(), TerminalError> {
        if text.len() > CLIPBOARD_LIMIT {
            return Err(TerminalError::ClipboardTooLarge { bytes: text.len() });
        }
        let mut copied = Vec::new();
        // Base64 of the text: nothing in it can end the sequence early.
        queue!(copied, CopyToClipboard::to_clipboard_from(text))
            .map_err(|source| TerminalError::device("copy", source))?;
        *self.copied.lock().unwrap_or_else(PoisonError::into_inner) = copied;
        Ok(())
    }

    /// Rings, with the next frame, as far as the terminal can, and hands the words to the desktop
    /// by whichever of the two usual sequences it knows (OSC 9: iTerm2, kitty, `WezTerm`, Ghostty;
    /// OSC 777: urxvt, foot); it ignores the other one.
    pub fn ring(&self, text: &str) {
        let rung = match self.bell {
            Bell::Silent => return,
            Bell::Tone => "\x07".to_owned(),
            Bell::Words => {
                let words: String = text.chars().filter_map(plain).take(MOST_RUNG).collect();
                format!("\x07\x1b]9;waveoff: {words}\x07\x1b]777;notify;waveoff;{words}\x07")
            }
        };
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = rung.into_bytes();
    }

    fn bracketed(&self, staged: &[u8]) -> Vec<u8> {
        let mut frame = Vec::with_capacity(staged.len() + 16);
        // Writing into a vector does not fail.
        if self.synchronized {
            let _ = queue!(frame, terminal::BeginSynchronizedUpdate);
        }
        frame.extend_from_slice(staged);
        if self.synchronized {
            let _ = queue!(frame, terminal::EndSynchronizedUpdate);
        }
        frame
    }
}

/// A character of a ring. A bare number in front would be an order to `ConEmu`, a semicolon ends a
/// field, and nobody says which characters beyond ASCII would arrive.
fn plain(c: char) -> Option<char> {
    match c {
        ';' => Some(','),
        ' '..='~' => Some(c),
        c if c.is_control() => None,
        _ => Some('?'),
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}

/// Collects the bytes of a frame. Flushing does nothing, as backends flush within a frame.
#[derive(Debug)]
pub struct FrameWriter {
    staged: Arc<Mutex<Vec<u8>>>,
}

impl Write for FrameWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
