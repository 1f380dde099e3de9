//! What was measured, as a value and as a text.
//!
//! Called by what measures and by the conditions on it.

use std::fmt;

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reading {
    Number(f64),
    List(Vec<f64>),
    /// The provider gave no value at all. Prometheus always gives one, if only an empty list.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "only providers that no drill plays give nothing at all")
    )]
    Nothing,
}

impl Reading {
    /// Whether the controller says of it that there is no data.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Number(_) => false,
            Self::List(list) => list.is_empty(),
            Self::Nothing => true,
        }
    }
}

/// As `measurements[].value` has it.
impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => f.write_str(&figure(*number)),
            Self::List(list) => {
                let figures: Vec<String> = list.iter().copied().map(figure).collect();
                write!(f, "[{}]", figures.join(","))
            }
            Self::Nothing => Ok(()),
        }
    }
}

/// A number as Prometheus writes samples: as many digits as it takes, never an exponent.
pub(super) fn figure(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    number.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_prometheus_writes_them() {
        let cases = [
            (0.97, "0.97"),
            (3.0, "3"),
            (-0.0, "-0"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (1e21, "1000000000000000000000"),
            (1e-7, "0.0000001"),
            (0.1 + 0.2, "0.30000000000000004"),
        ];
        for (number, text) in cases {
            assert_eq!(figure(number), text);
        }
        assert_eq!(Reading::List(vec![0.5, 7.0]).to_string(), "[0.5,7]");
        assert_eq!(Reading::List(Vec::new()).to_string(), "[]");
    }
}
