//! A large drill: what is there, and what it costs to let it live.
//!
//! The figures are printed and never judged here: machines are shared, and this is a debug build.

use std::time::{Duration, Instant};

use super::{Hangar, Served, json};
use crate::report::report;

/// Seconds of processor time a process has used.
fn used(id: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    #[expect(clippy::cast_precision_loss, reason = "a hundred or so")]
    let each_second = rustix::param::clock_ticks_per_second() as f64;
    ticks / each_second
}

/// Memory a process holds, in MiB.
fn resident(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
#[ignore = "a minute of one core: tests/run"]
fn a_thousand_rollouts_live() {
    let hangar = Hangar::open();
    let began = Instant::now();
    let served = Served::start(&hangar, &["drill", "fleet"]);
    let built = began.elapsed().as_secs_f64();
    let (before, since) = (used(served.id()), Instant::now());
    std::thread::sleep(Duration::from_secs(10));
    let cores = (used(served.id()) - before) / since.elapsed().as_secs_f64();
    let keys = served.kubeconfig("operator");
    let list = json(&hangar.run(&["list", "-A", "--kubeconfig", keys, "-o", "json"]));
    let workloads = list["items"].as_array().unwrap();
    let pods: i64 = workloads.iter().filter_map(|w| w["ready"].as_i64()).sum();
    let count = workloads.len();
    report(&format!(
        "fleet: {count} workloads, {pods} pods at x1: {cores:.2} cores, {} MiB, built in {built:.1} s",
        resident(served.id())
    ));
    assert!(count >= 1_000, "{count}");
    assert!(pods >= 10_000, "{pods}");
}
