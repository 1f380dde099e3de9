//! What grows with the fleet: starting, holding, and the cost of one event.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::changes;
use crate::figures::{Sample, short};
use crate::objects::PODS_EACH;
use crate::program::{PATIENCE, Program, Session, Site, Which, new_home};
use crate::quiet;
use crate::server::Server;
use crate::source::{Numbers, Own, Source};

/// Starts at each size.
const STARTS: usize = 3;

/// A program over a fleet of one size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Point {
    pub(crate) pods: usize,
    /// To the first live screen, in milliseconds.
    pub(crate) live: Sample,
    /// Until every kind is listed and watched.
    pub(crate) synced: Sample,
    /// MiB: resident, proportional, peak.
    pub(crate) memory: [f64; 3],
    /// Microseconds of processor time for one event.
    pub(crate) event_us: f64,
    /// To the parsed cell, spaced.
    pub(crate) shown: Sample,
}

impl Point {
    /// In a line, for whoever waits for the table.
    pub(crate) fn words(&self) -> String {
        let middle = |sample: &Sample| sample.median().map_or_else(|| "-".to_owned(), short);
        format!(
            "{} pods: live {} ms, synced {} ms, {:.0} MiB, {} us an event, shown after {} ms",
            self.pods,
            middle(&self.live),
            middle(&self.synced),
            self.memory[0],
            short(self.event_us),
            middle(&self.shown)
        )
    }
}

/// Measures one size.
pub(crate) fn point(program: &Program, rollouts: usize) -> anyhow::Result<Point> {
    let place = tempfile::tempdir()?;
    let server = &Server::start(rollouts)?;
    let kubeconfig = server.kubeconfig(place.path())?;
    let site = Site { kubeconfig: &kubeconfig, rollouts };
    let mut point = Point { pods: rollouts * PODS_EACH, ..Point::default() };
    let mut numbers = Numbers::new(rollouts);
    let mut last: Option<Session> = None;
    for _ in 0..STARTS {
        drop(last.take());
        server.take_asked();
        let (marker, _) = Own { server, numbers: &mut numbers }.mark()?;
        let session = program.start(site, &new_home()?, marker)?;
        let live = session.terminal.wait(PATIENCE)?;
        point.live.push_time(live - session.terminal.started());
        if let Some(synced) = synced(server) {
            point.synced.push_time(synced.saturating_duration_since(session.terminal.started()));
        }
        last = Some(session);
    }
    let session = last.context("no start")?;
    thread::sleep(Duration::from_secs(2));
    point.memory = quiet::memory(&session)?;
    program.open_target(&session)?;
    thread::sleep(Duration::from_secs(1));
    let idle = quiet::quiet(&session, Duration::from_secs(5))?;
    let mut source = Own { server, numbers: &mut numbers };
    point.shown = changes::spaced(&session, &mut source, 20)?.shown;
    let length = Duration::from_secs(4);
    let burst = changes::burst(&session, &mut source, 250, length)?;
    #[expect(clippy::cast_precision_loss, reason = "a few seconds")]
    let (used, events) = (burst.cpu_ns as f64 / 1000.0, burst.events as f64);
    // What it costs anyway is no cost of an event.
    let anyway = idle.cpu_percent / 100.0 * 1e6 * burst.lasted.as_secs_f64();
    point.event_us = (used - anyway).max(0.0) / events;
    Ok(point)
}

/// When the last kind began to be watched, which is after all of it was listed. Waits until nothing
/// more is listed or watched.
fn synced(server: &Server) -> Option<Instant> {
    let began = Instant::now();
    let mut paths: Vec<String> = Vec::new();
    let (mut last, mut busy) = (None, Instant::now());
    while busy.elapsed() < Duration::from_secs(1) && began.elapsed() < PATIENCE {
        for asked in server.take_asked() {
            if asked.is_watch() || asked.query("limit").is_some() {
                busy = asked.at;
            }
            if asked.is_watch() && !paths.contains(&asked.path) {
                last = Some(asked.at);
                paths.push(asked.path);
            }
        }
        thread::sleep(Duration::from_millis(50));
    }
    last
}

/// Sizes for a program: the largest only for those whose memory allows it.
pub(crate) fn sizes(which: Which, largest: usize) -> Vec<usize> {
    let most = match which {
        Which::Waveoff => largest,
        _ => largest.min(1000),
    };
    [10, 100, 1000, 10_000].into_iter().filter(|size| *size <= most).collect()
}
