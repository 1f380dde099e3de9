//! Is the canary worse, or was it bad luck? Two versions compared by what they counted.
//!
//! Large-sample tests, as textbooks have them; each says when there is too little to judge by. The
//! reference values of the tests are those of statsmodels and scipy. Called by whatever compares
//! canary and stable.

/// Two-sided 95 %: the standard normal quantile of 0.975.
const Z_95: f64 = 1.959_963_984_540_054;

/// Failures expected in each version from which on the normal distribution stands for the binomial.
const EXPECTED_AT_LEAST: f64 = 5.0;

/// Observations of each version from which on ranks are compared.
const RANKED_AT_LEAST: f64 = 20.0;

/// What was counted of one version: requests, and those among them that failed. Not whole numbers,
/// since Prometheus extrapolates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counted {
    /// Failed requests; 0 to `all`.
    pub failed: f64,
    /// Requests.
    pub all: f64,
}

impl Counted {
    /// The failed share, 0 to 1; nothing without requests.
    pub fn share(self) -> Option<f64> {
        (self.all > 0.0).then(|| self.failed / self.all)
    }

    /// Between which shares the true one lies with 95 % confidence, by Wilson's score interval;
    /// nothing without requests. Right for few requests and for none that failed.
    pub fn interval(self) -> Option<(f64, f64)> {
        self.interval_at(Z_95)
    }

    /// The same for another confidence, by its standard normal quantile.
    pub fn interval_at(self, z: f64) -> Option<(f64, f64)> {
        let share = self.share()?;
        let square = z * z;
        let wide = 1.0 + square / self.all;
        let middle = (share + square / (2.0 * self.all)) / wide;
        let variance = share * (1.0 - share) / self.all + square / (4.0 * self.all * self.all);
        let half = z * variance.sqrt() / wide;
        Some(((middle - half).max(0.0), (middle + half).min(1.0)))
    }
}

/// How two versions compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Compared {
    /// Too little was counted to say.
    TooFew,
    /// What was seen.
    Seen(Difference),
}

/// A difference, and how probable one of that size is when there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Of shares: canary minus stable, -1 to 1. Of ranks: the probability that a request of the
    /// canary takes longer than one of stable, minus the opposite, -1 to 1.
    pub size: f64,
    /// Two-sided p-value, 0 to 1.
    pub p: f64,
}

/// How sure one may be of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// It may well be chance: p of 0.05 and more.
    None,
    /// Likely no chance: p below 0.05.
    Likely,
    /// No chance by any usual standard: p below 0.001, for it is looked at again and again.
    Sure,
}

impl Difference {
    /// How sure one may be of it.
    pub fn confidence(self) -> Confidence {
        match self.p {
            p if p < 0.001 => Confidence::Sure,
            p if p < 0.05 => Confidence::Likely,
            _ => Confidence::None,
        }
    }
}

/// Compares the failed shares of two versions: the two-proportion z-test with pooled variance.
///
/// Too few when, were there no difference, either version could be expected to have fewer than five
/// failed requests, or fewer than five others.
pub fn shares(canary: Counted, stable: Counted) -> Compared {
    let (Some(of_canary), Some(of_stable)) = (canary.share(), stable.share()) else {
        return Compared::TooFew;
    };
    let pooled = (canary.failed + stable.failed) / (canary.all + stable.all);
    let least = canary.all.min(stable.all);
    if least * pooled.min(1.0 - pooled) < EXPECTED_AT_LEAST {
        return Compared::TooFew;
    }
    let variance = pooled * (1.0 - pooled) * (1.0 / canary.all + 1.0 / stable.all);
    let size = of_canary - of_stable;
    Compared::Seen(Difference { size, p: two_sided(size / variance.sqrt()) })
}

/// Compares how long requests took, by the counts of the same buckets: the Mann-Whitney test with
/// correction for ties (all requests of a bucket are) and for continuity.
///
/// Buckets are counted each by itself, not cumulatively, from the shortest; what one version lacks
/// counts as none. Too few below twenty requests of either version, or when all are in one bucket.
pub fn durations(canary: &[f64], stable: &[f64]) -> Compared {
    let (m, n) = (canary.iter().sum::<f64>(), stable.iter().sum::<f64>());
    if m < RANKED_AT_LEAST || n < RANKED_AT_LEAST {
        return Compared::TooFew;
    }
    let (mut longer, mut below, mut ties) = (0.0, 0.0, 0.0);
    for index in 0..canary.len().max(stable.len()) {
        let count = |of: &[f64]| of.get(index).copied().unwrap_or(0.0);
        let (own, other) = (count(canary), count(stable));
        longer += own * (below + other / 2.0);
        below += other;
        let tied = own + other;
        ties += tied.powi(3) - tied;
    }
    let all = m + n;
    let variance = m * n / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)));
    if variance <= 0.0 {
        return Compared::TooFew;
    }
    let away = longer - m * n / 2.0;
    let z = (away.abs() - 0.5).max(0.0) / variance.sqrt();
    Compared::Seen(Difference { size: 2.0 * longer / (m * n) - 1.0, p: two_sided(z) })
}

