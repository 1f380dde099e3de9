//! The functions that Argo adds to the language, and those that must fail as Go's do.
//!
//! Called by the evaluator.

use expr::{Environment, Error, Value};

use super::super::reading::figure;

/// Functions whose results the evaluator gives otherwise than Go, or from a clock.
const REFUSED: &[&str] = &["findIndex", "findLastIndex", "now", "date", "duration", "timezone"];

type Answer = Result<Value, Error>;

/// The language of conditions.
pub(super) fn language() -> Environment<'static> {
    let mut language = Environment::new();
    language.add_function("at", |call| match call.args.as_slice() {
        [whole, index] => at(whole, index),
        _ => fail("unexpected token Bracket(\"]\")"),
    });
    language.add_function("isNaN", |call| number("isNaN", &call.args, f64::is_nan));
    language.add_function("isInf", |call| number("isInf", &call.args, f64::is_infinite));
    language.add_function("asInt", |call| as_int(one("asInt", &call.args)?));
    language.add_function("asFloat", |call| as_float(one("asFloat", &call.args)?));
    // These two look at the result itself, whatever they are given.
    language.add_function("isNil", |call| {
        count("isNil", call.args.len(), 1)?;
        Ok((call.ctx.get("result") == Some(&Value::Nil)).into())
    });
    language.add_function("default", |call| match call.args.as_slice() {
        [_, other] => Ok(match call.ctx.get("result") {
            Some(Value::Nil) | None => other.clone(),
            Some(result) => result.clone(),
        }),
        args => count("default", args.len(), 2).map(|()| Value::Nil),
    });
    language.add_function("int", |call| match one("int", &call.args)? {
        Value::Bool(_) => fail("invalid argument for int (type bool)"),
        other => as_int(other),
    });
    for name in REFUSED {
        language
            .add_function(name, |call| fail(format!("{}() is not played in a drill", call.ident)));
    }
    language
}

fn fail<T>(why: impl Into<String>) -> Result<T, Error> {
    Err(Error::ExprError(why.into()))
}

fn count(name: &str, given: usize, wanted: usize) -> Result<(), Error> {
    match given.cmp(&wanted) {
        std::cmp::Ordering::Less => fail(format!("not enough arguments to call {name}")),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => fail(format!("too many arguments to call {name}")),
    }
}

fn one<'v>(name: &str, args: &'v [Value]) -> Result<&'v Value, Error> {
    count(name, args.len(), 1)?;
    args.first().ok_or_else(|| Error::ExprError(String::new()))
}

fn number(name: &str, args: &[Value], is: impl Fn(f64) -> bool) -> Answer {
    match one(name, args)? {
        Value::Float(number) => Ok(is(*number).into()),
        Value::Integer(_) => Ok(false.into()),
        other => fail(format!(
            "cannot use {} as argument (type float64) to call {name} ",
            type_of(other)
        )),
    }
}

/// An element of a list, from the end when the index is negative; a member of a map.
fn at(whole: &Value, index: &Value) -> Answer {
    match (whole, index) {
        (Value::Array(list), Value::Integer(index)) => {
            let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
            let place = if *index < 0 { length + index } else { *index };
            let found = usize::try_from(place).ok().and_then(|place| list.get(place));
            found.cloned().map_or_else(
                || fail(format!("index out of range: {index} (array length is {length})")),
                Ok,
            )
        }
        (Value::Map(members), Value::String(key)) => {
            Ok(members.get(key).cloned().unwrap_or_default())
        }
        (Value::KeyedMap(members), key) => {
            let found = members.iter().find(|(known, _)| known == key);
            Ok(found.map(|(_, value)| value.clone()).unwrap_or_default())
        }
        (Value::Array(_), index) => fail(format!(
            "array elements can only be selected using an integer (got {})",
            type_of(index)
        )),
        (other, index) => fail(format!("cannot fetch {} from {}", shown(index), type_of(other))),
    }
}

fn as_int(value: &Value) -> Answer {
    match value {
        // What Go makes of a number that does not fit, on the processors it runs on here.
        #[expect(clippy::cast_possible_truncation, reason = "only what fits is cast")]
        Value::Float(number) => {
            Ok(Value::Integer(if number.abs() < 9.2e18 { *number as i64 } else { i64::MIN }))
        }
        Value::Integer(number) => Ok(Value::Integer(*number)),
        Value::String(text) => text
            .parse()
            .map(Value::Integer)
            .or_else(|_| fail(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"))),
        other => unsupported("asInt", other),
    }
}

fn as_float(value: &Value) -> Answer {
    match value {
        Value::Float(number) => Ok(Value::Float(*number)),
        #[expect(clippy::cast_precision_loss, reason = "as Go does it")]
        Value::Integer(number) => Ok(Value::Float(*number as f64)),
        Value::String(text) => text
            .parse()
            .map(Value::Float)
            .or_else(|_| fail(format!("strconv.ParseFloat: parsing {text:?}: invalid syntax"))),
        other => unsupported("asFloat", other),
    }
}

fn unsupported(name: &str, value: &Value) -> Answer {
    fail(format!("{name}() not supported on {} {}", type_of(value), shown(value)))
}

/// A value's type, in Go's words.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "int",
        Value::Bool(_) => "bool",
        Value::Float(_) => "float64",
        Value::Nil => "<nil>",
        Value::String(_) => "string",
        Value::Array(list) if list.iter().all(|v| matches!(v, Value::Float(_))) => "[]float64",
        Value::Array(_) => "[]interface {}",
        Value::Bytes(_) => "[]uint8",
        Value::Map(_) | Value::KeyedMap(_) => "map[string]interface {}",
    }
}

/// A value as Go's `%v` prints it.
fn shown(value: &Value) -> String {
    match value {
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => figure(*number),
        Value::Bool(yes) => yes.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(" "))
        }
        _ => "<nil>".into(),
    }
}
