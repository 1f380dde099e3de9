//! Operations with two sides: arithmetic, comparisons, sets, and the matching of vectors.
//!
//! Called by the evaluation.

use std::collections::{HashMap, HashSet};

use promql_parser::parser::token::{
    T_ADD, T_ATAN2, T_DIV, T_EQLC, T_GTE, T_GTR, T_LAND, T_LOR, T_LSS, T_LTE, T_LUNLESS, T_MOD,
    T_MUL, T_NEQ, T_POW, T_SUB, TokenId,
};

use super::{Evaluation, Failure, Sample, Tags, Value, distinct};
use crate::sim::prometheus::plan::{Binary, Labels, Pairing};
use crate::sim::traffic::{NAME, Tag, Text};

/// An operation.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim::prometheus) enum Operation {
    /// Makes a number of two. Whether the result is another metric: its name is dropped.
    Arithmetic(fn(f64, f64) -> f64, bool),
    /// Leaves out what does not compare.
    Comparison(fn(f64, f64) -> bool),
    And,
    Or,
    Unless,
}

/// By the parser's token.
pub(in crate::sim::prometheus) fn operation(token: TokenId) -> Result<Operation, Failure> {
    #[expect(clippy::float_cmp, reason = "PromQL compares the very same numbers")]
    let operation = match token {
        T_ADD => Operation::Arithmetic(|a, b| a + b, true),
        T_SUB => Operation::Arithmetic(|a, b| a - b, true),
        T_MUL => Operation::Arithmetic(|a, b| a * b, true),
        T_DIV => Operation::Arithmetic(|a, b| a / b, true),
        T_MOD => Operation::Arithmetic(|a, b| a % b, true),
        T_POW => Operation::Arithmetic(f64::powf, true),
        T_ATAN2 => Operation::Arithmetic(f64::atan2, false),
        T_EQLC => Operation::Comparison(|a, b| a == b),
        T_NEQ => Operation::Comparison(|a, b| a != b),
        T_GTR => Operation::Comparison(|a, b| a > b),
        T_LSS => Operation::Comparison(|a, b| a < b),
        T_GTE => Operation::Comparison(|a, b| a >= b),
        T_LTE => Operation::Comparison(|a, b| a <= b),
        T_LAND => Operation::And,
        T_LOR => Operation::Or,
        T_LUNLESS => Operation::Unless,
        _ => return Err(Failure::bad_data("parse error: unknown operator")),
    };
    Ok(operation)
}

impl Operation {
    /// What it makes of two numbers, and whether the result stays.
    fn of(self, left: f64, right: f64) -> (f64, bool) {
        match self {
            Self::Arithmetic(work, _) => (work(left, right), true),
            Self::Comparison(holds) => (left, holds(left, right)),
            Self::And | Self::Or | Self::Unless => (left, true),
        }
    }

    fn drops_name(self) -> bool {
        matches!(self, Self::Arithmetic(_, true))
    }

    fn compares(self) -> bool {
        matches!(self, Self::Comparison(_))
    }
}

