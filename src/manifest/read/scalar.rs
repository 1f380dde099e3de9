//! What a scalar is: the table of go-yaml v2, which kubectl and Helm read by.
//!
//! `YAML` 1.1, less its sixties: `1:30` is text. Numbers are then what JSON makes of them: `1.0` is
//! the whole number 1. Called by `build`.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, PAD};

use crate::manifest::tree::{Node, Value};

/// The tag of a scalar, as far as it changes what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// None is written.
    None,
    /// `!!null`.
    Null,
    /// `!!bool`.
    Bool,
    /// `!!int`.
    Int,
    /// `!!float`.
    Float,
    /// `!!binary`.
    Binary,
    /// `!!str`, and any that is not of `YAML` itself: text.
    Text,
}

impl Tag {
    pub(super) fn of(tag: &granit_parser::Tag) -> Self {
        match tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() {
            Some("null") => Self::Null,
            Some("bool") => Self::Bool,
            Some("int") => Self::Int,
            Some("float") => Self::Float,
            Some("binary") => Self::Binary,
            _ => Self::Text,
        }
    }

    fn written(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Null => "!!null",
            Self::Bool => "!!bool",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Binary => "!!binary",
            Self::Text => "!!str",
        }
    }
}

/// Makes a value of a scalar. `plain` is one without quotes.
///
/// # Errors
/// Numbers that are none in JSON, and what is not what its tag says.
pub(super) fn resolve(text: Cow<'_, str>, plain: bool, tag: Tag) -> Result<Value, String> {
    match tag {
        Tag::None if !plain => Ok(Value::Text(text.into_owned())),
        Tag::Text => Ok(Value::Text(text.into_owned())),
        Tag::Binary => match base64(&text) {
            Some(bytes) => Ok(Value::Text(String::from_utf8_lossy(&bytes).into_owned())),
            None => Err("what is tagged !!binary is not base64".to_owned()),
        },
        _ => {
            let value = implied(&text)?;
            let value = value.unwrap_or_else(|| Value::Text(text.into_owned()));
            let fits = match tag {
                Tag::Null => matches!(value, Value::Null),
                Tag::Bool => matches!(value, Value::Bool(_)),
                Tag::Int => matches!(value, Value::Int(_)),
                Tag::Float => matches!(value, Value::Int(_) | Value::Float(_)),
                Tag::None | Tag::Text | Tag::Binary => true,
            };
            if fits {
                Ok(value)
            } else {
                Err(format!("`{}` is no {}", Node::bare(value), tag.written()))
            }
        }
    }
}

/// What a scalar without quotes is, where it is no text.
fn implied(text: &str) -> Result<Option<Value>, String> {
    let Some(first) = text.bytes().next() else { return Ok(Some(Value::Null)) };
    if !matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.' | b'~') && !b"yYnNtTfFoO".contains(&first)
    {
        return Ok(None);
    }
    let value = match text {
        "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF"
        | "-.inf" | "-.Inf" | "-.INF" => {
            return Err(format!("`{text}` is a number that JSON and the API server do not have"));
        }
        _ if matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.') => return Ok(number(text)),
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn number(text: &str) -> Option<Value> {
    // An underscore is left out between digits, but not where the number begins with a point.
    let digits: Cow<'_, str> = if text.contains('_') && !text.starts_with('.') {
        Cow::Owned(text.replace('_', ""))
    } else {
        Cow::Borrowed(text)
    };
    if let Some(whole) = whole(&digits) {
        return Some(whole);
    }
    if !is_decimal(&digits) {
        return None;
    }
    let number: f64 = digits.parse().ok()?;
    number.is_finite().then(|| float(number))
}

/// Whole numbers as `strconv.ParseInt` reads them with base 0: `0x1f`, `0o17`, `0777`, `0b11`.
fn whole(digits: &str) -> Option<Value> {
    let (negative, unsigned) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let (base, rest) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, unsigned.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, unsigned.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, unsigned.get(2..)?),
        [b'0', _, ..] => (8, unsigned.get(1..)?),
        _ => (10, unsigned),
    };
    if !rest.bytes().next()?.is_ascii_alphanumeric() {
        return None;
    }
    let number = i128::from_str_radix(rest, base).ok()?;
    let number = if negative { -number } else { number };
    if let Ok(number) = i64::try_from(number) {
        return Some(Value::Int(number));
    }
    let number = u64::try_from(number).ok()?;
    #[expect(clippy::cast_precision_loss, reason = "as the API server has it: no 64 bits, a float")]
    let number = number as f64;
    Some(Value::Float(number))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    exponent_fits && has_digits && all_digits(whole) && all_digits(fraction)
}

