//! Numbers that may be a share: `IntOrString`.
//!
//! Called by the spec.

use serde::Deserialize;
use serde_json::Value;

/// A number of pods or a share of them; also a number of seconds or a length.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Amount {
    Number(i32),
    Text(String),
}

/// What Argo takes when nothing is given: a quarter, although no per cent sign says so.
impl Default for Amount {
    fn default() -> Self {
        Self::Text("25".into())
    }
}

impl Amount {
    /// Of so many pods; nothing when the text is no number. Any text is a percentage.
    pub(crate) fn of(&self, total: i32, up: bool) -> Option<i32> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => Some(percent_of(text.replace('%', "").parse().ok()?, total, up)),
        }
    }

    /// As the validation reads it: the number in front of a per cent sign, or the number itself.
    pub(crate) fn plain(&self) -> i32 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.strip_suffix('%').unwrap_or(text).parse().unwrap_or(0),
        }
    }

    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Number(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// So many per cent of a total, rounded up or down.
fn percent_of(percent: i32, total: i32, up: bool) -> i32 {
    let product = percent.saturating_mul(total);
    if up { (product + 99).div_euclid(100) } else { product.div_euclid(100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_always_a_share() {
        let cases = [
            (Amount::default(), 10, true, Some(3)),
            (Amount::default(), 10, false, Some(2)),
            (Amount::Text("30%".into()), 10, true, Some(3)),
            (Amount::Text("1%".into()), 2, true, Some(1)),
            (Amount::Text("1%".into()), 2, false, Some(0)),
            (Amount::Number(4), 10, true, Some(4)),
            (Amount::Text("a lot".into()), 10, true, None),
        ];
        for (amount, total, up, wanted) in cases {
            assert_eq!(amount.of(total, up), wanted, "{amount} of {total}");
        }
        assert_eq!(Amount::Text("0%".into()).plain(), 0);
    }
}
