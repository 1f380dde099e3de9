//! The terminal while it is ours: entered, left, left for a while by Ctrl-Z.
//!
//! Leaving is idempotent and happens on every way out: by [`Drop`], by the panic hook, by whoever
//! handles a signal. Never reads keys and never draws. Called by `runtime`.

use std::io::{self, Write};
use std::panic;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Signal as Raw, getpgrp, getsid, kill_current_process_group};
use tokio::sync::watch;

use super::input::Inputs;
use super::output::Screen;
use super::signals::{Signal, Signals};
use super::tty::Tty;
use super::{Capabilities, TerminalError};

/// How long a fault of the program may take to say what it is: standard error may be a terminal
/// that does not read.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// The terminal while it is ours. Dropping it gives the terminal back.
#[derive(Debug)]
pub struct Console {
    tty: Arc<Tty>,
    fault: watch::Sender<Fault>,
}

/// Whether a thread or a task has panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    No,
    Fallen,
    /// It has said what it has to say.
    Told,
}

impl Console {
    /// Takes the terminal: raw mode, alternate screen, hidden cursor, bracketed paste.
    pub fn enter() -> Result<Self, TerminalError> {
        // crossterm 0.29 answers NO_COLOR with empty SGR sequences, which reset bold and reverse
        // as well. The mono theme has no colours to begin with, so its switch stays on.
        crossterm::style::force_color_output(true);
        let console = Self { tty: Arc::new(Tty::open()?), fault: watch::Sender::new(Fault::No) };
        console.tty.enter()?;
        Ok(console)
    }

    /// Columns and rows now.
    pub fn size(&self) -> (u16, u16) {
        self.tty.size()
    }

    /// The way frames go out; starts the writing thread. Once per console.
    pub fn screen(&self, capabilities: &Capabilities) -> Result<Screen, TerminalError> {
        Screen::start(Arc::clone(&self.tty), *capabilities)
    }

    /// The way keys come in; starts the reading thread. It reads nothing while the console is left.
    /// Must be called within a tokio runtime.
    pub fn inputs(&self) -> Result<Inputs, TerminalError> {
        Inputs::start(Arc::clone(&self.tty))
    }

    /// Gives the terminal back. Any number of times, from anywhere.
    pub fn leave(&self) {
        self.tty.leave();
    }

    /// Whether the terminal is ours now.
    pub fn is_entered(&self) -> bool {
        self.tty.is_entered()
    }

    /// Takes the terminal again when another program may have changed its modes (SIGCONT); the
    /// caller repaints everything. `false` when it belongs to another job now: the caller suspends.
    /// A failure means that the terminal is gone, as the kernel sends SIGCONT along with the SIGHUP
    /// of a dropped connection.
    pub fn reenter(&self) -> Result<bool, TerminalError> {
        if has_job_control() && !self.tty.is_foreground() {
            return Ok(false);
        }
        self.tty.leave();
        self.tty.enter()?;
        Ok(true)
    }

    /// Ctrl-Z: gives the terminal back, stops the whole job until the shell continues it in the
    /// foreground, takes the terminal again. The caller repaints everything. A signal that ends the
    /// program ends the waiting, and the terminal stays given back.
    pub async fn suspend(&self, signals: &mut Signals) -> Result<Option<Signal>, TerminalError> {
        if !has_job_control() {
            return Err(TerminalError::NoJobControl);
        }
        self.tty.leave();
        loop {
            if let Some(deadly) = signals.deadly_soon().await {
                return Ok(Some(deadly));
            }
            signals.forget_continue();
            // SIGSTOP, as SIGTSTP is caught by ourselves; to the group, so that `waveoff | tee` or
            // a script around us stops as one job, as it would by Ctrl-Z in cooked mode.
            if let Err(source) = kill_current_process_group(Raw::STOP) {
                self.tty.enter()?;
                return Err(TerminalError::device("stop this job", source));
            }
            // Any thread may take the signal, and this one runs on until it is told to stop: taking
            // the terminal right away would take it from the shell. So wait to be continued.
            if let Some(deadly) = signals.continued().await {
                return Ok(Some(deadly));
            }
            // Continued in the background (`bg`): whoever has the terminal now keeps it.
            if self.tty.is_foreground() {
                break;
            }
        }
        self.tty.enter()?;
        Ok(None)
    }

    /// Whether a thread or a task has panicked: the program is to end with code 101.
    pub fn has_fallen(&self) -> bool {
        *self.fault.borrow() != Fault::No
    }

    /// Returns when a panic has said what happened, or cannot.
    pub async fn last_words(&self) {
        let mut fault = self.fault.subscribe();
        let told = fault.wait_for(|fault| *fault == Fault::Told);
        // Nobody is left to be told that it took too long.
        let _ = tokio::time::timeout(LAST_WORDS, told).await;
    }

    /// From now on a panic of any thread gives the terminal back before anything is printed, then
    /// says what happened and where the log is. The program is expected to end afterwards, when
    /// [`Console::has_fallen`] says so: frames drawn in between are dropped.
    pub fn restore_on_panic(&self, log: Option<PathBuf>) {
        let (tty, told) = (Arc::clone(&self.tty), self.fault.clone());
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |fault| {
            tty.leave();
            told.send_if_modified(|fault| {
                let first = *fault == Fault::No;
                if first {
                    *fault = Fault::Fallen;
                }
                first
            });
            let mut stderr = io::stderr().lock();
            // The terminal may be gone; `eprintln!` would panic within the panic.
            let _ =
                writeln!(stderr, "waveoff: this is a fault of waveoff itself, and it stops here");
            if let Some(log) = &log {
                let _ = writeln!(stderr, "waveoff: what led to it is in {}", log.display());
            }
            drop(stderr);
            // What happened, and then the way there for the log, which may take seconds.
            before(fault);
            told.send_replace(Fault::Told);
        }));
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.tty.leave();
    }
}

/// Whether a shell would notice that we stopped. In the process group of the session leader
/// (`ssh -t host waveoff`, a window of tmux) nobody could ever continue us.
fn has_job_control() -> bool {
    getsid(None).is_ok_and(|session| session != getpgrp())
}
