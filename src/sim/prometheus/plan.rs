//! What a query means: the parser's tree made ready to be evaluated many times.
//!
//! Times after `@` are settled, functions are looked up, labels to group by are sorted, and each
//! selector knows in which stretch of time it can be asked for. Never reads a series. Called by
//! the evaluation.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::{Duration, SystemTime};

use promql_parser::parser::value::ValueType;
use promql_parser::parser::{
    AggregateExpr, AtModifier, BinaryExpr, Call as ParsedCall, Expr, LabelModifier, Offset,
    SubqueryExpr, VectorMatchCardinality, VectorSelector,
};

use super::Failure;
use super::eval::{Function, function, operation};
use super::query;
use crate::sim::traffic::{Matcher, NAME, Tags, Text};

pub(super) use super::eval::{Aggregation, Operation};

/// How far back an instant selector looks for a point.
pub(super) const LOOKBACK: i64 = 300_000;

/// The step of a subquery that names none: the interval at which rules are evaluated.
const DEFAULT_STEP: i64 = 60_000;

/// What evaluating gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Vector,
    Matrix,
    Text,
}

/// The instants at which a query is evaluated, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steps {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) every: i64,
}

impl Steps {
    /// A single instant.
    pub(super) fn once(at: i64) -> Self {
        Self { from: at, to: at, every: 1 }
    }

    /// How many there are.
    pub(super) fn count(self) -> usize {
        let count = self.to.saturating_sub(self.from) / self.every.max(1);
        usize::try_from(count).unwrap_or(0).saturating_add(1)
    }

    pub(super) fn iter(self) -> impl Iterator<Item = i64> {
        let next = move |at: &i64| at.checked_add(self.every).filter(|next| *next <= self.to);
        std::iter::successors((self.from <= self.to).then_some(self.from), next)
    }
}

/// A query that is ready.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) root: Node,
    pub(super) kind: Kind,
    /// What has to be read, by number.
    pub(super) fetches: Vec<Fetch>,
    /// How many subqueries there are.
    pub(super) subqueries: usize,
}

/// Series to be read, in a stretch of time with both ends.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) matchers: Vec<Matcher>,
    pub(super) from: i64,
    pub(super) to: i64,
}

/// A part of a query.
#[derive(Debug)]
pub(super) enum Node {
    Number(f64),
    Text(String),
    Select(Select),
    Range(Select, i64),
    Subquery(Box<Subquery>),
    Negate(Box<Node>),
    Call(Call),
    Aggregate(Box<Aggregate>),
    Binary(Box<Binary>),
}

/// When a selector looks, seen from an instant of evaluation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shift {
    at: Option<i64>,
    offset: i64,
}

impl Shift {
    /// The instant that is looked at.
    pub(super) fn of(self, instant: i64) -> i64 {
        self.at.unwrap_or(instant).saturating_sub(self.offset)
    }

    /// The stretch that is looked at from a stretch of evaluation.
    fn stretch(self, (from, to): (i64, i64)) -> (i64, i64) {
        (self.of(from), self.of(to))
    }
}

/// A selector.
#[derive(Debug)]
pub(super) struct Select {
    /// Which of [`Plan::fetches`].
    pub(super) fetch: usize,
    pub(super) shift: Shift,
    /// The labels of the answer of `absent`.
    pub(super) absent: Tags,
}

/// A query that is evaluated at steps of its own.
#[derive(Debug)]
pub(super) struct Subquery {
    pub(super) number: usize,
    pub(super) inner: Node,
    pub(super) range: i64,
    pub(super) shift: Shift,
    pub(super) steps: Steps,
}

/// A call of a function.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) function: Function,
    pub(super) arguments: Vec<Node>,
}

/// Which labels count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Labels {
    Only(Vec<String>),
    AllBut(Vec<String>),
}

impl Labels {
    /// Whether a label counts.
    pub(super) fn count(&self, name: &str) -> bool {
        match self {
            Self::Only(names) => names.iter().any(|only| only == name),
            Self::AllBut(names) => names.iter().all(|but| but != name),
        }
    }
}

/// An aggregation.
#[derive(Debug)]
pub(super) struct Aggregate {
    pub(super) aggregation: Aggregation,
    pub(super) grouping: Labels,
    pub(super) parameter: Option<Node>,
    pub(super) inner: Node,
}

