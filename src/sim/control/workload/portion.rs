//! Numbers that may be written as a percentage (`intstr.IntOrString`).
//!
//! Called by the Deployment and disruption controllers.

use serde_json::Value;

/// How a percentage that is no whole number is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    Up,
    Down,
}

/// The number that is meant, of this whole. What cannot be read is nothing.
pub(super) fn of(value: Option<&Value>, whole: i64, round: Round) -> Option<i64> {
    let value = value?;
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let percent: i64 = value.as_str()?.strip_suffix('%')?.parse().ok()?;
    let parts = percent.saturating_mul(whole);
    let rest = i64::from(round == Round::Up && parts.rem_euclid(100) != 0);
    Some(parts.div_euclid(100) + rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn percentages_are_rounded_as_asked() {
        let cases = [
            (json!(3), 10, Round::Up, Some(3)),
            (json!("25%"), 10, Round::Up, Some(3)),
            (json!("25%"), 10, Round::Down, Some(2)),
            (json!("25%"), 4, Round::Up, Some(1)),
            (json!("0%"), 4, Round::Up, Some(0)),
            (json!("100%"), 7, Round::Down, Some(7)),
            (json!("some"), 7, Round::Down, None),
            (json!(null), 7, Round::Down, None),
        ];
        for (value, whole, round, wanted) in cases {
            assert_eq!(of(Some(&value), whole, round), wanted, "{value} of {whole}");
        }
        assert_eq!(of(None, 7, Round::Up), None);
    }
}
