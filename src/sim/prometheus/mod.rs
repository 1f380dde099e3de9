//! A Prometheus that has scraped this world: PromQL and the HTTP API over the traffic's series.
//!
//! Plays version 2.42, by which it is tested; what it does not know it refuses in Prometheus' own
//! form. Called by the analysis controller and the API.

mod eval;
mod http;
mod number;
mod plan;
mod query;

use std::collections::BTreeMap;

use super::time::Moment;
use super::traffic::{Denied, Matcher, Series, Tags};
use super::world::Ground;

pub(crate) use http::answer;

/// A series' labels, `__name__` among them where it is kept.
pub(crate) type Labels = BTreeMap<String, String>;

/// What a query gives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    Scalar(f64),
    Vector(Vec<(Labels, f64)>),
    Matrix(Vec<(Labels, Vec<(Moment, f64)>)>),
    Text(String),
}

/// Why a query has no answer: Prometheus' own `errorType` and `error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Such as `bad_data` or `execution`.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

impl Failure {
    /// The query or a parameter is wrong.
    fn bad_data(text: impl Into<String>) -> Self {
        Self { kind: "bad_data", text: text.into() }
    }

    /// The query came to a point where it cannot go on.
    fn execution(text: impl Into<String>) -> Self {
        Self { kind: "execution", text: text.into() }
    }
}

/// Where series are read from.
trait Source {
    /// The series that fit, with their points in a stretch of time, both ends included.
    fn select(&self, matchers: &[Matcher], from: i64, to: i64) -> Result<Vec<Series>, Failure>;

    /// What series there are that fit.
    fn list(&self, matchers: &[Matcher], from: i64, to: i64) -> Result<Vec<Tags>, Failure> {
        let series = self.select(matchers, from, to)?;
        Ok(series.into_iter().map(|one| one.tags).collect())
    }
}

impl Source for Ground {
    fn select(&self, matchers: &[Matcher], from: i64, to: i64) -> Result<Vec<Series>, Failure> {
        self.traffic.select(matchers, from, to, &self.faults.scrape_gaps).map_err(|denied| {
            match denied {
                Denied::Broken => Failure { kind: "internal", text: "told to fail".into() },
                Denied::TooSlow => Failure {
                    kind: "timeout",
                    text: "query timed out in expression evaluation".into(),
                },
            }
        })
    }

    fn list(&self, matchers: &[Matcher], from: i64, to: i64) -> Result<Vec<Tags>, Failure> {
        Ok(self.traffic.list(matchers, from, to, &self.faults.scrape_gaps))
    }
}

/// Whether it answers at all.
fn reachable(ground: &Ground) -> Result<(), Failure> {
    match ground.faults.prometheus_away.as_str() {
        "" => Ok(()),
        why => Err(Failure { kind: "unavailable", text: why.to_owned() }),
    }
}

/// Answers an instant query.
pub(crate) fn ask(ground: &Ground, query: &str, at: Moment) -> Result<Found, Failure> {
    reachable(ground)?;
    eval::instant(ground, query, at.timestamp_millis()).map_err(|mut failure| {
        if failure.kind == "bad_data" {
            failure.text = format!("invalid parameter \"query\": {}", failure.text);
        }
        failure
    })
}

fn labels(tags: &Tags) -> Labels {
    tags.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

#[cfg(test)]
mod tests;
