//! Whether a query can give nothing at all, by what it is made of.
//!
//! A series can be missing: nobody has counted yet, or what was selected never happened. What has
//! a value without any series (`vector(0)`) cannot. Called by the parent; depth was checked.

use promql_parser::parser::token::{
    T_BOTTOMK, T_COUNT_VALUES, T_LAND, T_LIMIT_RATIO, T_LIMITK, T_LOR, T_LUNLESS, T_TOPK,
};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{
    AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, VectorMatchCardinality,
};

/// Why a query can give nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Emptiness {
    /// A series can be missing.
    Series,
    /// Both sides of an operation have values, but not of the same labels.
    Labels,
    /// A comparison can leave nothing over.
    Comparison,
}

/// Why it can give nothing; none for what always has a value.
pub(super) fn of(expression: &Expr) -> Option<Emptiness> {
    if expression.value_type() == ValueType::Scalar {
        return None;
    }
    match expression {
        Expr::VectorSelector(_) | Expr::MatrixSelector(_) => Some(Emptiness::Series),
        Expr::Paren(paren) => of(&paren.expr),
        Expr::Unary(unary) => of(&unary.expr),
        Expr::Subquery(subquery) => of(&subquery.expr),
        Expr::Aggregate(aggregate) => of(&aggregate.expr),
        Expr::Call(call) => of_call(call),
        Expr::Binary(binary) => of_binary(binary),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => None,
    }
}

fn of_call(call: &Call) -> Option<Emptiness> {
    match call.func.name {
        "vector" => None,
        // They give something exactly where there is nothing.
        "absent" | "absent_over_time" => Some(Emptiness::Series),
        _ => call.args.args.iter().find_map(|argument| of(argument)),
    }
}

fn of_binary(binary: &BinaryExpr) -> Option<Emptiness> {
    let (left, right) = (of(&binary.lhs), of(&binary.rhs));
    let modifier = binary.modifier.as_ref();
    match binary.op.id() {
        T_LOR => {
            let stands_in = right.is_none() || is_for_absence(&binary.rhs);
            left.filter(|_| !stands_in)
        }
        T_LUNLESS => left.or(Some(Emptiness::Series)),
        _ => {
            // What is missing on one side is filled in wherever the other has a value.
            let is_filled = modifier.map(|modifier| &modifier.fill_values).is_some_and(|fill| {
                (fill.lhs.is_some() && right.is_none()) || (fill.rhs.is_some() && left.is_none())
            });
            if is_filled {
                return None;
            }
            let is_filter =
                binary.op.is_comparison_operator() && modifier.is_none_or(|m| !m.return_bool);
            let meets = meets(binary).then_some(()).ok_or(Emptiness::Labels).err();
            let filtered = is_filter.then_some(Emptiness::Comparison);
            left.or(right).or(meets).or(filtered)
        }
    }
}

/// `absent(…)`, alone or in sums with numbers: it has a value where the other side of an `or` has
/// none.
fn is_for_absence(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(paren) => is_for_absence(&paren.expr),
        Expr::Unary(unary) => is_for_absence(&unary.expr),
        Expr::Aggregate(aggregate) => is_for_absence(&aggregate.expr),
        Expr::Call(call) => matches!(call.func.name, "absent" | "absent_over_time"),
        Expr::Binary(binary) if binary.op.is_operator() => {
            let number = |side: &Expr| side.value_type() == ValueType::Scalar;
            let arithmetic = !binary.op.is_comparison_operator() && !binary.op.is_set_operator();
            arithmetic
                && ((number(&binary.rhs) && is_for_absence(&binary.lhs))
                    || (number(&binary.lhs) && is_for_absence(&binary.rhs)))
        }
        _ => false,
    }
}

/// Whether values on both sides always meet: one is a number, or neither has labels, or labels are
/// not looked at.
fn meets(binary: &BinaryExpr) -> bool {
    let scalar = |side: &Expr| side.value_type() == ValueType::Scalar;
    if scalar(&binary.lhs) || scalar(&binary.rhs) {
        return true;
    }
    let modifier = binary.modifier.as_ref();
    let none_on = modifier.and_then(|modifier| modifier.matching.as_ref());
    if matches!(none_on, Some(LabelModifier::Include(labels)) if labels.labels.is_empty()) {
        return true;
    }
    is_bare(&binary.lhs) && is_bare(&binary.rhs)
}

/// Whether no value of it has labels.
fn is_bare(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(paren) => is_bare(&paren.expr),
        Expr::Unary(unary) => is_bare(&unary.expr),
        Expr::Subquery(subquery) => is_bare(&subquery.expr),
        Expr::Aggregate(aggregate) => is_bare_aggregate(aggregate),
        Expr::Call(call) => is_bare_call(call),
        Expr::Binary(binary) => {
            let scalar = |side: &Expr| side.value_type() == ValueType::Scalar;
            let plain = binary
                .modifier
                .as_ref()
                .is_none_or(|modifier| modifier.card == VectorMatchCardinality::OneToOne);
            match binary.op.id() {
                T_LAND | T_LUNLESS => is_bare(&binary.lhs),
                T_LOR => is_bare(&binary.lhs) && is_bare(&binary.rhs),
                _ if scalar(&binary.lhs) => is_bare(&binary.rhs),
                _ if scalar(&binary.rhs) => is_bare(&binary.lhs),
                _ => plain && is_bare(&binary.lhs) && is_bare(&binary.rhs),
            }
        }
        _ => false,
    }
}

fn is_bare_aggregate(aggregate: &AggregateExpr) -> bool {
    match aggregate.op.id() {
        T_TOPK | T_BOTTOMK | T_LIMITK | T_LIMIT_RATIO => is_bare(&aggregate.expr),
        T_COUNT_VALUES => false,
        _ => match &aggregate.modifier {
            None => true,
            Some(LabelModifier::Include(labels)) => labels.labels.is_empty(),
            Some(LabelModifier::Exclude(_)) => is_bare(&aggregate.expr),
        },
    }
}

fn is_bare_call(call: &Call) -> bool {
    let arguments = || call.args.args.iter();
    match call.func.name {
        "vector" => true,
        "label_replace" | "label_join" | "absent" | "absent_over_time" => false,
        // The bucket's edge is the only label that is lost.
        "histogram_quantile" | "histogram_fraction" => {
            arguments().any(|argument| only_edges(argument))
        }
        _ => {
            let vector = arguments().find(|argument| argument.value_type() != ValueType::Scalar);
            vector.is_some_and(|argument| is_bare(argument))
        }
    }
}

fn only_edges(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(paren) => only_edges(&paren.expr),
        Expr::Aggregate(aggregate) => match &aggregate.modifier {
            Some(LabelModifier::Include(labels)) => labels.labels.iter().all(|label| label == "le"),
            None => true,
            Some(LabelModifier::Exclude(_)) => false,
        },
        _ => is_bare(expression),
    }
}
