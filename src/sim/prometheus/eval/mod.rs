//! Evaluating a plan: series are read once, then every step is worked out by itself.
//!
//! Never knows where series come from. Called by `ask` and by the HTTP API.

mod aggregate;
mod binary;
mod calendar;
mod each;
mod functions;
mod histogram;
mod over_time;
mod rate;
mod relabel;
mod windows;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::collections::HashSet;

use super::plan::{Call, Kind, LOOKBACK, Node, Plan, Select, Steps, plan};
use super::{Failure, Found, Source, labels};
use crate::sim::time::Moment;
use crate::sim::traffic::{Point, Series, Tags, is_stale};

pub(super) use aggregate::Aggregation;
pub(super) use binary::{Operation, operation};
pub(super) use functions::{Function, function};

/// Points that a query may hold at once; a real Prometheus is told so by `--query.max-samples`.
const MOST_POINTS: usize = 10_000_000;

/// What a step costs at least, in points: even where it finds nothing.
const POINTS_PER_STEP: usize = 100;

/// What a part gives at an instant.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Scalar(f64),
    Vector(Vec<Sample>),
    Text(String),
}

/// A series' value at an instant.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    tags: Tags,
    value: f64,
}

/// Answers an instant query.
pub(super) fn instant(source: &dyn Source, query: &str, at: i64) -> Result<Found, Failure> {
    let plan = plan(query, Steps::once(at))?;
    let evaluation = Evaluation::new(source, &plan)?;
    if plan.kind == Kind::Matrix {
        let series = evaluation.windows(&plan.root, at)?.into_series();
        return Ok(Found::Matrix(series.into_iter().map(printed).collect()));
    }
    Ok(match evaluation.value(&plan.root, at)? {
        Value::Scalar(value) => Found::Scalar(value),
        Value::Text(text) => Found::Text(text),
        Value::Vector(samples) => {
            Found::Vector(samples.iter().map(|one| (labels(&one.tags), one.value)).collect())
        }
    })
}

/// Answers a range query: always a matrix, by labels.
pub(super) fn over(source: &dyn Source, query: &str, steps: Steps) -> Result<Found, Failure> {
    let plan = plan(query, steps)?;
    let kind = match plan.kind {
        Kind::Scalar | Kind::Vector => None,
        Kind::Matrix => Some("range vector"),
        Kind::Text => Some("string"),
    };
    if let Some(kind) = kind {
        return Err(Failure::bad_data(format!(
            "invalid expression type {kind:?} for range query, must be Scalar or instant Vector"
        )));
    }
    let evaluation = Evaluation::new(source, &plan)?;
    let mut series = evaluation.series(&plan.root, steps)?;
    series.sort_by(|one, other| one.tags.cmp(&other.tags));
    Ok(Found::Matrix(series.into_iter().map(printed).collect()))
}

fn printed(series: Series) -> (super::Labels, Vec<(Moment, f64)>) {
    let moment = |at| Moment::from_timestamp_millis(at).unwrap_or_default();
    let points = series.points.into_iter().map(|point| (moment(point.at), point.value));
    (labels(&series.tags), points.collect())
}

/// A series that is read at many steps.
#[derive(Debug)]
struct Kept {
    series: Series,
    /// Its labels without the metric's name: most functions give these.
    nameless: Tags,
}

impl From<Series> for Kept {
    fn from(series: Series) -> Self {
        let nameless = series.tags.nameless();
        Self { series, nameless }
    }
}

/// A plan with what it reads.
struct Evaluation {
    /// By number, each by labels.
    fetched: Vec<Vec<Kept>>,
    /// What the subqueries gave at all their steps.
    subqueries: Vec<OnceCell<Vec<Kept>>>,
}

impl Evaluation {
    fn new(source: &dyn Source, plan: &Plan) -> Result<Self, Failure> {
        let mut fetched = Vec::new();
        let mut points = 0;
        for fetch in &plan.fetches {
            let mut series = source.select(&fetch.matchers, fetch.from, fetch.to)?;
            series.sort_by(|one, other| one.tags.cmp(&other.tags));
            points += series.iter().map(|one| one.points.len()).sum::<usize>();
            within_budget(points)?;
            fetched.push(series.into_iter().map(Kept::from).collect());
        }
        let subqueries = std::iter::repeat_with(OnceCell::new).take(plan.subqueries).collect();
        Ok(Self { fetched, subqueries })
    }

