//! The new version against the old one, in words that can be trusted at three in the morning.
//!
//! Says how sure it is, and says when there is too little to say anything. Called by `app`.

use super::query::Sample;
use super::statistics::{Compared, Confidence, Counted, durations, shares};
use super::{Bucket, Reading, apart};

/// Requests of either version below which nothing is said.
const LEAST: f64 = 20.0;

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The new version is worse, as sure as this.
    Worse(Confidence),
    /// It is better, as sure as this.
    Better(Confidence),
    /// No difference to be sure of.
    Same,
    /// Too few requests to say.
    TooFew,
}

/// A comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What it comes to.
    pub outcome: Outcome,
    /// The sentence.
    pub words: String,
}

/// How the versions are called.
pub type Names = (&'static str, &'static str);

fn how_sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Sure => "sure",
        Confidence::Likely => "likely",
        Confidence::None => "may be chance",
    }
}

/// Failed requests of the new version and of the old one.
pub fn errors((new, old): Names, canary: Counted, stable: Counted) -> Comparison {
    let few = |words: String| Comparison { outcome: Outcome::TooFew, words };
    let (Some(of_canary), Some(of_stable)) = (canary.share(), stable.share()) else {
        let silent = if canary.all > 0.0 { old } else { new };
        return few(format!("too few requests to say: none of {silent}"));
    };
    let counts = format!("{:.0} and {:.0} requests", canary.all, stable.all);
    if canary.all < LEAST || stable.all < LEAST {
        return few(format!("too few requests to say: {counts}"));
    }
    if canary.failed < 0.5 && stable.failed < 0.5 {
        return Comparison { outcome: Outcome::Same, words: format!("no errors in {counts}") };
    }
    let Compared::Seen(difference) = shares(canary, stable) else {
        return few(format!(
            "too few errors to say: {:.0} of {:.0} against {:.0} of {:.0}",
            canary.failed, canary.all, stable.failed, stable.all
        ));
    };
    let confidence = difference.confidence();
    if confidence == Confidence::None {
        let words = format!("no difference to be sure of in {counts}");
        return Comparison { outcome: Outcome::Same, words };
    }
    let sure = how_sure(confidence);
    if difference.size > 0.0 {
        let much = match times(of_canary, of_stable) {
            Some(times) => format!("{new} errors {times}x {old}"),
            None => format!("{new} errors, {old} has none"),
        };
        let words = format!("{much}, {sure}");
        return Comparison { outcome: Outcome::Worse(confidence), words };
    }
    let words = format!("{new} has fewer errors than {old}, {sure}");
    Comparison { outcome: Outcome::Better(confidence), words }
}

/// Durations of the new version and of the old one: their buckets, and the quantile that is shown.
pub fn latency(
    (new, old): Names,
    what: &str,
    (canary, of_canary): (&[Bucket], &Reading),
    (stable, of_stable): (&[Bucket], &Reading),
) -> Comparison {
    let count = |buckets: &[Bucket]| buckets.last().map_or(0.0, |bucket| bucket.count);
    let counts = format!("{:.0} and {:.0} requests", count(canary), count(stable));
    let compared = if same_bounds(canary, stable) {
        durations(&apart(canary), &apart(stable))
    } else {
        Compared::TooFew
    };
    let Compared::Seen(difference) = compared else {
        let words = format!("too few requests to say: {counts}");
        return Comparison { outcome: Outcome::TooFew, words };
    };
    let ratio = match (of_canary, of_stable) {
        (Reading::Value(canary), Reading::Value(stable)) => {
            times(*canary, *stable).map(|times| format!("{what} {times}x {old}"))
        }
        (Reading::AtLeast(canary), Reading::Value(stable)) => {
            times(*canary, *stable).map(|times| format!("{what} at least {times}x {old}"))
        }
        _ => None,
    };
    let ratio =
        |before: &str| ratio.as_ref().map_or(String::new(), |text| format!("{before}{text}"));
    let confidence = difference.confidence();
    let sure = how_sure(confidence);
    let (outcome, words) = match confidence {
        Confidence::None => (Outcome::Same, format!("no difference to be sure of{}", ratio(", "))),
        _ if difference.size > 0.0 => {
            (Outcome::Worse(confidence), format!("{new} slower than {old}, {sure}{}", ratio(": ")))
        }
        _ => {
            (Outcome::Better(confidence), format!("{new} faster than {old}, {sure}{}", ratio(": ")))
        }
    };
    Comparison { outcome, words }
}

/// How many times larger, with two digits; nothing without a size to compare with.
fn times(value: f64, of: f64) -> Option<String> {
    let times = value / of;
    (times.is_finite() && of > 0.0)
        .then(|| if times < 10.0 { format!("{times:.1}") } else { format!("{times:.0}") })
}

