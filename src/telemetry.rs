//! The log file.
//!
//! Never writes to the screen, which belongs to the cockpit, and never lets a credential through:
//! every line passes `redact`. A log that cannot be written is a trouble to show, not an end.
//! Called by `main`, which keeps the returned value alive until the last line.

mod redact;

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, Utc};
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

/// Starts the log for this process. A second start in one process keeps the first.
pub fn start(settings: &Settings, places: &Places) -> Telemetry {
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
            (Some(path), Some(worker))
        }
        Err(why) => {
            trouble = Some(why);
            (None, None)
        }
    };
    Telemetry { log, trouble, _worker: worker }
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
    let files = Daily { files, directory: directory.to_owned(), private_on: None };
    Ok(tracing_appender::non_blocking(Redacted(files)))
}

fn no_log(path: &Path, error: &dyn std::error::Error) -> String {
    format!("no log in {}: {error}", path.display())
}

/// The daily files, kept private: the appender creates them as the umask says.
#[derive(Debug)]
struct Daily {
    files: RollingFileAppender,
    directory: PathBuf,
    private_on: Option<NaiveDate>,
}

impl Daily {
    fn make_private(&self) {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
                let _ = fs::set_permissions(&path, Permissions::from_mode(FILE_MODE));
            }
        }
    }
}

impl Write for Daily {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let written = self.files.write(line)?;
        // The appender changes files at midnight UTC.
        let today = Utc::now().date_naive();
        if self.private_on != Some(today) {
            self.make_private();
            self.private_on = Some(today);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.files.flush()
    }
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
