//! `label_replace` and `label_join`: labels made of labels.
//!
//! Called through the functions.

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::token::T_EQL_REGEX;

use super::{Call, Evaluation, Failure, Node, Sample};
use crate::sim::traffic::Text;

/// `label_replace(vector, to, replacement, from, regex)`.
pub(super) fn replaced(of: &Evaluation, call: &Call, at: i64) -> Result<Vec<Sample>, Failure> {
    let (to, replacement) = (text(call, 1)?, text(call, 2)?);
    let (from, pattern) = (text(call, 3)?, text(call, 4)?);
    // The parser's own matcher is anchored at both ends, as the real function's expression is.
    let matcher = Matcher::new_matcher(T_EQL_REGEX, from.to_owned(), pattern.to_owned());
    let Ok(Matcher { op: MatchOp::Re(expression), .. }) = matcher else {
        return Err(Failure::execution(format!(
            "invalid regular expression in label_replace(): {pattern}"
        )));
    };
    if !is_label(to) {
        return Err(Failure::execution(format!(
            "invalid destination label name in label_replace(): {to}"
        )));
    }
    let mut samples = vector(of, call, at)?;
    for sample in &mut samples {
        if let Some(found) = expression.captures(sample.tags.get(from)) {
            let mut value = String::new();
            found.expand(replacement, &mut value);
            sample.tags = sample.tags.with(&[(Text::copied(to), Text::from(value))]);
        }
    }
    Ok(samples)
}

/// `label_join(vector, to, separator, from...)`.
pub(super) fn joined(of: &Evaluation, call: &Call, at: i64) -> Result<Vec<Sample>, Failure> {
    let (to, separator) = (text(call, 1)?, text(call, 2)?);
    let mut from = Vec::new();
    for number in 3..call.arguments.len() {
        let name = text(call, number)?;
        if !is_label(name) {
            return Err(Failure::execution(format!(
                "invalid source label name in label_join(): {name}"
            )));
        }
        from.push(name);
    }
    if !is_label(to) {
        return Err(Failure::execution(format!(
            "invalid destination label name in label_join(): {to}"
        )));
    }
    let mut samples = vector(of, call, at)?;
    for sample in &mut samples {
        let values: Vec<&str> = from.iter().map(|name| sample.tags.get(name)).collect();
        let value = values.join(separator);
        sample.tags = sample.tags.with(&[(Text::copied(to), Text::from(value))]);
    }
    Ok(samples)
}

fn vector(of: &Evaluation, call: &Call, at: i64) -> Result<Vec<Sample>, Failure> {
    match call.arguments.first() {
        Some(node) => of.vector(node, at),
        None => Ok(Vec::new()),
    }
}

fn text(call: &Call, number: usize) -> Result<&str, Failure> {
    match call.arguments.get(number) {
        Some(Node::Text(text)) => Ok(text),
        _ => Err(Failure::execution(format!("{} lacks a text", call.name))),
    }
}

/// Whether this can be a label's name.
pub(super) fn is_label(name: &str) -> bool {
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    begins && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
