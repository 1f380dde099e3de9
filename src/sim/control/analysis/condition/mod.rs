//! Conditions on measured values, in Go's expr language.
//!
//! The crate expr-lang evaluates them; what it sees otherwise than Go does is rewritten or refused
//! before: an index beyond the end, `.field` within a predicate, operands of types that do not go
//! together. What cannot be evaluated is an error, never a verdict. Called when something was
//! measured.

mod functions;
mod rewriting;
mod typing;
mod words;

use std::sync::LazyLock;

use expr::{Context, Environment, Value};

use super::reading::Reading;
use words::Word;

/// Bytes that a condition may have: brackets within brackets cost stack.
const LONGEST: usize = 4_000;

static LANGUAGE: LazyLock<Environment<'static>> = LazyLock::new(functions::language);

/// The phase of a measurement by its conditions (an empty one is none), or why it has none.
pub(super) fn judge(
    success: &str,
    failure: &str,
    reading: &Reading,
) -> Result<&'static str, String> {
    let asked = |condition: &str, name: &str| match condition {
        "" => Ok(None),
        condition => holds(condition, reading).map(Some).map_err(|why| {
            let why = if reading.is_empty() {
                "metric result is nil or empty: no data returned from the metric provider"
            } else {
                &why
            };
            format!("could not evaluate {name} \"{condition}\": {why}")
        }),
    };
    let succeeds = asked(success, "successCondition")?;
    let fails = asked(failure, "failureCondition")?;
    Ok(match (succeeds, fails) {
        (_, Some(true)) | (Some(false), None) => "Failed",
        (Some(true) | None, _) => "Successful",
        (Some(false), Some(false)) => "Inconclusive",
    })
}

/// Whether a condition holds.
fn holds(condition: &str, reading: &Reading) -> Result<bool, String> {
    if condition.len() > LONGEST {
        return Err("the condition is too long for a drill".into());
    }
    let words = words::read(condition);
    let rewritten = rewriting::rewritten(&words);
    let program = match expr::compile(&rewritten) {
        Ok(program) => program,
        Err(expr::Error::PestError(_)) => return Err(unexpected(condition, &words)),
        Err(why) => return Err(why.to_string()),
    };
    if let Some(why) = typing::complaint(&words, reading) {
        return Err(why);
    }
    let mut context = Context::default();
    context.insert("result", value(reading));
    match LANGUAGE.run(&program, &context) {
        Ok(Value::Bool(holds)) => Ok(holds),
        Ok(other) => Err(format!("expected bool, but got {}", functions::type_of(&other))),
        Err(why) => Err(why.to_string()),
    }
}

/// Whether a name has a part that a regular expression describes; none does when it is no regular
/// expression. The evaluator brings the same kind of them as Go has.
pub(super) fn matches(name: &str, pattern: &str) -> bool {
    let context = Context::from_iter([("name", name), ("pattern", pattern)]);
    LANGUAGE.eval("name matches pattern", &context).ok() == Some(Value::Bool(true))
}

fn value(reading: &Reading) -> Value {
    match reading {
        Reading::Number(number) => Value::Float(*number),
        Reading::List(list) => Value::Array(list.iter().copied().map(Value::Float).collect()),
        Reading::Nothing => Value::Nil,
    }
}

/// Where a condition stops being one, as Go's parser names the place.
fn unexpected(condition: &str, words: &[Word<'_>]) -> String {
    let place = expr::compile(condition).err().and_then(|why| place(condition, &why.to_string()));
    match words.iter().find(|word| place.is_some_and(|place| word.at >= place)) {
        Some(word) => format!("unexpected token {}({:?})", word.sort.name(), word.text),
        None => "unexpected token EOF".into(),
    }
}

/// The offset that the parser's message points at: it begins with `--> LINE:COLUMN`.
fn place(condition: &str, message: &str) -> Option<usize> {
    let (_, numbers) = message.lines().next()?.split_once("--> ")?;
    let (line, column) = numbers.split_once(':')?;
    let (line, column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
    let before: usize =
        condition.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = condition.get(before..)?;
    Some(before + rest.chars().take(column.checked_sub(1)?).map(char::len_utf8).sum::<usize>())
}

#[cfg(test)]
mod tests;
