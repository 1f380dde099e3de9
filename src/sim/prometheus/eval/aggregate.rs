//! Many series made one: `sum by` and its kin.
//!
//! Called by the evaluation.

use std::collections::HashMap;

use promql_parser::parser::token::{
    T_AVG, T_BOTTOMK, T_COUNT, T_COUNT_VALUES, T_GROUP, T_MAX, T_MIN, T_QUANTILE, T_STDDEV,
    T_STDVAR, T_SUM, T_TOPK, TokenId,
};

use super::over_time::{length, quantile_of, stays_infinite};
use super::relabel::is_label;
use super::{Evaluation, Failure, Node, Sample, Tags, Value, distinct};
use crate::sim::prometheus::number;
use crate::sim::prometheus::plan::{Aggregate, Labels};
use crate::sim::traffic::Text;

/// What is made of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim::prometheus) enum Aggregation {
    Average,
    Bottom,
    Count,
    CountValues,
    Group,
    Maximum,
    Minimum,
    Quantile,
    StandardDeviation,
    Sum,
    Top,
    Variance,
}

impl Aggregation {
    /// By the parser's token.
    pub(in crate::sim::prometheus) fn of(token: TokenId) -> Result<Self, Failure> {
        Ok(match token {
            T_AVG => Self::Average,
            T_BOTTOMK => Self::Bottom,
            T_COUNT => Self::Count,
            T_COUNT_VALUES => Self::CountValues,
            T_GROUP => Self::Group,
            T_MAX => Self::Maximum,
            T_MIN => Self::Minimum,
            T_QUANTILE => Self::Quantile,
            T_STDDEV => Self::StandardDeviation,
            T_SUM => Self::Sum,
            T_TOPK => Self::Top,
            T_STDVAR => Self::Variance,
            _ => return Err(Failure::bad_data("parse error: unknown aggregation")),
        })
    }
}

/// Series that belong together, in the order in which they came.
struct Group {
    tags: Tags,
    members: Vec<Sample>,
}

/// What an aggregation gives at an instant.
pub(super) fn value(of: &Evaluation, node: &Aggregate, at: i64) -> Result<Value, Failure> {
    let parameter = || match &node.parameter {
        Some(parameter) => of.scalar(parameter, at),
        None => Ok(f64::NAN),
    };
    let samples = of.vector(&node.inner, at)?;
    let result = match node.aggregation {
        Aggregation::CountValues => count_values(node, samples)?,
        Aggregation::Top | Aggregation::Bottom => {
            let most = whole(parameter()?)?;
            let highest = node.aggregation == Aggregation::Top;
            let groups = grouped(samples, |tags| key(tags, &node.grouping));
            groups.into_iter().flat_map(|group| outermost(group, most, highest)).collect()
        }
        other => {
            let share = if other == Aggregation::Quantile { parameter()? } else { f64::NAN };
            let groups = grouped(samples, |tags| key(tags, &node.grouping));
            let made = groups.into_iter().map(|group| {
                let values = group.members.iter().map(|member| member.value);
                Sample { tags: group.tags, value: reduce(other, share, values) }
            });
            made.collect()
        }
    };
    Ok(Value::Vector(distinct(result)?))
}

fn key(tags: &Tags, grouping: &Labels) -> Tags {
    tags.filtered(|name| grouping.count(name))
}

fn grouped(samples: Vec<Sample>, key: impl Fn(&Tags) -> Tags) -> Vec<Group> {
    let mut numbers: HashMap<Tags, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for sample in samples {
        let number = *numbers.entry(key(&sample.tags)).or_insert_with_key(|tags| {
            groups.push(Group { tags: tags.clone(), members: Vec::new() });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(number) {
            group.members.push(sample);
        }
    }
    groups
}

fn reduce(made: Aggregation, share: f64, values: impl Iterator<Item = f64> + Clone) -> f64 {
    let better = |is_better: fn(f64, f64) -> bool| {
        let best = |best: f64, value: f64| {
            if is_better(value, best) || best.is_nan() { value } else { best }
        };
        values.clone().reduce(best).unwrap_or(f64::NAN)
    };
    match made {
        Aggregation::Sum => values.sum(),
        Aggregation::Average => mean(values),
        Aggregation::Maximum => better(|value, best| value > best),
        Aggregation::Minimum => better(|value, best| value < best),
        Aggregation::StandardDeviation => variance(values).sqrt(),
        Aggregation::Variance => variance(values),
        Aggregation::Quantile => quantile_of(share, values.collect()),
        Aggregation::Group => 1.0,
        Aggregation::Count | Aggregation::CountValues | Aggregation::Top | Aggregation::Bottom => {
            length(values.count())
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let mut mean = 0.0;
    for (value, count) in values.zip(1..) {
        if !stays_infinite(mean, value) {
            mean += value / length(count) - mean / length(count);
        }
    }
    mean
}

fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let (mut mean, mut squares, mut seen) = (0.0, 0.0, 0.0);
    for (value, count) in values.zip(1..) {
        seen = length(count);
        let off = value - mean;
        mean += off / seen;
        squares += off * (value - mean);
    }
    squares / seen
}

/// A number of series; below one there are none.
fn whole(number: f64) -> Result<usize, Failure> {
    if !(-9.223_372_036_854_776e18..=9.223_372_036_854_776e18).contains(&number) {
        let text = format!("Scalar value {} overflows int64", number::general(number));
        return Err(Failure::execution(text));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "cut off towards zero, as in Go; what is negative is none"
    )]
    let whole = number as usize;
    Ok(whole)
}

/// The highest or lowest values of a group, these first; what is no number comes last.
fn outermost(group: Group, most: usize, highest: bool) -> Vec<Sample> {
    let mut members = group.members;
    members.sort_by(|one, other| {
        let (one, other) = (one.value, other.value);
        let numbers = if highest { other.partial_cmp(&one) } else { one.partial_cmp(&other) };
        numbers.unwrap_or_else(|| one.is_nan().cmp(&other.is_nan()))
    });
    members.truncate(most);
    members
}

/// How often each value occurs; the value becomes a label.
fn count_values(node: &Aggregate, samples: Vec<Sample>) -> Result<Vec<Sample>, Failure> {
    let Some(Node::Text(label)) = &node.parameter else {
        return Err(Failure::execution("count_values lacks a label"));
    };
    if !is_label(label) {
        return Err(Failure::execution(format!("invalid label name {label:?}")));
    }
    let mut grouping = node.grouping.clone();
    if let Labels::Only(names) = &mut grouping {
        names.push(label.clone());
    }
    let labelled = samples.into_iter().map(|sample| {
        let value = Text::from(number::plain(sample.value));
        Sample { tags: sample.tags.with(&[(Text::copied(label), value)]), ..sample }
    });
    let groups = grouped(labelled.collect(), |tags| key(tags, &grouping));
    let counted = groups
        .into_iter()
        .map(|group| Sample { value: length(group.members.len()), tags: group.tags });
    Ok(counted.collect())
}
