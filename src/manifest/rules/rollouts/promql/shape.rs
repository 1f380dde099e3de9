//! What the value of a query is: a share of failed requests, a share of good ones, a quantile of
//! durations.
//!
//! Decided by what is selected (`code=~"5.."`), not by what a metric is called in a template.
//! Called by the parent; depth was checked.

use promql_parser::label::Matcher;
use promql_parser::parser::token::{T_DIV, T_LAND, T_LOR, T_LUNLESS, T_MUL, T_SUB};
use promql_parser::parser::{BinaryExpr, Call, Expr, VectorSelector};

use super::{number, within};

/// Which requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Those that failed.
    Failed,
    /// Those that did not.
    Good,
}

impl Outcome {
    fn other(self) -> Self {
        match self {
            Self::Failed => Self::Good,
            Self::Good => Self::Failed,
        }
    }
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// How many, or how many a second; of those with an outcome, or of all.
    Count(Option<Outcome>),
    /// The share of requests with an outcome.
    Share(Outcome),
    /// A quantile of a histogram, and the seconds of its unit where the metric's name has one.
    Quantile(f64, Option<f64>),
    /// Anything else.
    Other,
}

/// What a value is, and by what it was multiplied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    /// What.
    pub(crate) kind: Kind,
    /// 100 for percent, 1000 for milliseconds of seconds.
    pub(crate) scale: f64,
}

impl Shape {
    const OTHER: Self = Self { kind: Kind::Other, scale: 1.0 };

    fn of(kind: Kind) -> Self {
        Self { kind, scale: 1.0 }
    }

    fn scaled(self, by: f64) -> Self {
        Self { scale: self.scale * by, ..self }
    }

    /// It counts requests by whether they failed.
    pub(crate) fn outcome(self) -> Option<Outcome> {
        match self.kind {
            Kind::Count(outcome) => outcome,
            Kind::Share(outcome) => Some(outcome),
            Kind::Quantile(..) | Kind::Other => None,
        }
    }
}

/// What the value of an expression is.
pub(super) fn of(expression: &Expr) -> Shape {
    match expression {
        Expr::Paren(paren) => of(&paren.expr),
        Expr::Subquery(subquery) => of(&subquery.expr),
        Expr::Aggregate(aggregate) => of(&aggregate.expr),
        Expr::Binary(binary) => of_binary(binary),
        Expr::Call(call) => of_call(call),
        Expr::VectorSelector(selector) => Shape::of(Kind::Count(outcome(selector))),
        Expr::MatrixSelector(matrix) => Shape::of(Kind::Count(outcome(&matrix.vs))),
        Expr::Unary(_) | Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {
            Shape::OTHER
        }
    }
}

fn of_call(call: &Call) -> Shape {
    let argument = |index: usize| call.args.args.get(index).map(|argument| &**argument);
    match call.func.name {
        "histogram_quantile" => {
            let quantile = argument(0).and_then(number);
            let unit = argument(1).and_then(unit);
            quantile.map_or(Shape::OTHER, |quantile| Shape::of(Kind::Quantile(quantile, unit)))
        }
        "vector" | "time" | "absent" | "absent_over_time" | "timestamp" => Shape::OTHER,
        _ => argument(0).map_or(Shape::OTHER, of),
    }
}

fn of_binary(binary: &BinaryExpr) -> Shape {
    let (left, right) = (&binary.lhs, &binary.rhs);
    if binary.op.is_comparison_operator() {
        return of(left);
    }
    match (binary.op.id(), number(left), number(right)) {
        (T_LAND | T_LUNLESS, ..) => of(left),
        (T_LOR, ..) => Some(of(left)).filter(|shape| *shape != Shape::OTHER).unwrap_or(of(right)),
        (T_MUL, Some(by), _) => of(right).scaled(by),
        (T_MUL, _, Some(by)) => of(left).scaled(by),
        (T_DIV, _, Some(by)) => of(left).scaled(1.0 / by),
        (T_DIV, None, None) => share(of(left)),
        (T_SUB, Some(whole), _) => complement(whole, of(right)),
        (T_SUB, None, None) => rest(of(left), of(right)),
        _ => Shape::OTHER,
    }
}

/// What some of the requests are, divided by others.
fn share(above: Shape) -> Shape {
    match above.kind {
        Kind::Count(Some(outcome)) => Shape { kind: Kind::Share(outcome), ..above },
        _ => Shape::OTHER,
    }
}

/// `1 - share`, `100 - percent`.
fn complement(whole: f64, shape: Shape) -> Shape {
    match shape.kind {
        Kind::Share(outcome) if (whole - shape.scale).abs() < 1e-9 => {
            Shape { kind: Kind::Share(outcome.other()), ..shape }
        }
        _ => Shape::OTHER,
    }
}

/// All requests without some of them.
fn rest(all: Shape, some: Shape) -> Shape {
    match (all.kind, some.kind) {
        (Kind::Count(None), Kind::Count(Some(outcome))) => {
            Shape { kind: Kind::Count(Some(outcome.other())), ..all }
        }
        _ => Shape::OTHER,
    }
}

/// Which requests a selector counts: a label lets a failed outcome through and not a good one, or
/// the other way round. A metric that only counts failures has its name for it.
fn outcome(selector: &VectorSelector) -> Option<Outcome> {
    let by_label = selector.matchers.matchers.iter().find_map(outcome_of_label);
    by_label.or_else(|| {
        let name = selector.name.as_deref()?;
        let words = |word: &str| matches!(word, "error" | "errors" | "failures" | "failed");
        name.split(['_', ':']).any(words).then_some(Outcome::Failed)
    })
}

/// What failed requests and good ones are labelled with: HTTP codes and their classes, the codes of
/// gRPC, the outcomes of Micrometer.
const OUTCOMES: [(&str, &str); 5] = [
    ("503", "200"),
    ("5xx", "2xx"),
    ("5", "2"),
    ("Unavailable", "OK"),
    ("SERVER_ERROR", "SUCCESS"),
];

/// Parts of the names of labels that have them.
const OUTCOME_LABELS: [&str; 5] = ["code", "status", "class", "outcome", "result"];

fn outcome_of_label(matcher: &Matcher) -> Option<Outcome> {
    if !OUTCOME_LABELS.iter().any(|word| matcher.name.contains(word)) {
        return None;
    }
    OUTCOMES.iter().find_map(|(failed, good)| {
        match (matcher.is_match(failed), matcher.is_match(good)) {
            (true, false) => Some(Outcome::Failed),
            (false, true) => Some(Outcome::Good),
            _ => None,
        }
    })
}

/// Seconds in one unit of the histogram that is selected here, by its name.
fn unit(expression: &Expr) -> Option<f64> {
    within(expression).find_map(|expression| {
        let name = match expression {
            Expr::VectorSelector(selector) => selector.name.as_deref()?,
            Expr::MatrixSelector(matrix) => matrix.vs.name.as_deref()?,
            _ => return None,
        };
        let word = name.split(['_', ':']).rev().find_map(|word| match word {
            "seconds" => Some(1.0),
            "milliseconds" | "millis" | "ms" => Some(1e-3),
            "microseconds" | "us" => Some(1e-6),
            _ => None,
        });
        // Envoy takes times in milliseconds and does not say so: `envoy_cluster_upstream_rq_time`.
        let is_envoys = name.starts_with("envoy_") && name.contains("_rq_time");
        word.or(is_envoys.then_some(1e-3))
    })
}
