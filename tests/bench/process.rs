//! What a process has used, as the kernel counts it: processor time, switches, writes, memory.
//!
//! Processor time is taken in nanoseconds and thread by thread: the ticks of `stat` are ten
//! milliseconds and show an idle program as zero.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context;

/// A thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Thread {
    pub(crate) name: String,
    pub(crate) cpu_ns: u64,
    pub(crate) switches: u64,
    pub(crate) writes: u64,
    pub(crate) written: u64,
}

/// All threads of a process at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage {
    threads: BTreeMap<u32, Thread>,
}

impl Usage {
    /// Now.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{pid}/task")).context("the process is gone")? {
            let path = entry?.path();
            let id = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.parse().ok());
            // A thread may end while it is looked at.
            let read = |name: &str| fs::read_to_string(path.join(name)).unwrap_or_default();
            let (io, status) = (read("io"), read("status"));
            let thread = Thread {
                name: read("comm").trim().to_owned(),
                cpu_ns: read("schedstat")
                    .split(' ')
                    .next()
                    .and_then(|n| n.parse().ok())
                    .unwrap_or(0),
                switches: field(&status, "voluntary_ctxt_switches:"),
                writes: field(&io, "syscw:"),
                written: field(&io, "wchar:"),
            };
            threads.insert(id.unwrap_or_default(), thread);
        }
        Ok(Self { threads })
    }

    /// What was used since: each thread's share. Those that ended meanwhile are not seen.
    pub(crate) fn since(&self, before: &Self) -> Vec<Thread> {
        let none = Thread::default();
        let each = self.threads.iter().map(|(id, now)| {
            let then = before.threads.get(id).unwrap_or(&none);
            Thread {
                name: now.name.clone(),
                cpu_ns: now.cpu_ns.saturating_sub(then.cpu_ns),
                switches: now.switches.saturating_sub(then.switches),
                writes: now.writes.saturating_sub(then.writes),
                written: now.written.saturating_sub(then.written),
            }
        });
        each.collect()
    }
}

/// The sum of a figure over threads.
pub(crate) fn total(threads: &[Thread], figure: impl Fn(&Thread) -> u64) -> u64 {
    threads.iter().map(figure).sum()
}

/// Memory in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Resident.
    pub(crate) resident: u64,
    /// Resident, what is shared counted by share.
    pub(crate) proportional: u64,
    /// The most that was ever resident.
    pub(crate) peak: u64,
}

impl Memory {
    /// Now.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let status =
            fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        Ok(Self {
            resident: field(&status, "VmRSS:"),
            proportional: field(&rollup, "Pss:"),
            peak: field(&status, "VmHWM:"),
        })
    }
}

/// The number behind a name at the beginning of a line.
fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// One, five and fifteen minutes.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
