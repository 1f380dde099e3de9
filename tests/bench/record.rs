//! What was measured of one program over one server, session after session.

use std::thread;
use std::time::Duration;

use anyhow::Context;

use crate::changes::{self, Burst, Taken};
use crate::figures::Sample;
use crate::program::{PATIENCE, Program, Session, Site, Which, new_home};
use crate::quiet::{self, Quiet};
use crate::source::Source;
use crate::terminal::SIZE;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) starts: usize,
    pub(crate) changes: usize,
    pub(crate) pairs: usize,
    pub(crate) rate: u32,
    pub(crate) burst: Duration,
    pub(crate) quiet: Duration,
}

/// Everything measured of one program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// To the first painted frame, in a home where it never was, and in one that it knows.
    pub(crate) first: [Sample; 2],
    /// To the first live screen, likewise.
    pub(crate) live: [Sample; 2],
    pub(crate) spaced: Taken,
    pub(crate) pairs: Taken,
    pub(crate) bursts: Vec<Burst>,
    pub(crate) quiet: Vec<Quiet>,
    /// MiB after the first sync: resident, proportional, peak.
    pub(crate) synced: Option<[f64; 3]>,
    /// The same after all changes.
    pub(crate) after: Option<[f64; 3]>,
    /// Bytes of a full redraw.
    pub(crate) redraw: Sample,
    /// Key to PATCH.
    pub(crate) keys: Sample,
}

impl Record {
    /// One start in a new home and one more in the same, up to the live screen.
    pub(crate) fn start(
        &mut self,
        program: &Program,
        site: Site<'_>,
        source: &mut dyn Source,
    ) -> anyhow::Result<()> {
        let home = new_home()?;
        for (first, live) in self.first.iter_mut().zip(&mut self.live) {
            let (marker, _) = source.mark()?;
            let session = program.start(site, &home, marker)?;
            let terminal = &session.terminal;
            let held = terminal.wait(PATIENCE);
            let held = held.with_context(|| format!("start {}", program.which.name()))?;
            live.push_time(held - terminal.started());
            if let Some(painted) = terminal.painted() {
                first.push_time(painted - terminal.started());
            }
            session.leave();
        }
        Ok(())
    }

    /// One session: what it holds, what it costs while nothing happens, and how it follows changes.
    pub(crate) fn session(
        &mut self,
        program: &Program,
        site: Site<'_>,
        effort: &Effort,
        source: &mut dyn Source,
    ) -> anyhow::Result<Session> {
        let (marker, _) = source.mark()?;
        let session = program.start(site, &new_home()?, marker)?;
        let terminal = &session.terminal;
        terminal.wait(PATIENCE)?;
        terminal.settle(Duration::from_secs(1), Duration::from_secs(10));
        thread::sleep(Duration::from_secs(2));
        self.synced.get_or_insert(quiet::memory(&session)?);
        program.open_target(&session)?;
        thread::sleep(Duration::from_secs(2));
        self.quiet.push(quiet::quiet(&session, effort.quiet)?);
        self.spaced.extend(&changes::spaced(&session, source, effort.changes)?);
        self.pairs.extend(&changes::pairs(&session, source, effort.pairs)?);
        self.bursts.push(changes::burst(&session, source, effort.rate, effort.burst)?);
        self.after = Some(quiet::memory(&session)?);
        self.redraws(program, &session)?;
        Ok(session)
    }

    /// Full redraws: by the key for it, else by another size and back.
    fn redraws(&mut self, program: &Program, session: &Session) -> anyhow::Result<()> {
        let terminal = &session.terminal;
        for _ in 0..5 {
            terminal.settle(Duration::from_millis(150), Duration::from_secs(3));
            let mut before = terminal.counts().bytes;
            if program.which == Which::Waveoff {
                terminal.send("\x0c")?;
            } else {
                terminal.resize(SIZE.0 - 1)?;
                thread::sleep(Duration::from_millis(400));
                before = terminal.counts().bytes;
                terminal.resize(SIZE.0)?;
            }
            thread::sleep(Duration::from_millis(400));
            let bytes = terminal.counts().bytes - before;
            // Who takes no notice of the size redraws everything with every update.
            if bytes > 0 {
                #[expect(clippy::cast_precision_loss, reason = "some kilobytes")]
                self.redraw.push(bytes as f64);
            }
        }
        Ok(())
    }

    /// The processor time of one event of the bursts, in microseconds, without what the program
    /// uses anyway.
    pub(crate) fn event_us(&self) -> Option<f64> {
        let events: usize = self.bursts.iter().map(|burst| burst.events).sum();
        let idle = self.quiet.iter().map(|quiet| quiet.cpu_percent).sum::<f64>();
        #[expect(clippy::cast_precision_loss, reason = "a few seconds")]
        let used = {
            let anyway = idle / self.quiet.len().max(1) as f64 / 100.0;
            let each = self.bursts.iter();
            each.map(|b| b.cpu_ns as f64 / 1e3 - anyway * b.lasted.as_secs_f64() * 1e6).sum::<f64>()
        };
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let each = used.max(0.0) / events as f64;
        (events > 0).then_some(each)
    }

    /// Frames of all bursts in a second.
    pub(crate) fn burst_frames(&self) -> Option<f64> {
        let frames: u64 = self.bursts.iter().map(|burst| burst.painted.frames).sum();
        let lasted: f64 = self.bursts.iter().map(|burst| burst.lasted.as_secs_f64()).sum();
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        let rate = frames as f64 / lasted;
        (frames > 0).then_some(rate)
    }

    /// Markers of all bursts.
    pub(crate) fn burst(&self) -> Taken {
        let mut taken = Taken::default();
        for burst in &self.bursts {
            taken.extend(&burst.taken);
        }
        taken
    }
}