/// Which series of the two sides belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pairing {
    OneToOne,
    /// Many on the left; labels that the right side lends them.
    ManyToOne(Vec<String>),
    /// Many on the right; labels that the left side lends them.
    OneToMany(Vec<String>),
}

/// An operation with two sides.
#[derive(Debug)]
pub(super) struct Binary {
    pub(super) operation: Operation,
    /// Whether a comparison gives 0 or 1 instead of leaving out.
    pub(super) bool: bool,
    /// The labels by which series of the two sides are matched.
    pub(super) matching: Labels,
    pub(super) pairing: Pairing,
    pub(super) left: Node,
    pub(super) right: Node,
}

/// Makes a query ready for these steps.
pub(super) fn plan(query: &str, steps: Steps) -> Result<Plan, Failure> {
    let expression = query::parse(query)?;
    let mut planner = Planner { steps, fetches: Vec::new(), subqueries: 0 };
    let root = planner.node(&expression, (steps.from, steps.to))?;
    let kind = match expression.value_type() {
        ValueType::Scalar => Kind::Scalar,
        ValueType::Vector => Kind::Vector,
        ValueType::Matrix => Kind::Matrix,
        ValueType::String => Kind::Text,
    };
    Ok(Plan { root, kind, fetches: planner.fetches, subqueries: planner.subqueries })
}

struct Planner {
    steps: Steps,
    fetches: Vec<Fetch>,
    subqueries: usize,
}

impl Planner {
    /// Plans a part that is evaluated in this stretch of time.
    fn node(&mut self, expression: &Expr, when: (i64, i64)) -> Result<Node, Failure> {
        Ok(match expression {
            Expr::NumberLiteral(number) => Node::Number(number.val),
            Expr::StringLiteral(text) => Node::Text(text.val.clone()),
            Expr::Paren(paren) => self.node(&paren.expr, when)?,
            Expr::Unary(unary) => Node::Negate(Box::new(self.node(&unary.expr, when)?)),
            Expr::VectorSelector(selector) => Node::Select(self.select(selector, LOOKBACK, when)),
            Expr::MatrixSelector(selector) => {
                let range = milliseconds(selector.range);
                Node::Range(self.select(&selector.vs, range, when), range)
            }
            Expr::Subquery(subquery) => self.subquery(subquery, when)?,
            Expr::Call(call) => self.call(call, when)?,
            Expr::Aggregate(aggregate) => self.aggregate(aggregate, when)?,
            Expr::Binary(binary) => self.binary(binary, when)?,
            Expr::Extension(_) => return Err(Failure::bad_data("parse error: unexpected input")),
        })
    }

    fn shift(&self, at: Option<&AtModifier>, offset: Option<&Offset>) -> Shift {
        let at = at.map(|at| match at {
            AtModifier::Start => self.steps.from,
            AtModifier::End => self.steps.to,
            AtModifier::At(instant) => since_1970(*instant),
        });
        let offset = match offset {
            None => 0,
            Some(Offset::Pos(offset)) => milliseconds(*offset),
            Some(Offset::Neg(offset)) => -milliseconds(*offset),
        };
        Shift { at, offset }
    }

    fn select(&mut self, selector: &VectorSelector, back: i64, when: (i64, i64)) -> Select {
        let shift = self.shift(selector.at.as_ref(), selector.offset.as_ref());
        let (from, to) = shift.stretch(when);
        let matchers = query::matchers(selector);
        let absent = absent_tags(&matchers);
        self.fetches.push(Fetch { matchers, from: from.saturating_sub(back), to });
        Select { fetch: self.fetches.len() - 1, shift, absent }
    }

    fn subquery(&mut self, subquery: &SubqueryExpr, when: (i64, i64)) -> Result<Node, Failure> {
        let shift = self.shift(subquery.at.as_ref(), subquery.offset.as_ref());
        let range = milliseconds(subquery.range);
        let every = subquery.step.map_or(DEFAULT_STEP, milliseconds).max(1);
        let (from, to) = shift.stretch(when);
        // Its steps are multiples of its interval, whenever it is asked.
        let first = from.saturating_sub(range);
        let aligned = first.div_euclid(every).saturating_mul(every);
        let from = if aligned < first { aligned.saturating_add(every) } else { aligned };
        let inner = self.node(&subquery.expr, (from, to))?;
        self.subqueries += 1;
        let steps = Steps { from, to, every };
        let number = self.subqueries - 1;
        Ok(Node::Subquery(Box::new(Subquery { number, inner, range, shift, steps })))
    }

