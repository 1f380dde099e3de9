//! The terminal device: raw mode and back, keys in, whole frames out.
//!
//! Never decides what a key does and never knows the model; it must leave the terminal as it was
//! found on every way out: quit, error, signal, panic of any task, Ctrl-Z. Called by `runtime`.
//!
//! Keys are read and decoded here rather than by crossterm, whose reader spins for ever on a
//! closed terminal while it holds its lock, and takes the tail of a torn arrow key for the capital
//! letter `A`, which in this program is an order.

pub mod caps;
mod console;
mod decode;
pub mod fall;
mod input;
mod output;
pub mod signals;
mod tty;

use std::io;

pub use caps::{Capabilities, Surroundings};
pub use console::Console;
pub use input::{Input, Inputs, Reader};
pub use output::{CLIPBOARD_LIMIT, FrameWriter, Screen};
pub use signals::{Deadly, Signal, Signals};

/// What can go wrong with the terminal.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The cockpit needs a person at both ends.
    #[error(
        "{stream} is not a terminal: open the cockpit in one, or use `waveoff list` in a script"
    )]
    NotATerminal {
        /// Which of the standard streams.
        stream: &'static str,
    },
    /// The operating system refused something about the device.
    #[error("{doing}: {source}")]
    Device {
        /// What was attempted.
        doing: &'static str,
        /// Its answer.
        source: io::Error,
    },
    /// Ctrl-Z where no shell would bring the program back.
    #[error("cannot suspend: no shell with job control started this program; open another window")]
    NoJobControl,
    /// More text than terminals take over OSC 52.
    #[error("copy {bytes} bytes: terminals take at most {CLIPBOARD_LIMIT}; write it to a file")]
    ClipboardTooLarge {
        /// How much was to be copied.
        bytes: usize,
    },
}

impl TerminalError {
    fn device(doing: &'static str, source: impl Into<io::Error>) -> Self {
        Self::Device { doing, source: source.into() }
    }
}