fn same_bounds(canary: &[Bucket], stable: &[Bucket]) -> bool {
    let bounds = |buckets: &[Bucket]| -> Vec<u64> {
        buckets.iter().map(|bucket| bucket.bound.to_bits()).collect()
    };
    bounds(canary) == bounds(stable)
}

/// The buckets of several windows together; nothing when their bounds differ.
pub fn added<'s>(samples: impl Iterator<Item = &'s Sample>) -> Vec<Bucket> {
    let mut sum: Vec<Bucket> = Vec::new();
    for sample in samples {
        let Sample::Buckets(buckets) = sample else { continue };
        if sum.is_empty() {
            sum.clone_from(buckets);
        } else if same_bounds(&sum, buckets) {
            for (sum, bucket) in sum.iter_mut().zip(buckets) {
                sum.count += bucket.count;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names = ("canary", "stable");

    fn counted(failed: f64, all: f64) -> Counted {
        Counted { failed, all }
    }

    #[test]
    fn errors_in_words() {
        let cases = [
            (counted(0.0, 0.0), counted(3.0, 900.0), "too few requests to say: none of canary"),
            (
                counted(1.0, 12.0),
                counted(3.0, 900.0),
                "too few requests to say: 12 and 900 requests",
            ),
            (counted(0.0, 412.0), counted(0.0, 1204.0), "no errors in 412 and 1204 requests"),
            (
                counted(3.0, 60.0),
                counted(0.0, 200.0),
                "too few errors to say: 3 of 60 against 0 of 200",
            ),
            (
                counted(40.0, 400.0),
                counted(42.0, 400.0),
                "no difference to be sure of in 400 and 400 requests",
            ),
            (counted(80.0, 400.0), counted(12.0, 1200.0), "canary errors 20x stable, sure"),
            (counted(80.0, 400.0), counted(0.0, 1200.0), "canary errors, stable has none, sure"),
            (counted(20.0, 400.0), counted(30.0, 1200.0), "canary errors 2.0x stable, likely"),
            (
                counted(2.0, 900.0),
                counted(80.0, 900.0),
                "canary has fewer errors than stable, sure",
            ),
        ];
        for (canary, stable, wanted) in cases {
            assert_eq!(errors(NAMES, canary, stable).words, wanted, "{canary:?} {stable:?}");
        }
        let worse = errors(NAMES, counted(80.0, 400.0), counted(12.0, 1200.0));
        assert_eq!(worse.outcome, Outcome::Worse(Confidence::Sure));
    }

    fn buckets(counts: [f64; 3]) -> Vec<Bucket> {
        let bounds = [0.1, 1.0, f64::INFINITY];
        bounds.iter().zip(counts).map(|(bound, count)| Bucket { bound: *bound, count }).collect()
    }

    #[test]
    fn durations_in_words() {
        let slow = buckets([100.0, 390.0, 400.0]);
        let fast = buckets([900.0, 995.0, 1000.0]);
        let few = buckets([5.0, 9.0, 9.0]);
        let value = Reading::Value;
        let say = |canary: (&[Bucket], Reading), stable: (&[Bucket], Reading)| {
            latency(NAMES, "p99", (canary.0, &canary.1), (stable.0, &stable.1)).words
        };
        assert_eq!(
            say((&slow, value(0.42)), (&fast, value(0.2))),
            "canary slower than stable, sure: p99 2.1x stable"
        );
        assert_eq!(
            say((&slow, Reading::AtLeast(10.0)), (&fast, value(0.2))),
            "canary slower than stable, sure: p99 at least 50x stable"
        );
        assert_eq!(
            say((&fast, value(0.2)), (&slow, value(0.42))),
            "canary faster than stable, sure: p99 0.5x stable"
        );
        assert_eq!(
            say((&fast, value(0.2)), (&fast, value(0.2))),
            "no difference to be sure of, p99 1.0x stable"
        );
        assert_eq!(
            say((&few, value(0.4)), (&fast, value(0.2))),
            "too few requests to say: 9 and 1000 requests"
        );
        let other = vec![Bucket { bound: f64::INFINITY, count: 500.0 }];
        assert_eq!(
            say((&other, Reading::Undefined), (&fast, value(0.2))),
            "too few requests to say: 500 and 1000 requests",
            "buckets of another metric"
        );
    }

    #[test]
    fn windows_add_up() {
        let samples = [
            Sample::Buckets(buckets([1.0, 2.0, 3.0])),
            Sample::Nothing,
            Sample::Buckets(buckets([1.0, 1.0, 1.0])),
        ];
        assert_eq!(added(samples.iter()), buckets([2.0, 3.0, 4.0]));
    }
}
