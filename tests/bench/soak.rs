//! A long flight under a steady load: what is held and how fast changes are shown, minute by
//! minute.
//!
//! Prints each minute as it ends and, at the end, whether anything grew.

use std::fs;
use std::time::Duration;

use anyhow::Context;

use crate::changes;
use crate::figures::{drift, short};
use crate::program::{PATIENCE, Program, Site, new_home};
use crate::quiet;
use crate::server::Server;
use crate::source::{Numbers, Own, Source};

/// Events a second, markers included.
const RATE: u32 = 100;

/// Minutes that do not count for what grows: caches and pools fill.
const WARM: usize = 5;

/// A minute of it.
struct Minute {
    resident: f64,
    proportional: f64,
    descriptors: f64,
    threads: f64,
    p50: f64,
    p99: f64,
    cpu: f64,
}

/// What is read out of a minute.
type Figure = fn(&Minute) -> f64;

/// Flies it and prints what it came to.
pub(crate) fn fly(program: &Program, rollouts: usize, minutes: u64) -> anyhow::Result<()> {
    let place = tempfile::tempdir()?;
    let server = Server::start(rollouts)?;
    let kubeconfig = server.kubeconfig(place.path())?;
    let site = Site { kubeconfig: &kubeconfig, rollouts };
    let mut numbers = Numbers::new(rollouts);
    let mut source = Own { server: &server, numbers: &mut numbers };
    let (marker, _) = source.mark()?;
    let session = program.start(site, &new_home()?, marker)?;
    session.terminal.wait(PATIENCE)?;
    program.open_target(&session)?;
    println!("soak: {rollouts} rollouts, {RATE} events a second, {minutes} min");
    println!(
        "minute  rss MiB  pss MiB  fds  threads  shown p50 ms  p99 ms   max  lost  cpu %  frames/s  bytes/s  sent late p99 ms"
    );
    let mut log = Vec::new();
    for number in 1..=minutes {
        let burst = changes::burst(&session, &mut source, RATE, Duration::from_secs(60))
            .with_context(|| format!("minute {number}"))?;
        let pid = session.terminal.pid();
        let [resident, proportional, _] = quiet::memory(&session)?;
        let seconds = burst.lasted.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "counts of a minute")]
        let each = |count: u64| count as f64 / seconds;
        let shown = &burst.taken.shown;
        let minute = Minute {
            resident,
            proportional,
            descriptors: entries(&format!("/proc/{pid}/fd"))?,
            threads: entries(&format!("/proc/{pid}/task"))?,
            p50: shown.median().unwrap_or_default(),
            p99: shown.quantile(0.99).unwrap_or_default(),
            cpu: each(burst.cpu_ns) / 1e7,
        };
        println!(
            "{number:>6}  {resident:>7.1}  {proportional:>7.1}  {:>3}  {:>7}  {:>12.2}  {:>6.1}  {:>4.0}  {:>4}  {:>5.2}  {:>8.1}  {:>7.0}  {:>6.1}",
            minute.descriptors,
            minute.threads,
            minute.p50,
            minute.p99,
            shown.quantile(1.0).unwrap_or_default(),
            burst.taken.lost,
            minute.cpu,
            each(burst.painted.frames),
            each(burst.painted.bytes),
            burst.late.quantile(0.99).unwrap_or_default(),
        );
        log.push(minute);
    }
    let held = log.get(WARM.min(log.len() / 2)..).unwrap_or_default();
    let figures: [(&str, Figure); 7] = [
        ("rss MiB", |m| m.resident),
        ("pss MiB", |m| m.proportional),
        ("descriptors", |m| m.descriptors),
        ("threads", |m| m.threads),
        ("shown p50 ms", |m| m.p50),
        ("shown p99 ms", |m| m.p99),
        ("cpu %", |m| m.cpu),
    ];
    println!("drift in an hour, by least squares over {} minutes:", held.len());
    for (name, figure) in figures {
        let values: Vec<f64> = held.iter().map(figure).collect();
        if let Some((middle, slope)) = drift(&values) {
            println!("  {name:<13} middle {:>8}  {:+.3}", short(middle), slope * 60.0);
        }
    }
    session.leave();
    Ok(())
}

fn entries(directory: &str) -> anyhow::Result<f64> {
    let count = fs::read_dir(directory).context("the process is gone")?.count();
    #[expect(clippy::cast_precision_loss, reason = "some dozens")]
    Ok(count as f64)
}
