//! How fast something grows: `rate` and its kin, and straight lines through points.
//!
//! Extrapolates to the ends of a range exactly as Prometheus does. Called through the functions.

use super::over_time::Total;
use super::windows::Window;

/// `rate`: growth of a counter per second.
pub(super) fn rate(window: &Window<'_>) -> Option<f64> {
    growth(window, true, 1_000.0 / number(window.range))
}

/// `increase`: growth of a counter over the range.
pub(super) fn increase(window: &Window<'_>) -> Option<f64> {
    growth(window, true, 1.0)
}

/// `delta`: the difference over the range.
pub(super) fn delta(window: &Window<'_>) -> Option<f64> {
    growth(window, false, 1.0)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds and counts, far below 2^53")]
fn number(whole: i64) -> f64 {
    whole as f64
}

/// Growth between the first and the last point, stretched to the ends of the range unless those
/// are too far away; a counter is never thought to have begun below zero.
fn growth(window: &Window<'_>, counter: bool, unit: f64) -> Option<f64> {
    let Window { first, last, points, .. } = *window;
    if points.len() < 2 {
        return None;
    }
    let mut grown = last.value - first.value;
    if counter {
        // A counter that fell has begun anew.
        let pairs = points.iter().zip(points.iter().skip(1));
        grown += pairs.filter(|(a, b)| b.value < a.value).map(|(a, _)| a.value).sum::<f64>();
    }
    let seconds = |milliseconds: i64| number(milliseconds) / 1_000.0;
    let mut to_start = seconds(first.at - (window.end - window.range));
    let to_end = seconds(window.end - last.at);
    let sampled = seconds(last.at - first.at);
    let count = i64::try_from(points.len()).unwrap_or(i64::MAX);
    let between = sampled / number(count - 1);
    if counter && grown > 0.0 && first.value >= 0.0 {
        to_start = to_start.min(sampled * (first.value / grown));
    }
    let near = between * 1.1;
    let stretched = |distance: f64| if distance < near { distance } else { between / 2.0 };
    let factor = (sampled + stretched(to_start) + stretched(to_end)) / sampled;
    Some(grown * (factor * unit))
}

/// `irate`: growth of a counter per second between its last two points.
pub(super) fn latest_rate(window: &Window<'_>) -> Option<f64> {
    let (before, last, apart) = last_two(window)?;
    let grown = if last < before { last } else { last - before };
    Some(grown / (apart / 1_000.0))
}

/// `idelta`: the difference between the last two points.
pub(super) fn latest_delta(window: &Window<'_>) -> Option<f64> {
    let (before, last, _) = last_two(window)?;
    Some(last - before)
}

/// The last two values, and the milliseconds between them.
fn last_two(window: &Window<'_>) -> Option<(f64, f64, f64)> {
    let before = window.points.iter().rev().nth(1)?;
    let apart = window.last.at - before.at;
    (apart != 0).then(|| (before.value, window.last.value, number(apart)))
}

/// `deriv`: the slope per second of a straight line through the points.
pub(super) fn slope(window: &Window<'_>) -> Option<f64> {
    line(window, window.first.at).map(|(slope, _)| slope)
}

/// `predict_linear`: where that line will be so many seconds after the instant of evaluation.
pub(super) fn predict(window: &Window<'_>, ahead: f64) -> Option<f64> {
    line(window, window.asked).map(|(slope, now)| slope * ahead + now)
}

/// The straight line of least squares: its slope per second, and its value at an instant.
fn line(window: &Window<'_>, at: i64) -> Option<(f64, f64)> {
    let points = window.points;
    if points.len() < 2 {
        return None;
    }
    let level = window.first.value;
    #[expect(clippy::float_cmp, reason = "a level line is one whose values are the very same")]
    if points.iter().skip(1).all(|point| point.value == level) {
        let is = if level.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, level) };
        return Some(is);
    }
    let (mut x, mut y, mut xy, mut xx) =
        (Total::default(), Total::default(), Total::default(), Total::default());
    for point in points {
        let seconds = number(point.at - at) / 1_000.0;
        x.add(seconds);
        y.add(point.value);
        xy.add(seconds * point.value);
        xx.add(seconds * seconds);
    }
    let n = number(i64::try_from(points.len()).unwrap_or(i64::MAX));
    let (x, y, xy, xx) = (x.exact(), y.exact(), xy.exact(), xx.exact());
    let slope = (xy - x * y / n) / (xx - x * x / n);
    Some((slope, y / n - slope * x / n))
}
