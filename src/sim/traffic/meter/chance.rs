//! Chance over a long time that can be looked up at any point of it, without having lived through
//! what came before.
//!
//! A stretch has its count, drawn by name; its halves share that count, drawn by name again, and so
//! on down to the point that is asked for. So counts never fall, add up, and cost the logarithm of
//! the length. Called by the meters.

use crate::sim::dice::Dice;

/// What a draw is for. Numbers of draws are kept apart by it.
#[derive(Debug, Clone, Copy)]
enum Draw {
    /// The count of a stretch.
    Count,
    /// How many of them are in its first half.
    Half,
    /// Where exactly they are.
    Place,
}

fn draw(dice: Dice, what: Draw, number: u64) -> u64 {
    dice.nth(&[], number.wrapping_mul(4).wrapping_add(what as u64))
}

/// A stretch that holds so many, and how many came before it.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    start: u64,
    size: u64,
    inside: u64,
    before: u64,
}

impl Stretch {
    fn holds(&self, point: u64) -> bool {
        self.start <= point && point - self.start < self.size
    }

    /// Its first or its second half, whichever holds a point; so many are in the first.
    fn half(&self, first: u64, point: u64) -> Self {
        let size = self.size / 2;
        let Self { start, inside, before, .. } = *self;
        if point < start + size {
            return Self { start, size, inside: first, before };
        }
        Self { start: start + size, size, inside: inside - first, before: before + first }
    }
}

/// Where the last look was: the stretches around it, from the largest on. Looking near it again
/// takes fewer draws.
#[derive(Debug, Default)]
struct Path(Vec<Stretch>);

impl Path {
    /// The smallest known stretch that holds a point.
    fn nearest(&mut self, point: u64) -> Option<Stretch> {
        while let Some(last) = self.0.last() {
            if last.holds(point) {
                return Some(*last);
            }
            self.0.pop();
        }
        None
    }
}

/// Events that come by chance, one for each unit of expectation on average (a Poisson process).
#[derive(Debug)]
pub(in crate::sim::traffic) struct Arrivals {
    dice: Dice,
    path: Path,
}

impl Arrivals {
    pub(in crate::sim::traffic) fn new(dice: Dice) -> Self {
        Self { dice, path: Path::default() }
    }

    /// How many came until so many were to be expected.
    pub(in crate::sim::traffic) fn until(&mut self, expected: f64) -> u64 {
        if expected <= 0.0 || expected.is_nan() {
            return 0;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and saturates beyond all that ever comes"
        )]
        let whole = (expected.floor() as u64).min(1 << 48);
        let fraction = expected - expected.floor();
        let mut stretch = self.path.nearest(whole).unwrap_or_else(|| {
            let largest = self.largest(whole);
            self.path.0.push(largest);
            largest
        });
        while stretch.size > 1 {
            let bits = draw(self.dice, Draw::Half, stretch.start + stretch.size / 2);
            stretch = stretch.half(halved(bits, stretch.inside, 0.25), whole);
            self.path.0.push(stretch);
        }
        let places = Dice::new(draw(self.dice, Draw::Place, stretch.start));
        let early = |event: &u64| places.share(&[], *event) < fraction;
        stretch.before + (0..stretch.inside).filter(early).count() as u64
    }

    /// The largest stretch around a point: [0, 1), [1, 2), [2, 4), [4, 8) and so on.
    fn largest(&self, point: u64) -> Stretch {
        let inside = poisson(draw(self.dice, Draw::Count, 0), 1.0);
        let mut stretch = Stretch { start: 0, size: 1, inside, before: 0 };
        while !stretch.holds(point) {
            let start = stretch.start + stretch.size;
            let inside = poisson(draw(self.dice, Draw::Count, start), as_float(start));
            let before = stretch.before + stretch.inside;
            stretch = Stretch { start, size: start, inside, before };
        }
        stretch
    }
}

/// Stretches of this size are not halved any more: their marks are laid out one by one.
const LEAF: u64 = 64;

/// Events of which each is marked with a probability.
#[derive(Debug)]
pub(in crate::sim::traffic) struct Marks {
    dice: Dice,
    /// Of the rarer kind: the marked, or else the others.
    probability: f64,
    /// Whether it is the others that are counted.
    others: bool,
    path: Path,
    /// The last stretch that was laid out, by its start.
    laid_out: Option<(u64, u64)>,
}

