//! What a query has given: a value, or one of the reasons why there is none.
//!
//! None of the reasons is zero, and none is drawn as a point. Called by whatever shows or compares
//! what Prometheus measured.

pub mod address;
pub mod compare;
pub mod panel;
pub mod query;
pub mod scheme;
pub mod share;
pub mod sides;
pub mod statistics;
pub mod track;

use super::text::SafeText;
use super::time::{Span, Timestamp, length};

/// One reading of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Asked, and not answered yet.
    Loading,
    /// A finite value.
    Value(f64),
    /// The answer has no series: nothing of that name is counted.
    NoSeries,
    /// Not a number, or infinite: mostly nothing divided by nothing.
    Undefined,
    /// There is a value, of so few requests that it says nothing.
    LowTraffic {
        /// Requests in the window of the query.
        requests: f64,
    },
    /// A quantile above the largest finite bucket: at least that bound.
    AtLeast(f64),
    /// The last value, and when it was true.
    Stale {
        /// The value.
        value: f64,
        /// When it was measured.
        at: Timestamp,
    },
    /// The query could not be answered.
    Failed(SafeText),
}

impl Reading {
    /// Reads a number as Prometheus gives it.
    pub fn of(value: f64) -> Self {
        if value.is_finite() { Self::Value(value) } else { Self::Undefined }
    }

    /// Reads what `histogram_quantile` gave, when the largest finite bucket is known: Prometheus
    /// gives that bound for every quantile above it.
    pub fn of_quantile(value: f64, largest: Option<f64>) -> Self {
        match largest {
            Some(bound) if value >= bound => Self::AtLeast(bound),
            _ => Self::of(value),
        }
    }

    /// The same, where so many requests are behind it and so many are needed.
    pub fn with_requests(self, requests: f64, least: f64) -> Self {
        match self {
            Self::Value(_) | Self::AtLeast(_) | Self::Undefined if requests < least => {
                Self::LowTraffic { requests }
            }
            other => other,
        }
    }

    /// The same, where its sample was taken at an instant, and samples count for so long.
    pub fn aged(self, at: Timestamp, now: Timestamp, fresh: Span) -> Self {
        match self {
            Self::Value(value) if now - at > fresh => Self::Stale { value, at },
            other => other,
        }
    }

    /// The value that may be compared and drawn.
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(*value),
            _ => None,
        }
    }

    /// Why there is no value, in words; nothing when there is one.
    pub fn why_not(&self, now: Timestamp) -> Option<String> {
        Some(match self {
            Self::Value(_) => return None,
            Self::Loading => "loading".to_owned(),
            Self::NoSeries => "no series".to_owned(),
            Self::Undefined => "not a number".to_owned(),
            Self::LowTraffic { requests } => format!("too few: {requests:.0} requests"),
            Self::AtLeast(_) => "above the top bucket".to_owned(),
            Self::Stale { at, .. } => format!("{} old", length(now - *at)),
            Self::Failed(why) => format!("failed: {why}"),
        })
    }
}

/// A bucket of a histogram, as Prometheus keeps it: how many were at most so long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Upper bound (`le`), in the histogram's unit; infinite for the last.
    pub bound: f64,
    /// Requests up to it; grows from bucket to bucket.
    pub count: f64,
}

/// A quantile of a histogram, by Prometheus' `histogram_quantile` for classic histograms, but for
/// what lies above the largest finite bucket: that is said, not given as that bucket's bound.
///
/// `quantile` is between 0 and 1. Buckets come in the order of their bounds, the infinite one last;
/// without that one, or with no request in it, there is no value.
pub fn quantile(quantile: f64, buckets: &[Bucket]) -> Reading {
    let Some((last, finite)) = buckets.split_last() else { return Reading::NoSeries };
    let Some(largest) = finite.last() else { return Reading::Undefined };
    if last.bound.is_finite() || last.count <= 0.0 || !(0.0..=1.0).contains(&quantile) {
        return Reading::Undefined;
    }
    let rank = quantile * last.count;
    let mut below = Bucket { bound: 0.0, count: 0.0 };
    for bucket in finite {
        if bucket.count >= rank {
            // A first bucket that ends at or below zero has no lower end to go on from.
            if bucket.bound <= 0.0 && below.count == 0.0 && below.bound == 0.0 {
                return Reading::of(bucket.bound);
            }
            let inside = bucket.count - below.count;
            let part = if inside > 0.0 { (rank - below.count) / inside } else { 0.0 };
            return Reading::of(below.bound + (bucket.bound - below.bound) * part);
        }
        below = *bucket;
    }
    Reading::AtLeast(largest.bound)
}

