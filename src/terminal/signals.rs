//! Signals as a stream.
//!
//! Never acts on one: `runtime` gives the terminal back, flushes and ends with the code named here.

use std::fs;
use std::future::pending;
use std::time::Duration;

use futures::FutureExt;
use tokio::signal::unix::{Signal as Source, SignalKind, signal};

use super::TerminalError;

/// Signals that were sent together arrive together, but for so long.
const TOGETHER: Duration = Duration::from_millis(20);

/// A signal this program answers itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP: the connection or the window is gone.
    Hangup,
    /// SIGINT from outside. The key Ctrl-C arrives as a key, since the terminal is in raw mode.
    Interrupt,
    /// SIGQUIT.
    Quit,
    /// SIGTERM.
    Terminate,
    /// SIGTSTP from outside: to be answered by `Console::suspend`. Ctrl-Z arrives as a key.
    Stop,
    /// SIGCONT: running again; the terminal may have changed meanwhile.
    Continue,
}

impl Signal {
    /// The code to exit with, 128 + n; nothing for the two that do not end the program.
    pub fn exit_code(self) -> Option<u8> {
        match self {
            Self::Hangup => Some(128 + 1),
            Self::Interrupt => Some(128 + 2),
            Self::Quit => Some(128 + 3),
            Self::Terminate => Some(128 + 15),
            Self::Stop | Self::Continue => None,
        }
    }
}

/// The signals of this process, from [`Signals::listen`] on.
#[derive(Debug)]
pub struct Signals {
    deadly: Deadly,
    stop: Source,
    cont: Source,
}

/// Those that end the program. By itself for a command, whose Ctrl-Z stays the shell's.
#[derive(Debug)]
pub struct Deadly {
    /// Nothing where whoever started us wants it to be ignored.
    hangup: Option<Source>,
    interrupt: Source,
    quit: Source,
    terminate: Source,
}

impl Deadly {
    /// Takes them over from their default effect. Must be called within a tokio runtime.
    pub fn listen() -> Result<Self, TerminalError> {
        let hangup = (!ignores_hangup()).then(|| take(SignalKind::hangup()));
        Ok(Self {
            hangup: hangup.transpose()?,
            interrupt: take(SignalKind::interrupt())?,
            quit: take(SignalKind::quit())?,
            terminate: take(SignalKind::terminate())?,
        })
    }

    /// The next one. Safe to cancel.
    pub async fn next(&mut self) -> Signal {
        let Self { hangup, interrupt, quit, terminate } = self;
        let hangup = async {
            match hangup {
                Some(hangup) => hangup.recv().await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = hangup => Signal::Hangup,
            _ = terminate.recv() => Signal::Terminate,
            _ = interrupt.recv() => Signal::Interrupt,
            _ = quit.recv() => Signal::Quit,
        }
    }
}

fn take(kind: SignalKind) -> Result<Source, TerminalError> {
    signal(kind).map_err(|source| TerminalError::device("listen for signals", source))
}

/// Whether SIGHUP is ignored, as under `nohup`: that must outlive the window. Where the kernel does
/// not say it, it is not.
fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Signal 1 is the lowest bit.
    ignored.is_some_and(|mask| mask & 1 == 1)
}

impl Signals {
    /// Takes the signals over from their default effect. Must be called within a tokio runtime.
    pub fn listen() -> Result<Self, TerminalError> {
        Ok(Self {
            deadly: Deadly::listen()?,
            stop: take(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            cont: take(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// Drops a SIGCONT that came earlier and was not read.
    pub(super) fn forget_continue(&mut self) {
        while self.cont.recv().now_or_never().flatten().is_some() {}
    }

    /// Returns when this process was continued; or with a signal that ends the program.
    pub(super) async fn continued(&mut self) -> Option<Signal> {
        loop {
            match self.next().await {
                Signal::Continue => return None,
                Signal::Stop => {}
                deadly => return Some(deadly),
            }
        }
    }

    /// One that ends the program, if it came along with another (`kill %1` of a shell sends SIGTERM
    /// and SIGCONT).
    pub(super) async fn deadly_soon(&mut self) -> Option<Signal> {
        tokio::time::timeout(TOGETHER, self.deadly()).await.ok()
    }

    /// The next one that ends the program. The others wait. Safe to cancel.
    pub async fn deadly(&mut self) -> Signal {
        self.deadly.next().await
    }

    /// The next one. Those that end the program come first. Safe to cancel.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            deadly = self.deadly.next() => deadly,
            _ = self.stop.recv() => Signal::Stop,
            _ = self.cont.recv() => Signal::Continue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Signal as Raw, getpid, kill_process};

    #[tokio::test]
    async fn a_caught_signal_is_an_item_and_not_the_end() {
        let mut signals = Signals::listen().unwrap();
        // Not SIGHUP, which whoever runs the tests may ignore.
        kill_process(getpid(), Raw::TERM).unwrap();
        assert_eq!(signals.next().await, Signal::Terminate);
        kill_process(getpid(), Raw::TSTP).unwrap();
        assert_eq!(signals.next().await, Signal::Stop);
    }

    #[test]
    fn codes_are_128_and_the_number() {
        assert_eq!(Signal::Hangup.exit_code(), Some(129));
        assert_eq!(Signal::Interrupt.exit_code(), Some(130));
        assert_eq!(Signal::Quit.exit_code(), Some(131));
        assert_eq!(Signal::Terminate.exit_code(), Some(143));
        assert_eq!(Signal::Continue.exit_code(), None);
    }
}
