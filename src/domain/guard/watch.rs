//! What a guard has seen of one rule: how long it has been broken, and whether it can see at all.
//!
//! Windows are counted by the instants of the samples. Never acts; `guard` asks whether it is over.

use std::collections::VecDeque;

use super::rule::{Judgement, Rule, Sample};
use crate::domain::measure::Reading;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp};

/// Samples in a row that could not be told, from which on the guard is blind.
const BLIND_AFTER: u32 = 3;

/// How many of the last samples are remembered as told or not.
const LATELY: usize = 6;

/// So many of those that could not be told make the guard blind as well: of a rule that is seen
/// every other time nobody knows how long it has been broken.
const LOST: usize = 3;

/// One rule and what was seen of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// The rule.
    pub rule: Rule,
    /// The newest sample, and what it was to the rule.
    pub last: Option<(Sample, Judgement)>,
    /// The last sample that could be told.
    pub seen: Option<Sample>,
    /// Samples over the limit since the last good one.
    pub breaches: u32,
    /// The time between breaches that follow each other, since the last good one. What could not
    /// be told between two of them is not in it: unknown never counts (G2).
    pub broken: Span,
    /// Good samples since the last breach.
    pub good: u32,
    /// Samples in a row that could not be told.
    pub unknown: u32,
    /// Whether each of the last samples could be told, oldest first.
    pub lately: VecDeque<bool>,
    /// Since when, and why, nothing can be seen.
    pub blind: Option<(Timestamp, SafeText)>,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new(rule: Rule) -> Self {
        Self {
            rule,
            last: None,
            seen: None,
            breaches: 0,
            broken: Span::zero(),
            good: 0,
            unknown: 0,
            lately: VecDeque::new(),
            blind: None,
        }
    }

    /// Takes in a look. One that is not newer than the last one changes nothing. A gap of our own
    /// (stopped process, sleeping machine: nobody looked for two intervals) begins the window anew,
    /// since nobody knows what was in it (G4).
    pub fn take(&mut self, sample: Sample, now: Timestamp) {
        let before = self.last.as_ref().map(|(last, judged)| (last.at, judged.clone()));
        if before.as_ref().is_some_and(|(at, _)| *at >= sample.at) {
            return;
        }
        if before.as_ref().is_some_and(|(at, _)| sample.at - *at > self.longest_gap()) {
            self.restart();
        }
        let judgement = self.rule.judge(&sample.reading, now);
        match &judgement {
            Judgement::Good => {
                self.breaches = 0;
                self.broken = Span::zero();
                self.good = self.good.saturating_add(1);
            }
            Judgement::Breach => {
                if let Some((at, Judgement::Breach)) = before
                    && self.breaches > 0
                {
                    self.broken += sample.at - at;
                }
                self.breaches = self.breaches.saturating_add(1);
                self.good = 0;
            }
            Judgement::Unknown(why) => self.lost(sample.at, why),
            Judgement::NotYet => {}
        }
        if matches!(judgement, Judgement::Good | Judgement::Breach) {
            self.told();
            self.seen = Some(sample.clone());
        }
        self.last = Some((sample, judgement));
    }

    /// A sample that could not be told.
    fn lost(&mut self, at: Timestamp, why: &SafeText) {
        self.unknown = self.unknown.saturating_add(1);
        self.remember(false);
        let (lost, of) = (self.lost_lately(), self.lately.len());
        if self.blind.is_some() {
            return;
        }
        if self.unknown >= BLIND_AFTER {
            self.blind = Some((at, why.clone()));
        } else if lost >= LOST {
            self.blind = Some((at, format!("{lost} of the last {of} not known: {why}").into()));
        }
    }

    /// A sample that could be told. After a time without any it sees again at once; while they only
    /// come now and then it does when lost ones are rare, or it would say both over and over.
    fn told(&mut self) {
        if self.unknown >= BLIND_AFTER {
            self.lately.clear();
        }
        self.unknown = 0;
        self.remember(true);
        if self.lost_lately() <= 1 {
            self.blind = None;
        }
    }

    fn remember(&mut self, told: bool) {
        self.lately.push_back(told);
        while self.lately.len() > LATELY {
            self.lately.pop_front();
        }
    }

    fn lost_lately(&self) -> usize {
        self.lately.iter().filter(|told| !**told).count()
    }

    /// A look that did not come when it was due. Whoever looks says so, or a server that never
    /// answers would leave a guard that seems to see.
    pub fn missed(&mut self, at: Timestamp, now: Timestamp, why: SafeText) {
        self.take(Sample { at, reading: Reading::Failed(why) }, now);
    }

    /// Forgets the window, not the last value.
    pub fn restart(&mut self) {
        self.breaches = 0;
        self.broken = Span::zero();
        self.good = 0;
        self.lately.clear();
        self.last = None;
    }

    /// Whether the newest sample is a breach, and breaches without a good sample between them
    /// cover the time, and are enough: window and count both (X19).
    pub fn is_over(&self) -> bool {
        let newest = matches!(self.last, Some((_, Judgement::Breach)));
        newest && self.breaches >= self.rule.least && self.broken >= self.rule.lasts
    }

    /// Whether the newest sample that could be told is over the limit.
    pub fn is_breaching(&self) -> bool {
        self.breaches > 0
    }

    /// Two samples farther apart than this have a gap of our own between them.
    pub fn longest_gap(&self) -> Span {
        self.rule.every * 2 + self.rule.every / 2
    }
}
