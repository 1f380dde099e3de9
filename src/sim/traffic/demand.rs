//! How many requests users make.
//!
//! Called by drills, and by the meters that count them.

use crate::sim::time::Span;

/// Requests per second, steady or in a wave like that of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Demand {
    /// On average.
    rate: f64,
    /// How far above and below that it goes, as a share of it.
    depth: f64,
    /// How long a wave is, in milliseconds.
    period: f64,
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds, far below 2^53")]
fn number(milliseconds: i64) -> f64 {
    milliseconds as f64
}

impl Demand {
    /// So many requests per second.
    pub(crate) fn steady(rate: f64) -> Self {
        Self { rate, depth: 0.0, period: 1.0 }
    }

    /// The same in a wave: up and down by a share of it, once in that time. It begins at its
    /// average, upwards, at multiples of the time since 1970.
    pub(crate) fn in_waves(self, depth: f64, period: Span) -> Self {
        Self { depth, period: number(period.num_milliseconds().max(1)), ..self }
    }

    /// So many times as much.
    pub(super) fn times(self, factor: f64) -> Self {
        Self { rate: self.rate * factor, ..self }
    }

    /// Whether it is another at another time.
    pub(super) fn changes(self) -> bool {
        self.depth != 0.0 && self.rate != 0.0
    }

    /// Where in the wave an instant is, as an angle. The instant is cut first: its whole is large.
    fn phase(self, at: i64) -> f64 {
        std::f64::consts::TAU * (number(at) % self.period) / self.period
    }

    /// Requests per second at an instant.
    pub(super) fn at(self, at: i64) -> f64 {
        self.rate * (1.0 + self.depth * self.phase(at).sin())
    }

    /// Requests that are to be expected between two instants.
    pub(super) fn between(self, from: i64, to: i64) -> f64 {
        let seconds = number((to - from).max(0)) / 1_000.0;
        if !self.changes() {
            return self.rate * seconds;
        }
        let wave = self.phase(from).cos() - self.phase(to).cos();
        let swing = self.depth * self.period / 1_000.0 / std::f64::consts::TAU;
        (self.rate * (seconds + swing * wave)).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_comes_to_its_average() {
        let wave = Demand::steady(100.0).in_waves(0.5, Span::hours(24));
        let day = 86_400_000;
        let start = 20_000 * day;
        assert!((wave.between(start, start + day) / 8_640_000.0 - 1.0).abs() < 1e-9);
        assert!((wave.at(start + day / 4) - 150.0).abs() < 1e-6);
        let steps: f64 = (0..100)
            .map(|step| wave.between(start + step * 36_000, start + (step + 1) * 36_000))
            .sum();
        assert!((steps / wave.between(start, start + 3_600_000) - 1.0).abs() < 1e-9);
    }
}
