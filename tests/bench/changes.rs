//! From a change to the screen: spaced, in pairs, and in bursts.
//!
//! The marker is a number that only grows, so a value that was never shown counts from its event to
//! the first later one: what was left out is not left out of the figures. Bursts are open loop: the
//! schedule stands beforehand, and an event that goes out late counts from when it was due.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::figures::Sample;
use crate::process::{Usage, total};
use crate::program::Session;
use crate::source::Source;
use crate::terminal::{Counts, Terminal};

/// Longest wait for a change to be shown.
const LOST: Duration = Duration::from_secs(5);

/// Between two markers of a burst.
const MARKED: Duration = Duration::from_millis(50);

/// What changes took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    /// To the last byte that it needed, in milliseconds.
    pub(crate) arrived: Sample,
    /// To the parsed cell.
    pub(crate) shown: Sample,
    /// Bytes until a moment after it.
    pub(crate) bytes: Sample,
    /// Changes that were not shown within five seconds.
    pub(crate) lost: usize,
}

impl Taken {
    fn add(&mut self, terminal: &Terminal, from: Instant, value: u64) {
        match terminal.wait_for_sight(value, LOST) {
            Some(sight) => {
                self.arrived.push_time(sight.arrived.saturating_duration_since(from));
                self.shown.push_time(sight.shown.saturating_duration_since(from));
            }
            None => self.lost += 1,
        }
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.arrived.extend(&other.arrived);
        self.shown.extend(&other.shown);
        self.bytes.extend(&other.bytes);
        self.lost += other.lost;
    }
}

/// Changes far apart.
pub(crate) fn spaced(
    session: &Session,
    source: &mut dyn Source,
    count: usize,
) -> anyhow::Result<Taken> {
    let terminal = &session.terminal;
    let mut taken = Taken::default();
    for number in 0..count {
        // Not in step with any clock of the program.
        pause(250.0 + spread(number, 120.0));
        let before = terminal.counts().bytes;
        let (value, from) = source.mark()?;
        taken.add(terminal, from, value);
        thread::sleep(Duration::from_millis(40));
        #[expect(clippy::cast_precision_loss, reason = "a few thousand bytes")]
        taken.bytes.push((terminal.counts().bytes - before) as f64);
    }
    Ok(taken)
}

/// The second of two changes, 5 to 200 ms after the first.
pub(crate) fn pairs(
    session: &Session,
    source: &mut dyn Source,
    count: usize,
) -> anyhow::Result<Taken> {
    let terminal = &session.terminal;
    let mut taken = Taken::default();
    for number in 0..count {
        pause(900.0 + spread(number, 150.0));
        let (_, first) = source.mark()?;
        // As many short gaps as long ones.
        let gap = Duration::from_secs_f64(0.005 * 40f64.powf(spread(number, 1.0)));
        thread::sleep(gap.saturating_sub(first.elapsed()));
        let (value, from) = source.mark()?;
        taken.add(terminal, from, value);
    }
    Ok(taken)
}

/// What a burst took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Burst {
    pub(crate) taken: Taken,
    /// Events, markers included.
    pub(crate) events: usize,
    /// From before the first event until a moment after the last.
    pub(crate) lasted: Duration,
    /// Nanoseconds of processor time in it.
    pub(crate) cpu_ns: u64,
    /// Frames and bytes to the terminal.
    pub(crate) painted: Counts,
    /// Write calls of the thread that wrote most to anything, and of all.
    pub(crate) writes: (u64, u64),
    /// How late events went out, in milliseconds.
    pub(crate) late: Sample,
}

/// Many changes of other pods, and markers between them.
pub(crate) fn burst(
    session: &Session,
    source: &mut dyn Source,
    rate: u32,
    length: Duration,
) -> anyhow::Result<Burst> {
    let terminal = &session.terminal;
    let gap = Duration::from_secs(1) / rate;
    let mut burst = Burst::default();
    let mut due: Vec<(u64, Instant)> = Vec::new();
    let began = Instant::now();
    let before = (Usage::of(terminal.pid())?, terminal.counts());
    let start = Instant::now() + Duration::from_millis(50);
    let mut marks = 0;
    for number in 0.. {
        let at = start + gap * number;
        if at >= start + length {
            break;
        }
        // Some 60 us late each time: spinning would take the processor away from what is measured.
        thread::sleep(at.saturating_duration_since(Instant::now()));
        burst.late.push_time(at.elapsed());
        if at >= start + MARKED * marks {
            marks += 1;
            due.push((source.mark_when_it_can()?, at));
        } else {
            source.stir()?;
        }
        burst.events += 1;
    }
    for (value, from) in due {
        burst.taken.add(terminal, from, value);
    }
    thread::sleep(Duration::from_millis(200));
    let after = (Usage::of(terminal.pid())?, terminal.counts());
    burst.lasted = began.elapsed();
    let threads = after.0.since(&before.0);
    burst.cpu_ns = total(&threads, |t| t.cpu_ns);
    burst.painted =
        Counts { bytes: after.1.bytes - before.1.bytes, frames: after.1.frames - before.1.frames };
    let writes = |only: &dyn Fn(&str) -> bool| -> u64 {
        threads.iter().filter(|t| only(&t.name)).map(|t| t.writes).sum()
    };
    burst.writes = (writes(&|name| name == "screen"), writes(&|_| true));
    ensure!(burst.taken.shown.len() > 0, "no marker of a burst was ever shown");
    Ok(burst)
}

/// A number below `most`, the same for the same `number`, and evenly spread.
fn spread(number: usize, most: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let turns = number as f64 * 0.618_033_988_75;
    turns.fract() * most
}

fn pause(milliseconds: f64) {
    thread::sleep(Duration::from_secs_f64(milliseconds / 1000.0));
}