    fn call(&mut self, call: &ParsedCall, when: (i64, i64)) -> Result<Node, Failure> {
        let name = call.func.name;
        let Some(function) = function(name) else {
            let text = format!("parse error: unknown function with name {name:?}");
            return Err(Failure::bad_data(text));
        };
        // The parser lets `exp(Inf)` and its like through.
        for (argument, wanted) in call.args.args.iter().zip(&call.func.arg_types) {
            if argument.value_type() == ValueType::Scalar && *wanted == ValueType::Vector {
                return Err(Failure::bad_data(format!(
                    "parse error: expected type instant vector in call to function {name:?}, \
                     got scalar"
                )));
            }
        }
        let arguments = call.args.args.iter().map(|argument| self.node(argument, when));
        Ok(Node::Call(Call { name, function, arguments: arguments.collect::<Result<_, _>>()? }))
    }

    fn aggregate(&mut self, parsed: &AggregateExpr, when: (i64, i64)) -> Result<Node, Failure> {
        let grouping = match &parsed.modifier {
            None => Labels::Only(Vec::new()),
            Some(LabelModifier::Include(labels)) => Labels::Only(labels.labels.clone()),
            Some(LabelModifier::Exclude(labels)) => {
                let name = NAME.to_owned();
                Labels::AllBut(labels.labels.iter().cloned().chain([name]).collect())
            }
        };
        let parameter = parsed.param.as_ref().map(|parameter| self.node(parameter, when));
        Ok(Node::Aggregate(Box::new(Aggregate {
            aggregation: Aggregation::of(parsed.op.id())?,
            grouping,
            parameter: parameter.transpose()?,
            inner: self.node(&parsed.expr, when)?,
        })))
    }

    fn binary(&mut self, parsed: &BinaryExpr, when: (i64, i64)) -> Result<Node, Failure> {
        let modifier = parsed.modifier.as_ref();
        let matching = match modifier.and_then(|modifier| modifier.matching.as_ref()) {
            None => Labels::AllBut(Vec::new()),
            Some(LabelModifier::Include(labels)) => Labels::Only(labels.labels.clone()),
            Some(LabelModifier::Exclude(labels)) => Labels::AllBut(labels.labels.clone()),
        };
        let pairing = match modifier.map(|modifier| &modifier.card) {
            Some(VectorMatchCardinality::ManyToOne(lent)) => {
                Pairing::ManyToOne(lent.labels.clone())
            }
            Some(VectorMatchCardinality::OneToMany(lent)) => {
                Pairing::OneToMany(lent.labels.clone())
            }
            _ => Pairing::OneToOne,
        };
        Ok(Node::Binary(Box::new(Binary {
            operation: operation(parsed.op.id())?,
            bool: parsed.return_bool(),
            matching,
            pairing,
            left: self.node(&parsed.lhs, when)?,
            right: self.node(&parsed.rhs, when)?,
        })))
    }
}

/// The labels of the answer of `absent`: those that are asked for by one exact value. A second
/// matcher for a label takes it away again, as Prometheus has it.
fn absent_tags(matchers: &[Matcher]) -> Tags {
    let mut tags: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for matcher in matchers.iter().filter(|matcher| matcher.label != NAME) {
        match tags.entry(&matcher.label) {
            Entry::Occupied(mut seen) => {
                seen.insert(None);
            }
            Entry::Vacant(new) => {
                if let Some(exactly) = &matcher.exactly {
                    new.insert(Some(exactly));
                }
            }
        }
    }
    let certain = tags.into_iter().filter_map(|(name, value)| Some((name, value?)));
    certain.map(|(name, value)| (Text::copied(name), Text::copied(value))).collect()
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn since_1970(instant: SystemTime) -> i64 {
    match instant.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => milliseconds(after),
        Err(before) => -milliseconds(before.duration()),
    }
}