fn as_number(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

/// What an operation gives at an instant.
pub(super) fn value(of: &Evaluation, node: &Binary, at: i64) -> Result<Value, Failure> {
    let (left, right) = (of.value(&node.left, at)?, of.value(&node.right, at)?);
    let samples = match (left, right) {
        (Value::Scalar(left), Value::Scalar(right)) => {
            let (value, holds) = node.operation.of(left, right);
            let value = if node.operation.compares() { as_number(holds) } else { value };
            return Ok(Value::Scalar(value));
        }
        (Value::Vector(samples), Value::Scalar(number)) => {
            with_scalar(node, samples, |value| (value, number))
        }
        (Value::Scalar(number), Value::Vector(samples)) => {
            with_scalar(node, samples, |value| (number, value))
        }
        (Value::Vector(left), Value::Vector(right)) => match node.operation {
            Operation::And => kept(left, &right, &node.matching, true),
            Operation::Unless => kept(left, &right, &node.matching, false),
            Operation::Or => {
                let added = kept(right, &left, &node.matching, false);
                left.into_iter().chain(added).collect()
            }
            Operation::Arithmetic(..) | Operation::Comparison(_) => matched(node, left, right)?,
        },
        (Value::Text(_), _) | (_, Value::Text(_)) => {
            return Err(Failure::execution("a string is no operand"));
        }
    };
    Ok(Value::Vector(distinct(samples)?))
}

/// Each value of a vector with a number; a comparison keeps the vector's value.
fn with_scalar(
    node: &Binary,
    samples: Vec<Sample>,
    sides: impl Fn(f64) -> (f64, f64),
) -> Vec<Sample> {
    let operation = node.operation;
    let worked = samples.into_iter().filter_map(|sample| {
        let (left, right) = sides(sample.value);
        let (made, holds) = operation.of(left, right);
        let value = match (node.bool, operation.compares()) {
            (true, _) => as_number(holds),
            (false, true) if !holds => return None,
            (false, true) => sample.value,
            (false, false) => made,
        };
        let nameless = node.bool || operation.drops_name();
        let tags = if nameless { sample.tags.nameless() } else { sample.tags };
        Some(Sample { tags, value })
    });
    worked.collect()
}

/// The labels by which a series is matched. Names of metrics are matched only when asked for.
fn signature(tags: &Tags, matching: &Labels) -> Tags {
    let by_name = matches!(matching, Labels::Only(_));
    tags.filtered(|name| matching.count(name) && (by_name || name != NAME))
}

/// The series that have, or have not, a match on the other side.
fn kept(series: Vec<Sample>, other: &[Sample], matching: &Labels, wanted: bool) -> Vec<Sample> {
    let there: HashSet<Tags> = other.iter().map(|one| signature(&one.tags, matching)).collect();
    let fits = |one: &Sample| there.contains(&signature(&one.tags, matching)) == wanted;
    series.into_iter().filter(fits).collect()
}

/// Arithmetic and comparisons between vectors: each series with its match on the other side.
fn matched(node: &Binary, left: Vec<Sample>, right: Vec<Sample>) -> Result<Vec<Sample>, Failure> {
    if left.is_empty() || right.is_empty() {
        return Ok(Vec::new());
    }
    // The "one" side is looked up, the "many" side is gone through.
    let swapped = matches!(node.pairing, Pairing::OneToMany(_));
    let (many, one) = if swapped { (right, left) } else { (left, right) };
    let partners = partners(node, one, swapped)?;
    let mut seen: HashMap<Tags, HashSet<Tags>> = HashMap::new();
    let mut result = Vec::new();
    for sample in many {
        let signature = signature(&sample.tags, &node.matching);
        let Some(partner) = partners.get(&signature) else { continue };
        let (left, right) =
            if swapped { (partner.value, sample.value) } else { (sample.value, partner.value) };
        let (made, holds) = node.operation.of(left, right);
        if !holds && !node.bool {
            continue;
        }
        let value = if node.bool { as_number(holds) } else { made };
        let tags = result_tags(node, &sample.tags, &partner.tags);
        let earlier = seen.get_mut(&signature);
        let first = earlier.is_none();
        let new = match earlier {
            Some(earlier) => earlier.insert(tags.clone()),
            None => seen.insert(signature, HashSet::from([tags.clone()])).is_none(),
        };
        if node.pairing == Pairing::OneToOne && !first {
            return Err(Failure::execution(
                "multiple matches for labels: many-to-one matching must be explicit \
                 (group_left/group_right)",
            ));
        }
        if !new {
            return Err(Failure::execution(
                "multiple matches for labels: grouping labels must ensure unique matches",
            ));
        }
        result.push(Sample { tags, value });
    }
    Ok(result)
}

/// The "one" side by what it is matched by.
fn partners(
    node: &Binary,
    one: Vec<Sample>,
    swapped: bool,
) -> Result<HashMap<Tags, Sample>, Failure> {
    let mut partners: HashMap<Tags, Sample> = HashMap::with_capacity(one.len());
    for sample in one {
        let signature = signature(&sample.tags, &node.matching);
        if let Some(other) = partners.get(&signature) {
            let side = if swapped { "left" } else { "right" };
            return Err(Failure::execution(format!(
                "found duplicate series for the match group {signature} on the {side} hand-side \
                 of the operation: [{}, {}];many-to-many matching not allowed: matching labels \
                 must be unique on one side",
                sample.tags, other.tags
            )));
        }
        partners.insert(signature, sample);
    }
    Ok(partners)
}

/// The labels of a result, of those of the "many" and the "one" side.
fn result_tags(node: &Binary, many: &Tags, one: &Tags) -> Tags {
    let nameless = node.bool || node.operation.drops_name();
    let tags = if nameless { many.nameless() } else { many.clone() };
    match &node.pairing {
        Pairing::OneToOne => tags.filtered(|name| node.matching.count(name)),
        Pairing::ManyToOne(lent) | Pairing::OneToMany(lent) => {
            let lent: Vec<Tag> =
                lent.iter().map(|name| (Text::copied(name), Text::copied(one.get(name)))).collect();
            tags.with(&lent)
        }
    }
}
