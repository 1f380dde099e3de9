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
use chance::{arrivals, marked};

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
        let base = reading(self.dice, last, at);
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

    /// What it shows at an instant; nothing before it first counted.
    pub(in crate::sim::traffic) fn at(&self, instant: i64) -> Option<Reading> {
        let reading = reading(self.dice, self.segment(instant)?, instant);
        (reading.count > 0).then_some(reading)
    }

    /// Its count alone.
    pub(in crate::sim::traffic) fn count_at(&self, instant: i64) -> Option<u64> {
        let segment = self.segment(instant)?;
        let count = segment.base.count + arrived(self.dice, segment, instant);
        (count > 0).then_some(count)
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

fn chance(dice: Dice, segment: &Segment) -> Dice {
    Dice::new(dice.nth(&[], segment.from.cast_unsigned()))
}

fn arrived(dice: Dice, segment: &Segment, until: i64) -> u64 {
    let expected = segment.flow.demand.between(segment.from, until) * segment.flow.share;
    arrivals(chance(dice, segment), expected)
}

fn reading(dice: Dice, segment: &Segment, until: i64) -> Reading {
    let new = arrived(dice, segment, until);
    let Reading { count, within, sum } = &segment.base;
    let count = count + new;
    let Some(profile) = &segment.flow.profile else {
        return Reading { count, within: Vec::new(), sum: *sum };
    };
    // From the highest bound down: of those within a bound, some are within the one below.
    let chance = chance(dice, segment);
    let bounds = profile.within.iter().enumerate().rev();
    let mut more: Vec<u64> = bounds
        .scan(new, |inside, (number, share)| {
            let dice = Dice::new(chance.nth(&["bound"], number as u64));
            *inside = marked(dice, *inside, *share);
            Some(*inside)
        })
        .collect();
    more.reverse();
    let edges = std::iter::once(&0).chain(&more).zip(more.iter().chain(std::iter::once(&new)));
    let buckets = edges.zip(&profile.means);
    let took: f64 = buckets.map(|((low, high), mean)| as_float(high - low) * mean).sum();
    let before = within.iter().copied().chain(std::iter::repeat(0));
    let within = more.iter().zip(before).map(|(more, before)| before + more).collect();
    Reading { count, within, sum: sum + took }
}
