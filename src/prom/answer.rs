//! What a query gave, as domain values: one sample for each instant that was asked.
//!
//! Never guesses: several series where one is wanted are an error, and a missing instant is
//! `Nothing`. Called by `server`.

use super::error::PromError;
use super::pace::{MOST_ELEMENTS, MOST_INSTANTS};
use super::server::Element;
use super::wire::{Data, Envelope, Series};
use crate::domain::measure::Bucket;
use crate::domain::measure::query::{Answer, Asked, Sample, Shape};
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;

/// Most warnings that are kept.
const MOST_REMARKS: usize = 16;

/// The instants that are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    /// First, in seconds since 1970.
    pub(super) from: i64,
    /// Between two, in seconds; at least one.
    pub(super) step: i64,
    /// How many.
    pub(super) count: usize,
    /// Whether it is one instant, which is asked by another query than a range.
    pub(super) instant: bool,
}

impl Grid {
    /// The grid of a question; none has more instants than Prometheus gives.
    pub(super) fn of(asked: &Asked) -> Result<Self, PromError> {
        let step = asked.step.num_seconds().max(1);
        let (from, to) = (asked.from.timestamp(), asked.to.timestamp());
        let count = match to.saturating_sub(from) {
            length if length < 0 => 0,
            length => usize::try_from(length / step).unwrap_or(usize::MAX).saturating_add(1),
        };
        if count > MOST_INSTANTS {
            let (most, unit) = (MOST_INSTANTS, "instants");
            return Err(PromError::TooLong { length: count, most, unit });
        }
        Ok(Self { from, step, count, instant: from == to })
    }

    /// Which instant a sample belongs to: the nearest, if there is one within half a step.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "seconds are exact in a double, and what is no place is refused before"
    )]
    fn place(self, at: f64) -> Option<usize> {
        let place = ((at - self.from as f64) / self.step as f64).round();
        (0.0..self.count as f64).contains(&place).then_some(place as usize)
    }

    fn instants(self) -> impl Iterator<Item = Timestamp> {
        let seconds = (0..self.count).zip(0i64..).map(move |(_, n)| self.from + n * self.step);
        // Beyond the year 262,000 there is none, and no grid either.
        seconds.filter_map(|at| Timestamp::from_timestamp(at, 0))
    }
}

/// Reads the answer to a question.
pub(super) fn answer(envelope: Envelope, grid: Grid, shape: Shape) -> Result<Answer, PromError> {
    let remarks = envelope.remarks().take(MOST_REMARKS);
    let warnings = remarks.map(SafeText::new).collect();
    let data = data(envelope)?;
    if matches!(data, Data::Matrix(_)) == grid.instant {
        return Err(wrong_type(&data));
    }
    let series = series(data)?;
    let samples = match shape {
        Shape::Value => value(&series, grid)?,
        Shape::Buckets => buckets(&series, grid)?,
    };
    Ok(Answer { samples: grid.instants().zip(samples).collect(), warnings })
}

/// Reads the elements of an instant query.
pub(super) fn elements(envelope: Envelope) -> Result<Vec<Element>, PromError> {
    let data = data(envelope)?;
    let count = match &data {
        Data::Vector(elements) => elements.len(),
        Data::Scalar(_) => 1,
        other => return Err(wrong_type(other)),
    };
    if count > MOST_ELEMENTS {
        return Err(PromError::TooMany { series: count, wanted: "1,000 at most" });
    }
    let element = |series: Series| {
        let text = |(name, value): (String, String)| (name.into(), value.into());
        let value = series.values.first().map_or(f64::NAN, |(_, number)| number.0);
        Element { labels: series.metric.into_iter().map(text).collect(), value }
    };
    Ok(series(data)?.into_iter().map(element).collect())
}

