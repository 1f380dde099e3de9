//! The log file.
//!
//! Never writes to the screen, which belongs to the cockpit, and never lets a credential through:
//! every line passes `redact`. A log that cannot be written is a trouble to show, not an end.
//! Called by `main`, which keeps the returned value alive until the last line.

mod redact;

use std::backtrace::Backtrace;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::panic;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::umask;
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

use crate::config::{LOG_LEVEL, Places, Settings};

const PREFIX: &str = "waveoff";
const SUFFIX: &str = "log";

/// How many daily files are kept.
const KEPT: usize = 7;

/// Only the owner reads the log.
const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;

/// The running log. Dropping it writes what is still waiting.
#[derive(Debug)]
pub struct Telemetry {
    /// The file, or the directory of daily files; nothing when there is no log.
    pub log: Option<PathBuf>,
    /// What is wrong with it, for the list of troubles.
    pub trouble: Option<String>,
    _worker: Option<WorkerGuard>,
}

/// Starts the log for this process; what the process writes from now on is private. Called before
/// any thread is started. A second start in one process keeps the first.
pub fn start(settings: &Settings, places: &Places) -> Telemetry {
    // The appender creates its daily files as the umask says, and the journal should follow.
    umask(Mode::RWXG | Mode::RWXO);
    let (filter, mut trouble) = filter(&settings.log_level.value);
    let opened = match (&settings.log_file.value, places.log()) {
        (Some(file), _) => open_file(file).map(|writer| (file.clone(), writer)),
        (None, Some(directory)) => open_daily(&directory).map(|writer| (directory, writer)),
        (None, None) => Err("no log: neither XDG_STATE_HOME nor HOME is set".to_owned()),
    };
    let (log, worker) = match opened {
        Ok((path, (writer, worker))) => {
            let subscriber = tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_writer(writer)
                .with_ansi(false)
                .finish();
            // Only a second start in the same process fails, in tests.
            let _ = tracing::subscriber::set_global_default(subscriber);
            log_panics();
            (Some(path), Some(worker))
        }
        Err(why) => {
            trouble = Some(why);
            (None, None)
        }
    };
    Telemetry { log, trouble, _worker: worker }
}

/// Writes every panic to the log as well, with the way there. Whoever sets a hook later calls this.
fn log_panics() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |fault| {
        // Finding the names of a trace takes seconds on a busy machine: who waits is told first.
        before(fault);
        let trace = Backtrace::force_capture();
        tracing::error!("{fault}\n{trace}");
    }));
}

/// The filter, or the usual one and what is wrong with the wanted one.
fn filter(wanted: &str) -> (EnvFilter, Option<String>) {
    match EnvFilter::try_new(wanted) {
        Ok(filter) => (filter, None),
        Err(error) => {
            let why = format!("log level {wanted:?}: {error}; using {LOG_LEVEL}");
            (EnvFilter::new(LOG_LEVEL), Some(why))
        }
    }
}

type Writer = (NonBlocking, WorkerGuard);

fn open_file(path: &Path) -> Result<Writer, String> {
    let file = OpenOptions::new().create(true).append(true).mode(FILE_MODE).open(path);
    let file = file.map_err(|error| no_log(path, &error))?;
    Ok(tracing_appender::non_blocking(Redacted(file)))
}

fn open_daily(directory: &Path) -> Result<Writer, String> {
    DirBuilder::new()
        .recursive(true)
        .mode(DIRECTORY_MODE)
        .create(directory)
        .map_err(|error| no_log(directory, &error))?;
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(PREFIX)
        .filename_suffix(SUFFIX)
        .max_log_files(KEPT)
        .build(directory)
        .map_err(|error| no_log(directory, &error))?;
    Ok(tracing_appender::non_blocking(Redacted(files)))
}

fn no_log(path: &Path, error: &dyn std::error::Error) -> String {
    format!("no log in {}: {error}", path.display())
}

/// A file that no credential reaches. Each write is one whole line, as the subscriber makes them.
#[derive(Debug)]
struct Redacted<W>(W);

impl<W: Write> Write for Redacted<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.0.write_all(redact::redact(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests;
