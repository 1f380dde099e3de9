//! Benchmarks beside peers, in the same run: one clock, a pseudo-terminal of 200x60 for each
//! program, the same changes for all.
//!
//! It reports and never judges: it fails only when something could not be measured. Built by
//! `cargo bench --no-run --bench beside`, started by `tests/bench/run`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "measures time, and prints what it measured"
)]

mod changes;
mod figures;
mod growth;
mod keys;
mod objects;
mod plane;
mod process;
mod program;
mod quiet;
mod record;
mod report;
mod server;
mod soak;
mod source;
mod table;
mod terminal;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;

use figures::Sample;
use plane::Plane;
use program::{Program, Site, Which};
use record::{Effort, Record};
use report::Results;
use server::Server;
use source::{Numbers, Own};

/// Benchmarks beside peers.
#[derive(Debug, Parser)]
#[command(name = "beside")]
struct Options {
    /// The program under test.
    #[arg(long, value_name = "PATH")]
    waveoff: PathBuf,
    /// kubectl-argo-rollouts.
    #[arg(long, value_name = "PATH")]
    plugin: Option<PathBuf>,
    /// sofka.
    #[arg(long, value_name = "PATH")]
    sofka: Option<PathBuf>,
    /// Directory of a plane of `tests/plane/plane up --bare`: a real API server.
    #[arg(long, value_name = "DIR")]
    plane: Option<PathBuf>,
    /// Rollouts of the fleet, with ten pods each.
    #[arg(long, default_value_t = 1000)]
    rollouts: usize,
    /// Largest fleet of the growth curve, in rollouts; 0 leaves the curve out.
    #[arg(long, default_value_t = 10_000)]
    largest: usize,
    /// Starts of each program.
    #[arg(long, default_value_t = 10)]
    starts: usize,
    /// Times that each program has its turn.
    #[arg(long, default_value_t = 2)]
    rounds: usize,
    /// Spaced changes of a turn, and half as many pairs.
    #[arg(long, default_value_t = 100)]
    changes: usize,
    /// Events a second in a burst over our own server.
    #[arg(long, default_value_t = 1000)]
    rate: u32,
    /// The same over the real one, where each of them is a request.
    #[arg(long, default_value_t = 100)]
    patches: u32,
    /// Seconds of a burst.
    #[arg(long, default_value_t = 5)]
    burst: u64,
    /// Seconds of a quiet window.
    #[arg(long, default_value_t = 60)]
    quiet: u64,
    /// Presses of a key.
    #[arg(long, default_value_t = 30)]
    presses: usize,
    /// Only a soak: so many minutes under a steady load, each printed.
    #[arg(long, value_name = "MINUTES")]
    soak: Option<u64>,
    /// Lines to print below the table.
    #[arg(long, value_name = "TEXT")]
    note: Vec<String>,
    /// File for the table as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Prints the screens that were measured.
    #[arg(long)]
    pictures: bool,
    /// Given by cargo; means nothing.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn programs(&self) -> Vec<Program> {
        let given = [
            (Which::Waveoff, Some(&self.waveoff)),
            (Which::Plugin, self.plugin.as_ref()),
            (Which::Sofka, self.sofka.as_ref()),
        ];
        let there = given.into_iter().filter_map(|(which, path)| Some((which, path?)));
        there.map(|(which, path)| Program { which, path: path.clone() }).collect()
    }

    fn effort(&self, rate: u32) -> Effort {
        Effort {
            starts: self.starts,
            changes: self.changes,
            pairs: self.changes.div_ceil(2),
            rate,
            burst: Duration::from_secs(self.burst),
            quiet: Duration::from_secs(self.quiet),
        }
    }
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let programs = options.programs();
    let began = Instant::now();
    if let (Some(minutes), Some(program)) = (options.soak, programs.first()) {
        return soak::fly(program, options.rollouts, minutes);
    }
    let mut results = Results::default();
    let mut faults = Faults::default();
    results.loads.push(process::load());
    say(began, "over our own server");
    results.own =
        over_own(&options, &programs, began, &mut faults).context("over our own server")?;
    results.loads.push(process::load());
    if let Some(directory) = &options.plane {
        say(began, "over a real API server");
        match over_plane(&options, &programs, directory, began, &mut faults) {
            Ok(records) => results.real = records,
            // What was measured before is worth its table.
            Err(error) => faults.add(Which::Raw, &error.context("over a real API server")),
        }
        results.loads.push(process::load());
    }
    for program in &programs {
        let which = program.which;
        for rollouts in growth::sizes(which, options.largest) {
            say(began, &format!("{} with {rollouts} rollouts", which.name()));
            faults.unless(which, || {
                let point = growth::point(program, rollouts).context("the growth curve")?;
                say(began, &point.words());
                results.growth.push((which, point));
                Ok(())
            });
        }
    }
    results.loads.push(process::load());
    let mut table = report::table(&options, &programs, &results);
    for (which, why) in &faults.0 {
        let why = why.lines().next().unwrap_or_default();
        table.note(format!("{}: could not be measured: {why}", which.name()));
    }
    println!("{}", table.markdown());
    if let Some(file) = &options.json {
        std::fs::write(file, format!("{:#}\n", table.json())).context("write the file")?;
    }
    say(began, "done");
    match faults.0.first() {
        None => Ok(()),
        Some((which, why)) => anyhow::bail!("{}: {why}", which.name()),
    }
}

