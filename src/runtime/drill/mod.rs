//! Drills: the embedded cluster in the place of a real one, and the same program over it.
//!
//! No kubeconfig is read here and no connection is made but to the drill's own server on loopback.
//! Called by `start`.

mod fly;
mod headless;
mod words;

use std::path::Path;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::app::drill::Progress;
use crate::app::keymap::Overrides;
use crate::cluster::{self, Connection};
use crate::config::Settings;
use crate::config::args::{self, Output};
use crate::domain::text::SafeText;
use crate::error::Exit;
use crate::sim::{self, Simulation};
use crate::terminal::fall;

use super::clock::Clock;
use super::headless::{Failure, failure};
use super::say::print;
use super::start::Start;

/// A drill that runs: its cluster, and the task that answers for it.
#[derive(Debug)]
pub(super) struct Flown {
    simulation: Simulation,
    /// Dropping it ends the task.
    _server: JoinSet<()>,
    shown: Option<Progress>,
}

impl Flown {
    /// Builds the world of a drill and begins to answer for it.
    fn begin(drill: &sim::Drill, seed: u64, clock: &Clock, stepped: bool) -> Result<Self, Failure> {
        let now = {
            let clock = clock.clone();
            move || clock.now()
        };
        let clock = if stepped {
            sim::Clock::stepped(now)
        } else {
            sim::Clock::paced(f64::from(clock.speed()), now)
        };
        let simulation = Simulation::fly(drill, seed, clock)
            .map_err(|error| failure(Exit::Undetermined, error.to_string()))?;
        let mut server = JoinSet::new();
        let running = simulation.clone();
        server.spawn(fall::amid("world", async move {
            if let Err(error) = running.run().await {
                tracing::error!(%error, "the embedded cluster ended");
            }
        }));
        Ok(Self { simulation, _server: server, shown: None })
    }

    /// The pilot's connection.
    async fn dial(&self, name: &str) -> Result<Arc<Connection>, Failure> {
        let address = cluster::drill::Address {
            api: self.simulation.api_address(),
            authority: self.simulation.authority_der(),
            token: self.simulation.token(sim::PILOT).unwrap_or_default(),
            name: SafeText::new(name),
        };
        let drill = cluster::Drill::dial(&address).await;
        let drill = drill.map_err(|error| failure(Exit::Undetermined, error.to_string()))?;
        Ok(Arc::clone(drill.connection()))
    }

    /// How it goes, when that is not what was shown last.
    pub(super) fn progress(&mut self) -> Option<Progress> {
        let progress = words::progress(&self.simulation.report()?);
        if self.shown.as_ref() == Some(&progress) {
            return None;
        }
        self.shown = Some(progress.clone());
        Some(progress)
    }
}

/// Does what was asked for.
pub(super) async fn run(
    start: Start,
    asked: args::Drill,
    overrides: Overrides,
) -> Result<Exit, Failure> {
    if asked.list {
        list(asked.print.output)?;
        return Ok(Exit::Ok);
    }
    alone(&start.settings)?;
    let drill = load(asked.name.as_deref())?;
    if asked.headless {
        return headless::play(start, &drill, &asked).await;
    }
    Box::pin(fly::fly(start, &drill, &asked, overrides)).await
}

/// A drill has a cluster and a Prometheus of its own: whoever names another one is told so.
fn alone(settings: &Settings) -> Result<(), Failure> {
    let named = [
        ("--context", settings.context.value.is_some() && settings.context.is_flag()),
        ("--kubeconfig", settings.kubeconfig.value.is_some()),
        ("--prometheus", settings.metrics.prometheus.is_flag()),
    ];
    match named.into_iter().find(|(_, named)| *named) {
        Some((flag, _)) => {
            let text = format!("a drill has a cluster of its own: leave {flag} away");
            Err(failure(Exit::Usage, text))
        }
        None => Ok(()),
    }
}

/// A built-in drill by its name, or one in a file.
fn load(name: Option<&str>) -> Result<sim::Drill, Failure> {
    let usage = |text: String| failure(Exit::Usage, text);
    let Some(name) = name else {
        let first = sim::Drill::names().next().unwrap_or_default();
        return sim::Drill::built_in(first).map_err(|error| usage(error.to_string()));
    };
    if is_path(name) {
        let text = std::fs::read_to_string(name)
            .map_err(|error| usage(format!("read drill {name}: {error}")))?;
        return sim::Drill::read(name, &text).map_err(|error| usage(error.to_string()));
    }
    sim::Drill::built_in(name).map_err(|error| {
        let near = crate::config::nearest(name, sim::Drill::names());
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        usage(format!("{error}{near}"))
    })
}

fn is_path(name: &str) -> bool {
    let path = Path::new(name);
    path.components().count() > 1 || path.extension().is_some_and(|end| end == "toml")
}

/// The drills there are.
fn list(output: Output) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for name in sim::Drill::names() {
        let drill = sim::Drill::built_in(name)
            .map_err(|error| failure(Exit::Undetermined, error.to_string()))?;
        rows.push((name, drill.title().to_owned(), drill.length()));
    }
    match output {
        Output::Text => {
            for (name, title, length) in rows {
                let minutes = length.num_minutes();
                print(&format!("{name:<18} {minutes:>2} min  {title}\n"));
            }
        }
        Output::Json => {
            let drills: Vec<_> = rows
                .into_iter()
                .map(|(name, title, length)| {
                    serde_json::json!({
                        "name": name,
                        "title": title,
                        "length_s": length.num_seconds(),
                    })
                })
                .collect();
            print(&format!("{:#}\n", serde_json::json!({ "schema": 1, "drills": drills })));
        }
    }
    Ok(())
}