/// A number goes to the API server as JSON, where a float without a fraction is a whole number.
fn float(number: f64) -> Value {
    // 2^63, the first that is too large.
    const END: f64 = 9_223_372_036_854_775_808.0;
    let is_whole = libm::trunc(number).total_cmp(&number).is_eq();
    if is_whole && (-END..END).contains(&number) {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and within the bounds")]
        return Value::Int(number as i64);
    }
    Value::Float(number)
}

/// Base64 with padding, as Go reads it: line breaks are passed over, and so are bits that are left.
fn base64(text: &str) -> Option<Vec<u8>> {
    const LIKE_GO: GeneralPurposeConfig = PAD.with_decode_allow_trailing_bits(true);
    let letters: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    GeneralPurpose::new(&STANDARD, LIKE_GO).decode(letters).ok()
}

/// A scalar as the name of a field, as the way to JSON writes it: `on` is `true`. None for nothing
/// and for what is no scalar.
pub(super) fn key_of(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Value {
        resolve(text.into(), true, Tag::None).unwrap()
    }

    /// Each of these was read by kubectl 1.32 (`kubectl label --local -o json`).
    #[test]
    fn plain_scalars_are_what_kubectl_makes_of_them() {
        let (yes, no) = (Value::Bool(true), Value::Bool(false));
        let cases = [
            ("y", yes.clone()),
            ("on", yes.clone()),
            ("TRUE", yes),
            ("N", no.clone()),
            ("Off", no),
            ("tRue", Value::Text("tRue".into())),
            ("0o17", Value::Int(15)),
            ("0777", Value::Int(511)),
            ("08", Value::Int(8)),
            ("0o8", Value::Text("0o8".into())),
            ("0x1F", Value::Int(31)),
            ("0x", Value::Text("0x".into())),
            ("0b11", Value::Int(3)),
            ("-0b11", Value::Int(-3)),
            ("+5", Value::Int(5)),
            ("-0", Value::Int(0)),
            ("1_000", Value::Int(1000)),
            ("0_7", Value::Int(7)),
            ("_1", Value::Text("_1".into())),
            ("1e3", Value::Int(1000)),
            ("12e03", Value::Int(12000)),
            ("-1e3", Value::Int(-1000)),
            ("1e", Value::Text("1e".into())),
            ("1.0", Value::Int(1)),
            ("5.", Value::Int(5)),
            (".5", Value::Float(0.5)),
            ("+.5", Value::Float(0.5)),
            ("1.5e-3", Value::Float(0.0015)),
            ("1:30", Value::Text("1:30".into())),
            ("2001-01-01", Value::Text("2001-01-01".into())),
            ("~", Value::Null),
            ("", Value::Null),
            ("NULL", Value::Null),
            ("nULL", Value::Text("nULL".into())),
            ("1e400", Value::Text("1e400".into())),
            ("18446744073709551615", Value::Float(18_446_744_073_709_551_615.0)),
            ("99999999999999999999", Value::Float(1e20)),
            ("9223372036854775807", Value::Int(i64::MAX)),
            ("-9223372036854775808", Value::Int(i64::MIN)),
            ("-", Value::Text("-".into())),
            ("+-5", Value::Text("+-5".into())),
            ("--5", Value::Text("--5".into())),
            ("0x-5", Value::Text("0x-5".into())),
            (".", Value::Text(".".into())),
            ("1.2.3", Value::Text("1.2.3".into())),
        ];
        for (text, value) in cases {
            assert_eq!(plain(text), value, "{text}");
        }
    }

    #[test]
    fn tags_decide_and_are_held_to() {
        let tagged = |text: &str, tag| resolve(text.into(), false, tag);
        assert_eq!(tagged("5", Tag::None), Ok(Value::Text("5".into())));
        assert_eq!(tagged("5", Tag::Text), Ok(Value::Text("5".into())));
        assert_eq!(tagged("7", Tag::Int), Ok(Value::Int(7)));
        assert_eq!(tagged("yes", Tag::Bool), Ok(Value::Bool(true)));
        assert_eq!(tagged("aGVsbG8=", Tag::Binary), Ok(Value::Text("hello".into())));
        assert_eq!(tagged("aGVs\nbG8=", Tag::Binary), Ok(Value::Text("hello".into())));
        for bad in ["aGVsbG8", "a=Vs", "====", "aGV!"] {
            assert!(tagged(bad, Tag::Binary).is_err(), "{bad}");
        }
        assert_eq!(tagged("abc", Tag::Int), Err("`abc` is no !!int".into()));
        assert!(tagged("1.5", Tag::Int).is_err());
        assert!(tagged("x", Tag::Null).is_err());
        assert!(resolve(".inf".into(), true, Tag::None).is_err());
        assert!(resolve(".NaN".into(), true, Tag::None).is_err());
        assert_eq!(tagged(".inf", Tag::None), Ok(Value::Text(".inf".into())));
    }
}
