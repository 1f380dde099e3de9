//! The functions of PromQL, by name, and how each is called.
//!
//! A function that is not here is refused when the query is planned. Called by the evaluation.

use super::calendar::{self, Calendar};
use super::each::{self, Each};
use super::windows::Window;
use super::{Call, Evaluation, Failure, Node, Sample, Tags, Value, distinct};
use super::{histogram, over_time, rate, relabel};

/// What a function makes of the points of a range; the numbers are its other arguments.
type OverRange = fn(&Window<'_>, &[f64]) -> Option<f64>;

/// How a function is called.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim::prometheus) enum Function {
    /// On each series of a range vector.
    OverRange(OverRange),
    /// On each value of an instant vector.
    Each(Each),
    /// On each value as an instant, or on the instant of evaluation.
    Calendar(Calendar),
    Absent,
    AbsentOverTime,
    HistogramQuantile,
    LabelJoin,
    LabelReplace,
    LastOverTime,
    Pi,
    Scalar,
    Sort,
    SortDescending,
    Time,
    Timestamp,
    Vector,
}

/// The function of this name.
pub(in crate::sim::prometheus) fn function(name: &str) -> Option<Function> {
    let special = match name {
        "absent" => Function::Absent,
        "absent_over_time" => Function::AbsentOverTime,
        "histogram_quantile" => Function::HistogramQuantile,
        "label_join" => Function::LabelJoin,
        "label_replace" => Function::LabelReplace,
        "last_over_time" => Function::LastOverTime,
        "pi" => Function::Pi,
        "scalar" => Function::Scalar,
        "sort" => Function::Sort,
        "sort_desc" => Function::SortDescending,
        "time" => Function::Time,
        "timestamp" => Function::Timestamp,
        "vector" => Function::Vector,
        _ => {
            return over_range(name)
                .map(Function::OverRange)
                .or_else(|| each::named(name).map(Function::Each))
                .or_else(|| calendar::named(name).map(Function::Calendar));
        }
    };
    Some(special)
}

fn over_range(name: &str) -> Option<OverRange> {
    let work: OverRange = match name {
        "avg_over_time" => |window, _| Some(over_time::average(window.points)),
        "changes" => |window, _| Some(over_time::changes(window.points)),
        "count_over_time" => |window, _| Some(over_time::count(window.points)),
        "delta" => |window, _| rate::delta(window),
        "deriv" => |window, _| rate::slope(window),
        "idelta" => |window, _| rate::latest_delta(window),
        "increase" => |window, _| rate::increase(window),
        "irate" => |window, _| rate::latest_rate(window),
        "max_over_time" => |window, _| Some(over_time::maximum(window.points)),
        "min_over_time" => |window, _| Some(over_time::minimum(window.points)),
        "predict_linear" => |window, ahead| rate::predict(window, *ahead.first()?),
        "present_over_time" => |_, _| Some(1.0),
        "quantile_over_time" => {
            |window, share| Some(over_time::quantile(*share.first()?, window.points))
        }
        "rate" => |window, _| rate::rate(window),
        "resets" => |window, _| Some(over_time::resets(window.points)),
        "stddev_over_time" => |window, _| Some(over_time::variance(window.points).sqrt()),
        "stdvar_over_time" => |window, _| Some(over_time::variance(window.points)),
        "sum_over_time" => |window, _| Some(over_time::sum(window.points)),
        _ => return None,
    };
    Some(work)
}

