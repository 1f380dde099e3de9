//! Numbers, instants and lengths as Prometheus writes and reads them.
//!
//! Called by the evaluation and the HTTP API.

/// A value as the API writes it: short, without an exponent unless it is very small or large.
pub(super) fn api(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) && value.is_finite() {
        return scientific(value);
    }
    plain(value)
}

/// As Go's format `f` writes it: never an exponent.
pub(super) fn plain(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    format!("{value}")
}

/// As Go's `%v` writes it: an exponent below 1e-4 and from 1e21 on.
pub(super) fn general(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e21).contains(&size) && value.is_finite() {
        return scientific(value);
    }
    plain(value)
}

/// As Go's format `e` writes it: an exponent of two digits at least.
fn scientific(value: f64) -> String {
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_the_api_writes_them() {
        let cases = [
            (0.1, "0.1"),
            (1e-7, "1e-07"),
            (1.5e-6, "0.0000015"),
            (-2.5e-12, "-2.5e-12"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.25e300, "1.25e+300"),
            (0.0, "0"),
            (-0.0, "-0"),
            (3.0, "3"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ];
        for (value, text) in cases {
            assert_eq!(api(value), text);
        }
        assert_eq!(plain(1e-7), "0.0000001");
        assert_eq!(general(1e-5), "1e-05");
    }
}