/// Reads what `time()` gave: the server's clock.
pub(super) fn clock(envelope: Envelope) -> Result<Timestamp, PromError> {
    let now = match elements(envelope)?.as_slice() {
        [Element { value, .. }] => *value,
        _ => f64::NAN,
    };
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and is refused then")]
    let now = (now.is_finite()).then_some((now * 1000.0).round() as i64);
    now.and_then(Timestamp::from_timestamp_millis).ok_or_else(|| garbled("time() gave no time"))
}

fn garbled(cause: &str) -> PromError {
    PromError::Garbled { cause: cause.into() }
}

fn wrong_type(data: &Data) -> PromError {
    garbled(match data {
        Data::Matrix(_) => "the query gives samples over time, not a value for each instant",
        Data::Vector(_) | Data::Scalar(_) => "the query gives one instant, not a range",
        Data::String(_) => "the query gives text, not a number",
    })
}

fn data(envelope: Envelope) -> Result<Data, PromError> {
    envelope.data.ok_or_else(|| garbled("it succeeded and has no data"))
}

/// Every kind of answer as series over time.
fn series(data: Data) -> Result<Vec<Series>, PromError> {
    let series = match data {
        Data::Matrix(series) => series,
        Data::Vector(elements) => {
            let over_time = |element: super::wire::Element| Series {
                metric: element.metric,
                values: element.value.into_iter().collect(),
                histograms: element.histogram.into_iter().collect(),
            };
            elements.into_iter().map(over_time).collect()
        }
        Data::Scalar(point) => vec![Series { values: vec![point], ..Series::default() }],
        Data::String(_) => return Err(wrong_type(&data)),
    };
    if series.iter().any(|series| !series.histograms.is_empty()) {
        return Err(PromError::Native);
    }
    Ok(series)
}

fn value(series: &[Series], grid: Grid) -> Result<Vec<Sample>, PromError> {
    let mut samples = vec![Sample::Nothing; grid.count];
    match series {
        [] => {}
        [one] => {
            for (at, number) in &one.values {
                if let Some(sample) = grid.place(*at).and_then(|place| samples.get_mut(place)) {
                    *sample = Sample::Number(number.0);
                }
            }
        }
        many => {
            let wanted = "and one was wanted";
            return Err(PromError::TooMany { series: many.len(), wanted });
        }
    }
    Ok(samples)
}

fn buckets(series: &[Series], grid: Grid) -> Result<Vec<Sample>, PromError> {
    let mut by_bound = Vec::with_capacity(series.len());
    for one in series {
        let le = one.metric.get("le").ok_or_else(|| garbled("a series has no label `le`"))?;
        // Zero has one sign, so that equal bounds are the same.
        let bound = le.parse().unwrap_or(f64::NAN) + 0.0;
        if bound.is_nan() {
            return Err(garbled(&format!("le={le:?} is no bound of a bucket")));
        }
        by_bound.push((bound, one));
    }
    by_bound.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    if by_bound.iter().zip(by_bound.iter().skip(1)).any(|((a, _), (b, _))| a.total_cmp(b).is_eq()) {
        let wanted = "and one histogram was wanted (one series for each `le`)";
        return Err(PromError::TooMany { series: series.len(), wanted });
    }
    let mut found: Vec<Vec<Bucket>> = vec![Vec::new(); grid.count];
    for (bound, one) in by_bound {
        for (at, number) in &one.values {
            let Some(buckets) = grid.place(*at).and_then(|place| found.get_mut(place)) else {
                continue;
            };
            let bucket = Bucket { bound, count: number.0 };
            match buckets.last_mut().filter(|last| last.bound.total_cmp(&bound).is_eq()) {
                Some(last) => *last = bucket,
                None => buckets.push(bucket),
            }
        }
    }
    Ok(found.into_iter().map(histogram).collect())
}

/// Buckets without the last one, or with a count that is no number, say nothing.
fn histogram(buckets: Vec<Bucket>) -> Sample {
    let whole = buckets.last().is_some_and(|last| last.bound == f64::INFINITY);
    let counted = buckets.iter().all(|bucket| bucket.count.is_finite());
    if whole && counted { Sample::Buckets(buckets) } else { Sample::Nothing }
}
