//! The terminal while it is ours: entered, left, left for a while by Ctrl-Z.
//!
//! Leaving is idempotent and happens on every way out: by [`Drop`], by the panic hook, by whoever
//! handles a signal. Never reads keys and never draws. Called by `runtime`.

use std::io::{self, Write};
use std::panic;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};

use super::input::Inputs;
use super::output::Screen;
use super::signals::Signals;
use super::tty::Tty;
use super::{Capabilities, TerminalError};

/// The terminal while it is ours. Dropping it gives the terminal back.
#[derive(Debug)]
pub struct Console {
    tty: Arc<Tty>,
}

impl Console {
    /// Takes the terminal: raw mode, alternate screen, hidden cursor, bracketed paste.
    pub fn enter() -> Result<Self, TerminalError> {
        // crossterm 0.29 answers NO_COLOR with empty SGR sequences, which reset bold and reverse
        // as well. The mono theme has no colours to begin with, so its switch stays on.
        crossterm::style::force_color_output(true);
        let console = Self { tty: Arc::new(Tty::open()?) };
        console.tty.enter()?;
        Ok(console)
    }

    /// Columns and rows now.
    pub fn size(&self) -> (u16, u16) {
        self.tty.size()
    }

    /// The way frames go out; starts the writing thread. Once per console.
    pub fn screen(&self, capabilities: &Capabilities) -> Result<Screen, TerminalError> {
        Screen::start(Arc::clone(&self.tty), capabilities.synchronized)
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

    /// Takes the terminal again after [`Console::leave`], or after another program may have
    /// changed its modes (SIGCONT). The caller repaints everything. A failure means that the
    /// terminal is gone, as the kernel sends SIGCONT along with the SIGHUP of a dropped connection.
    pub fn reenter(&self) -> Result<(), TerminalError> {
        self.tty.leave();
        self.tty.enter()
    }

    /// Ctrl-Z: gives the terminal back, stops the whole job until the shell continues it, takes
    /// the terminal again. The caller repaints everything.
    pub async fn suspend(&self, signals: &mut Signals) -> Result<(), TerminalError> {
        if !has_job_control() {
            return Err(TerminalError::NoJobControl);
        }
        self.tty.leave();
        signals.forget_continue();
        // SIGSTOP, as SIGTSTP is caught by ourselves; to the group, so that `waveoff | tee` or a
        // script around us stops as one job, as it would by Ctrl-Z in cooked mode.
        let stopped = kill_current_process_group(Signal::STOP)
            .map_err(|source| TerminalError::device("stop this job", source));
        if stopped.is_ok() {
            // Any thread may take the signal, and this one runs on until it is told to stop: taking
            // the terminal right away would take it from the shell. So wait to be continued.
            signals.continued().await;
        }
        self.tty.enter()?;
        stopped
    }

    /// From now on a panic of any thread gives the terminal back before anything is printed, then
    /// says what happened and where the log is. The program is expected to end afterwards with
    /// code 101: frames drawn in between are dropped.
    pub fn restore_on_panic(&self, log: Option<PathBuf>) {
        let tty = Arc::clone(&self.tty);
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |fault| {
            tty.leave();
            before(fault);
            let mut stderr = io::stderr().lock();
            // The terminal may be gone; `eprintln!` would panic within the panic.
            let _ =
                writeln!(stderr, "waveoff: this is a fault of waveoff itself, and it stops here");
            if let Some(log) = &log {
                let _ = writeln!(stderr, "waveoff: what led to it is in {}", log.display());
            }
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
