//! Range vectors: each series with its points of a stretch of time, and what functions make of
//! them.
//!
//! The rules are those of Prometheus' `functions.go`. Called by the evaluation.

use std::borrow::Cow;

use super::{Evaluation, Failure, Kept, Node, Point, Series, is_stale};

/// A range vector at an instant.
#[derive(Debug)]
pub(super) struct Windows<'e> {
    range: i64,
    end: i64,
    asked: i64,
    series: Vec<(&'e Kept, Cow<'e, [Point]>)>,
}

/// One series' points in a range. There is at least one.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim::prometheus) struct Window<'w> {
    pub(super) first: Point,
    pub(super) last: Point,
    pub(super) points: &'w [Point],
    pub(super) range: i64,
    pub(super) end: i64,
    /// The instant of evaluation.
    pub(super) asked: i64,
}

impl Evaluation {
    /// A part that gives a range vector.
    pub(super) fn windows(&self, node: &Node, at: i64) -> Result<Windows<'_>, Failure> {
        let (series, shift, range) = match node {
            Node::Range(select, range) => (self.read(select), select.shift, *range),
            Node::Subquery(subquery) => {
                let all = self.subqueries.get(subquery.number);
                let all = all.ok_or_else(|| Failure::execution("no such subquery"))?;
                if all.get().is_none() {
                    let worked_out = self.series(&subquery.inner, subquery.steps)?;
                    let worked_out = worked_out.into_iter().map(Kept::from).collect();
                    // Nobody else can have set it meanwhile.
                    let _ = all.set(worked_out);
                }
                let series = all.get().map(Vec::as_slice).unwrap_or_default();
                (series, subquery.shift, subquery.range)
            }
            _ => return Err(Failure::execution("not a range vector")),
        };
        let end = shift.of(at);
        let from = end.saturating_sub(range);
        let series = series.iter().map(|one| (one, cut(&one.series.points, from, end)));
        let series = series.filter(|(_, points)| !points.is_empty());
        Ok(Windows { range, end, asked: at, series: series.collect() })
    }
}

impl Windows<'_> {
    /// As series with points.
    pub(super) fn into_series(self) -> Vec<Series> {
        let series = self.series.into_iter();
        series
            .map(|(one, points)| Series {
                tags: one.series.tags.clone(),
                points: points.into_owned(),
            })
            .collect()
    }

    /// What a function makes of each series that it can make something of.
    pub(super) fn each(&self, work: impl Fn(&Window<'_>) -> Option<f64>) -> Vec<(&Kept, f64)> {
        let worked = self.series.iter().filter_map(|(one, points)| {
            let (range, end, asked) = (self.range, self.end, self.asked);
            let (first, last) = (*points.first()?, *points.last()?);
            let window = Window { first, last, points, range, end, asked };
            Some((*one, work(&window)?))
        });
        worked.collect()
    }
}

/// The points of a stretch, both ends included, without the marks of an end.
fn cut(points: &[Point], from: i64, to: i64) -> Cow<'_, [Point]> {
    let begin = points.partition_point(|point| point.at < from);
    let end = points.partition_point(|point| point.at <= to);
    let within = points.get(begin..end).unwrap_or_default();
    if within.iter().any(|point| is_stale(point.value)) {
        return within.iter().filter(|point| !is_stale(point.value)).copied().collect();
    }
    Cow::Borrowed(within)
}