impl Marks {
    pub(in crate::sim::traffic) fn new(dice: Dice, probability: f64) -> Self {
        let others = probability > 0.5;
        let probability = if others { 1.0 - probability } else { probability };
        Self { dice, probability, others, path: Path::default(), laid_out: None }
    }

    /// How many of the first so many events are marked.
    pub(in crate::sim::traffic) fn among(&mut self, events: u64) -> u64 {
        let rare = self.rare_among(events);
        if self.others { events - rare } else { rare }
    }

    fn rare_among(&mut self, events: u64) -> u64 {
        if events == 0 || self.probability <= 0.0 || self.probability.is_nan() {
            return 0;
        }
        let mut stretch = self.path.nearest(events).unwrap_or_else(|| {
            let largest = self.largest(events);
            self.path.0.push(largest);
            largest
        });
        while stretch.size > LEAF {
            let Stretch { start, size, inside, .. } = stretch;
            let spread = 0.25 * (1.0 - as_float(inside) / as_float(size));
            let bits = draw(self.dice, Draw::Half, start + size / 2);
            let (least, most) = (inside.saturating_sub(size / 2), size / 2);
            stretch = stretch.half(halved(bits, inside, spread).clamp(least, most), events);
            self.path.0.push(stretch);
        }
        let Stretch { start, inside, before, .. } = stretch;
        let marks = match self.laid_out {
            Some((known, marks)) if known == start => marks,
            _ => layout(Dice::new(draw(self.dice, Draw::Place, start)), inside),
        };
        self.laid_out = Some((start, marks));
        let seen = (1u64 << (events - start)) - 1;
        before + u64::from((marks & seen).count_ones())
    }

    /// The largest stretch around an event: [0, 64), [64, 128), [128, 256) and so on.
    fn largest(&self, event: u64) -> Stretch {
        let inside = binomial(draw(self.dice, Draw::Count, 0), LEAF, self.probability);
        let mut stretch = Stretch { start: 0, size: LEAF, inside, before: 0 };
        while !stretch.holds(event) {
            let start = stretch.start + stretch.size;
            let bits = draw(self.dice, Draw::Count, start);
            let inside = binomial(bits, start, self.probability);
            let before = stretch.before + stretch.inside;
            stretch = Stretch { start, size: start, inside, before };
        }
        stretch
    }
}

/// So many of 64 bits, anywhere.
fn layout(dice: Dice, count: u64) -> u64 {
    if count > LEAF / 2 {
        return !layout(dice, LEAF.saturating_sub(count));
    }
    let mut marks = 0u64;
    for roll in 0.. {
        let mut bits = dice.nth(&[], roll);
        for _ in 0..10 {
            if u64::from(marks.count_ones()) >= count {
                return marks;
            }
            marks |= 1 << (bits & 63);
            bits >>= 6;
        }
    }
    marks
}

/// How many of so many events lie in one half; the spread is the variance for each of them.
fn halved(bits: u64, count: u64, spread: f64) -> u64 {
    if count <= 64 {
        let considered = if count == 64 { u64::MAX } else { (1 << count) - 1 };
        return u64::from((bits & considered).count_ones());
    }
    let count_is = as_float(count);
    near(count_is / 2.0, (count_is * spread).sqrt(), bits).min(count)
}

/// A count by chance where so many are to be expected.
fn poisson(bits: u64, expected: f64) -> u64 {
    if expected > 20.0 {
        return near(expected, expected.sqrt(), bits);
    }
    let (mut left, mut count) = (share(bits), 0u64);
    let mut chance = (-expected).exp();
    while left >= chance && count < 100 {
        left -= chance;
        count += 1;
        chance *= expected / as_float(count);
    }
    count
}

/// A count by chance of so many, each with this probability, which is a half at most.
fn binomial(bits: u64, of: u64, probability: f64) -> u64 {
    let (all, rest) = (as_float(of), 1.0 - probability);
    let expected = all * probability;
    if expected > 20.0 {
        return near(expected, (expected * rest).sqrt(), bits).min(of);
    }
    let (mut left, mut count) = (share(bits), 0u64);
    let mut chance = rest.powf(all);
    while left >= chance && count < of.min(100) {
        left -= chance;
        chance *= (all - as_float(count)) * probability / (as_float(count + 1) * rest);
        count += 1;
    }
    count
}

