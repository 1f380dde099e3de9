//! How long requests take, and what a histogram makes of it.
//!
//! Called by whoever describes images and by the meters.

/// A part of the requests whose times are spread lognormally.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    /// Its share of all requests.
    weight: f64,
    /// Seconds; half of its requests are faster.
    median: f64,
    /// The spread of the logarithm; 0.5 is usual.
    sigma: f64,
}

/// How long requests take: a mixture of lognormal parts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Latency(Vec<Part>);

impl Latency {
    /// Requests of one kind: the median in seconds and the spread of its logarithm.
    pub(crate) fn new(median: f64, sigma: f64) -> Self {
        Self(vec![Part { weight: 1.0, median, sigma }])
    }

    /// A mixture; the weights need not come to one.
    pub(crate) fn mixed<'l>(parts: impl IntoIterator<Item = (f64, &'l Self)>) -> Self {
        let mut all: Vec<Part> = Vec::new();
        for (weight, latency) in parts {
            for part in &latency.0 {
                let part = Part { weight: part.weight * weight, ..*part };
                // Pods that are alike are one part, however many there are.
                let alike = all
                    .iter_mut()
                    .find(|one| Part { weight: 0.0, ..**one } == Part { weight: 0.0, ..part });
                match alike {
                    Some(one) => one.weight += part.weight,
                    None => all.push(part),
                }
            }
        }
        Self(all)
    }

    /// The same, so many times slower.
    pub(in crate::sim::traffic) fn slowed(&self, factor: f64) -> Self {
        let slower = |part: &Part| Part { median: part.median * factor, ..*part };
        Self(self.0.iter().map(slower).collect())
    }

    /// The share of requests that take this many seconds at most, and the seconds that these take
    /// per request of all.
    fn up_to(&self, bound: f64) -> (f64, f64) {
        let all: f64 = self.0.iter().map(|part| part.weight).sum();
        let (mut share, mut time) = (0.0, 0.0);
        for Part { weight, median, sigma } in &self.0 {
            let weight = weight / all;
            let mean = median * (sigma * sigma / 2.0).exp();
            let off = (bound / median).ln() / sigma;
            share += weight * normal(off);
            time += weight * mean * normal(off - sigma);
        }
        (share, time)
    }
}

/// The share of a normal distribution below this (Abramowitz and Stegun 26.2.17; seven digits).
fn normal(x: f64) -> f64 {
    if x.is_nan() || x.abs() > 9.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let parts = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = parts.iter().rev().fold(0.0, |sum, part| (sum + part) * t);
    let above = (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt() * sum;
    if x > 0.0 { 1.0 - above } else { above }
}

/// What a histogram with these bounds makes of a latency.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sim::traffic) struct Profile {
    /// For each finite bound: of the requests within the next bound, the share within this one.
    pub(in crate::sim::traffic) within: Vec<f64>,
    /// For each bucket, the last without a bound: what its requests take on average.
    pub(in crate::sim::traffic) means: Vec<f64>,
}

impl Profile {
    /// Bounds are in units of which so many are a second.
    pub(in crate::sim::traffic) fn new(latency: &Latency, bounds: &[f64], per_second: f64) -> Self {
        let mut reached: Vec<(f64, f64)> =
            bounds.iter().map(|bound| latency.up_to(bound / per_second)).collect();
        reached.push(latency.up_to(f64::INFINITY));
        let next = reached.iter().skip(1);
        let within = reached.iter().zip(next).map(|((share, _), (next, _))| {
            if *next > 0.0 { (share / next).clamp(0.0, 1.0) } else { 0.0 }
        });
        let lower = std::iter::once(&0.0).chain(bounds);
        let upper = bounds.iter().chain(std::iter::once(&f64::INFINITY));
        let before = std::iter::once(&(0.0, 0.0)).chain(&reached);
        let means = before.zip(&reached).zip(lower.zip(upper)).map(|((before, after), edges)| {
            let mean = (after.1 - before.1) / (after.0 - before.0) * per_second;
            // Where next to nothing is, the division is not worth much.
            if mean.is_finite() { mean.clamp(*edges.0, *edges.1) } else { *edges.0 }
        });
        Self { within: within.collect(), means: means.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_distribution() {
        for (x, share) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.96, 0.024_997_9), (3.0, 0.998_650_1)]
        {
            assert!((normal(x) - share).abs() < 1e-6, "{x}");
        }
    }

    #[test]
    fn a_profile_has_the_shares_and_the_mean_of_its_latency() {
        let latency = Latency::mixed([
            (3.0, &Latency::new(0.08, 0.5)),
            (1.0, &Latency::new(2.0, 0.3)),
            (1.0, &Latency::new(0.08, 0.5)),
        ]);
        assert_eq!(latency.0.len(), 2);
        let profile = Profile::new(&latency, &[0.08, 1.0, 10.0], 1.0);
        let [first, second, third] = profile.within[..] else { panic!() };
        assert!((third - 1.0).abs() < 1e-6);
        assert!((second * third - 0.8).abs() < 0.01, "{second}");
        assert!((first * second * third - 0.4).abs() < 1e-3, "{first}");
        let shares = [0.4, 0.4, 0.2, 0.0];
        let mean: f64 = profile.means.iter().zip(shares).map(|(mean, share)| mean * share).sum();
        let wanted = 0.8 * 0.08 * 0.125f64.exp() + 0.2 * 2.0 * 0.045f64.exp();
        assert!((mean / wanted - 1.0).abs() < 0.01, "{mean} {wanted}");
    }
}
