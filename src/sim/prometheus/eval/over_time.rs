//! What the points of a range come to: sums, averages, extremes, quantiles.
//!
//! Sums carry what rounding loses along, as Prometheus' do. Called through the functions and the
//! aggregations.

use super::Point;

/// A sum with the rest that rounding lost (Neumaier's).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Total {
    sum: f64,
    lost: f64,
}

impl Total {
    pub(super) fn add(&mut self, value: f64) {
        let next = self.sum + value;
        self.lost += if self.sum.abs() >= value.abs() {
            (self.sum - next) + value
        } else {
            (value - next) + self.sum
        };
        self.sum = next;
    }

    /// The sum with what was lost.
    pub(super) fn exact(self) -> f64 {
        self.sum + self.lost
    }

    /// The same, where an infinite sum stays one.
    fn settled(self) -> f64 {
        if self.sum.is_infinite() { self.sum } else { self.exact() }
    }
}

pub(super) fn count(points: &[Point]) -> f64 {
    length(points.len())
}

#[expect(clippy::cast_precision_loss, reason = "a count of points, far below 2^53")]
pub(super) fn length(count: usize) -> f64 {
    count as f64
}

pub(super) fn sum(points: &[Point]) -> f64 {
    let mut total = Total::default();
    for point in points {
        total.add(point.value);
    }
    total.settled()
}

pub(super) fn average(points: &[Point]) -> f64 {
    let mut mean = Total::default();
    for (point, count) in points.iter().zip(1..) {
        if stays_infinite(mean.sum, point.value) {
            continue;
        }
        let count = length(count);
        mean.add(point.value / count - mean.sum / count);
    }
    mean.settled()
}

/// Whether a mean that is infinite stays so, whatever this value does to it.
pub(super) fn stays_infinite(mean: f64, value: f64) -> bool {
    let same_side = value.is_infinite() && (mean > 0.0) == (value > 0.0);
    mean.is_infinite() && (same_side || value.is_finite())
}

pub(super) fn maximum(points: &[Point]) -> f64 {
    extreme(points, |value, most| value > most)
}

pub(super) fn minimum(points: &[Point]) -> f64 {
    extreme(points, |value, least| value < least)
}

/// The value that beats all others; any number beats one that is none.
fn extreme(points: &[Point], beats: impl Fn(f64, f64) -> bool) -> f64 {
    let values = points.iter().map(|point| point.value);
    let best =
        values.reduce(|best, value| if beats(value, best) || best.is_nan() { value } else { best });
    best.unwrap_or(f64::NAN)
}

pub(super) fn variance(points: &[Point]) -> f64 {
    let (mut mean, mut squares) = (Total::default(), Total::default());
    for (point, count) in points.iter().zip(1..) {
        let off = point.value - mean.exact();
        mean.add(off / length(count));
        squares.add(off * (point.value - mean.exact()));
    }
    squares.exact() / count(points)
}

/// How often a value was another than the one before.
pub(super) fn changes(points: &[Point]) -> f64 {
    #[expect(clippy::float_cmp, reason = "any difference is a change")]
    let differs = |(before, after): &(&Point, &Point)| {
        before.value != after.value && !(before.value.is_nan() && after.value.is_nan())
    };
    length(points.iter().zip(points.iter().skip(1)).filter(differs).count())
}

/// How often a value was below the one before.
pub(super) fn resets(points: &[Point]) -> f64 {
    let fell = |(before, after): &(&Point, &Point)| after.value < before.value;
    length(points.iter().zip(points.iter().skip(1)).filter(fell).count())
}

pub(super) fn quantile(share: f64, points: &[Point]) -> f64 {
    quantile_of(share, points.iter().map(|point| point.value).collect())
}

/// The value below which a share of the values lies, between two values in proportion.
pub(super) fn quantile_of(share: f64, mut values: Vec<f64>) -> f64 {
    if values.is_empty() || share.is_nan() {
        return f64::NAN;
    }
    if share < 0.0 {
        return f64::NEG_INFINITY;
    }
    if share > 1.0 {
        return f64::INFINITY;
    }
    // What is no number is thought to be below all numbers.
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan())));
    let rank = share * (length(values.len()) - 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of the length, so neither negative nor too large"
    )]
    let below = rank.floor() as usize;
    let (Some(low), last) = (values.get(below), values.last()) else { return f64::NAN };
    let Some(high) = values.get(below + 1).or(last) else { return f64::NAN };
    let weight = rank - rank.floor();
    low * (1.0 - weight) + high * weight
}