/// What a call gives at an instant.
pub(super) fn call(of: &Evaluation, call: &Call, at: i64) -> Result<Value, Failure> {
    let argument = |number: usize| {
        let missing = || Failure::execution(format!("{} lacks an argument", call.name));
        call.arguments.get(number).ok_or_else(missing)
    };
    let samples = match call.function {
        #[expect(clippy::cast_precision_loss, reason = "as Prometheus does; far below 2^53")]
        Function::Time => return Ok(Value::Scalar(at as f64 / 1_000.0)),
        Function::Pi => return Ok(Value::Scalar(std::f64::consts::PI)),
        Function::Scalar => {
            let samples = of.vector(argument(0)?, at)?;
            let only = if let [only] = samples.as_slice() { only.value } else { f64::NAN };
            return Ok(Value::Scalar(only));
        }
        Function::Vector => {
            vec![Sample { tags: Tags::default(), value: of.scalar(argument(0)?, at)? }]
        }
        Function::OverRange(work) => on_ranges(of, call, work, at)?,
        Function::LastOverTime => {
            let windows = of.windows(argument(0)?, at)?;
            let last = windows.each(|window| Some(window.last.value));
            let last = last.into_iter();
            last.map(|(one, value)| Sample { tags: one.series.tags.clone(), value }).collect()
        }
        Function::Each(work) => {
            let mut others = Vec::new();
            for other in call.arguments.iter().skip(1) {
                others.push(of.scalar(other, at)?);
            }
            let samples = of.vector(argument(0)?, at)?.into_iter();
            samples
                .filter_map(|one| {
                    Some(Sample { tags: one.tags.nameless(), value: work(one.value, &others)? })
                })
                .collect()
        }
        Function::Calendar(work) => calendar::value(of, call.arguments.first(), work, at)?,
        Function::Timestamp => timestamps(of, argument(0)?, at)?,
        Function::Absent => {
            let node = argument(0)?;
            absent(of.vector(node, at)?.is_empty(), node)
        }
        Function::AbsentOverTime => {
            let node = argument(0)?;
            absent(of.windows(node, at)?.each(|_| Some(1.0)).is_empty(), node)
        }
        Function::Sort | Function::SortDescending => {
            let descending = matches!(call.function, Function::SortDescending);
            return Ok(Value::Vector(sorted(of.vector(argument(0)?, at)?, descending)));
        }
        Function::HistogramQuantile => {
            let share = of.scalar(argument(0)?, at)?;
            histogram::quantiles(share, &of.vector(argument(1)?, at)?)
        }
        Function::LabelReplace => relabel::replaced(of, call, at)?,
        Function::LabelJoin => relabel::joined(of, call, at)?,
    };
    Ok(Value::Vector(distinct(samples)?))
}

/// A function on each series of the range vector among its arguments.
fn on_ranges(
    of: &Evaluation,
    call: &Call,
    work: OverRange,
    at: i64,
) -> Result<Vec<Sample>, Failure> {
    let (mut windows, mut numbers) = (None, Vec::new());
    for argument in &call.arguments {
        match argument {
            Node::Range(..) | Node::Subquery(_) => windows = Some(of.windows(argument, at)?),
            other => numbers.push(of.scalar(other, at)?),
        }
    }
    let windows = windows.ok_or_else(|| Failure::execution("a range vector is missing"))?;
    let worked = windows.each(|window| work(window, &numbers)).into_iter();
    Ok(worked.map(|(one, value)| Sample { tags: one.nameless.clone(), value }).collect())
}

/// The instants of the points of a selector; of anything else the instant of evaluation.
fn timestamps(of: &Evaluation, node: &Node, at: i64) -> Result<Vec<Sample>, Failure> {
    #[expect(clippy::cast_precision_loss, reason = "as Prometheus does; far below 2^53")]
    let seconds = |at: i64| at as f64 / 1_000.0;
    let samples = match node {
        Node::Select(select) => of.look(select, at, |point| seconds(point.at)),
        other => {
            let mut samples = of.vector(other, at)?;
            for sample in &mut samples {
                sample.value = seconds(at);
            }
            samples
        }
    };
    let nameless =
        samples.into_iter().map(|one| Sample { tags: one.tags.nameless(), value: one.value });
    Ok(nameless.collect())
}

fn absent(is: bool, node: &Node) -> Vec<Sample> {
    let tags = match node {
        Node::Select(select) | Node::Range(select, _) => select.absent.clone(),
        _ => Tags::default(),
    };
    if is { vec![Sample { tags, value: 1.0 }] } else { Vec::new() }
}

/// By value; what is no number comes last either way.
fn sorted(mut samples: Vec<Sample>, descending: bool) -> Vec<Sample> {
    samples.sort_by(|one, other| {
        let (one, other) = (one.value, other.value);
        let numbers = if descending { other.partial_cmp(&one) } else { one.partial_cmp(&other) };
        numbers.unwrap_or_else(|| one.is_nan().cmp(&other.is_nan()))
    });
    samples
}