/// How many requests fell into each bucket alone; what shrank counts as none.
pub fn apart(buckets: &[Bucket]) -> Vec<f64> {
    let before = std::iter::once(0.0).chain(buckets.iter().map(|bucket| bucket.count));
    buckets.iter().zip(before).map(|(bucket, before)| (bucket.count - before).max(0.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::parse_rfc3339;

    fn now() -> Timestamp {
        parse_rfc3339("2026-11-24T12:00:00Z").unwrap()
    }

    fn buckets(counts: &[(f64, f64)]) -> Vec<Bucket> {
        counts.iter().map(|&(bound, count)| Bucket { bound, count }).collect()
    }

    #[test]
    fn no_reason_is_a_value_and_each_has_its_word() {
        let minute_ago = now() - Span::minutes(1);
        let fresh = Span::seconds(30);
        let cases = [
            (Reading::Loading, "loading"),
            (Reading::NoSeries, "no series"),
            (Reading::of(f64::NAN), "not a number"),
            (Reading::of(f64::INFINITY), "not a number"),
            (Reading::of(0.5).with_requests(3.2, 10.0), "too few: 3 requests"),
            (Reading::of(f64::NAN).with_requests(0.0, 10.0), "too few: 0 requests"),
            (Reading::of_quantile(10.0, Some(10.0)), "above the top bucket"),
            (Reading::of(0.5).aged(minute_ago, now(), fresh), "60s old"),
            (Reading::Failed("503".into()), "failed: 503"),
        ];
        for (reading, word) in cases {
            assert_eq!(reading.value(), None, "{reading:?}");
            assert_eq!(reading.why_not(now()).as_deref(), Some(word));
        }
        let good = Reading::of_quantile(0.5, Some(10.0)).with_requests(50.0, 10.0);
        let good = good.aged(now(), now(), fresh);
        assert_eq!((good.value(), good.why_not(now())), (Some(0.5), None));
        assert_eq!(Reading::of(0.0).value(), Some(0.0), "zero is a value");
    }

    /// As Prometheus 2.42 answers to the same buckets.
    #[test]
    fn quantiles_are_those_of_prometheus_up_to_the_top_bucket() {
        let usual = buckets(&[(0.1, 50.0), (0.5, 90.0), (1.0, 99.0), (f64::INFINITY, 100.0)]);
        let cases = [
            (0.0, Reading::Value(0.0)),
            (0.25, Reading::Value(0.05)),
            (0.5, Reading::Value(0.1)),
            (0.9, Reading::Value(0.5)),
            (0.945, Reading::Value(0.75)),
            (0.99, Reading::Value(1.0)),
            (0.995, Reading::AtLeast(1.0)),
            (1.0, Reading::AtLeast(1.0)),
            (1.5, Reading::Undefined),
        ];
        for (asked, wanted) in cases {
            match (quantile(asked, &usual), wanted) {
                (Reading::Value(is), Reading::Value(wanted)) => {
                    assert!((is - wanted).abs() < 1e-12, "{asked}: {is} instead of {wanted}");
                }
                (is, wanted) => assert_eq!(is, wanted, "{asked}"),
            }
        }
    }

    #[test]
    fn histograms_that_say_nothing() {
        let cases = [
            (buckets(&[]), Reading::NoSeries),
            (buckets(&[(f64::INFINITY, 5.0)]), Reading::Undefined),
            (buckets(&[(1.0, 0.0), (f64::INFINITY, 0.0)]), Reading::Undefined),
            (buckets(&[(0.5, 3.0), (1.0, 5.0)]), Reading::Undefined),
            (buckets(&[(-1.0, 5.0), (f64::INFINITY, 5.0)]), Reading::Value(-1.0)),
        ];
        for (buckets, wanted) in cases {
            assert_eq!(quantile(0.5, &buckets), wanted, "{buckets:?}");
        }
    }

    #[test]
    fn buckets_apart_add_up_to_all() {
        let all = buckets(&[(0.1, 50.0), (0.5, 90.0), (1.0, 89.5), (f64::INFINITY, 100.0)]);
        assert_eq!(apart(&all), [50.0, 40.0, 0.0, 10.5]);
        assert_eq!(apart(&[]), [0.0; 0]);
    }
}
