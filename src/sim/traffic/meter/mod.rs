//! Counters and histograms that count by themselves.
//!
//! Nothing is kept per scrape: a meter knows since when it counts how fast, and what it read then;
//! any instant is worked out from that. Memory follows changes, not time. Called by the services.

mod chance;
mod latency;
mod steps;

use std::sync::Arc;

use super::demand::Demand;
use crate::sim::dice::Dice;
pub(in crate::sim::traffic) use chance::as_float;
use chance::{Arrivals, Marks};

pub(crate) use latency::Latency;
pub(in crate::sim::traffic) use latency::Profile;
pub(in crate::sim::traffic) use steps::Steps;

/// What a meter shows at an instant.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::sim::traffic) struct Reading {
    pub(in crate::sim::traffic) count: u64,
    /// How many were within each finite bound.
    pub(in crate::sim::traffic) within: Vec<u64>,
    /// What all took together.
    pub(in crate::sim::traffic) sum: f64,
}

/// How fast a meter counts.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sim::traffic) struct Flow {
    pub(in crate::sim::traffic) demand: Demand,
    /// How much of the demand is counted here.
    pub(in crate::sim::traffic) share: f64,
    /// How long it takes; a mere counter has none.
    pub(in crate::sim::traffic) profile: Option<Arc<Profile>>,
}

#[derive(Debug)]
struct Segment {
    from: i64,
    flow: Flow,
    /// What was read at its beginning.
    base: Reading,
}

/// A counter, or a histogram.
#[derive(Debug)]
pub(in crate::sim::traffic) struct Meter {
    dice: Dice,
    segments: Vec<Segment>,
}

impl Meter {
    /// One that has not counted yet. Its dice are its own.
    pub(in crate::sim::traffic) fn new(dice: Dice) -> Self {
        Self { dice, segments: Vec::new() }
    }

    /// From now on it counts like this.
    pub(in crate::sim::traffic) fn set(&mut self, at: i64, flow: Flow) {
        let Some(last) = self.segments.last_mut() else {
            self.segments.push(Segment { from: at, flow, base: Reading::default() });
            return;
        };
        if last.flow == flow {
            return;
        }
        if at <= last.from {
            last.flow = flow;
            return;
        }
        let base = Look::new(self.dice, last).at(at);
        self.segments.push(Segment { from: at, flow, base });
    }

    /// From now on it counts nothing.
    pub(in crate::sim::traffic) fn stop(&mut self, at: i64) {
        if let Some(last) = self.segments.last() {
            let flow = Flow { share: 0.0, ..last.flow.clone() };
            self.set(at, flow);
        }
    }

    /// Begins again at nothing, as a program does that was started anew.
    pub(in crate::sim::traffic) fn restart(&mut self, at: i64) {
        self.stop(at);
        if let Some(last) = self.segments.last_mut() {
            let from = last.from.max(at);
            let flow = last.flow.clone();
            self.segments.push(Segment { from, flow, base: Reading::default() });
        }
    }

    /// What it shows at instants, which are in order; nothing before it first counted.
    pub(in crate::sim::traffic) fn at(
        &self,
        instants: impl Iterator<Item = i64>,
    ) -> Vec<Option<Reading>> {
        let mut looks = Looks::new(self);
        let read = |instant| looks.at(instant).filter(|reading| reading.count > 0);
        instants.map(read).collect()
    }

    /// Its counts alone.
    pub(in crate::sim::traffic) fn counts_at(
        &self,
        instants: impl Iterator<Item = i64>,
    ) -> Vec<Option<u64>> {
        let mut looks = Looks::new(self);
        instants.map(|instant| looks.count_at(instant).filter(|count| *count > 0)).collect()
    }

    fn segment(&self, instant: i64) -> Option<&Segment> {
        let begun = self.segments.partition_point(|segment| segment.from <= instant);
        self.segments.get(begun.checked_sub(1)?)
    }

    /// Forgets what ended before an instant; whether it still counts.
    pub(in crate::sim::traffic) fn forget(&mut self, before: i64) -> bool {
        let over = self.segments.partition_point(|segment| segment.from <= before);
        self.segments.drain(..over.saturating_sub(1));
        self.segments.last().is_some_and(|last| last.flow.share > 0.0 || last.from > before)
    }

    #[cfg(test)]
    pub(in crate::sim::traffic) fn changes(&self) -> usize {
        self.segments.len()
    }
}

/// Looks at a meter, one instant after another.
struct Looks<'m> {
    meter: &'m Meter,
    look: Option<Look<'m>>,
}

impl<'m> Looks<'m> {
    fn new(meter: &'m Meter) -> Self {
        Self { meter, look: None }
    }

    fn segment(&mut self, instant: i64) -> Option<&mut Look<'m>> {
        let segment = self.meter.segment(instant)?;
        let same = self.look.as_ref().is_some_and(|look| std::ptr::eq(look.segment, segment));
        if !same {
            self.look = Some(Look::new(self.meter.dice, segment));
        }
        self.look.as_mut()
    }

    fn at(&mut self, instant: i64) -> Option<Reading> {
        Some(self.segment(instant)?.at(instant))
    }

    fn count_at(&mut self, instant: i64) -> Option<u64> {
        let look = self.segment(instant)?;
        Some(look.segment.base.count + look.arrived(instant))
    }
}

/// Looks at one segment.
struct Look<'m> {
    segment: &'m Segment,
    arrivals: Arrivals,
    /// For each bound: which of those within the next bound are within it.
    marks: Vec<Marks>,
}

impl<'m> Look<'m> {
    fn new(dice: Dice, segment: &'m Segment) -> Self {
        let dice = Dice::new(dice.nth(&[], segment.from.cast_unsigned()));
        let within = segment.flow.profile.iter().flat_map(|profile| &profile.within).zip(0..);
        let marks = within
            .map(|(share, number)| Marks::new(Dice::new(dice.nth(&["bound"], number)), *share));
        Self { segment, arrivals: Arrivals::new(dice), marks: marks.collect() }
    }

    fn arrived(&mut self, until: i64) -> u64 {
        let Segment { from, flow, .. } = self.segment;
        self.arrivals.until(flow.demand.between(*from, until) * flow.share)
    }

    fn at(&mut self, until: i64) -> Reading {
        let new = self.arrived(until);
        let Segment { flow, base, .. } = self.segment;
        let count = base.count + new;
        let Some(profile) = &flow.profile else {
            return Reading { count, within: Vec::new(), sum: base.sum };
        };
        // From the highest bound down: of those within a bound, some are within the one below.
        let mut more: Vec<u64> = self
            .marks
            .iter_mut()
            .rev()
            .scan(new, |inside, marks| {
                *inside = marks.among(*inside);
                Some(*inside)
            })
            .collect();
        more.reverse();
        let lower = std::iter::once(&0).chain(&more);
        let buckets = lower.zip(more.iter().chain([&new])).zip(&profile.means);
        let took: f64 = buckets.map(|((low, high), mean)| as_float(high - low) * mean).sum();
        let before = base.within.iter().copied().chain(std::iter::repeat(0));
        let within = more.iter().zip(before).map(|(more, before)| before + more).collect();
        Reading { count, within, sum: base.sum + took }
    }
}