/// Programs that could not be measured, and why. The others go on; the run fails in the end.
#[derive(Debug, Default)]
struct Faults(Vec<(Which, String)>);

impl Faults {
    /// Does it unless this program has failed before.
    fn unless(&mut self, which: Which, measure: impl FnOnce() -> anyhow::Result<()>) {
        if self.0.iter().any(|(failed, _)| *failed == which) {
            return;
        }
        if let Err(error) = measure() {
            self.add(which, &error);
        }
    }

    fn add(&mut self, which: Which, error: &anyhow::Error) {
        eprintln!("{}: {error:#}", which.name());
        self.0.push((which, format!("{error:#}")));
    }
}

/// What it is at, on the error stream: a run takes half an hour.
fn say(began: Instant, what: &str) {
    eprintln!("{:5.0} s  {what} (load {})", began.elapsed().as_secs_f64(), process::load());
}

type Records = Vec<(Which, Record)>;

fn empty(programs: &[Program]) -> Records {
    programs.iter().map(|program| (program.which, Record::default())).collect()
}

/// All programs in turn, over and over: what the machine does meanwhile falls on each of them.
fn over_own(
    options: &Options,
    programs: &[Program],
    began: Instant,
    faults: &mut Faults,
) -> anyhow::Result<Records> {
    let place = tempfile::tempdir()?;
    let server = Server::start(options.rollouts)?;
    let kubeconfig = server.kubeconfig(place.path())?;
    let site = Site { kubeconfig: &kubeconfig, rollouts: options.rollouts };
    let mut numbers = Numbers::new(options.rollouts);
    let effort = options.effort(options.rate);
    let mut records = empty(programs);
    for _ in 0..effort.starts {
        for (program, (which, record)) in programs.iter().zip(&mut records) {
            let mut source = Own { server: &server, numbers: &mut numbers };
            faults.unless(*which, || record.start(program, site, &mut source));
        }
    }
    for round in 0..options.rounds {
        for (program, (which, record)) in programs.iter().zip(&mut records) {
            say(began, &format!("{} over our own server, round {}", which.name(), round + 1));
            let mut source = Own { server: &server, numbers: &mut numbers };
            faults.unless(*which, || {
                let session = record.session(program, site, &effort, &mut source)?;
                if options.pictures {
                    println!("{}", session.terminal.picture());
                }
                let keys = match which {
                    Which::Waveoff => keys::holds(&session, &server, options.presses)?,
                    Which::Plugin => {
                        keys::pauses(&program.path, &kubeconfig, &server, options.presses)?
                    }
                    Which::Sofka | Which::Raw => Sample::default(),
                };
                record.keys.extend(&keys);
                Ok(())
            });
        }
    }
    Ok(records)
}

/// The same over a real API server.
fn over_plane(
    options: &Options,
    programs: &[Program],
    directory: &Path,
    began: Instant,
    faults: &mut Faults,
) -> anyhow::Result<Records> {
    let plane = Plane::at(directory)?;
    plane.fill(options.rollouts).context("fill it")?;
    say(began, "filled");
    let kubeconfig = plane.kubeconfig();
    let site = Site { kubeconfig: &kubeconfig, rollouts: options.rollouts };
    let mut numbers = Numbers::new(options.rollouts);
    let effort = options.effort(options.patches);
    let mut records = empty(programs);
    for _ in 0..effort.starts {
        for (program, (which, record)) in programs.iter().zip(&mut records) {
            let mut source = plane.source(&mut numbers)?;
            faults.unless(*which, || record.start(program, site, &mut source));
            source.finish()?;
        }
    }
    for round in 0..options.rounds {
        for (program, (which, record)) in programs.iter().zip(&mut records) {
            say(began, &format!("{} over a real API server, round {}", which.name(), round + 1));
            let mut source = plane.source(&mut numbers)?;
            faults.unless(*which, || record.session(program, site, &effort, &mut source).map(drop));
            source.finish()?;
        }
    }
    let mut floor = Record::default();
    floor.spaced.arrived = plane.floor(&mut numbers, effort.changes)?;
    records.push((Which::Raw, floor));
    Ok(records)
}
