//! Quantiles of histograms with classic buckets, by Prometheus' rules.
//!
//! Within a bucket values are thought to lie evenly; above the highest finite bound nothing is
//! known, and that bound is the answer. Called through the functions.

use std::collections::BTreeMap;

use super::{Sample, Tags};
use crate::sim::traffic::NAME;

/// The label that holds a bucket's upper bound.
const BOUND: &str = "le";

#[derive(Debug, Clone, Copy)]
struct Bucket {
    bound: f64,
    count: f64,
}

/// The quantile of each histogram among the samples.
pub(super) fn quantiles(share: f64, samples: &[Sample]) -> Vec<Sample> {
    let mut histograms: BTreeMap<Tags, Vec<Bucket>> = BTreeMap::new();
    for sample in samples {
        let Ok(bound) = sample.tags.get(BOUND).parse::<f64>() else { continue };
        let rest = sample.tags.filtered(|name| name != BOUND);
        histograms.entry(rest).or_default().push(Bucket { bound, count: sample.value });
    }
    let worked = histograms.into_iter().map(|(tags, buckets)| Sample {
        tags: tags.filtered(|name| name != NAME),
        value: quantile(share, buckets),
    });
    worked.collect()
}

fn quantile(share: f64, mut buckets: Vec<Bucket>) -> f64 {
    if share.is_nan() {
        return f64::NAN;
    }
    if share < 0.0 {
        return f64::NEG_INFINITY;
    }
    if share > 1.0 {
        return f64::INFINITY;
    }
    buckets.sort_by(|one, other| one.bound.total_cmp(&other.bound));
    if buckets.last().is_none_or(|last| last.bound < f64::INFINITY || last.bound.is_nan()) {
        return f64::NAN;
    }
    #[expect(clippy::float_cmp, reason = "the same bound, written in two ways")]
    buckets.dedup_by(|later, earlier| {
        let same = later.bound == earlier.bound;
        if same {
            earlier.count += later.count;
        }
        same
    });
    // A bucket holds all that the smaller ones hold, even if they were scraped later.
    let mut most = f64::NEG_INFINITY;
    for bucket in &mut buckets {
        most = if bucket.count > most { bucket.count } else { most };
        bucket.count = if bucket.count < most { most } else { bucket.count };
    }
    let [lower @ .., all] = buckets.as_slice() else { return f64::NAN };
    let Some(highest) = lower.last() else { return f64::NAN };
    if all.count == 0.0 {
        return f64::NAN;
    }
    let rank = share * all.count;
    let at = lower.partition_point(|bucket| !reaches(bucket.count, rank));
    let Some(bucket) = lower.get(at) else { return highest.bound };
    let Some(before) = at.checked_sub(1).and_then(|at| lower.get(at)) else {
        let bound = bucket.bound;
        return if bound <= 0.0 { bound } else { bound * (rank / bucket.count) };
    };
    let part = (rank - before.count) / (bucket.count - before.count);
    before.bound + (bucket.bound - before.bound) * part
}

fn reaches(count: f64, rank: f64) -> bool {
    count >= rank
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(share: f64, buckets: &[(f64, f64)]) -> f64 {
        quantile(
            share,
            buckets.iter().map(|(bound, count)| Bucket { bound: *bound, count: *count }).collect(),
        )
    }

    #[test]
    fn above_the_highest_bound_nothing_is_known() {
        let inf = f64::INFINITY;
        let slow = [(0.5, 10.0), (1.0, 60.0), (inf, 100.0)];
        assert!((of(0.99, &slow) - 1.0).abs() < 1e-12);
        assert!((of(0.35, &slow) - 0.75).abs() < 1e-12);
        assert!(of(0.5, &[(inf, 3.0)]).is_nan());
        assert!(of(0.5, &[(1.0, 0.0), (inf, 0.0)]).is_nan());
        assert!(of(0.5, &[(1.0, 1.0)]).is_nan());
    }
}
