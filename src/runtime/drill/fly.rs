//! A drill with the cockpit over it, or with nothing but its server.
//!
//! Called by the parent.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::app::keymap::Overrides;
use crate::app::report;
use crate::app::session::Scope;
use crate::config::args;
use crate::config::{Namespaces, Places};
use crate::error::Exit;
use crate::sim;

use super::super::clock::Clock;
use super::super::connect as connecting;
use super::super::headless::{Failure, failure};
use super::super::say::{complain, print};
use super::super::start::{Start, listen};
use super::super::state::whole;
use super::{Flown, words};

/// Workloads from which on their past takes long enough to be wondered at.
const MANY: usize = 100;

/// How long the terminal may take for the score.
const SCORE_WITHIN: Duration = Duration::from_millis(300);

/// Flies a drill on the screen, or serves it.
pub(super) async fn fly(
    mut start: Start,
    drill: &sim::Drill,
    asked: &args::Drill,
    overrides: Overrides,
) -> Result<Exit, Failure> {
    if !asked.serve {
        start.needs_terminal("`waveoff drill --headless` plays a drill without one")?;
    }
    if drill.workloads() > MANY {
        let count = drill.workloads();
        complain(&format!("{count} workloads come to life: that takes some seconds"));
    }
    start.clock = Clock::scaled(start.clock.now(), asked.speed);
    let flown = Flown::begin(drill, asked.seed, &start.clock, false)?;
    if asked.serve {
        let keys = Keys::written(&start.places, &flown);
        return serve(drill, flown, keys.as_ref()).await;
    }
    // From here on there is something to tidy up.
    let mut signals = listen()?;
    let keys = Keys::written(&start.places, &flown);
    let connection = tokio::select! {
        dialled = flown.dial(drill.name()) => dialled?,
        deadly = signals.deadly() => return Ok(deadly.exit_code().map_or(Exit::Ok, Exit::Signal)),
    };
    let scope = match &start.settings.namespaces.value {
        Namespaces::OfContext => Scope::All,
        _ => connecting::scope(&start.settings, connection.identity()),
    };
    let others = keys.as_ref().map(Keys::others).unwrap_or_default();
    let simulation = flown.simulation.clone();
    let progress = || simulation.report().map(|r| words::progress(&r)).unwrap_or_default();
    let mut told = words::drill(drill, asked.seed, asked.speed, &others);
    told.progress = progress();
    let exit =
        Box::pin(start.fly(connection, scope, overrides, signals, Some((told.clone(), flown))))
            .await?;
    told.progress = progress();
    // A fault of the program has the last word.
    if exit != Exit::Panic {
        print_soon(report::drill_score(&told));
    }
    Ok(exit)
}

/// Prints, but not for longer than a terminal that does not read is worth.
fn print_soon(text: String) {
    let (told, done) = mpsc::channel();
    let printing = thread::Builder::new().name("score".to_owned()).spawn(move || {
        print(&text);
        let _ = told.send(());
    });
    if printing.is_ok() {
        let _ = done.recv_timeout(SCORE_WITHIN);
    }
}

/// Serves the cluster to other clients until it is interrupted.
async fn serve(drill: &sim::Drill, flown: Flown, keys: Option<&Keys>) -> Result<Exit, Failure> {
    let Some(keys) = keys else {
        return Err(failure(Exit::Undetermined, "there is no place for a kubeconfig"));
    };
    let mut text = format!("# {}: until Ctrl-C\n", drill.title());
    for (person, path) in &keys.files {
        text.push_str(&format!("export KUBECONFIG={}   # as {person}\n", path.display()));
    }
    text.push_str(&format!("# Prometheus: http://{}\n", flown.simulation.prometheus_address()));
    print(&text);
    // Ends with the interruption that every command hears.
    std::future::pending::<()>().await;
    Ok(Exit::Ok)
}

/// Kubeconfigs for other clients of the drill, as long as it lasts.
struct Keys {
    directory: PathBuf,
    files: Vec<(String, PathBuf)>,
}

impl Keys {
    /// Writes them; without a place for them there are none.
    fn written(places: &Places, flown: &Flown) -> Option<Self> {
        let keys = Self::write(places, flown);
        keys.map_err(|error| complain(&format!("no kubeconfig for other clients: {error}"))).ok()
    }

    fn write(places: &Places, flown: &Flown) -> io::Result<Self> {
        let state = places.state.as_ref();
        let state =
            state.ok_or_else(|| io::Error::other("neither XDG_STATE_HOME nor HOME is set"))?;
        let directory = state.join("drill").join(std::process::id().to_string());
        whole::directory(&directory)?;
        let mut keys = Self { directory, files: Vec::new() };
        for person in flown.simulation.persons() {
            let Some(text) = flown.simulation.kubeconfig(&person, "default") else { continue };
            let path = keys.directory.join(format!("{person}.kubeconfig"));
            let mut options = fs::OpenOptions::new();
            let mut file =
                options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            file.write_all(text.as_bytes())?;
            keys.files.push((person, path));
        }
        Ok(keys)
    }

    /// That of the second operator: whoever sits beside the pilot.
    fn others(&self) -> String {
        let operator = self.files.iter().find(|(person, _)| person == sim::OPERATOR);
        operator.map_or_else(String::new, |(_, path)| path.display().to_string())
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // Tokens of a cluster that is gone open nothing; a directory that stays is only untidy.
        let _ = fs::remove_dir_all(&self.directory);
    }
}
