//! What a query says, as far as rules ask: what it selects, over which time, whether it can come
//! back empty or undefined, and what its value is.
//!
//! Never asks a server. Called by the reader of analyses, once for each text.

mod empty;
mod prepare;
mod shape;
mod undefined;

use promql_parser::label::{MatchOp, Matchers};
use promql_parser::parser::token::T_DIV;
use promql_parser::parser::{self, BinaryExpr, Expr, VectorSelector};

use crate::domain::time::Span;

pub(crate) use empty::Emptiness;
pub(crate) use prepare::{argument_marks, filled, prepare};
pub(crate) use shape::{Kind, Outcome, Shape};

/// The longest query that is read, in bytes: the parser's time grows with the square of it.
const LONGEST: usize = 8_192;

/// How deep a query may be nested: each level takes a piece of the stack.
const DEEPEST: usize = 100;

/// A query.
#[derive(Debug)]
pub(crate) enum Query {
    /// It was read.
    Good(Facts),
    /// It was not, and this is why.
    Unreadable(String),
}

impl Query {
    /// What it says, if it was read.
    pub(crate) fn facts(&self) -> Option<&Facts> {
        match self {
            Self::Good(facts) => Some(facts),
            Self::Unreadable(_) => None,
        }
    }
}

/// What a query says.
#[derive(Debug)]
pub(crate) struct Facts {
    /// What it selects.
    pub(crate) selectors: Vec<Selector>,
    /// Its first division of one series by another, and what can be missing from it.
    pub(crate) ratio: Option<Ratio>,
    /// It can give something that is not a number.
    pub(crate) undefined: bool,
    /// What its value is.
    pub(crate) shape: Shape,
}

/// A division of one series by another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ratio {
    /// Whether the whole query can give nothing.
    pub(crate) whole: Option<Emptiness>,
    /// The same for what is divided.
    pub(crate) above: Option<Emptiness>,
    /// The same for what it is divided by.
    pub(crate) below: Option<Emptiness>,
}

/// A selector.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Selector {
    /// The metric's name; empty where none is written.
    pub(crate) metric: String,
    /// Labels that must be something: name and value. Arguments are marked in the value.
    pub(crate) labels: Vec<Label>,
    /// The time that it spans; none for an instant, or where an argument says it.
    pub(crate) range: Option<Span>,
    /// It, as it is asked for what is there now: without range, `offset` and `@`.
    pub(crate) text: String,
}

/// A label that a selector asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    /// Its name.
    pub(crate) name: String,
    /// The text that it is compared with.
    pub(crate) value: String,
    /// It must be equal to it: no pattern, no denial.
    pub(crate) equal: bool,
    /// It must not be like it.
    pub(crate) denied: bool,
}

/// Reads a query that was prepared.
pub(crate) fn read(prepared: &str) -> Query {
    if prepared.len() > LONGEST {
        return Query::Unreadable(format!("it is longer than {LONGEST} bytes"));
    }
    let parsed = parser::parse(&prepare::with_numbers(prepared))
        .or_else(|error| parser::parse(&prepare::with_names(prepared)).map_err(|_| error));
    let expression = match parsed {
        Ok(expression) => expression,
        Err(error) => return Query::Unreadable(error),
    };
    let mut selectors = Vec::new();
    let mut ratio = None;
    if !gather(&expression, 0, &mut selectors, &mut ratio) {
        return Query::Unreadable("it is nested too deep".to_owned());
    }
    let ratio = ratio.map(|division| Ratio {
        whole: empty::of(&expression),
        above: empty::of(&division.lhs),
        below: empty::of(&division.rhs),
    });
    let undefined = undefined::can_be(&expression);
    let shape = shape::of(&expression);
    Query::Good(Facts { selectors, ratio, undefined, shape })
}

/// Collects what is selected and the first ratio; false for what is nested too deep.
fn gather<'e>(
    expression: &'e Expr,
    depth: usize,
    selectors: &mut Vec<Selector>,
    ratio: &mut Option<&'e BinaryExpr>,
) -> bool {
    if depth > DEEPEST {
        return false;
    }
    match expression {
        Expr::VectorSelector(selector) => selectors.push(selector_of(selector, None)),
        Expr::MatrixSelector(matrix) => {
            let range = Span::from_std(matrix.range).ok();
            let range = range.filter(|range| *range != prepare::SOME_RANGE);
            selectors.push(selector_of(&matrix.vs, range));
        }
        _ => {}
    }
    if let Expr::Binary(binary) = expression
        && binary.op.id() == T_DIV
        && selects(&binary.lhs)
        && selects(&binary.rhs)
    {
        ratio.get_or_insert(binary);
    }
    children(expression).into_iter().all(|inner| gather(inner, depth + 1, selectors, ratio))
}

/// The expressions that one is made of.
fn children(expression: &Expr) -> Vec<&Expr> {
    match expression {
        Expr::Aggregate(aggregate) => vec![&*aggregate.expr],
        Expr::Unary(unary) => vec![&*unary.expr],
        Expr::Binary(binary) => vec![&*binary.lhs, &*binary.rhs],
        Expr::Paren(paren) => vec![&*paren.expr],
        Expr::Subquery(subquery) => vec![&*subquery.expr],
        Expr::Call(call) => call.args.args.iter().map(|argument| &**argument).collect(),
        Expr::VectorSelector(_)
        | Expr::MatrixSelector(_)
        | Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::Extension(_) => Vec::new(),
    }
}

/// An expression and everything in it, the last argument first.
fn within(expression: &Expr) -> impl Iterator<Item = &Expr> {
    let mut waiting = vec![expression];
    std::iter::from_fn(move || {
        let next = waiting.pop()?;
        waiting.extend(children(next));
        Some(next)
    })
}

/// Whether any series is selected here.
fn selects(expression: &Expr) -> bool {
    within(expression).any(|e| matches!(e, Expr::VectorSelector(_) | Expr::MatrixSelector(_)))
}

/// The number that an expression is.
fn number(expression: &Expr) -> Option<f64> {
    match expression {
        Expr::NumberLiteral(number) => Some(number.val),
        Expr::Paren(paren) => number(&paren.expr),
        _ => None,
    }
}

fn selector_of(selector: &VectorSelector, range: Option<Span>) -> Selector {
    let matchers = all(&selector.matchers);
    let named = matchers.iter().find(|label| label.name == "__name__" && label.equal);
    let metric = selector.name.clone().or_else(|| named.map(|label| label.value.clone()));
    let labels = matchers.iter().filter(|label| label.name != "__name__").cloned().collect();
    let bare = VectorSelector::new(selector.name.clone(), selector.matchers.clone());
    Selector { metric: metric.unwrap_or_default(), labels, range, text: bare.to_string() }
}

fn all(matchers: &Matchers) -> Vec<Label> {
    let label = |matcher: &promql_parser::label::Matcher| Label {
        name: matcher.name.clone(),
        value: matcher.value.clone(),
        equal: matches!(matcher.op, MatchOp::Equal),
        denied: matches!(matcher.op, MatchOp::NotEqual | MatchOp::NotRe(_)),
    };
    matchers.matchers.iter().map(label).collect()
}

#[cfg(test)]
mod tests;
