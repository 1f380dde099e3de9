//! What a question has given over time, on a grid of instants: values, and gaps that stay gaps.
//!
//! A longer answer replaces what it covers; nothing older than the span is kept. Called by `app`.

use std::collections::VecDeque;

use super::query::Sample;
use crate::domain::time::{Span, Timestamp};

/// The answers to one question.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    slots: VecDeque<(Timestamp, Sample)>,
}

impl Track {
    /// Puts in what was answered for the instants from the first to the last of it, and forgets
    /// what is older than `span` before the last.
    pub fn take(&mut self, answered: Vec<(Timestamp, Sample)>, span: Span) {
        let Some((first, _)) = answered.first() else { return };
        while self.slots.back().is_some_and(|(at, _)| at >= first) {
            self.slots.pop_back();
        }
        self.slots.extend(answered);
        let Some((last, _)) = self.slots.back() else { return };
        let oldest = *last - span;
        while self.slots.front().is_some_and(|(at, _)| *at < oldest) {
            self.slots.pop_front();
        }
    }

    /// Instants with what was there, oldest first.
    pub fn slots(&self) -> impl DoubleEndedIterator<Item = (Timestamp, &Sample)> {
        self.slots.iter().map(|(at, sample)| (*at, sample))
    }

    /// What was there at an instant of the grid; nothing when that was not asked.
    pub fn at(&self, at: Timestamp) -> Option<&Sample> {
        let place = self.slots.binary_search_by(|(own, _)| own.cmp(&at)).ok()?;
        self.slots.get(place).map(|(_, sample)| sample)
    }

    /// The last instant that was answered.
    pub fn last(&self) -> Option<Timestamp> {
        self.slots.back().map(|(at, _)| *at)
    }

    /// The sum of counts over the last `span`, counted in windows that do not overlap: every
    /// `window` one. Nothing when there was nothing at all.
    pub fn sum(&self, span: Span, window: Span) -> Option<f64> {
        let windows = self.windows(span, window);
        let counts = windows.filter_map(|sample| match sample {
            Sample::Number(count) if count.is_finite() => Some(*count),
            _ => None,
        });
        counts.fold(None, |sum, count| Some(sum.unwrap_or(0.0) + count))
    }

    /// The samples at the ends of windows that do not overlap, newest first, within the last
    /// `span`.
    pub fn windows(&self, span: Span, window: Span) -> impl Iterator<Item = &Sample> {
        let last = self.last();
        let mut next = last;
        self.slots().rev().filter_map(move |(at, sample)| {
            let (last, wanted) = (last?, next?);
            if at > wanted || last - at > span - window {
                return None;
            }
            next = Some(wanted - window);
            Some(sample)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::at;

    fn numbers(from: i64, values: &[f64]) -> Vec<(Timestamp, Sample)> {
        let number = |(n, value): (i64, &f64)| (at(from + 15 * n), Sample::Number(*value));
        (0i64..).zip(values).map(number).collect()
    }

    #[test]
    fn increments_go_on_where_the_last_answer_ended() {
        let mut track = Track::default();
        track.take(numbers(0, &[1.0, 2.0, 3.0]), Span::minutes(1));
        track.take(numbers(30, &[9.0, 4.0]), Span::minutes(1));
        assert_eq!(track.last(), Some(at(45)));
        assert_eq!(track.at(at(30)), Some(&Sample::Number(9.0)), "the later answer counts");
        track.take(numbers(60, &[5.0, 6.0]), Span::minutes(1));
        assert_eq!(track.slots().next().map(|(at, _)| at), Some(at(15)), "a minute is kept");
        track.take(Vec::new(), Span::minutes(1));
        assert_eq!(track.last(), Some(at(75)));
        assert_eq!(track.at(at(76)), None);
    }

    #[test]
    fn gaps_stay_and_the_newest_value_is_found_behind_them() {
        let mut track = Track::default();
        let mut answered = numbers(0, &[1.0, 2.0]);
        answered.push((at(30), Sample::Nothing));
        track.take(answered, Span::minutes(5));
        let newest = track.slots().rev().find(|(_, sample)| **sample != Sample::Nothing);
        assert_eq!(newest, Some((at(15), &Sample::Number(2.0))));
        assert_eq!(track.last(), Some(at(30)));
    }

    #[test]
    fn counts_are_summed_over_windows_that_do_not_overlap() {
        let mut track = Track::default();
        assert_eq!(track.sum(Span::minutes(5), Span::minutes(1)), None);
        track.take(numbers(0, &[10.0; 13]), Span::minutes(5));
        assert_eq!(track.sum(Span::minutes(2), Span::minutes(1)), Some(20.0));
        assert_eq!(track.sum(Span::minutes(3), Span::minutes(1)), Some(30.0));
        assert_eq!(track.sum(Span::minutes(1), Span::minutes(1)), Some(10.0));
    }
}