    /// What a part gives at an instant. Range vectors have no value of their own.
    fn value(&self, node: &Node, at: i64) -> Result<Value, Failure> {
        match node {
            Node::Number(number) => Ok(Value::Scalar(*number)),
            Node::Text(text) => Ok(Value::Text(text.clone())),
            Node::Select(select) => Ok(Value::Vector(self.look(select, at, |point| point.value))),
            Node::Negate(inner) => self.negated(inner, at),
            Node::Call(call) => functions::call(self, call, at),
            Node::Aggregate(aggregate) => aggregate::value(self, aggregate, at),
            Node::Binary(binary) => binary::value(self, binary, at),
            Node::Range(..) | Node::Subquery(_) => {
                Err(Failure::execution("cannot do range evaluation of matrix selector"))
            }
        }
    }

    /// The newest point of each series that is not older than the lookback.
    fn look(&self, select: &Select, at: i64, seen: impl Fn(&Point) -> f64) -> Vec<Sample> {
        let at = select.shift.of(at);
        let newest = |Kept { series, .. }: &Kept| {
            let until = series.points.partition_point(|point| point.at <= at);
            let point = series.points.get(until.checked_sub(1)?)?;
            let fresh = point.at >= at.saturating_sub(LOOKBACK) && !is_stale(point.value);
            fresh.then(|| Sample { tags: series.tags.clone(), value: seen(point) })
        };
        self.read(select).iter().filter_map(newest).collect()
    }

    fn read(&self, select: &Select) -> &[Kept] {
        self.fetched.get(select.fetch).map(Vec::as_slice).unwrap_or_default()
    }

    fn negated(&self, inner: &Node, at: i64) -> Result<Value, Failure> {
        Ok(match self.value(inner, at)? {
            Value::Scalar(value) => Value::Scalar(-value),
            Value::Text(_) => return Err(Failure::execution("a string cannot be negated")),
            Value::Vector(samples) => {
                let negated = samples
                    .into_iter()
                    .map(|one| Sample { tags: one.tags.nameless(), value: -one.value });
                Value::Vector(distinct(negated.collect())?)
            }
        })
    }

    /// A part that gives an instant vector.
    fn vector(&self, node: &Node, at: i64) -> Result<Vec<Sample>, Failure> {
        match self.value(node, at)? {
            Value::Vector(samples) => Ok(samples),
            Value::Scalar(value) => Ok(vec![Sample { tags: Tags::default(), value }]),
            Value::Text(_) => Err(Failure::execution("a string is no vector")),
        }
    }

    /// A part that gives a number.
    fn scalar(&self, node: &Node, at: i64) -> Result<f64, Failure> {
        match self.value(node, at)? {
            Value::Scalar(value) => Ok(value),
            _ => Err(Failure::execution("not a scalar")),
        }
    }

    /// A part's values at all steps, as series.
    fn series(&self, node: &Node, steps: Steps) -> Result<Vec<Series>, Failure> {
        let mut numbers: HashMap<Tags, usize> = HashMap::new();
        let mut series: Vec<Series> = Vec::new();
        within_budget(steps.count().saturating_mul(POINTS_PER_STEP))?;
        let mut points = 0;
        for at in steps.iter() {
            for sample in self.vector(node, at)? {
                points += 1;
                within_budget(points)?;
                let number = *numbers.entry(sample.tags).or_insert_with_key(|tags| {
                    series.push(Series { tags: tags.clone(), points: Vec::new() });
                    series.len() - 1
                });
                if let Some(one) = series.get_mut(number) {
                    one.points.push(Point { at, value: sample.value });
                }
            }
        }
        Ok(series)
    }
}

fn within_budget(points: usize) -> Result<(), Failure> {
    if points <= MOST_POINTS {
        return Ok(());
    }
    let text = "query processing would load too many samples into memory in query execution";
    Err(Failure::execution(text))
}

/// No two series of a vector may have the same labels.
fn distinct(samples: Vec<Sample>) -> Result<Vec<Sample>, Failure> {
    let mut seen = HashSet::with_capacity(samples.len());
    if samples.iter().all(|sample| seen.insert(&sample.tags)) {
        drop(seen);
        return Ok(samples);
    }
    Err(Failure::execution("vector cannot contain metrics with the same labelset"))
}
