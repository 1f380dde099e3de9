//! Scrapes: when each target is read, and what becomes of a series between two of them.
//!
//! Every target is scraped every 15 seconds at an offset of its own. A series that is not there any
//! more at a scrape gets the mark of an end. Called by everything that exposes series.

use crate::sim::dice::Dice;
use crate::sim::traffic::series::{Matcher, NAME, Point, STALE, Series, Tag, Tags, Text};

/// The time between two scrapes of a target, in milliseconds.
pub(in crate::sim::traffic) const EVERY: i64 = 15_000;

/// A time without scrapes, in milliseconds; it may have no end yet.
pub(in crate::sim::traffic) type Gap = (i64, Option<i64>);

/// The offset of a target's scrapes.
pub(in crate::sim::traffic) fn offset(dice: Dice, target: &str) -> i64 {
    dice.between(&["scrape", target], 0, 0, EVERY - 1)
}

/// What a selector asks of the scrapes, and what was found so far.
#[derive(Debug)]
pub(in crate::sim::traffic) struct Asked<'q> {
    matchers: &'q [Matcher],
    from: i64,
    to: i64,
    gaps: &'q [Gap],
    /// Whether it is only asked what series there are: the last scrape is enough.
    listing: bool,
    found: Vec<Series>,
}

impl<'q> Asked<'q> {
    pub(in crate::sim::traffic) fn new(
        matchers: &'q [Matcher],
        from: i64,
        to: i64,
        gaps: &'q [Gap],
    ) -> Self {
        Self { matchers, from, to, gaps, listing: false, found: Vec::new() }
    }

    /// Asks only what series there are.
    pub(in crate::sim::traffic) fn listing(self) -> Self {
        Self { listing: true, ..self }
    }

    pub(in crate::sim::traffic) fn found(self) -> Vec<Series> {
        self.found
    }

    /// Whether a metric of this name is asked for.
    pub(in crate::sim::traffic) fn wants(&self, name: &str) -> bool {
        let mut names = self.matchers.iter().filter(|matcher| matcher.label == NAME);
        names.all(|matcher| matcher.fits(name))
    }

    /// Whether series with these labels can be asked for, as far as they are known; some labels are
    /// still to come.
    pub(in crate::sim::traffic) fn may_want(&self, known: &Tags, to_come: &[&str]) -> bool {
        let mut rest = self
            .matchers
            .iter()
            .filter(|matcher| matcher.label != NAME && !to_come.contains(&matcher.label.as_str()));
        rest.all(|matcher| matcher.fits(known.get(&matcher.label)))
    }

    /// The same for a single label.
    pub(in crate::sim::traffic) fn may_want_value(&self, label: &str, value: &str) -> bool {
        let mut about = self.matchers.iter().filter(|matcher| matcher.label == label);
        about.all(|matcher| matcher.fits(value))
    }

    /// The instants at which a target was scraped, from the last one before the stretch on. When
    /// series are listed, only the last one that the target saw.
    pub(in crate::sim::traffic) fn scrapes(&self, offset: i64, last_seen: Option<i64>) -> Vec<i64> {
        let seen = |at: &i64| {
            let missed =
                |(from, until): &Gap| *from <= *at && until.is_none_or(|until| *at < until);
            !self.gaps.iter().any(missed)
        };
        let at_or_before = |at: i64| (at - offset).div_euclid(EVERY) * EVERY + offset;
        if self.listing {
            let last = at_or_before(last_seen.map_or(self.to, |seen| seen.min(self.to)));
            return (0..).map(|n| last - n * EVERY).take(20).find(seen).into_iter().collect();
        }
        let first = at_or_before(self.from - 1);
        let all = (0..).map(|n| first + n * EVERY).take_while(|at| *at <= self.to);
        all.filter(seen).collect()
    }

    /// Adds a series by its values at the scrapes, if it is asked for.
    pub(in crate::sim::traffic) fn add(
        &mut self,
        known: &Tags,
        added: &[Tag],
        values: impl Iterator<Item = (i64, Option<f64>)>,
    ) {
        let tags = known.with(added);
        if !self.matchers.iter().all(|matcher| matcher.fits(tags.get(&matcher.label))) {
            return;
        }
        let (mut points, mut there) = (Vec::new(), false);
        for (at, value) in values {
            let value = value.or(there.then_some(STALE));
            there = value.is_some_and(|value| value.to_bits() != STALE.to_bits());
            points.extend(value.filter(|_| at >= self.from).map(|value| Point { at, value }));
        }
        if !points.is_empty() {
            self.found.push(Series { tags, points });
        }
    }
}

/// The label of a metric's name.
pub(in crate::sim::traffic) fn named(name: &'static str) -> Tag {
    (Text::from(NAME), Text::from(name))
}

/// Labels of fixed names.
pub(in crate::sim::traffic) fn labelled<const N: usize>(
    labels: [(&'static str, &str); N],
) -> Vec<Tag> {
    labels.into_iter().map(|(name, value)| (Text::from(name), Text::copied(value))).collect()
}