/// A whole number near a mean, spread like the sum of four even throws.
fn near(mean: f64, deviation: f64, bits: u64) -> u64 {
    let throw = |shift: u32| as_float((bits >> shift) & 0xffff) / 65_536.0;
    let off = (throw(0) + throw(16) + throw(32) + throw(48) - 2.0) * 3f64.sqrt();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what would be negative is none"
    )]
    let count = (mean + deviation * off).round() as u64;
    count
}

fn share(bits: u64) -> f64 {
    as_float(bits >> 11) / as_float(1 << 53)
}

#[expect(clippy::cast_precision_loss, reason = "53 bits are enough for counts")]
pub(in crate::sim::traffic) fn as_float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(dice: Dice, expected: f64) -> u64 {
        Arrivals::new(dice).until(expected)
    }

    fn marked(dice: Dice, events: u64, probability: f64) -> u64 {
        Marks::new(dice, probability).among(events)
    }

    /// Mean and variance of what a source gives for many seeds.
    fn moments(of: impl Fn(Dice) -> u64) -> (f64, f64) {
        let values: Vec<f64> = (0..4_000).map(|seed| as_float(of(Dice::new(seed)))).collect();
        let mean = values.iter().sum::<f64>() / 4_000.0;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 3_999.0;
        (mean, variance)
    }

    #[test]
    fn arrivals_are_counts_by_chance() {
        for expected in [0.3, 1.0, 7.5, 40.0, 333.3, 5_000.0, 123_456.7] {
            let (mean, variance) = moments(|dice| arrivals(dice, expected));
            let error = (expected / 4_000.0f64).sqrt() * 4.0;
            assert!((mean - expected).abs() < error, "{expected}: {mean}");
            assert!((variance / expected - 1.0).abs() < 0.15, "{expected}: {variance}");
        }
    }

    #[test]
    fn arrivals_never_fall_and_each_stretch_is_by_chance() {
        for seed in 0..50 {
            let dice = Dice::new(seed);
            let counts: Vec<u64> =
                (0..2_000).map(|n| arrivals(dice, f64::from(n) * 0.37)).collect();
            assert!(counts.windows(2).all(|pair| pair[0] <= pair[1]));
        }
        // Between two far points, and over the border of two stretches.
        for (from, to) in [(100.0, 130.0), (1_020.0, 1_030.0), (50_000.0, 50_400.0)] {
            let (mean, variance) = moments(|dice| arrivals(dice, to) - arrivals(dice, from));
            let wanted = to - from;
            assert!((mean / wanted - 1.0).abs() < 0.04, "{from}: {mean}");
            assert!((variance / wanted - 1.0).abs() < 0.15, "{from}: {variance}");
        }
    }

    #[test]
    fn marks_are_a_share_of_events_one_by_one() {
        for (events, probability) in
            [(10u64, 0.5), (100, 0.01), (1_000, 0.3), (20_000, 0.9), (150_000, 0.0005), (63, 0.7)]
        {
            let (mean, variance) = moments(|dice| marked(dice, events, probability));
            let all = as_float(events);
            let wanted = all * probability;
            let spread = wanted * (1.0 - probability);
            assert!((mean - wanted).abs() < (spread / 4_000.0).sqrt() * 4.0, "{events}: {mean}");
            assert!((variance / spread - 1.0).abs() < 0.2, "{events} {probability}: {variance}");
        }
        for seed in 0..20 {
            let counts: Vec<u64> = (0..3_000).map(|n| marked(Dice::new(seed), n, 0.2)).collect();
            assert!(counts.windows(2).all(|pair| pair[1] - pair[0] <= 1));
        }
        assert_eq!(marked(Dice::new(1), 77, 0.0), 0);
        assert_eq!(marked(Dice::new(1), 77, 1.0), 77);
    }

    #[test]
    fn it_does_not_matter_where_one_looked_before() {
        let (mut arrivals, mut marks) =
            (Arrivals::new(Dice::new(5)), Marks::new(Dice::new(5), 0.3));
        let (few, all) = (Dice::new(6), &mut Vec::new());
        for look in 0..2_000 {
            let point = few.between(&["look"], look, 0, if look % 3 == 0 { 100 } else { 70_000 });
            let point = point.unsigned_abs();
            let expected = as_float(point) + few.share(&["part"], look);
            all.push((arrivals.until(expected), marks.among(point)));
            let anew =
                (Arrivals::new(Dice::new(5)).until(expected), marked(Dice::new(5), point, 0.3));
            assert_eq!(all.last(), Some(&anew));
        }
    }
}
