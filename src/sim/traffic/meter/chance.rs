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

/// How many events came until so many were to be expected, if they come by chance (a Poisson
/// process of one event for each unit).
pub(in crate::sim::traffic) fn arrivals(dice: Dice, expected: f64) -> u64 {
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
    // The stretches are [0, 1), [1, 2), [2, 4), [4, 8) and so on.
    let (mut start, mut size, mut before) = (0, 1, 0);
    let mut inside = poisson(draw(dice, Draw::Count, 0), 1.0);
    while whole >= start + size {
        before += inside;
        start += size;
        size = start;
        inside = poisson(draw(dice, Draw::Count, start), as_float(size));
    }
    while size > 1 {
        size /= 2;
        let first = halved(draw(dice, Draw::Half, start + size), inside, 0.25);
        if whole >= start + size {
            before += first;
            inside -= first;
            start += size;
        } else {
            inside = first;
        }
    }
    let places = Dice::new(draw(dice, Draw::Place, start));
    before
        + (0..inside).map(|event| places.share(&[], event)).filter(|at| *at < fraction).count()
            as u64
}

/// Stretches below this are not halved any more: their marks are laid out one by one.
const LEAF: u64 = 64;

/// How many of the first so many events are marked, if each is with this probability.
pub(in crate::sim::traffic) fn marked(dice: Dice, events: u64, probability: f64) -> u64 {
    if probability > 0.5 {
        return events - marked(dice, events, 1.0 - probability);
    }
    if events == 0 || probability <= 0.0 || probability.is_nan() {
        return 0;
    }
    // The stretches are [0, 64), [64, 128), [128, 256) and so on.
    let (mut start, mut size, mut before) = (0, LEAF, 0);
    let mut inside = binomial(draw(dice, Draw::Count, 0), size, probability);
    while events >= start + size {
        before += inside;
        start += size;
        size = start;
        inside = binomial(draw(dice, Draw::Count, start), size, probability);
    }
    while size > LEAF {
        let spread = 0.25 * (1.0 - as_float(inside) / as_float(size));
        size /= 2;
        let bits = draw(dice, Draw::Half, start + size);
        let first = halved(bits, inside, spread).clamp(inside.saturating_sub(size), size);
        if events >= start + size {
            before += first;
            inside -= first;
            start += size;
        } else {
            inside = first;
        }
    }
    let marks = layout(Dice::new(draw(dice, Draw::Place, start)), inside);
    let seen = (1u64 << (events - start)) - 1;
    before + u64::from((marks & seen).count_ones())
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
}