/// The probability of a standard normal value that is further from zero.
fn two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(is: f64, wanted: f64) -> bool {
        (is - wanted).abs() <= 1e-9 * wanted.abs().max(1e-300) || (is - wanted).abs() < 1e-15
    }

    fn counted(failed: f64, all: f64) -> Counted {
        Counted { failed, all }
    }

    /// statsmodels 0.15.0, `proportion.proportions_ztest`.
    #[test]
    fn shares_are_compared_as_by_statsmodels() {
        let cases = [
            (counted(20.0, 1_000.0), counted(5.0, 1_000.0), 0.002_536_711_174_968_503_3),
            (counted(120.0, 4_000.0), counted(90.0, 12_000.0), 2.526_581_055_521_229e-27),
            (counted(9.0, 1_000.0), counted(40.0, 4_000.0), 0.774_016_870_467_052_7),
            (counted(300.0, 1_000.0), counted(10.0, 1_000.0), 8.538_815_457_172_265e-72),
        ];
        for (canary, stable, p) in cases {
            let Compared::Seen(seen) = shares(canary, stable) else { panic!("{canary:?}") };
            assert!(near(seen.p, p), "{canary:?} {stable:?}: {} instead of {p}", seen.p);
            let size = canary.failed / canary.all - stable.failed / stable.all;
            assert!(near(seen.size, size), "{} instead of {size}", seen.size);
        }
    }

    #[test]
    fn too_little_is_called_that() {
        let cases = [
            // One failure in fifty proves nothing, whatever a formula says of it.
            (counted(1.0, 50.0), counted(10.0, 5_000.0)),
            (counted(0.0, 200.0), counted(3.0, 900.0)),
            (counted(0.0, 0.0), counted(40.0, 4_000.0)),
            (counted(40.0, 4_000.0), counted(0.0, 0.0)),
            (counted(4_000.0, 4_000.0), counted(4_000.0, 4_000.0)),
        ];
        for (canary, stable) in cases {
            assert_eq!(shares(canary, stable), Compared::TooFew, "{canary:?} {stable:?}");
        }
        assert_eq!(durations(&[19.0], &[400.0, 3.0]), Compared::TooFew);
        assert_eq!(durations(&[400.0], &[400.0]), Compared::TooFew, "all in one bucket");
        assert_eq!(durations(&[], &[]), Compared::TooFew);
    }

    /// statsmodels 0.15.0, `proportion.proportion_confint(method="wilson")`.
    #[test]
    fn intervals_are_those_of_statsmodels() {
        let cases = [
            (counted(1.0, 50.0), 0.003_539_259_271_646_236, 0.104_954_435_896_378_15),
            (counted(0.0, 30.0), 0.0, 0.113_513_393_173_968_8),
            (counted(30.0, 30.0), 0.886_486_606_826_031_1, 1.0),
            (counted(20.0, 1_000.0), 0.012_983_682_916_415_138, 0.030_690_005_229_717_79),
            (counted(9.0, 400.0), 0.011_881_583_530_495_031, 0.042_202_657_558_758_135),
        ];
        for (counted, low, high) in cases {
            let (is_low, is_high) = counted.interval().unwrap();
            assert!(near(is_low, low) && near(is_high, high), "{counted:?}: {is_low} {is_high}");
        }
        assert_eq!(counted(0.0, 0.0).interval(), None);
    }

    /// scipy 1.17.1, `mannwhitneyu(method="asymptotic")`: U of the canary, and p.
    #[test]
    fn durations_are_compared_as_by_scipy() {
        let cases: [(&[f64], &[f64], f64, f64); 5] = [
            (
                &[10.0, 20.0, 30.0, 5.0],
                &[20.0, 40.0, 30.0, 2.0],
                3_605.0,
                0.019_663_065_740_350_094,
            ),
            (&[5.0, 5.0, 90.0], &[90.0, 5.0, 5.0], 9_462.5, 8.962_988_649_582_487e-35),
            (&[50.0, 50.0], &[50.0, 50.0], 5_000.0, 1.0),
            (&[0.0, 0.0, 40.0, 10.0], &[10.0, 60.0, 30.0], 4_400.0, 1.102_506_569_884_162_9e-16),
            (
                &[1_000.0, 800.0, 150.0, 50.0],
                &[3_000.0, 2_000.0, 300.0, 60.0],
                5_739_000.0,
                1.307_237_927_638_157_8e-7,
            ),
        ];
        for (canary, stable, longer, p) in cases {
            let Compared::Seen(seen) = durations(canary, stable) else { panic!("{canary:?}") };
            let pairs = canary.iter().sum::<f64>() * stable.iter().sum::<f64>();
            assert!(
                near(f64::midpoint(seen.size, 1.0) * pairs, longer),
                "{canary:?}: {}",
                seen.size
            );
            assert!(near(seen.p, p), "{canary:?}: {} instead of {p}", seen.p);
        }
    }

    #[test]
    fn confidence_has_three_words() {
        let of = |p| Difference { size: 0.1, p }.confidence();
        assert_eq!(of(0.3), Confidence::None);
        assert_eq!(of(0.05), Confidence::None);
        assert_eq!(of(0.04), Confidence::Likely);
        assert_eq!(of(0.000_9), Confidence::Sure);
    }
}
