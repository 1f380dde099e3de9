//! Figures out of many measurements: quantiles, and slopes on logarithms.

use std::time::Duration;

use serde_json::{Value, json};

/// Measurements of one thing, in the unit of its row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// In milliseconds.
    pub(crate) fn push_time(&mut self, time: Duration) {
        self.push(time.as_secs_f64() * 1000.0);
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest value that this share of all is not above.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few thousand measurements, and a share between 0 and 1"
        )]
        let at = ((sorted.len() as f64 * share).ceil() as usize).max(1) - 1;
        sorted.get(at).copied()
    }

    pub(crate) fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }

    /// For the file: n, and how they are spread.
    pub(crate) fn json(&self) -> Value {
        json!({"n": self.len(), "min": self.quantile(0.0), "p50": self.median(), "p90": self.quantile(0.9),
            "p99": self.quantile(0.99), "max": self.quantile(1.0)})
    }
}

/// A slope on logarithms, with half of its 95 % interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slope {
    pub(crate) exponent: f64,
    pub(crate) half: f64,
}

/// A straight line through points, by least squares.
struct Line {
    mean: (f64, f64),
    /// Sum of the squares of x from its mean.
    spread: f64,
    slope: f64,
}

impl Line {
    /// At least two points, not all above each other.
    fn through(points: &[(f64, f64)]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "some dozens of points")]
        let n = points.len() as f64;
        let mean = (
            points.iter().map(|p| p.0).sum::<f64>() / n,
            points.iter().map(|p| p.1).sum::<f64>() / n,
        );
        let spread = points.iter().map(|p| (p.0 - mean.0).powi(2)).sum::<f64>();
        let common = points.iter().map(|p| (p.0 - mean.0) * (p.1 - mean.1)).sum::<f64>();
        Self { mean, spread, slope: common / spread }
    }
}

/// Least squares of log y over log x; at least three points.
pub(crate) fn slope(points: &[(f64, f64)]) -> Option<Slope> {
    let logs: Vec<(f64, f64)> = points
        .iter()
        .filter(|(x, y)| *x > 0.0 && *y > 0.0)
        .map(|(x, y)| (x.ln(), y.ln()))
        .collect();
    if logs.len() < 3 {
        return None;
    }
    let Line { mean, spread, slope } = Line::through(&logs);
    let residual =
        logs.iter().map(|p| (p.1 - mean.1 - slope * (p.0 - mean.0)).powi(2)).sum::<f64>();
    #[expect(clippy::cast_precision_loss, reason = "a handful of points")]
    let error = (residual / (logs.len() - 2) as f64 / spread).sqrt();
    // Student's t for 1 to 5 degrees of freedom, both sides, 95 %.
    let t = [12.71, 4.30, 3.18, 2.78, 2.57].get(logs.len() - 3).copied().unwrap_or(2.3);
    Some(Slope { exponent: slope, half: t * error })
}

/// The mean of values at equal distances, and by how much they grow from one to the next.
pub(crate) fn drift(values: &[f64]) -> Option<(f64, f64)> {
    #[expect(clippy::cast_precision_loss, reason = "some dozens")]
    let points: Vec<(f64, f64)> =
        values.iter().enumerate().map(|(place, value)| (place as f64, *value)).collect();
    (points.len() > 1).then(|| {
        let line = Line::through(&points);
        (line.mean.1, line.slope)
    })
}

/// As short as it can be read.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => grouped(value),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 0.1 || v == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// `12,345`.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 && digit != '-' {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
