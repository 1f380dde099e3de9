//! What a program costs while nothing happens, and what it holds.

use std::thread;
use std::time::{Duration, Instant};

use crate::process::{Memory, Usage, total};
use crate::program::Session;

/// A quiet window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Quiet {
    pub(crate) seconds: f64,
    /// Percent of one processor.
    pub(crate) cpu_percent: f64,
    /// Bytes to the terminal in a second.
    pub(crate) bytes: f64,
    /// Voluntary switches in a second: times that something woke up.
    pub(crate) switches: f64,
    /// Frames in a second.
    pub(crate) frames: f64,
}

/// Watches it do nothing.
pub(crate) fn quiet(session: &Session, window: Duration) -> anyhow::Result<Quiet> {
    let terminal = &session.terminal;
    let before = (Usage::of(terminal.pid())?, terminal.counts(), Instant::now());
    thread::sleep(window);
    let after = (Usage::of(terminal.pid())?, terminal.counts(), Instant::now());
    let seconds = (after.2 - before.2).as_secs_f64();
    let threads = after.0.since(&before.0);
    #[expect(clippy::cast_precision_loss, reason = "counts of a few minutes")]
    let each_second = |count: u64| count as f64 / seconds;
    Ok(Quiet {
        seconds,
        cpu_percent: each_second(total(&threads, |t| t.cpu_ns)) / 1e9 * 100.0,
        bytes: each_second(after.1.bytes - before.1.bytes),
        switches: each_second(total(&threads, |t| t.switches)),
        frames: each_second(after.1.frames - before.1.frames),
    })
}

/// What it holds now, in MiB: resident, proportional, the most so far.
pub(crate) fn memory(session: &Session) -> anyhow::Result<[f64; 3]> {
    let memory = Memory::of(session.terminal.pid())?;
    #[expect(clippy::cast_precision_loss, reason = "memory in KiB")]
    let mib = |kib: u64| kib as f64 / 1024.0;
    Ok([mib(memory.resident), mib(memory.proportional), mib(memory.peak)])
}
