//! Whether a query can give something that is not a number: 0 divided by 0, a quantile of nothing.
//!
//! Called by the parent; depth was checked.

use promql_parser::parser::token::{
    T_COUNT, T_DIV, T_GROUP, T_GTE, T_GTR, T_LAND, T_LUNLESS, T_MOD, T_NEQ,
};
use promql_parser::parser::{BinaryExpr, Call, Expr};

use super::number;

/// Whether it can.
pub(super) fn can_be(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(paren) => can_be(&paren.expr),
        Expr::Unary(unary) => can_be(&unary.expr),
        Expr::Subquery(subquery) => can_be(&subquery.expr),
        Expr::Aggregate(aggregate) => {
            !matches!(aggregate.op.id(), T_COUNT | T_GROUP) && can_be(&aggregate.expr)
        }
        Expr::Call(call) => can_be_call(call),
        Expr::Binary(binary) => can_be_binary(binary),
        Expr::NumberLiteral(number) => number.val.is_nan(),
        Expr::VectorSelector(_)
        | Expr::MatrixSelector(_)
        | Expr::StringLiteral(_)
        | Expr::Extension(_) => false,
    }
}

fn can_be_call(call: &Call) -> bool {
    match call.func.name {
        "histogram_quantile" | "histogram_fraction" | "histogram_avg" | "scalar" | "ln"
        | "log2" | "log10" | "sqrt" | "acos" | "asin" | "acosh" | "atanh" => true,
        "absent" | "absent_over_time" | "count_over_time" | "present_over_time" | "timestamp" => {
            false
        }
        _ => call.args.args.iter().any(|argument| can_be(argument)),
    }
}

fn can_be_binary(binary: &BinaryExpr) -> bool {
    if binary.op.is_comparison_operator() {
        let bool = binary.modifier.as_ref().is_some_and(|modifier| modifier.return_bool);
        // What is not a number compares false, and is left out; only `!=` lets it through.
        return !bool && binary.op.id() == T_NEQ && can_be(&binary.lhs);
    }
    match binary.op.id() {
        T_LAND | T_LUNLESS => can_be(&binary.lhs),
        T_DIV | T_MOD if !is_never_zero(&binary.rhs) => true,
        _ => can_be(&binary.lhs) || can_be(&binary.rhs),
    }
}

/// A number that is not zero, or something from which zero was taken out: `x > 0`, `x != 0`,
/// `clamp_min(x, 1)`.
fn is_never_zero(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(paren) => is_never_zero(&paren.expr),
        Expr::NumberLiteral(number) => number.val != 0.0,
        Expr::Call(call) if call.func.name == "clamp_min" => {
            let least = call.args.args.get(1).and_then(|argument| number(argument));
            least.is_some_and(|least| least > 0.0)
        }
        Expr::Call(call) if matches!(call.func.name, "scalar" | "vector") => {
            call.args.args.first().is_some_and(|argument| is_never_zero(argument))
        }
        Expr::Binary(binary) => {
            let bool = binary.modifier.as_ref().is_some_and(|modifier| modifier.return_bool);
            let than = number(&binary.rhs);
            !bool
                && than.is_some_and(|than| match binary.op.id() {
                    T_GTR => than >= 0.0,
                    T_GTE => than > 0.0,
                    T_NEQ => than == 0.0,
                    _ => false,
                })
        }
        _ => false,
    }
}
